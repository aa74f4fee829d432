package io.kvasir.llm.provider;

import io.kvasir.llm.ProviderHealth.State;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Leaves a provider alone that failed several times in a row; after a pause one call at a time tries again. Unlike a
 * breaker around futures it knows calls whose asker left: they say nothing about the provider. Thread-safe.
 */
final class Breaker {
    private final ProviderSettings.Pause pause;
    private final LongSupplier nanos;
    private int failures;
    private boolean open;
    private boolean probing;
    private long until;

    Breaker(ProviderSettings.Pause pause, LongSupplier nanos) {
        this.pause = pause;
        this.nanos = nanos;
    }

    /** One call that was let through. Only its first end counts. */
    final class Pass {
        private final boolean probe;
        private boolean ended;

        private Pass(boolean probe) {
            this.probe = probe;
        }

        void succeeded() {
            synchronized (Breaker.this) {
                if (ends()) {
                    failures = 0;
                    if (probe) {
                        open = false;
                    }
                }
            }
        }

        void failed() {
            synchronized (Breaker.this) {
                if (ends()) {
                    failures++;
                    if (probe || (!open && failures >= pause.after())) {
                        open = true;
                        until = nanos.getAsLong() + pause.length().toNanos();
                    }
                }
            }
        }

        /** Nobody knows how it would have ended. */
        void forgotten() {
            synchronized (Breaker.this) {
                ends();
            }
        }

        private boolean ends() {
            boolean first = !ended;
            ended = true;
            if (first && probe) {
                probing = false;
            }
            return first;
        }
    }

    /** Empty while the provider is to be left alone. */
    synchronized Optional<Pass> pass() {
        if (!open) {
            return Optional.of(new Pass(false));
        }
        if (probing || nanos.getAsLong() - until < 0) {
            return Optional.empty();
        }
        probing = true;
        return Optional.of(new Pass(true));
    }

    synchronized State state() {
        return !open ? State.UP : probing ? State.PROBING : State.PAUSED;
    }

    /** Nanoseconds until it is tried again, 0 where nothing is in the way. */
    synchronized long pausedFor() {
        return open ? Math.max(0, until - nanos.getAsLong()) : 0;
    }
}
