package io.kvasir.llm.provider;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Requests a minute, as a bucket that holds a minute's worth and fills evenly (the generic cell rate algorithm).
 * Thread-safe.
 */
final class Pace {
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();

    private final long each;
    private final LongSupplier nanos;
    /** When the bucket will be full again. */
    private long full;

    /** @param perMinute 0 for no limit */
    Pace(int perMinute, LongSupplier nanos) {
        this.each = perMinute == 0 ? 0 : MINUTE / perMinute;
        this.nanos = nanos;
        this.full = nanos.getAsLong();
    }

    /** Takes one request; or says how long until one may be taken. */
    synchronized Optional<Duration> take() {
        if (each == 0) {
            return Optional.empty();
        }
        long now = nanos.getAsLong();
        long next = (full - now < 0 ? now : full) + each;
        if (next - now > MINUTE) {
            return Optional.of(Duration.ofNanos(next - now - MINUTE));
        }
        full = next;
        return Optional.empty();
    }
}
