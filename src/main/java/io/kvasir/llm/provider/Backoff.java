package io.kvasir.llm.provider;

import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Whether and when a refused call is tried again. */
final class Backoff {
    private final ProviderSettings.Retries retries;
    private final RandomGenerator random;

    Backoff(ProviderSettings.Retries retries, RandomGenerator random) {
        this.retries = retries;
        this.random = random;
    }

    /**
     * @param attempts made so far, from 1
     * @param left of the time there is, in nanoseconds
     * @return how long to wait, or empty where it is to stay refused
     */
    Optional<Duration> next(Refused refused, int attempts, long left) {
        if (!refused.again() || attempts >= retries.attempts()) {
            return Optional.empty();
        }
        Duration wait = refused.after().orElseGet(() -> growing(attempts));
        return wait.compareTo(retries.longest()) > 0 || wait.toNanos() >= left ? Optional.empty() : Optional.of(wait);
    }

    private Duration growing(int attempts) {
        Duration whole = retries.first().multipliedBy(1L << Math.min(attempts - 1, 20));
        Duration capped = whole.compareTo(retries.longest()) > 0 ? retries.longest() : whole;
        return Duration.ofNanos((long) (capped.toNanos() * (1 - random.nextDouble() / 2)));
    }
}
