package io.kvasir.tenancy.domain;

import java.time.Instant;
import java.util.Optional;

/**
 * How a tenant stands at a moment: as small for one that keeps and does a lot as for one that never did anything.
 *
 * @param plan empty where none was chosen for it
 * @param preferences empty where it never had any
 * @param used as {@link Tenant#used}; @param reserved as {@link Tenant#reserved}
 */
public record Balance(
        Optional<String> plan, Optional<Preferences> preferences, Amounts used, Amounts reserved, Instant at) {}
