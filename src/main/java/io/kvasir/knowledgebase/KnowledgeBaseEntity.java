package io.kvasir.knowledgebase;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.kernel.Decision;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.Wire;
import io.kvasir.knowledgebase.KnowledgeBaseWork.Ending;
import io.kvasir.knowledgebase.KnowledgeBaseWork.Work;
import io.kvasir.knowledgebase.domain.Document;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.JobFailed;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.JobStaged;
import io.kvasir.knowledgebase.domain.Profile;
import io.kvasir.knowledgebase.domain.SearchSettings;
import io.kvasir.knowledgebase.domain.Version;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
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

/** One knowledge base: decides about its settings, documents and publications, and has the work done beside it. */
final class KnowledgeBaseEntity
        extends EventSourcedBehaviorWithEnforcedReplies<
                KnowledgeBaseEntity.Command, KnowledgeBaseEvent, KnowledgeBase> {
    // protocol

    static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "knowledge-base");

    sealed interface Command {}

    record Create(KnowledgeBaseEvent.Created birth, ActorRef<Reply> replyTo) implements Command, Wire {}

    record Describe(Profile profile, ActorRef<Reply> replyTo) implements Command, Wire {}

    record Configure(SearchSettings search, ActorRef<Reply> replyTo) implements Command, Wire {}

    record Share(String slug, ActorRef<Reply> replyTo) implements Command, Wire {}

    record Unshare(ActorRef<Reply> replyTo) implements Command, Wire {}

    record AddDocument(KnowledgeBaseEvent.DocumentAdded addition, ActorRef<Reply> replyTo) implements Command, Wire {}

    /** @param file new bytes; empty to read the same again */
    record BeginVersion(SourceId document, Optional<Document.File> file, JobId job, ActorRef<Reply> replyTo)
            implements Command, Wire {}

    record RetryDocument(SourceId document, JobId job, ActorRef<Reply> replyTo) implements Command, Wire {}

    record RemoveDocument(SourceId document, ActorRef<Reply> replyTo) implements Command, Wire {}

    record CancelJob(JobId job, ActorRef<Reply> replyTo) implements Command, Wire {}

    record Delete(ActorRef<Reply> replyTo) implements Command, Wire {}

    record Read(ActorRef<Reply> replyTo) implements Command, Wire {}

    /** Wakes it, so that unfinished work goes on. */
    record Wake(ActorRef<Reply> replyTo) implements Command, Wire {}

    /** Answered once something changed after the position. */
    record WatchJobs(String life, long after, ActorRef<News> replyTo) implements Command, Wire {}

    record LeaveJobs(ActorRef<News> reader) implements Command, Wire {}

    private record Progressed(JobId job, Ingestion.Progress progress) implements Command {}

    private record Ended(SourceId document, JobId job, Ending ending) implements Command {}

    private record PublicationEnded(long revision, boolean done) implements Command {}

    private record SweepEnded(List<Version> versions, boolean done) implements Command {}

    private record EraseEnded(boolean done) implements Command {}

    private enum Self implements Command {
        SETTLE,
        IDLE
    }

    enum Passivate implements Command {
        NOW
    }

    sealed interface Reply extends Wire {}

    record Ok(State state) implements Reply {}

    record Refused(Rejection reason) implements Reply {}

    /** To {@link Wake}: there never was such a knowledge base. */
    record Never() implements Reply {}

    /** @param seen every document with what its job is doing */
    record State(KnowledgeBase knowledgeBase, List<Seen> seen) implements Wire {}

    record Seen(Document document, Optional<Ingestion.Progress> progress, Optional<Instant> startedAt)
            implements Wire {}

    /** @param over the knowledge base is deleted: there will be no more news */
    record News(String life, long sequence, List<Seen> changed, boolean over) implements Wire {}

    static List<Seen> seen(List<Document> documents, JobNews news) {
        return documents.stream()
                .map(d -> new Seen(
                        d, news.progress(d.job().id()), news.startedAt(d.job().id())))
                .toList();
    }

    // birth

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final ActorRef<ClusterSharding.ShardCommand> shard;
    private final Clock clock;
    private final KnowledgeBaseSettings settings;
    private final KnowledgeBaseWork work;
    private final JobNews news = new JobNews(Ids.next());

    private KnowledgeBaseEntity(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ActorRef<ClusterSharding.ShardCommand> shard,
            Scope scope,
            KnowledgeBaseSettings settings,
            Clock clock,
            KnowledgeBaseWork.Tools tools) {
        super(
                PersistenceId.of(KEY.name(), scope.key()),
                SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.2));
        this.context = context;
        this.timers = timers;
        this.shard = shard;
        this.clock = clock;
        this.settings = settings;
        this.work = new KnowledgeBaseWork(scope, tools, settings.keptRevisions());
        context.setReceiveTimeout(settings.idle(), Self.IDLE);
    }

    static Behavior<Command> create(
            Scope scope,
            ActorRef<ClusterSharding.ShardCommand> shard,
            KnowledgeBaseSettings settings,
            Clock clock,
            KnowledgeBaseWork.Tools tools) {
        return Behaviors.setup(context -> Behaviors.withTimers(
                timers -> new KnowledgeBaseEntity(context, timers, shard, scope, settings, clock, tools)));
    }

    @Override
    public KnowledgeBase emptyState() {
        return KnowledgeBase.NONE;
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(settings.snapshotEvery(), 2);
    }

    // commands

    @Override
    public CommandHandlerWithReply<Command, KnowledgeBaseEvent, KnowledgeBase> commandHandler() {
        return this::decide;
    }

    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> decide(KnowledgeBase state, Command command) {
        return switch (command) {
            case Create c -> answered(state.create(c.birth()), c.replyTo());
            case Describe c -> answered(state.describe(c.profile(), now()), c.replyTo());
            case Configure c -> answered(state.configure(c.search(), now()), c.replyTo());
            case Share c -> answered(state.share(c.slug(), now()), c.replyTo());
            case Unshare c -> answered(state.unshare(now()), c.replyTo());
            case AddDocument c -> answered(state.add(c.addition(), settings.mostDocuments()), c.replyTo());
            case BeginVersion c -> answered(state.begin(c.document(), c.file(), c.job(), now()), c.replyTo());
            case RetryDocument c -> answered(state.retry(c.document(), c.job(), now()), c.replyTo());
            case RemoveDocument c -> answered(state.remove(c.document(), now()), c.replyTo());
            case CancelJob c -> answered(state.cancel(c.job(), now()), c.replyTo());
            case Delete c -> answered(state.delete(now()), c.replyTo());
            case Read c -> Effect().reply(c.replyTo(), read(state));
            case Wake c -> Effect().reply(c.replyTo(), state.opening().isEmpty() ? new Never() : read(state));
            case WatchJobs c -> watch(state, c);
            case LeaveJobs c -> leave(c);
            case Progressed c -> progressed(state, c);
            case Ended c -> ended(state, c);
            case PublicationEnded c -> outcome(c.done(), state.published(c.revision(), now()), Work.PUBLICATION);
            case SweepEnded c -> outcome(c.done(), state.swept(c.versions()), Work.SWEEP);
            case EraseEnded c -> outcome(c.done(), state.erased(now()), Work.ERASURE);
            case Self self ->
                switch (self) {
                    case SETTLE -> quietly(state.publish(now())); // settles, also where nothing is to be published
                    case IDLE -> rest(state);
                };
            case Passivate _ -> Effect().stop().thenNoReply();
        };
    }

    private Instant now() {
        return clock.instant();
    }

    /** The caller hears of it once it is persisted and the catalogue knows. */
    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> answered(
            Decision<KnowledgeBaseEvent> decision, ActorRef<Reply> replyTo) {
        return switch (decision) {
            case Decision.Reject<KnowledgeBaseEvent>(Rejection reason) ->
                Effect().reply(replyTo, new Refused(reason));
            case Decision.Accept<KnowledgeBaseEvent>(List<KnowledgeBaseEvent> events) ->
                Effect()
                        .persist(events)
                        .thenRun((KnowledgeBase next) -> {
                            settle(next);
                            work.confirmed(next).whenComplete((_, fault) -> {
                                if (fault == null) {
                                    replyTo.tell(new Ok(state(next)));
                                }
                            });
                        })
                        .thenNoReply();
        };
    }

    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> quietly(Decision<KnowledgeBaseEvent> decision) {
        return decision instanceof Decision.Accept<KnowledgeBaseEvent>(List<KnowledgeBaseEvent> events)
                ? Effect().persist(events).thenRun(this::settle).thenNoReply()
                : Effect().noReply();
    }

    private Reply read(KnowledgeBase state) {
        return state.exists() ? new Ok(state(state)) : new Refused(new Rejection.NotFound("No such knowledge base"));
    }

    private State state(KnowledgeBase state) {
        return new State(state, seen(state.documents(), news));
    }

    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> watch(KnowledgeBase state, WatchJobs c) {
        news.ask(c, state);
        return Effect().noReply();
    }

    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> leave(LeaveJobs c) {
        news.leave(c.reader());
        return Effect().noReply();
    }

    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> progressed(KnowledgeBase state, Progressed c) {
        if (state.ofJob(c.job()).isPresent()) {
            news.progressed(c.job(), c.progress(), now());
            news.serve(state);
        }
        return Effect().noReply();
    }

    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> ended(KnowledgeBase state, Ended c) {
        work.ended(c.job());
        Optional<Instant> started = news.startedAt(c.job());
        return switch (c.ending()) {
            case Ending.Staged e ->
                quietly(state.staged(new JobStaged(c.document(), c.job(), e.read(), started, now())));
            case Ending.Failed e ->
                quietly(state.failed(new JobFailed(c.document(), c.job(), e.error(), started, now())));
            case Ending.Cancelled _ -> quietly(Decision.accept());
        };
    }

    /** Where a part was away: the same again in a while. */
    private ReplyEffect<KnowledgeBaseEvent, KnowledgeBase> outcome(
            boolean done, Decision<KnowledgeBaseEvent> decision, Work kind) {
        work.ended(kind);
        if (done) {
            return quietly(decision);
        }
        timers.startSingleTimer(kind, Self.SETTLE, Duration.ofSeconds(2));
        return Effect().noReply();
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
        ActorRef<Command> self = context.getSelf();
        news.follow(state);
        news.serve(state);
        work.ingest(
                state,
                (job, progress) -> self.tell(new Progressed(job, progress)),
                (document, job, ending) -> self.tell(new Ended(document, job, ending)));
        if (state.deleted()) {
            work.erase(state, done -> self.tell(new EraseEnded(done)));
        } else {
            work.publish(state, (revision, done) -> self.tell(new PublicationEnded(revision, done)));
            work.sweep(state, (versions, done) -> self.tell(new SweepEnded(versions, done)));
            if (state.publish(now()) instanceof Decision.Accept<KnowledgeBaseEvent>(List<KnowledgeBaseEvent> more)
                    && !more.isEmpty()) {
                self.tell(Self.SETTLE);
            }
        }
        work.catalogued(state);
    }

    @Override
    public SignalHandler<KnowledgeBase> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.instance(), this::settle)
                .build();
    }
}
