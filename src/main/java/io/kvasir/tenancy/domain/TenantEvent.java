package io.kvasir.tenancy.domain;

import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Stored;
import io.kvasir.kernel.StoredAs;
import java.time.Instant;
import java.util.List;

/** Everything that can happen to a tenant. What happens often is stored many at a time. */
public sealed interface TenantEvent extends Stored {
    @StoredAs("tenant.plan-chosen.v1")
    record PlanChosen(String plan, Instant at) implements TenantEvent {}

    @StoredAs("tenant.preferences-changed.v1")
    record PreferencesChanged(Preferences preferences, Instant at) implements TenantEvent {}

    @StoredAs("tenant.reserved.v1")
    record Reserved(List<Reservation> reservations) implements TenantEvent {
        public Reserved {
            reservations = List.copyOf(reservations);
        }
    }

    @StoredAs("tenant.settled.v1")
    record Settled(List<Settlement> settlements) implements TenantEvent {
        public Settled {
            settlements = List.copyOf(settlements);
        }
    }

    /** Given back unused. @param expired their time was up, nobody said anything */
    @StoredAs("tenant.released.v1")
    record Released(List<String> reservations, boolean expired) implements TenantEvent {
        public Released {
            reservations = List.copyOf(reservations);
        }
    }

    /** The table of usage has all settlements up to this number. */
    @StoredAs("tenant.booked.v1")
    record Booked(long number) implements TenantEvent {}

    @StoredAs("tenant.holdings-changed.v1")
    record HoldingsChanged(List<Holding> holdings, List<KnowledgeBaseId> gone) implements TenantEvent {
        public HoldingsChanged {
            holdings = List.copyOf(holdings);
            gone = List.copyOf(gone);
        }
    }

    /** From here on nothing is granted. */
    @StoredAs("tenant.deleted.v1")
    record Deleted(Instant at) implements TenantEvent {}
}
