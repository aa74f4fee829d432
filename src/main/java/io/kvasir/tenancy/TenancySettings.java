package io.kvasir.tenancy;

import io.kvasir.tenancy.domain.Plans;
import java.time.Duration;

/**
 * How tenants are kept.
 *
 * @param plans what there is to choose from
 * @param ownerPlan of the first owner's tenant
 * @param reservation how long a reservation holds that nobody settles: longer than the longest reply
 * @param answerWithin how long a request waits for its tenant
 * @param idle how long one that nobody asks stays in memory
 * @param snapshotEvery events
 */
public record TenancySettings(
        Plans plans, String ownerPlan, Duration reservation, Duration answerWithin, Duration idle, int snapshotEvery) {
    public TenancySettings {
        if (!plans.all().containsKey(ownerPlan)) {
            throw new IllegalArgumentException("kvasir.tenancy.owner-plan names no plan: " + ownerPlan);
        }
        if (!reservation.isPositive()) {
            throw new IllegalArgumentException("kvasir.tenancy.reservation must be positive");
        }
    }
}
