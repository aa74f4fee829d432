package io.kvasir.llm.provider;

import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatFailure.Kind;
import io.kvasir.llm.ProviderHealth;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.jspecify.annotations.Nullable;

/** One provider as calls see it: its connections, our limits towards it, and how it fares. Shared by all its calls. */
public final class Upstream {
    private final ActorSystem<?> system;
    private final ProviderSettings settings;
    private final Connections connections;
    private final Breaker breaker;
    private final Pace pace;
    private final Clock clock;
    private volatile Optional<ProviderHealth.Failure> lastFailure = Optional.empty();

    public Upstream(ActorSystem<?> system, ProviderSettings settings, Clock clock) {
        this.system = system;
        this.settings = settings;
        this.clock = clock;
        this.connections = new Connections(system, settings);
        this.breaker = new Breaker(settings.pause(), System::nanoTime);
        this.pace = new Pace(settings.limits().perMinute(), System::nanoTime);
    }

    public ProviderSettings settings() {
        return settings;
    }

    ActorSystem<?> system() {
        return system;
    }

    /**
     * One call whose answer comes as a whole, with the retries and limits of all calls.
     *
     * @param longest most bytes of an answer
     * @param read makes sense of it, or throws {@link ChatFailure}
     * @return fails with {@link ChatFailure} and nothing else
     */
    public <T> CompletionStage<T> whole(HttpRequest request, int longest, Function<byte[], T> read) {
        return WholeCall.run(this, request, longest, read);
    }

    /** One attempt: it was let out, or we ourselves refused it. Exactly one of the two is there. */
    record Attempt(@Nullable Call call, @Nullable Refused refused) {}

    Attempt attempt(HttpRequest request) {
        Breaker.Pass pass = breaker.pass().orElse(null);
        if (pass == null) {
            return new Attempt(
                    null,
                    Refused.forGood(new ChatFailure(
                            Kind.UNAVAILABLE, "The provider failed repeatedly and is left alone for a moment")));
        }
        Optional<Duration> wait = pace.take();
        if (wait.isPresent()) {
            pass.forgotten();
            return new Attempt(
                    null,
                    Refused.of(
                            new ChatFailure(Kind.RATE_LIMITED, "We ask this provider no more than we were told to"),
                            wait));
        }
        return new Attempt(new Call(pass, connections.call(request)), null);
    }

    /** An attempt on its way. Of its ends only the first tells the breaker. */
    final class Call {
        private final Breaker.Pass pass;
        private final Exchange exchange;

        Call(Breaker.Pass pass, Exchange exchange) {
            this.pass = pass;
            this.exchange = exchange;
        }

        CompletionStage<HttpResponse> response() {
            return exchange.response();
        }

        /** It answers as it should. */
        void well() {
            pass.succeeded();
        }

        /** It went wrong; the connection is closed. */
        void failed(ChatFailure failure) {
            lastFailure = Optional.of(
                    new ProviderHealth.Failure(failure.kind(), String.valueOf(failure.getMessage()), clock.instant()));
            if (!connections.sent(exchange)) {
                pass.forgotten(); // it waited for a connection in vain: our limits, not the provider's fault
            } else if (Failures.ofProvider(failure)) {
                pass.failed();
            } else {
                pass.succeeded();
            }
            exchange.abort();
        }

        /** The response was read to its end: the connection can be used again. */
        void read() {
            exchange.finished();
        }

        /** Nobody waits for it any more: closes the connection at once, whatever it is doing. */
        void leave() {
            pass.forgotten();
            exchange.abort();
        }
    }

    ProviderHealth health() {
        ProviderHealth.State state = breaker.state();
        Instant now = clock.instant();
        return new ProviderHealth(
                settings.name(),
                state,
                connections.busy(),
                connections.waiting(),
                state == ProviderHealth.State.PAUSED
                        ? Optional.of(now.plusNanos(breaker.pausedFor()))
                        : Optional.empty(),
                lastFailure);
    }
}
