package io.kvasir.llm.provider;

import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatFailure.Kind;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.jspecify.annotations.Nullable;

/**
 * One call whose answer comes as a whole, with the retries and limits of all calls. Its time is that of a whole reply;
 * an attempt that stays silent longer than a first token may take is given up.
 */
final class WholeCall<T> {
    private final Upstream upstream;
    private final ProviderSettings settings;
    private final HttpRequest request;
    private final int longest;
    private final Function<byte[], T> read;
    private final Backoff backoff;
    private final long started = System.nanoTime();
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private int attempts;

    private WholeCall(Upstream upstream, HttpRequest request, int longest, Function<byte[], T> read) {
        this.upstream = upstream;
        this.settings = upstream.settings();
        this.request = request;
        this.longest = longest;
        this.read = read;
        this.backoff = new Backoff(settings.retries(), RandomGenerator.getDefault());
    }

    /**
     * @param longest most bytes of an answer
     * @param read makes sense of it, or throws a {@link ChatFailure}
     * @return fails with {@link ChatFailure} and nothing else
     */
    static <T> CompletionStage<T> run(Upstream upstream, HttpRequest request, int longest, Function<byte[], T> read) {
        WholeCall<T> call = new WholeCall<>(upstream, request, longest, read);
        call.attempt();
        return call.result;
    }

    private void attempt() {
        attempts++;
        Upstream.Attempt attempt = upstream.attempt(request);
        Upstream.Call call = attempt.call();
        if (call == null) {
            Refused ours = attempt.refused();
            again(ours == null ? Refused.forGood(Failures.unreachable(null)) : ours);
            return;
        }
        Duration patience = settings.timeouts().firstToken();
        call.response()
                .toCompletableFuture()
                .copy()
                .orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS)
                .thenCompose(response -> arrived(response, call))
                .whenComplete((answer, problem) -> ended(call, answer, problem));
    }

    private CompletionStage<T> arrived(HttpResponse response, Upstream.Call call) {
        if (response.status().intValue() != 200) {
            return Refusals.read(response, call, upstream.system()).thenCompose(refused -> {
                throw new Refusal(refused);
            });
        }
        return response.entity()
                .withSizeLimit(longest)
                // A limit of its own would fail like a connection that broke.
                .toStrict(settings.timeouts().idle().toMillis(), 2L * longest, upstream.system())
                .thenApply(strict -> {
                    call.read();
                    return read.apply(strict.getData().toArray());
                });
    }

    private void ended(Upstream.Call call, @Nullable T answer, @Nullable Throwable problem) {
        if (problem == null) {
            call.well();
            result.complete(answer);
            return;
        }
        Refused refused = refused(problem);
        call.failed(refused.failure());
        again(refused);
    }

    private static Refused refused(Throwable problem) {
        Throwable cause = problem;
        while (cause.getCause() != null && cause instanceof java.util.concurrent.CompletionException) {
            cause = cause.getCause();
        }
        return switch (cause) {
            case Refusal told -> told.refused;
            case ChatFailure failure -> Refused.of(failure);
            case java.util.concurrent.TimeoutException _ ->
                Refused.of(new ChatFailure(Kind.TIMEOUT, "The provider took too long to answer"));
            case org.apache.pekko.http.scaladsl.model.EntityStreamSizeException _ -> Refused.of(Failures.garbage());
            default -> Refused.of(Failures.unreachable(cause));
        };
    }

    private void again(Refused refused) {
        long left = settings.timeouts().total().toNanos() - (System.nanoTime() - started);
        Optional<Duration> wait = backoff.next(refused, attempts, left);
        if (wait.isEmpty()) {
            result.completeExceptionally(refused.failure());
        } else {
            upstream.system()
                    .scheduler()
                    .scheduleOnce(wait.get(), this::attempt, upstream.system().executionContext());
        }
    }

    private static final class Refusal extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final transient Refused refused;

        Refusal(Refused refused) {
            super("refused", null, false, false);
            this.refused = refused;
        }
    }
}
