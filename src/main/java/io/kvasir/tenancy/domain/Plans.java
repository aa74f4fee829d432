package io.kvasir.tenancy.domain;

import java.util.Map;
import java.util.Optional;

/**
 * The plans there are, by name.
 *
 * @param first the plan of a tenant for which none was chosen; also of one whose plan is no longer offered
 */
public record Plans(Map<String, Plan> all, String first) {
    public Plans {
        all = Map.copyOf(all);
        if (!all.containsKey(first)) {
            throw new IllegalArgumentException("there is no plan " + first);
        }
    }

    public Plan of(Optional<String> chosen) {
        Plan plan = chosen.map(all::get).orElse(null);
        return plan != null ? plan : java.util.Objects.requireNonNull(all.get(first));
    }
}
