package io.kvasir.tenancy;

import io.kvasir.kernel.Decision;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.Wire;
import io.kvasir.tenancy.domain.Balance;
import io.kvasir.tenancy.domain.Holding;
import io.kvasir.tenancy.domain.Preferences;
import io.kvasir.tenancy.domain.Reservation;
import io.kvasir.tenancy.domain.Settlement;
import io.kvasir.tenancy.domain.Tenant;
import io.kvasir.tenancy.domain.TenantEvent;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.javadsl.CommandHandlerWithReply;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehaviorWithEnforcedReplies;
import org.apache.pekko.persistence.typed.javadsl.ReplyEffect;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One tenant: grants what its plan allows and counts what was used. Every question of the tenant passes here, so whatever
 * arrived while the journal was writing is decided and written together.
 */
final class TenantEntity extends EventSourcedBehaviorWithEnforcedReplies<TenantEntity.Command, TenantEvent, Tenant> {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.tenancy");

    // protocol

    static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "tenant");

    sealed interface Command {}

    /** What comes often: gathered, then decided together in the order of arrival. */
    sealed interface Entry extends Command, Wire {}

    record Reserve(Reservation wish, ActorRef<Reply> replyTo) implements Entry {}

    record Settle(Settlement use, ActorRef<Reply> replyTo) implements Entry {}

    record Release(String reservation, ActorRef<Reply> replyTo) implements Entry {}

    /** @param holding empty: the knowledge base is gone */
    record Hold(KnowledgeBaseId knowledgeBase, Optional<Holding> holding, ActorRef<Reply> replyTo) implements Entry {}

    record ChoosePlan(String plan, ActorRef<Reply> replyTo) implements Command, Wire {}

    record Prefer(Preferences preferences, ActorRef<Reply> replyTo) implements Command, Wire {}

    record Read(ActorRef<Reply> replyTo) implements Command, Wire {}

    record Delete(ActorRef<Reply> replyTo) implements Command, Wire {}

    private record BookingEnded(long number, boolean done) implements Command {}

    private enum Self implements Command {
        FLUSH,
        BOOK,
        IDLE
    }

    enum Passivate implements Command {
        NOW
    }

    sealed interface Reply extends Wire {}

    record Ok(Balance balance) implements Reply {}

    record Refused(Rejection reason) implements Reply {}

    /** To an {@link Entry}: it is stored. */
    record Noted() implements Reply {}

    /** Puts settlements into the table of usage; repeating it changes nothing. */
    @FunctionalInterface
    interface Booking {
        CompletionStage<Void> book(TenantId tenant, List<Settlement> settlements);
    }

    // birth

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final ActorRef<ClusterSharding.ShardCommand> shard;
    private final TenantId tenant;
    private final TenancySettings settings;
    private final Clock clock;
    private final Booking booking;
    private List<Entry> gathered = new ArrayList<>();
    private boolean atWork;

    private TenantEntity(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ActorRef<ClusterSharding.ShardCommand> shard,
            TenantId tenant,
            TenancySettings settings,
            Clock clock,
            Booking booking) {
        super(
                PersistenceId.of(KEY.name(), tenant.value()),
                SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.2));
        this.context = context;
        this.timers = timers;
        this.shard = shard;
        this.tenant = tenant;
        this.settings = settings;
        this.clock = clock;
        this.booking = booking;
        context.setReceiveTimeout(settings.idle(), Self.IDLE);
    }

    static Behavior<Command> create(
            TenantId tenant,
            ActorRef<ClusterSharding.ShardCommand> shard,
            TenancySettings settings,
            Clock clock,
            Booking booking) {
        return Behaviors.setup(context -> Behaviors.withTimers(
                timers -> new TenantEntity(context, timers, shard, tenant, settings, clock, booking)));
    }

    @Override
    public Tenant emptyState() {
        return Tenant.NONE;
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(settings.snapshotEvery(), 2);
    }

    // commands

    @Override
    public CommandHandlerWithReply<Command, TenantEvent, Tenant> commandHandler() {
        return this::decide;
    }

    private ReplyEffect<TenantEvent, Tenant> decide(Tenant state, Command command) {
        return switch (command) {
            case Entry entry -> gather(entry);
            case ChoosePlan c -> answered(state.choose(c.plan(), settings.plans(), clock.instant()), c.replyTo());
            case Prefer c -> answered(state.prefer(c.preferences(), clock.instant()), c.replyTo());
            case Delete c -> answered(state.delete(clock.instant()), c.replyTo());
            case Read c -> Effect().reply(c.replyTo(), ok(state));
            case BookingEnded c -> booked(state, c);
            case Self self ->
                switch (self) {
                    case FLUSH -> flush(state);
                    case BOOK -> quietly(state.expire(clock.instant()));
                    case IDLE -> rest(state);
                };
            case Passivate _ -> Effect().stop().thenNoReply();
        };
    }

    private ReplyEffect<TenantEvent, Tenant> gather(Entry entry) {
        if (gathered.isEmpty()) {
            context.getSelf().tell(Self.FLUSH);
        }
        gathered.add(entry);
        return Effect().noReply();
    }

    /** Uses and what is given back first: what they free may be granted in the same breath. */
    private ReplyEffect<TenantEvent, Tenant> flush(Tenant before) {
        List<Settlement> uses = new ArrayList<>();
        List<String> unneeded = new ArrayList<>();
        Map<KnowledgeBaseId, Optional<Holding>> holdings = new LinkedHashMap<>();
        List<Reserve> wishes = new ArrayList<>();
        List<ActorRef<Reply>> noted = new ArrayList<>();
        for (Entry entry : gathered) {
            switch (entry) {
                case Settle e -> {
                    uses.add(e.use());
                    noted.add(e.replyTo());
                }
                case Release e -> {
                    unneeded.add(e.reservation());
                    noted.add(e.replyTo());
                }
                case Hold e -> {
                    holdings.put(e.knowledgeBase(), e.holding());
                    noted.add(e.replyTo());
                }
                case Reserve e -> wishes.add(e);
            }
        }
        gathered = new ArrayList<>();
        Draft draft = new Draft(before);
        draft.take(before.expire(clock.instant()));
        draft.take(draft.state.settle(uses));
        // What a knowledge base holds is noted before the reservation for it goes: nothing slips in between.
        draft.take(draft.state.hold(holdings));
        draft.take(draft.state.release(unneeded));
        Tenant.Granting granting = draft.state.reserve(
                wishes.stream().map(Reserve::wish).toList(), settings.plans().of(draft.state.plan()), clock.instant());
        draft.events.addAll(granting.events());
        Runnable replies = () -> {
            noted.forEach(replyTo -> replyTo.tell(new Noted()));
            for (int i = 0; i < wishes.size(); i++) {
                wishes.get(i)
                        .replyTo()
                        .tell(granting.refusals()
                                .get(i)
                                .<Reply>map(Refused::new)
                                .orElseGet(Noted::new));
            }
        };
        if (draft.events.isEmpty()) {
            replies.run();
            return Effect().noReply();
        }
        return Effect()
                .persist(draft.events)
                .thenRun((Tenant next) -> {
                    replies.run();
                    book(next);
                })
                .thenNoReply();
    }

    /** A state while several decisions about it are made. */
    private static final class Draft {
        private Tenant state;
        private final List<TenantEvent> events = new ArrayList<>();

        Draft(Tenant state) {
            this.state = state;
        }

        void take(Decision<TenantEvent> decision) {
            if (decision instanceof Decision.Accept<TenantEvent>(List<TenantEvent> more)) {
                events.addAll(more);
                more.forEach(event -> state = state.apply(event));
            }
        }
    }

    private ReplyEffect<TenantEvent, Tenant> answered(Decision<TenantEvent> decision, ActorRef<Reply> replyTo) {
        return switch (decision) {
            case Decision.Reject<TenantEvent>(Rejection reason) -> Effect().reply(replyTo, new Refused(reason));
            case Decision.Accept<TenantEvent>(List<TenantEvent> events) ->
                Effect().persist(events).thenReply(replyTo, this::ok);
        };
    }

    private Reply ok(Tenant state) {
        return new Ok(state.balance(clock.instant()));
    }

    private ReplyEffect<TenantEvent, Tenant> quietly(Decision<TenantEvent> decision) {
        return decision instanceof Decision.Accept<TenantEvent>(List<TenantEvent> events)
                ? Effect().persist(events).thenRun(this::book).thenNoReply()
                : Effect().noReply();
    }

    private ReplyEffect<TenantEvent, Tenant> booked(Tenant state, BookingEnded c) {
        atWork = false;
        if (c.done()) {
            return quietly(state.booked(c.number()));
        }
        timers.startSingleTimer(Self.BOOK, Self.BOOK, Duration.ofSeconds(2));
        return Effect().noReply();
    }

    private ReplyEffect<TenantEvent, Tenant> rest(Tenant state) {
        if (gathered.isEmpty() && !atWork && state.unbooked().isEmpty()) {
            shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
        }
        return Effect().noReply();
    }

    // events

    @Override
    public EventHandler<Tenant, TenantEvent> eventHandler() {
        return Tenant::apply;
    }

    // effects

    /** Brings the table of usage up to date; what arrives meanwhile goes with the next time. */
    private void book(Tenant state) {
        if (atWork || state.unbooked().isEmpty()) {
            return;
        }
        atWork = true;
        long last = state.unbooked().getLast().number();
        context.pipeToSelf(booking.book(tenant, state.unbooked()), (_, fault) -> {
            if (fault != null) {
                LOG.warn("usage of tenant {} could not be booked yet", tenant, fault);
            }
            return new BookingEnded(last, fault == null);
        });
    }

    @Override
    public SignalHandler<Tenant> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.instance(), this::book)
                .build();
    }
}
