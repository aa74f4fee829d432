package io.kvasir.llm.provider;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Reads responses that are not what was asked for. */
final class Refusals {
    private static final int LONGEST = 64 * 1024;
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private Refusals() {}

    /** Completes in a moment and never fails; the connection is free or closed then. */
    static CompletionStage<Refused> read(HttpResponse response, Upstream.Call call, ActorSystem<?> system) {
        int status = response.status().intValue();
        Optional<Duration> after =
                response.getHeader("Retry-After").flatMap(header -> Failures.retryAfter(header.value(), Instant.now()));
        return response.entity().toStrict(PATIENCE.toMillis(), LONGEST, system).handle((strict, problem) -> {
            if (problem != null) {
                return Refused.of(Failures.ofStatus(status, ""), after);
            }
            call.read();
            ErrorBody told = ErrorBody.of(strict.getData().toArray());
            return Refused.of(Failures.ofStatus(status, told.code()), after.or(told::retryAfter));
        });
    }
}
