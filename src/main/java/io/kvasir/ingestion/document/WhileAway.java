package io.kvasir.ingestion.document;

import io.kvasir.http.Problems;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits for an index that is away, for as long as it is: what was read and embedded meanwhile is not thrown away. */
final class WhileAway {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.ingestion");
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

    private final BooleanSupplier givenUp;

    /** @param givenUp nobody wants the work any more: the call fails as it did */
    WhileAway(BooleanSupplier givenUp) {
        this.givenUp = givenUp;
    }

    /** Repeats an idempotent call until it takes place, or fails otherwise than by {@link Problems.Unavailable}. */
    <T> CompletionStage<T> repeated(Supplier<CompletionStage<T>> call) {
        return repeated(call, FIRST_PAUSE);
    }

    private <T> CompletionStage<T> repeated(Supplier<CompletionStage<T>> call, Duration pause) {
        return call.get().exceptionallyCompose(fault -> {
            Throwable cause =
                    fault instanceof CompletionException && fault.getCause() != null ? fault.getCause() : fault;
            if (!(cause instanceof Problems.Unavailable) || givenUp.getAsBoolean()) {
                return CompletableFuture.failedFuture(cause);
            }
            LOG.info("waiting: {}", cause.getMessage());
            Duration next = pause.multipliedBy(2);
            return CompletableFuture.supplyAsync(
                            () -> true, CompletableFuture.delayedExecutor(pause.toMillis(), TimeUnit.MILLISECONDS))
                    .thenCompose(_ -> givenUp.getAsBoolean()
                            ? CompletableFuture.failedFuture(cause)
                            : repeated(call, next.compareTo(LONGEST_PAUSE) < 0 ? next : LONGEST_PAUSE));
        });
    }
}
