package io.kvasir.tenancy.domain;

import io.kvasir.kernel.Decision;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Stored;
import io.kvasir.kernel.StoredAs;
import io.kvasir.tenancy.domain.TenantEvent.Booked;
import io.kvasir.tenancy.domain.TenantEvent.Deleted;
import io.kvasir.tenancy.domain.TenantEvent.HoldingsChanged;
import io.kvasir.tenancy.domain.TenantEvent.PlanChosen;
import io.kvasir.tenancy.domain.TenantEvent.PreferencesChanged;
import io.kvasir.tenancy.domain.TenantEvent.Released;
import io.kvasir.tenancy.domain.TenantEvent.Reserved;
import io.kvasir.tenancy.domain.TenantEvent.Settled;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What is known of one tenant's use, and what it may still use. Every tenant there may be exists, with the first plan and
 * nothing used, until something happens to it.
 *
 * @param month the calendar month, in UTC, for which {@code spent} counts; empty before anything was used
 * @param settlements how many there were so far
 * @param unbooked settlements the table of usage may not have yet
 */
@StoredAs("tenant.v1")
public record Tenant(
        Optional<String> plan,
        Optional<Preferences> preferences,
        List<Holding> holdings,
        List<Reservation> reservations,
        Optional<String> month,
        Amounts spent,
        long settlements,
        List<Settlement> unbooked,
        boolean deleted)
        implements Stored {
    public static final Tenant NONE = new Tenant(
            Optional.empty(),
            Optional.empty(),
            List.of(),
            List.of(),
            Optional.empty(),
            Amounts.NONE,
            0,
            List.of(),
            false);

    public Tenant {
        holdings = List.copyOf(holdings);
        reservations = List.copyOf(reservations);
        unbooked = List.copyOf(unbooked);
    }

    /** Standing amounts as they are, monthly ones of the month of this moment; without reservations. */
    public Amounts used(Instant now) {
        long documents = 0;
        long bytes = 0;
        for (Holding holding : holdings) {
            documents += holding.documents();
            bytes += holding.bytes();
        }
        Amounts standing = new Amounts(holdings.size(), documents, bytes, 0, 0, 0);
        boolean past = month.filter(m -> m.compareTo(monthOf(now)) < 0).isPresent();
        return past ? standing : standing.plus(spent);
    }

    /** What reservations hold that are still good at this moment. */
    public Amounts reserved(Instant now) {
        Amounts sum = Amounts.NONE;
        for (Reservation reservation : reservations) {
            if (now.isBefore(reservation.expiresAt())) {
                sum = sum.plus(reservation.amounts());
            }
        }
        return sum;
    }

    public Balance balance(Instant now) {
        return new Balance(plan, preferences, used(now), reserved(now), now);
    }

    /** When the month of this moment is over. */
    public static Instant monthEnds(Instant now) {
        return YearMonth.from(now.atOffset(ZoneOffset.UTC))
                .plusMonths(1)
                .atDay(1)
                .atStartOfDay(ZoneOffset.UTC)
                .toInstant();
    }

    private static String monthOf(Instant at) {
        return YearMonth.from(at.atOffset(ZoneOffset.UTC)).toString();
    }

    // decisions

    /** What became of several wishes. @param refusals one for each wish, empty where it was granted */
    public record Granting(List<TenantEvent> events, List<Optional<Rejection>> refusals) {}

    /** First come, first served: each wish that fits beside everything used and reserved before it is granted. */
    public Granting reserve(List<Reservation> wishes, Plan limits, Instant now) {
        Amounts taken = used(now).plus(reserved(now));
        Set<String> known = new HashSet<>();
        reservations.forEach(r -> known.add(r.id()));
        List<Reservation> granted = new ArrayList<>();
        List<Optional<Rejection>> refusals = new ArrayList<>();
        for (Reservation wish : wishes) {
            Optional<Rejection> refusal =
                    known.contains(wish.id()) ? Optional.empty() : refusal(wish, taken, limits, now);
            refusals.add(refusal);
            if (refusal.isEmpty() && known.add(wish.id())) {
                taken = taken.plus(wish.amounts());
                // What is not limited need not be remembered: nothing depends on it.
                if (limited(wish.amounts(), limits)) {
                    granted.add(wish);
                }
            }
        }
        return new Granting(granted.isEmpty() ? List.of() : List.of(new Reserved(granted)), refusals);
    }

    private Optional<Rejection> refusal(Reservation wish, Amounts taken, Plan limits, Instant now) {
        if (deleted) {
            return Optional.of(gone());
        }
        for (Meter meter : Meter.values()) {
            long wanted = wish.amounts().of(meter);
            OptionalLong most = limits.most(meter, preferences);
            if (wanted > 0 && most.isPresent() && taken.of(meter) + wanted > most.getAsLong()) {
                return Optional.of(new Rejection.LimitReached(
                        meter.label(),
                        taken.of(meter),
                        wanted,
                        most.getAsLong(),
                        meter.monthly() ? Optional.of(monthEnds(now)) : Optional.empty()));
            }
        }
        return Optional.empty();
    }

    private boolean limited(Amounts amounts, Plan limits) {
        for (Meter meter : Meter.values()) {
            if (amounts.of(meter) > 0 && limits.most(meter, preferences).isPresent()) {
                return true;
            }
        }
        return false;
    }

    /** What was used is used: it counts even where the reservation's time was up meanwhile. */
    public Decision<TenantEvent> settle(List<Settlement> uses) {
        List<Settlement> numbered = new ArrayList<>();
        for (Settlement use : uses) {
            numbered.add(use.numbered(settlements + numbered.size() + 1));
        }
        return numbered.isEmpty() ? Decision.accept() : Decision.accept(new Settled(numbered));
    }

    /** Gives back what was not needed. Giving back twice is no error. */
    public Decision<TenantEvent> release(List<String> ids) {
        return released(ids, false);
    }

    /** Lets go of reservations whose time is up. */
    public Decision<TenantEvent> expire(Instant now) {
        return released(
                reservations.stream()
                        .filter(r -> !now.isBefore(r.expiresAt()))
                        .map(Reservation::id)
                        .toList(),
                true);
    }

    private Decision<TenantEvent> released(List<String> ids, boolean expired) {
        Set<String> wanted = new HashSet<>(ids);
        List<String> known = reservations.stream()
                .map(Reservation::id)
                .filter(wanted::contains)
                .toList();
        return known.isEmpty() ? Decision.accept() : Decision.accept(new Released(known, expired));
    }

    /** The last word of each knowledge base counts; empty: it is gone. Repeating it changes nothing. */
    public Decision<TenantEvent> hold(Map<KnowledgeBaseId, Optional<Holding>> words) {
        List<Holding> changed = new ArrayList<>();
        List<KnowledgeBaseId> gone = new ArrayList<>();
        words.forEach((id, word) -> {
            if (word.isEmpty() && holding(id).isPresent()) {
                gone.add(id);
            } else if (word.isPresent() && !word.equals(holding(id))) {
                changed.add(word.get());
            }
        });
        return changed.isEmpty() && gone.isEmpty()
                ? Decision.accept()
                : Decision.accept(new HoldingsChanged(changed, gone));
    }

    private Optional<Holding> holding(KnowledgeBaseId id) {
        return holdings.stream().filter(h -> h.knowledgeBase().equals(id)).findFirst();
    }

    public Decision<TenantEvent> booked(long number) {
        return unbooked.stream().anyMatch(s -> s.number() <= number)
                ? Decision.accept(new Booked(number))
                : Decision.accept();
    }

    public Decision<TenantEvent> choose(String wanted, Plans plans, Instant now) {
        if (deleted) {
            return Decision.reject(gone());
        }
        if (!plans.all().containsKey(wanted)) {
            return Decision.reject(Rejection.Invalid.field(
                    "/plan",
                    "must be one of "
                            + String.join(
                                    ", ", plans.all().keySet().stream().sorted().toList())));
        }
        return plan.filter(wanted::equals).isPresent()
                ? Decision.accept()
                : Decision.accept(new PlanChosen(wanted, now));
    }

    public Decision<TenantEvent> prefer(Preferences wanted, Instant now) {
        if (deleted) {
            return Decision.reject(gone());
        }
        return preferences.filter(wanted::equals).isPresent()
                ? Decision.accept()
                : Decision.accept(new PreferencesChanged(wanted, now));
    }

    /** Deleting what is deleted is no error. */
    public Decision<TenantEvent> delete(Instant now) {
        return deleted ? Decision.accept() : Decision.accept(new Deleted(now));
    }

    private static Rejection gone() {
        return new Rejection.Conflict("tenant-deleted", "This tenant is being deleted");
    }

    // what events do

    public Tenant apply(TenantEvent event) {
        return switch (event) {
            case PlanChosen e ->
                new Tenant(
                        Optional.of(e.plan()),
                        preferences,
                        holdings,
                        reservations,
                        month,
                        spent,
                        settlements,
                        unbooked,
                        deleted);
            case PreferencesChanged e ->
                new Tenant(
                        plan,
                        Optional.of(e.preferences()),
                        holdings,
                        reservations,
                        month,
                        spent,
                        settlements,
                        unbooked,
                        deleted);
            case Reserved e -> {
                List<Reservation> more = new ArrayList<>(reservations);
                more.addAll(e.reservations());
                yield with(more);
            }
            case Released e -> with(without(new HashSet<>(e.reservations())));
            case Settled e -> settled(e);
            case Booked e ->
                new Tenant(
                        plan,
                        preferences,
                        holdings,
                        reservations,
                        month,
                        spent,
                        settlements,
                        unbooked.stream().filter(s -> s.number() > e.number()).toList(),
                        deleted);
            case HoldingsChanged e -> {
                Map<KnowledgeBaseId, Holding> next = new LinkedHashMap<>();
                holdings.forEach(h -> next.put(h.knowledgeBase(), h));
                e.holdings().forEach(h -> next.put(h.knowledgeBase(), h));
                e.gone().forEach(next::remove);
                yield new Tenant(
                        plan,
                        preferences,
                        List.copyOf(next.values()),
                        reservations,
                        month,
                        spent,
                        settlements,
                        unbooked,
                        deleted);
            }
            case Deleted _ ->
                new Tenant(plan, preferences, holdings, List.of(), month, spent, settlements, unbooked, true);
        };
    }

    private Tenant settled(Settled e) {
        Set<String> done = new HashSet<>();
        String current = month.orElse("");
        Amounts sum = spent;
        for (Settlement s : e.settlements()) {
            done.add(s.reservation());
            String its = monthOf(s.at());
            // A clock that went back a little must not bring back the month before.
            if (its.compareTo(current) > 0) {
                current = its;
                sum = Amounts.NONE;
            }
            sum = sum.plus(s.amounts());
        }
        List<Settlement> waiting = new ArrayList<>(unbooked);
        waiting.addAll(e.settlements());
        return new Tenant(
                plan,
                preferences,
                holdings,
                without(done),
                Optional.of(current),
                sum,
                e.settlements().getLast().number(),
                waiting,
                deleted);
    }

    private List<Reservation> without(Set<String> ids) {
        return reservations.stream().filter(r -> !ids.contains(r.id())).toList();
    }

    private Tenant with(List<Reservation> next) {
        return new Tenant(plan, preferences, holdings, next, month, spent, settlements, unbooked, deleted);
    }
}
