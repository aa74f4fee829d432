package io.kvasir.conversation;

import io.kvasir.conversation.domain.Conversation;
import io.kvasir.conversation.domain.ConversationEvent;
import io.kvasir.conversation.domain.Ending;
import io.kvasir.conversation.domain.Position;
import io.kvasir.conversation.domain.Progress;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.kernel.Decision;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.Wire;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.pekko.actor.NotInfluenceReceiveTimeout;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
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

/** One conversation: decides about its turns, holds the text of the reply being given, and answers those who read along. */
final class ConversationEntity
        extends EventSourcedBehaviorWithEnforcedReplies<ConversationEntity.Command, ConversationEvent, Conversation> {
    // protocol

    static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "conversation");

    sealed interface Command {}

    record Start(ConversationEvent.ConversationStarted birth, ActorRef<Reply> replyTo) implements Command, Wire {}

    record Ask(Sealed question, Profile profile, ActorRef<Reply> replyTo) implements Command, Wire {}

    record Stop(ActorRef<Reply> replyTo) implements Command, Wire {}

    record Close(ActorRef<Reply> replyTo) implements Command, Wire {}

    record Rate(int turn, Turn.Feedback feedback, ActorRef<Reply> replyTo) implements Command, Wire {}

    /** @param turns how many of them, from number {@code from} on; 0 for the head alone */
    record Read(int from, int turns, ActorRef<Reply> replyTo) implements Command, Wire {}

    /** Answered once there is something after the position. Asking again replaces the question before. */
    record Watch(Position after, ActorRef<Heard> replyTo) implements Command, Wire {}

    record Leave(ActorRef<Heard> reader) implements Command, Wire {}

    private record KeyFound(int turn, Profile profile, Optional<SubjectKey> key) implements Command {}

    private record Poke(AnswerInbox inbox) implements Command, NotInfluenceReceiveTimeout {}

    private record Checkpoint(int turn) implements Command {}

    private record Fail(int turn, Ending.Failure failure) implements Command {}

    private enum Idle implements Command {
        NOBODY_READS
    }

    /** What the shard says when it lets go of the conversation. */
    enum Passivate implements Command {
        NOW
    }

    sealed interface Reply extends Wire {}

    /** Persisted (or there was nothing to do). @param turns how many there are now */
    record Ok(int turns) implements Reply {}

    /** @param live what was said so far in the running turn */
    record Page(Conversation.Opening opening, boolean closed, int count, List<Turn> turns, Optional<String> live)
            implements Reply {}

    record Refused(Rejection reason) implements Reply {}

    /** What a reader had not seen. {@code entity} may be asked directly for more, while it lives. */
    sealed interface Heard extends Wire {
        ActorRef<Command> entity();

        /** @param started the turn is new to the reader; @param from where in the reply {@code text} stands */
        record Live(
                int turn,
                boolean started,
                Optional<Sources> sources,
                int from,
                String text,
                Optional<Ending> ending,
                ActorRef<Command> entity)
                implements Heard {}

        /** A turn that is over and no more in memory as text: the reader opens it. */
        record Past(Turn turn, ActorRef<Command> entity) implements Heard {}
    }

    // birth

    /** What every conversation needs of its surroundings. @param key of a conversation, by entity id; empty where it was destroyed */
    record Surroundings(
            ConversationSettings settings,
            java.time.Clock clock,
            Function<String, java.util.concurrent.CompletionStage<Optional<SubjectKey>>> key,
            Answering answering) {}

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final ActorRef<ClusterSharding.ShardCommand> shard;
    private final String entityId;
    private final Surroundings around;
    private final Readers readers;
    private Optional<LiveReply> live = Optional.empty();

    private ConversationEntity(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ActorRef<ClusterSharding.ShardCommand> shard,
            String entityId,
            Surroundings around) {
        super(
                PersistenceId.of(KEY.name(), entityId),
                SupervisorStrategy.restartWithBackoff(
                        java.time.Duration.ofMillis(200), java.time.Duration.ofSeconds(5), 0.2));
        this.context = context;
        this.timers = timers;
        this.shard = shard;
        this.entityId = entityId;
        this.around = around;
        this.readers = new Readers(context.getSelf());
        context.setReceiveTimeout(around.settings().idle(), Idle.NOBODY_READS);
    }

    /** @param entityId {@link ConversationAddress#entityId()} */
    static Behavior<Command> create(
            String entityId, ActorRef<ClusterSharding.ShardCommand> shard, Surroundings around) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new ConversationEntity(context, timers, shard, entityId, around)));
    }

    @Override
    public Conversation emptyState() {
        return Conversation.NONE;
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(around.settings().snapshotEvery(), 2);
    }

    // commands

    @Override
    public CommandHandlerWithReply<Command, ConversationEvent, Conversation> commandHandler() {
        return this::decide;
    }

    private ReplyEffect<ConversationEvent, Conversation> decide(Conversation state, Command command) {
        return switch (command) {
            case Start c -> answered(state.start(c.birth()), c.replyTo());
            case Ask c -> ask(state, c);
            case Stop c -> answered(state.stop(unstored(), around.clock().instant()), c.replyTo());
            case Close c -> answered(state.close(unstored(), around.clock().instant()), c.replyTo());
            case Rate c -> answered(state.rate(c.turn(), c.feedback()), c.replyTo());
            case Read c -> Effect().reply(c.replyTo(), read(state, c));
            case Watch c -> watch(state, c);
            case Leave c -> leave(c);
            case KeyFound c -> begin(state, c);
            case Poke c -> take(state, c.inbox());
            case Checkpoint c -> quietly(state.grow(c.turn(), unstored()));
            case Fail c ->
                quietly(state.fail(
                        c.turn(), unstored(), c.failure(), around.clock().instant()));
            case Idle _ -> rest(state);
            case Passivate _ -> Effect().stop().thenNoReply();
        };
    }

    private ReplyEffect<ConversationEvent, Conversation> ask(Conversation state, Ask c) {
        var decision = state.ask(
                c.question(),
                c.profile().revision(),
                around.settings().maxTurns(),
                around.clock().instant());
        return switch (decision) {
            case Decision.Reject<ConversationEvent>(Rejection reason) ->
                Effect().reply(c.replyTo(), new Refused(reason));
            case Decision.Accept<ConversationEvent>(List<ConversationEvent> events) ->
                Effect()
                        .persist(events)
                        .thenRun((Conversation now) -> findKey(now, c.profile()))
                        .thenReply(c.replyTo(), now -> new Ok(now.turns().size()));
        };
    }

    private ReplyEffect<ConversationEvent, Conversation> answered(
            Decision<ConversationEvent> decision, ActorRef<Reply> replyTo) {
        return switch (decision) {
            case Decision.Reject<ConversationEvent>(Rejection reason) ->
                Effect().reply(replyTo, new Refused(reason));
            case Decision.Accept<ConversationEvent>(List<ConversationEvent> events) ->
                Effect()
                        .persist(events)
                        .thenRun(this::settle)
                        .thenReply(replyTo, now -> new Ok(now.turns().size()));
        };
    }

    /** For what a turn's own stream brings about: nobody waits for a reply, and a late word is no fault. */
    private ReplyEffect<ConversationEvent, Conversation> quietly(Decision<ConversationEvent> decision) {
        return decision instanceof Decision.Accept<ConversationEvent>(List<ConversationEvent> events)
                ? Effect().persist(events).thenRun(this::settle).thenNoReply()
                : Effect().noReply();
    }

    private Reply read(Conversation state, Read c) {
        if (!state.exists()) {
            return new Refused(new Rejection.NotFound("No such conversation"));
        }
        int from = Math.clamp(c.from() - 1, 0, state.turns().size());
        int to = Math.min(state.turns().size(), from + c.turns());
        return new Page(
                state.opening().orElseThrow(),
                state.closedAt().isPresent(),
                state.turns().size(),
                state.turns().subList(from, to),
                live.filter(l -> !l.over()).map(LiveReply::text));
    }

    private ReplyEffect<ConversationEvent, Conversation> watch(Conversation state, Watch c) {
        readers.ask(c, state, live);
        return Effect().noReply();
    }

    private ReplyEffect<ConversationEvent, Conversation> leave(Leave c) {
        readers.leave(c.reader());
        return Effect().noReply();
    }

    private ReplyEffect<ConversationEvent, Conversation> begin(Conversation state, KeyFound c) {
        Optional<Turn> turn = state.running().filter(t -> t.number() == c.turn());
        if (turn.isEmpty()) {
            return Effect().noReply();
        }
        if (c.key().isEmpty()) {
            return decide(state, new Fail(c.turn(), new Ending.Failure("erased", "This conversation was erased")));
        }
        SubjectKey key = c.key().get();
        ActorRef<Command> self = context.getSelf();
        AnswerInbox inbox = new AnswerInbox(c.turn(), i -> self.tell(new Poke(i)));
        var stream = around.answering()
                .start(ConversationAddress.parse(entityId).tenant(), state, turn.get(), c.profile(), key, inbox);
        live = Optional.of(new LiveReply(inbox, key, stream, around.settings().longestReply()));
        readers.serve(state, live);
        return Effect().noReply();
    }

    private ReplyEffect<ConversationEvent, Conversation> take(Conversation state, AnswerInbox inbox) {
        Optional<LiveReply> reply = live.filter(l -> l.reads(inbox) && !l.over());
        if (reply.isEmpty()) {
            return Effect().noReply();
        }
        LiveReply said = reply.get();
        AnswerInbox.Batch batch = inbox.take();
        said.take(batch);
        readers.serve(state, live);
        if (batch.last().isPresent()) {
            return quietly(Endings.decide(
                    state, said, batch.last().get(), around.clock().instant()));
        }
        if (said.full()) {
            return quietly(state.fail(
                    said.turn(), said.store(), Endings.TOO_LONG, around.clock().instant()));
        }
        if (said.unstored() && !timers.isTimerActive(Checkpoint.class)) {
            timers.startSingleTimer(
                    Checkpoint.class,
                    new Checkpoint(said.turn()),
                    around.settings().checkpointEvery());
        }
        return Effect().noReply();
    }

    private ReplyEffect<ConversationEvent, Conversation> rest(Conversation state) {
        if (state.running().isEmpty()) {
            shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
        }
        return Effect().noReply();
    }

    private Progress unstored() {
        return live.filter(l -> !l.over()).map(LiveReply::store).orElse(Progress.NONE);
    }

    // events

    @Override
    public EventHandler<Conversation, ConversationEvent> eventHandler() {
        return Conversation::apply;
    }

    // effects

    private void findKey(Conversation state, Profile profile) {
        int turn = state.turns().size();
        live = Optional.empty();
        readers.serve(state, live);
        timers.startSingleTimer(
                Fail.class, new Fail(turn, Endings.TOO_SLOW), around.settings().longestTurn());
        context.pipeToSelf(
                around.key().apply(entityId),
                (key, fault) -> fault == null
                        ? new KeyFound(turn, profile, key)
                        : new Fail(
                                turn, new Ending.Failure("answer-failed", "The conversation's key could not be read")));
    }

    /** After whatever was stored: a turn that is over lets its stream go, and its readers hear of it. */
    private void settle(Conversation state) {
        state.last().flatMap(Turn::ending).ifPresent(how -> {
            timers.cancelAll();
            live.filter(l -> !l.over()).ifPresent(l -> {
                l.cancel();
                l.end(how);
            });
        });
        readers.serve(state, live);
    }

    @Override
    public SignalHandler<Conversation> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(
                        RecoveryCompleted.instance(),
                        state -> state.running()
                                .ifPresent(t -> context.getSelf().tell(new Fail(t.number(), Endings.INTERRUPTED))))
                .onSignal(PostStop.instance(), _ -> live.ifPresent(LiveReply::cancel))
                .onSignal(PreRestart.instance(), _ -> live.ifPresent(LiveReply::cancel))
                .build();
    }
}
