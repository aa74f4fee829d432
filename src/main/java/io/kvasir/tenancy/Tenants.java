package io.kvasir.tenancy;

import io.kvasir.http.Problems;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import io.kvasir.sharding.MovesAmongTheLiving;
import io.kvasir.tenancy.TenantEntity.Command;
import io.kvasir.tenancy.TenantEntity.Reply;
import io.kvasir.tenancy.domain.Amounts;
import io.kvasir.tenancy.domain.Balance;
import io.kvasir.tenancy.domain.Holding;
import io.kvasir.tenancy.domain.Meter;
import io.kvasir.tenancy.domain.Plan;
import io.kvasir.tenancy.domain.Preferences;
import io.kvasir.tenancy.domain.Reservation;
import io.kvasir.tenancy.domain.Settlement;
import io.kvasir.tenancy.domain.Tenant;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;

/** Tenants as the rest of the house sees them: the only one here that knows sharding and time-outs. */
public final class Tenants {
    private final ClusterSharding sharding;
    private final TenancySettings settings;
    private final Clock clock;
    private final UsageTable usage;

    public Tenants(ActorSystem<?> system, TenancySettings settings, Clock clock, Transactor transactor) {
        this.sharding = ClusterSharding.get(system);
        this.settings = settings;
        this.clock = clock;
        this.usage = new UsageTable(transactor);
        sharding.init(MovesAmongTheLiving.spread(
                system,
                Entity.of(
                                TenantEntity.KEY,
                                context -> TenantEntity.create(
                                        new TenantId(context.getEntityId()),
                                        context.getShard(),
                                        settings,
                                        clock,
                                        usage::book))
                        .withStopMessage(TenantEntity.Passivate.NOW)));
    }

    // reserve, then settle

    /**
     * Sets aside what somebody is about to use. It counts as used until it is settled or released, or for
     * {@link TenancySettings#reservation()}, also where the server stops meanwhile.
     *
     * @return the reservation; refused where the plan allows no more beside what is used and set aside
     */
    public CompletionStage<Outcome<String>> reserve(TenantId tenant, Amounts wanted) {
        return reserve(tenant, Ids.next(), wanted);
    }

    /** The same under an id of the caller's: what is set aside under it already is not set aside twice. */
    public CompletionStage<Outcome<String>> reserve(TenantId tenant, String id, Amounts wanted) {
        Reservation wish = new Reservation(id, wanted, clock.instant().plus(settings.reservation()));
        return asked(tenant, replyTo -> new TenantEntity.Reserve(wish, replyTo)).thenApply(reply -> switch (reply) {
            case TenantEntity.Refused(Rejection reason) -> Outcome.refused(reason);
            case TenantEntity.Noted _, TenantEntity.Ok _ -> Outcome.done(id);
        });
    }

    /** What an answer used in the end. @param costMicros millionths of the price list's currency unit */
    public record Used(
            String provider, String model, long messages, long promptTokens, long completionTokens, long costMicros) {}

    /** Counts what was really used in place of what was set aside. Tell it once. */
    public CompletionStage<Void> settle(Scope scope, String reservation, Used used) {
        Settlement settlement = new Settlement(
                0,
                reservation,
                scope.knowledgeBase(),
                used.provider(),
                used.model(),
                used.messages(),
                used.promptTokens(),
                used.completionTokens(),
                used.costMicros(),
                clock.instant());
        return noted(scope.tenant(), replyTo -> new TenantEntity.Settle(settlement, replyTo));
    }

    /** Gives back what was not needed. */
    public CompletionStage<Void> release(TenantId tenant, String reservation) {
        return noted(tenant, replyTo -> new TenantEntity.Release(reservation, replyTo));
    }

    /** What a knowledge base keeps now; may be said as often as one likes. @param bytes of files as uploaded */
    public CompletionStage<Void> holds(Scope scope, long documents, long bytes) {
        Holding holding = new Holding(scope.knowledgeBase(), documents, bytes);
        return noted(
                scope.tenant(), replyTo -> new TenantEntity.Hold(scope.knowledgeBase(), Optional.of(holding), replyTo));
    }

    /** A knowledge base keeps nothing any more. */
    public CompletionStage<Void> gone(Scope scope) {
        return noted(
                scope.tenant(), replyTo -> new TenantEntity.Hold(scope.knowledgeBase(), Optional.empty(), replyTo));
    }

    // the tenant itself

    /** One limit. @param limit absent: none; @param until when counting begins anew, for monthly ones */
    public record Count(String what, long used, long reserved, Optional<Long> limit, Optional<Instant> until) {}

    /** @param days of the current month so far */
    public record Overview(String plan, List<Count> counts, List<UsageTable.Day> days) {}

    /** What is used, and how much of it the plan allows. */
    CompletionStage<Overview> overview(TenantId tenant, Optional<LocalDate> from, Optional<LocalDate> to) {
        LocalDate today = clock.instant().atOffset(ZoneOffset.UTC).toLocalDate();
        LocalDate first = from.orElseGet(() -> YearMonth.from(today).atDay(1));
        return balance(tenant)
                .thenCombine(
                        usage.days(tenant, first, to.orElse(today)),
                        (balance, days) ->
                                new Overview(settings.plans().of(balance.plan()).name(), counts(balance), days));
    }

    /** How a tenant stands: its plan and what is used of it now. */
    public record Standing(String plan, List<Count> counts) {}

    CompletionStage<Standing> standing(TenantId tenant) {
        return balance(tenant)
                .thenApply(balance ->
                        new Standing(settings.plans().of(balance.plan()).name(), counts(balance)));
    }

    /** One plan there is. @param limits by what is limited, as {@link Count#what} says it */
    public record Offer(String name, Map<String, Long> limits) {}

    /** All plans, by name. */
    List<Offer> offers() {
        return settings.plans().all().values().stream()
                .sorted(Comparator.comparing(Plan::name))
                .map(plan -> {
                    Map<String, Long> limits = new TreeMap<>();
                    plan.limits().forEach((meter, most) -> limits.put(meter.label(), most));
                    return new Offer(plan.name(), limits);
                })
                .toList();
    }

    private List<Count> counts(Balance balance) {
        Plan plan = settings.plans().of(balance.plan());
        List<Count> counts = new ArrayList<>();
        for (Meter meter : Meter.values()) {
            counts.add(new Count(
                    meter.label(),
                    balance.used().of(meter),
                    balance.reserved().of(meter),
                    plan.most(meter, balance.preferences()).stream().boxed().findFirst(),
                    meter.monthly() ? Optional.of(Tenant.monthEnds(balance.at())) : Optional.empty()));
        }
        return counts;
    }

    public CompletionStage<Preferences> preferences(TenantId tenant) {
        return balance(tenant).thenApply(balance -> balance.preferences().orElse(Preferences.NONE));
    }

    public CompletionStage<Outcome<Preferences>> prefer(TenantId tenant, Preferences preferences) {
        return changed(tenant, replyTo -> new TenantEntity.Prefer(preferences, replyTo))
                .thenApply(
                        outcome -> outcome.map(balance -> balance.preferences().orElse(Preferences.NONE)));
    }

    /** @return the plan's name; refused where there is no such plan */
    public CompletionStage<Outcome<String>> choose(TenantId tenant, String plan) {
        return changed(tenant, replyTo -> new TenantEntity.ChoosePlan(plan, replyTo))
                .thenApply(outcome -> outcome.map(
                        balance -> settings.plans().of(balance.plan()).name()));
    }

    /** Gives the first owner's tenant its plan, where it has none of its own yet. */
    public CompletionStage<Void> ensureOwnerPlan(TenantId tenant) {
        return balance(tenant)
                .thenCompose(balance -> balance.plan().isPresent()
                        ? java.util.concurrent.CompletableFuture.completedFuture(null)
                        : choose(tenant, settings.ownerPlan()).thenAccept(_ -> {}));
    }

    /** From here on nothing is granted; its usage is forgotten. */
    public CompletionStage<Void> delete(TenantId tenant) {
        return changed(tenant, TenantEntity.Delete::new).thenCompose(_ -> usage.erase(tenant));
    }

    // asking

    private CompletionStage<Balance> balance(TenantId tenant) {
        return asked(tenant, TenantEntity.Read::new).thenApply(reply -> {
            if (reply instanceof TenantEntity.Ok(Balance balance)) {
                return balance;
            }
            throw new IllegalStateException("a tenant answered a reader with " + reply);
        });
    }

    private CompletionStage<Outcome<Balance>> changed(
            TenantId tenant, org.apache.pekko.japi.function.Function<ActorRef<Reply>, Command> question) {
        return asked(tenant, question).thenApply(reply -> switch (reply) {
            case TenantEntity.Ok(Balance balance) -> Outcome.done(balance);
            case TenantEntity.Refused(Rejection reason) -> Outcome.refused(reason);
            case TenantEntity.Noted _ -> throw new IllegalStateException("a tenant answered a change like an entry");
        });
    }

    private CompletionStage<Void> noted(
            TenantId tenant, org.apache.pekko.japi.function.Function<ActorRef<Reply>, Command> question) {
        return asked(tenant, question).thenAccept(_ -> {});
    }

    private CompletionStage<Reply> asked(
            TenantId tenant, org.apache.pekko.japi.function.Function<ActorRef<Reply>, Command> question) {
        EntityRef<Command> entity = sharding.entityRefFor(TenantEntity.KEY, tenant.value());
        return entity.ask(question, settings.answerWithin()).handle((reply, fault) -> {
            if (fault != null) {
                throw new Problems.Unavailable("The tenant did not answer in time", Duration.ofSeconds(2));
            }
            return reply;
        });
    }
}
