package io.kvasir.ingestion.document;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Whether a run is still wanted. Every wait of a run is a wait for its stage or for this, so that it ends at once. Threads
 * are not interrupted: an interrupt in the middle of a file access closes an embedded database.
 */
final class Cancellation {
    /** Whether it is only left; what was asked for first stands. */
    private final CompletableFuture<Boolean> asked = new CompletableFuture<>();

    static final class Cancelled extends IOException {
        private static final long serialVersionUID = 1L;
    }

    void ask() {
        asked.complete(false);
    }

    /** Ends it as well, but somebody else begins it anew: what it made is theirs. */
    void leave() {
        asked.complete(true);
    }

    boolean asked() {
        return asked.isDone();
    }

    boolean left() {
        return asked.getNow(false);
    }

    void check() throws Cancelled {
        if (asked.isDone()) {
            throw new Cancelled();
        }
    }

    /** Runs what follows once: when the stage is over, or a cancellation is asked for before that. */
    void either(CompletionStage<?> stage, Runnable next) {
        CompletableFuture.anyOf(stage.toCompletableFuture(), asked).whenComplete((_, _) -> next.run());
    }

    /** The stage's value; what the stage goes on to do after a cancellation is its own business. @throws CompletionException where it failed */
    <T> T await(CompletionStage<T> stage) throws Cancelled {
        CompletableFuture<T> awaited = stage.toCompletableFuture();
        if (!awaited.isDone()) {
            CompletableFuture.anyOf(awaited, asked).join();
        }
        check();
        return awaited.join();
    }

    /** The same, for so long. */
    <T> T await(CompletionStage<T> stage, Duration most) throws Cancelled, TimeoutException {
        CompletableFuture<T> awaited = stage.toCompletableFuture();
        try {
            CompletableFuture.anyOf(awaited, asked)
                    .orTimeout(most.toNanos(), TimeUnit.NANOSECONDS)
                    .join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof TimeoutException timeout && !awaited.isDone()) {
                throw timeout;
            }
            throw e;
        }
        check();
        return awaited.join();
    }

    void pause(Duration time) throws Cancelled {
        try {
            await(new CompletableFuture<Void>(), time);
        } catch (TimeoutException over) {
            check();
        }
    }
}
