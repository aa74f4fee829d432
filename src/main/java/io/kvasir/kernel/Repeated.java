package io.kvasir.kernel;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * A question that changes nothing, asked again where no answer came: what was on its way to a node that died is lost, and
 * whoever would wait for its answer would wait for as long as a request may take.
 */
public final class Repeated {
    private static final Duration FIRST = Duration.ofMillis(750);
    /**
     * Where what was asked moves to another node, this is how late it is noticed that it has arrived there: it is waited
     * for in steps that do not grow, for with growing ones an answer that was possible after 5.3 s came after 10.
     */
    private static final Duration LATER = Duration.ofMillis(500);

    private Repeated() {}

    /** @param ask asks once, and fails with {@link TimeoutException} after the time it is given; @param within in all */
    public static <R> CompletionStage<R> ask(Function<Duration, CompletionStage<R>> ask, Duration within) {
        return ask(ask, FIRST, System.nanoTime() + within.toNanos());
    }

    private static <R> CompletionStage<R> ask(Function<Duration, CompletionStage<R>> ask, Duration patience, long end) {
        Duration left = Duration.ofNanos(Math.max(1, end - System.nanoTime()));
        boolean last = patience.compareTo(left) >= 0;
        return ask.apply(last ? left : patience)
                .exceptionallyCompose(fault ->
                        !last && timedOut(fault) ? ask(ask, LATER, end) : CompletableFuture.failedFuture(fault));
    }

    private static boolean timedOut(Throwable fault) {
        return fault instanceof TimeoutException
                || fault instanceof CompletionException && fault.getCause() instanceof TimeoutException;
    }
}
