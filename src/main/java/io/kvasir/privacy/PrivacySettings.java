package io.kvasir.privacy;

import java.time.Duration;

/**
 * @param patience how long an erasure is waited for before its receipt says what is left
 * @param sweepAfter the start, and {@code sweepEvery} so often, what has no owner or whose time is up is removed
 */
public record PrivacySettings(Duration patience, Duration sweepAfter, Duration sweepEvery) {
    public PrivacySettings {
        if (!sweepEvery.isPositive()) {
            throw new IllegalArgumentException("kvasir.privacy.sweep-every must be positive");
        }
    }
}
