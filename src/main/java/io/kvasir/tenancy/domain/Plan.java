package io.kvasir.tenancy.domain;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a tenant may use.
 *
 * @param limits most of each; what has no entry has no limit
 */
public record Plan(String name, Map<Meter, Long> limits) {
    public Plan {
        limits = Map.copyOf(limits);
        limits.forEach((meter, most) -> {
            if (most < 0) {
                throw new IllegalArgumentException("plan " + name + ": " + meter.label() + " must not be negative");
            }
        });
    }

    /** The smaller of the plan's limit and the tenant's own. */
    public OptionalLong most(Meter meter, Optional<Preferences> preferences) {
        OptionalLong own = meter == Meter.SPEND_MICROS
                ? preferences
                        .flatMap(Preferences::spendCapMicros)
                        .map(OptionalLong::of)
                        .orElseGet(OptionalLong::empty)
                : OptionalLong.empty();
        Long most = limits.get(meter);
        if (most == null) {
            return own;
        }
        return OptionalLong.of(own.isPresent() ? Math.min(most, own.getAsLong()) : most);
    }
}
