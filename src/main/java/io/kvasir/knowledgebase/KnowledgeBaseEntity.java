package io.kvasir.knowledgebase;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.kernel.Decision;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.Wire;
import io.kvasir.knowledgebase.domain.Document;
import io.kvasir.knowledgebase.domain.Embedding;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent;
import io.kvasir.knowledgebase.domain.Profile;
import io.kvasir.knowledgebase.domain.Retired;
import io.kvasir.knowledgebase.domain.SearchSettings;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorSignalInterceptor;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.TypedActorContext;
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

/** One knowledge base: decides about its settings, documents and publications, and has the work done beside it. */
final class KnowledgeBaseEntity
        extends EventSourcedBehaviorWithEnforcedReplies<
                KnowledgeBaseEntity.Command, KnowledgeBaseEvent, KnowledgeBase> {
    // protocol

    static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "knowledge-base");

    sealed interface Command {}

    record Create(KnowledgeBaseEvent.Created birth, ActorRef<Reply> replyTo) implements Command, Wire {}

    /** @param embedding what its passages are to be embedded with from now on */
    record Describe(Profile profile, Optional<Embedding> embedding, ActorRef<Reply> replyTo) implements Command, Wire {}

    record CancelReembedding(ActorRef<Reply> replyTo) implements Command, Wire {}

    /** Where its passages are. @param writing to stage some there, rather than to look for them */
    record Where(boolean writing, ActorRef<Reply> replyTo) implements Command, Wire {}

    record Configure(SearchSettings search, ActorRef<Reply> replyTo) implements Command, Wire {}

    record Share(String slug, ActorRef<Reply> replyTo) implements Command, Wire {}

    record Unshare(ActorRef<Reply> replyTo) implements Command, Wire {}

    record AddDocument(KnowledgeBaseEvent.DocumentAdded addition, ActorRef<Reply> replyTo) implements Command, Wire {}

    /** @param file new bytes; empty to read the same again */
    record BeginVersion(SourceId document, Optional<Document.File> file, JobId job, ActorRef<Reply> replyTo)
            implements Command, Wire {}

    record RetryDocument(SourceId document, JobId job, ActorRef<Reply> replyTo) implements Command, Wire {}

    record RemoveDocument(SourceId document, ActorRef<Reply> replyTo) implements Command, Wire {}

    record StageItems(KnowledgeBaseEvent.ItemsStaged news, ActorRef<Reply> replyTo) implements Command, Wire {}

    record CancelJob(JobId job, ActorRef<Reply> replyTo) implements Command, Wire {}

    record Delete(ActorRef<Reply> replyTo) implements Command, Wire {}

    record Read(ActorRef<Reply> replyTo) implements Command, Wire {}

    record ReadDocument(SourceId document, ActorRef<Reply> replyTo) implements Command, Wire {}

    record ReadJob(JobId job, ActorRef<Reply> replyTo) implements Command, Wire {}

    /** In the order of their ids. @param after an id, empty for the first; @param most how many */
    record ReadDocuments(String after, int most, ActorRef<Reply> replyTo) implements Command, Wire {}

    /** Wakes it, so that unfinished work goes on. */
    record Wake(ActorRef<Reply> replyTo) implements Command, Wire {}

    /** Answered once something changed after the position. */
    record WatchJobs(String life, long after, ActorRef<News> replyTo) implements Command, Wire {}

    record LeaveJobs(ActorRef<News> reader) implements Command, Wire {}

    private record Reported(Report report) implements Command {}

    private enum Self implements Command {
        SETTLE,
        REEMBED,
        IDLE
    }

    enum Passivate implements Command {
        NOW
    }

    // birth

    /** Where a part was away: the same again in a while. */
    private static final Duration AGAIN = Duration.ofSeconds(2);

    /** What every knowledge base needs of its surroundings. */
    record Surroundings(KnowledgeBaseSettings settings, Clock clock, KnowledgeBaseWork.Tools tools) {}

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final ActorRef<ClusterSharding.ShardCommand> shard;
    private final Surroundings around;
    private final KnowledgeBaseWork work;
    private final JobNews news = new JobNews(Ids.next());
    /** Sources that wait until searches see what they brought. */
    private final List<StageItems> unseen = new ArrayList<>();

    private KnowledgeBaseEntity(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ActorRef<ClusterSharding.ShardCommand> shard,
            Scope scope,
            Surroundings around) {
        super(
                PersistenceId.of(KEY.name(), scope.key()),
                SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.2));
        this.context = context;
        this.timers = timers;
        this.shard = shard;
        this.around = around;
        ActorRef<Command> self = context.getSelf();
        this.work = new KnowledgeBaseWork(
                scope, around.tools(), around.settings(), report -> self.tell(new Reported(report)));
        context.setReceiveTimeout(around.settings().idle(), Self.IDLE);
    }

    static Behavior<Command> create(Scope scope, ActorRef<ClusterSharding.ShardCommand> shard, Surroundings around) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            KnowledgeBaseEntity entity = new KnowledgeBaseEntity(context, timers, shard, scope, around);
            return Behaviors.intercept(entity::leaving, entity);
        }));
    }

    /**
     * Hears of a stop where the entity itself does not: while it waits to come back after a failure of the journal, its
     * signals are kept for then. Until then what it has in hand goes on, and what came of it waits for it.
     */
    private BehaviorSignalInterceptor<Command> leaving() {
        return new BehaviorSignalInterceptor<>() {
            @Override
            public Behavior<Command> aroundSignal(
                    TypedActorContext<Command> of, Signal signal, SignalTarget<Command> entity) {
                if (signal == PostStop.instance()) {
                    work.leave();
                }
                return entity.apply(of, signal);
            }
        };
    }

    @Override
    public KnowledgeBase emptyState() {
        return KnowledgeBase.NONE;
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(around.settings().snapshotEvery(), 2);
    }

    // commands

    @Override
    public CommandHandlerWithReply<Command, KnowledgeBaseEvent, KnowledgeBase> commandHandler() {
        return this::decide;
    }

    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> decide(KnowledgeBase state, Command command) {
        return switch (command) {
            case Create c -> answered(state.create(c.birth()), c.replyTo(), this::head);
            case Describe c -> answered(described(state, c), c.replyTo(), this::head);
            case CancelReembedding c -> answered(state.cancelReembedding(now()), c.replyTo(), this::head);
            case Where c -> read(state, c.replyTo(), kb -> where(kb, c.writing()));
            case Configure c -> answered(state.configure(c.search(), now()), c.replyTo(), this::head);
            case Share c -> answered(state.share(c.slug(), now()), c.replyTo(), this::head);
            case Unshare c -> answered(state.unshare(now()), c.replyTo(), this::head);
            case AddDocument c ->
                answered(
                        state.add(c.addition(), mostDocuments()),
                        c.replyTo(),
                        kb -> one(kb, c.addition().document()));
            case BeginVersion c ->
                answered(state.begin(c.document(), c.file(), c.job(), now()), c.replyTo(), kb -> one(kb, c.document()));
            case RetryDocument c ->
                answered(state.retry(c.document(), c.job(), now()), c.replyTo(), kb -> one(kb, c.document()));
            case RemoveDocument c -> answered(state.remove(c.document(), now()), c.replyTo(), this::head);
            case StageItems c -> stage(state, c);
            case CancelJob c -> answered(state.cancel(c.job(), now()), c.replyTo(), kb -> one(kb, c.job()));
            case Delete c -> answered(state.delete(now()), c.replyTo(), this::head);
            case Read c -> read(state, c.replyTo(), this::head);
            case ReadDocument c -> read(state, c.replyTo(), kb -> one(kb, c.document()));
            case ReadJob c -> read(state, c.replyTo(), kb -> one(kb, c.job()));
            case ReadDocuments c ->
                read(state, c.replyTo(), kb -> new Reply.Some(news.seen(kb.documents(c.after(), c.most()))));
            case Wake c ->
                state.opening().isEmpty()
                        ? Effect().reply(c.replyTo(), new Reply.Never())
                        : read(state, c.replyTo(), this::head);
            case WatchJobs c -> watch(state, c);
            case LeaveJobs c -> leave(c);
            case Reported c -> reported(state, c.report());
            case Self self ->
                switch (self) {
                    case SETTLE -> quietly(publication(state)); // settles, also where nothing is to be published
                    case REEMBED -> {
                        work.change().again();
                        yield quietly(Decision.accept());
                    }
                    case IDLE -> rest(state);
                };
            case Passivate _ -> Effect().stop().thenNoReply();
        };
    }

    private Decision<KnowledgeBaseEvent> described(KnowledgeBase state, Describe c) {
        return c.embedding()
                .map(wanted -> state.describe(c.profile(), wanted, work.inService(state), now()))
                .orElseGet(() -> state.describe(c.profile(), now()));
    }

    private Reply where(KnowledgeBase state, boolean writing) {
        return writing && work.change().closing() ? new Reply.Later() : new Reply.At(work.inService(state));
    }

    /** Nothing is published while the last passages change their embedding. */
    private Decision<KnowledgeBaseEvent> publication(KnowledgeBase state) {
        return work.change().closing() ? Decision.accept() : state.publish(now());
    }

    private Instant now() {
        return around.clock().instant();
    }

    private int mostDocuments() {
        return around.settings().mostDocuments();
    }

    /** The caller hears of it once it is persisted and the catalogue knows. */
    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> answered(
            Decision<KnowledgeBaseEvent> decision, ActorRef<Reply> replyTo, Function<KnowledgeBase, Reply> answer) {
        return switch (decision) {
            case Decision.Reject<KnowledgeBaseEvent>(Rejection reason) ->
                Effect().reply(replyTo, new Reply.Refused(reason));
            case Decision.Accept<KnowledgeBaseEvent>(List<KnowledgeBaseEvent> events) ->
                Effect()
                        .persist(events)
                        .thenRun((KnowledgeBase next) -> {
                            settle(next);
                            Reply reply = answer.apply(next);
                            work.confirmed(next, lastSequenceNumber(context)).thenRun(() -> replyTo.tell(reply));
                        })
                        .thenNoReply();
        };
    }

    /** The source hears of it once searches see it, in this life or, as it asks again, in the next. */
    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> stage(KnowledgeBase state, StageItems c) {
        return switch (state.stage(c.news())) {
            case Decision.Reject<KnowledgeBaseEvent>(Rejection reason) ->
                Effect().reply(c.replyTo(), new Reply.Refused(reason));
            case Decision.Accept<KnowledgeBaseEvent>(List<KnowledgeBaseEvent> events) ->
                Effect()
                        .persist(events)
                        .thenRun((KnowledgeBase next) -> {
                            // No sooner: what the journal did not take would look as if searches saw it already.
                            unseen.add(c);
                            settle(next);
                        })
                        .thenNoReply();
        };
    }

    private void serveSources(KnowledgeBase state) {
        List<StageItems> seen = unseen.stream()
                .filter(c -> !state.exists() || state.shows(c.news()))
                .toList();
        unseen.removeAll(seen);
        seen.forEach(c -> {
            Reply reply = state.exists() ? head(state) : missing("No such knowledge base");
            work.confirmed(state, lastSequenceNumber(context))
                    .thenRun(() -> c.replyTo().tell(reply));
        });
    }

    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> quietly(Decision<KnowledgeBaseEvent> decision) {
        return decision instanceof Decision.Accept<KnowledgeBaseEvent>(List<KnowledgeBaseEvent> events)
                ? Effect().persist(events).thenRun(this::settle).thenNoReply()
                : Effect().noReply();
    }

    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> read(
            KnowledgeBase state, ActorRef<Reply> replyTo, Function<KnowledgeBase, Reply> answer) {
        return Effect().reply(replyTo, state.exists() ? answer.apply(state) : missing("No such knowledge base"));
    }

    private Reply head(KnowledgeBase state) {
        return new Reply.Ok(Head.of(state, work.inService(state), work.change().seen(state)));
    }

    private Reply one(KnowledgeBase state, SourceId document) {
        return state.document(document)
                .<Reply>map(d -> new Reply.One(news.seen(d)))
                .orElse(missing("No such document"));
    }

    private Reply one(KnowledgeBase state, JobId job) {
        return state.ofJob(job).<Reply>map(d -> new Reply.One(news.seen(d))).orElse(missing("No such job"));
    }

    private static Reply missing(String detail) {
        return new Reply.Refused(new Rejection.NotFound(detail));
    }

    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> watch(KnowledgeBase state, WatchJobs c) {
        // A reader that lost patience or its node says nothing: its end does.
        context.watchWith(c.replyTo(), new LeaveJobs(c.replyTo()));
        news.ask(c, state);
        return Effect().noReply();
    }

    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> leave(LeaveJobs c) {
        news.leave(c.reader());
        return Effect().noReply();
    }

    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> reported(KnowledgeBase state, Report report) {
        work.heard(report, now());
        if (report instanceof Report.Embedding) {
            tell(state);
            return Effect().noReply();
        }
        if (report instanceof Report.Carried carried) {
            return quietly(
                    work.change().complete()
                            ? state.reembedded(
                                    carried.to(),
                                    around.settings().reembedding().keepOld(),
                                    now())
                            : Decision.accept());
        }
        if (report instanceof Report.Progressed(JobId job, Ingestion.Progress progress)) {
            if (state.ofJob(job).isPresent()) {
                news.progressed(job, progress, now());
                news.serve(state);
            }
            return Effect().noReply();
        }
        if (report.away()) {
            timers.startSingleTimer(report.getClass(), Self.SETTLE, AGAIN);
            return Effect().noReply();
        }
        return quietly(report.decide(state, news::startedAt, now()));
    }

    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> rest(KnowledgeBase state) {
        if (!state.busy() && !news.watched()) {
            shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
        }
        return Effect().noReply();
    }

    // events

    @Override
    public EventHandler<KnowledgeBase, KnowledgeBaseEvent> eventHandler() {
        return KnowledgeBase::apply;
    }

    // effects

    /** Has everything done that the state calls for; safe to call as often as one likes. */
    private void settle(KnowledgeBase state) {
        work.begin(state, now());
        tell(state);
        serveSources(state);
        work.change().retryAt().ifPresent(at -> later(Self.REEMBED, at));
        state.retired().stream()
                .map(Retired::keptUntil)
                .filter(now()::isBefore)
                .min(Comparator.naturalOrder())
                .ifPresent(at -> later(Self.SETTLE, at));
        if (publication(state) instanceof Decision.Accept<KnowledgeBaseEvent>(List<KnowledgeBaseEvent> more)
                && !more.isEmpty()) {
            context.getSelf().tell(Self.SETTLE);
        }
    }

    private void tell(KnowledgeBase state) {
        news.follow(state);
        news.follow(new News.OfEmbedding(work.inService(state), work.change().seen(state)));
        news.serve(state);
    }

    private void later(Self what, Instant at) {
        Duration left = Duration.between(now(), at);
        timers.startSingleTimer(what, what, left.isPositive() ? left : Duration.ofMillis(1));
    }

    @Override
    public SignalHandler<KnowledgeBase> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.instance(), this::settle)
                // A bug in a command that had waited takes away whatever is around the entity first.
                .onSignal(PostStop.instance(), _ -> work.leave())
                .onSignal(PreRestart.instance(), _ -> work.change().leave())
                .build();
    }
}
