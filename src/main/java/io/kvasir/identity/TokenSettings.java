package io.kvasir.identity;

import java.time.Duration;

/**
 * @param issuer the {@code iss} of our tokens
 * @param access how long an access token is good, at most 15 minutes unless a person says otherwise
 * @param visitor how long a visitor token is good, at most 15 minutes
 */
public record TokenSettings(String issuer, Duration access, Duration visitor) {
    public TokenSettings {
        if (visitor.compareTo(Duration.ofMinutes(15)) > 0) {
            throw new IllegalArgumentException("kvasir.identity.visitor-token must not be longer than 15 minutes");
        }
    }

    /** How long anything a key signs may be good. */
    Duration longest() {
        return access.compareTo(visitor) > 0 ? access : visitor;
    }
}
