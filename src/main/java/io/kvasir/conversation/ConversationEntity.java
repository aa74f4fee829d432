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
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.actor.NotInfluenceReceiveTimeout;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
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

    /**
     * Bytes of a page of several turns: it may go to another server, and what is larger than a frame there would be lost on
     * its way. A turn alone may be larger, and fits: {@link ConversationSettings} minds that.
     */
    static final int LARGEST_PAGE = 256 * 1024;

    static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "conversation");

    sealed interface Command {}

    record Start(ConversationEvent.ConversationStarted birth, ActorRef<Reply> replyTo) implements Command, Wire {}

    record Ask(Sealed question, Profile profile, ActorRef<Reply> replyTo) implements Command, Wire {}

    /** What will be asked in a moment, unless it is refused on its way. Nobody waits for a reply. */
    record Expect(Sealed question, Profile profile) implements Command, Wire {}

    /** Asks the last question again, where its reply was cut off. */
    record Retry(Profile profile, ActorRef<Reply> replyTo) implements Command, Wire {}

    record Stop(ActorRef<Reply> replyTo) implements Command, Wire {}

    record Close(ActorRef<Reply> replyTo) implements Command, Wire {}

    record Rate(int turn, Turn.Feedback feedback, ActorRef<Reply> replyTo) implements Command, Wire {}

    /** @param turns how many of them, from number {@code from} on; 0 for the head alone */
    record Read(int from, int turns, ActorRef<Reply> replyTo) implements Command, Wire {}

    /**
     * Answered once there is something after the position. Asking again replaces the question before.
     *
     * @param note say so at once where there is nothing yet
     */
    record Watch(Position after, boolean note, ActorRef<Heard> replyTo) implements Command, Wire {}

    /** As {@link Watch}, from a reader on this server: where the reply is being given, it gets that to take from itself. */
    record Join(Position after, ActorRef<Heard> replyTo) implements Command {}

    record Leave(ActorRef<Heard> reader) implements Command, Wire {}

    // Sent to itself.

    record KeyFound(int turn, Profile profile, Optional<SubjectKey> key) implements Command {}

    /** There is something of the reply to store or to decide about. */
    record Poke(LiveReply reply) implements Command, NotInfluenceReceiveTimeout {}

    /**
     * So much of the reply may be shown.
     *
     * @param safely it can't be lost any more; otherwise the database is away, which must not stop what is said
     */
    record Kept(LiveReply reply, int to, boolean withSources, boolean safely)
            implements Command, NotInfluenceReceiveTimeout {}

    /** @param lacking what readers may have seen, and the journal has not */
    record Interrupted(int turn, Progress lacking) implements Command {}

    /** What readers may have seen could not be looked for. */
    record Unsalvaged(int turn) implements Command {}

    /** It is time to look for it again. */
    record Salvage(int turn) implements Command {}

    record Checkpoint(int turn) implements Command {}

    record Fail(int turn, Ending.Failure failure) implements Command {}

    private enum Leaving implements Command {
        LATE
    }

    private enum Idle implements Command {
        NOBODY_READS
    }

    /** What the shard says when it lets go of the conversation. */
    enum Passivate implements Command {
        NOW
    }

    // birth

    /**
     * What every conversation needs of its surroundings.
     *
     * @param key of a conversation, by entity id; empty where it was destroyed
     * @param listed hears that a conversation changed; twice where that is not sure
     * @param tails where what is said is kept before anyone sees it; empty: it is shown at once
     */
    record Surroundings(
            ConversationSettings settings,
            Clock clock,
            Function<String, CompletionStage<Optional<SubjectKey>>> key,
            Answering answering,
            Consumer<Register.Change> listed,
            Optional<ReplyTails> tails) {}

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final ActorRef<ClusterSharding.ShardCommand> shard;
    private final String entityId;
    private final Surroundings around;
    private final Readers readers;
    private final TurnInHand turn;
    private Optional<Instant> listed = Optional.empty();
    private boolean leaving;

    private ConversationEntity(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ActorRef<ClusterSharding.ShardCommand> shard,
            String entityId,
            Surroundings around) {
        super(
                PersistenceId.of(KEY.name(), entityId),
                SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(5), 0.2));
        this.context = context;
        this.timers = timers;
        this.shard = shard;
        this.entityId = entityId;
        this.around = around;
        this.readers = new Readers(context.getSelf());
        this.turn = new TurnInHand(context, timers, entityId, around);
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
            case Ask c ->
                begun(state.ask(c.question(), c.profile().revision(), most(), now()), c.profile(), c.replyTo());
            case Expect c -> expect(state, c);
            case Retry c -> begun(state.retry(c.profile().revision(), most(), now()), c.profile(), c.replyTo());
            // A turn that ends takes with it what is not stored of it: what was seen is found first.
            case Stop _, Close _ when turn.salvaging() -> Effect().stash();
            case Stop c -> answered(state.stop(unstored(state), now()), c.replyTo());
            case Close c -> answered(state.close(unstored(state), now()), c.replyTo());
            case Rate c -> answered(state.rate(c.turn(), c.feedback()), c.replyTo());
            case Read c -> Effect().reply(c.replyTo(), read(state, c));
            case Watch c -> watch(state, c);
            case Join c -> join(state, c);
            case Leave c -> leave(c);
            case KeyFound c -> answer(state, c);
            case Poke c -> look(state, c.reply());
            case Kept c -> kept(state, c);
            case Interrupted c -> interrupted(state, c);
            case Unsalvaged c -> salvageLater(c);
            case Salvage c -> salvage(state, c);
            case Checkpoint c -> quietly(state.grow(c.turn(), turn.grown(c.turn())));
            case Fail c -> quietly(state.fail(c.turn(), turn.rest(c.turn()), c.failure(), now()));
            case Idle _ -> rest(state);
            case Passivate _ -> leave(state);
            case Leaving _ -> go(state);
        };
    }

    private ReplyEffect<ConversationEvent, Conversation> expect(Conversation state, Expect c) {
        if (state.ask(c.question(), c.profile().revision(), most(), now())
                instanceof Decision.Accept<ConversationEvent>) {
            turn.expect(state, c.question(), c.profile());
        }
        return Effect().noReply();
    }

    private Instant now() {
        return around.clock().instant();
    }

    private int most() {
        return around.settings().maxTurns();
    }

    private Progress unstored(Conversation state) {
        return state.running().map(t -> turn.rest(t.number())).orElse(Progress.NONE);
    }

    private ReplyEffect<ConversationEvent, Conversation> begun(
            Decision<ConversationEvent> decision, Profile profile, ActorRef<Reply> replyTo) {
        return switch (decision) {
            case Decision.Reject<ConversationEvent>(Rejection reason) ->
                Effect().reply(replyTo, new Reply.Refused(reason));
            case Decision.Accept<ConversationEvent>(List<ConversationEvent> events) ->
                Effect()
                        .persist(events)
                        .thenRun((Conversation now) -> {
                            turn.begin(now, profile);
                            settle(now);
                        })
                        .thenReply(replyTo, now -> new Reply.Ok(now.turns().size()));
        };
    }

    private ReplyEffect<ConversationEvent, Conversation> answered(
            Decision<ConversationEvent> decision, ActorRef<Reply> replyTo) {
        return switch (decision) {
            case Decision.Reject<ConversationEvent>(Rejection reason) ->
                Effect().reply(replyTo, new Reply.Refused(reason));
            case Decision.Accept<ConversationEvent>(List<ConversationEvent> events) ->
                Effect()
                        .persist(events)
                        .thenRun(this::settle)
                        .thenReply(replyTo, now -> new Reply.Ok(now.turns().size()));
        };
    }

    /** For what a turn's own stream brings about: nobody waits for a reply, and a late word is no fault. */
    private ReplyEffect<ConversationEvent, Conversation> quietly(Decision<ConversationEvent> decision) {
        return quietly(decision, () -> {});
    }

    /** @param stored what to do once the journal has what follows; at once where nothing does */
    private ReplyEffect<ConversationEvent, Conversation> quietly(
            Decision<ConversationEvent> decision, Runnable stored) {
        if (decision instanceof Decision.Accept<ConversationEvent>(List<ConversationEvent> events)
                && !events.isEmpty()) {
            return Effect()
                    .persist(events)
                    .thenRun((Conversation now) -> {
                        settle(now);
                        stored.run();
                    })
                    .thenNoReply();
        }
        stored.run();
        return Effect().noReply();
    }

    private Reply read(Conversation state, Read c) {
        if (!state.exists()) {
            return new Reply.Refused(new Rejection.NotFound("No such conversation"));
        }
        int from = Math.clamp(c.from() - 1, 0, state.turns().size());
        int to = Math.min(state.turns().size(), from + c.turns());
        List<Turn> page = new ArrayList<>();
        Optional<String> live = Optional.empty();
        int bytes = 0;
        for (Turn each : state.turns().subList(from, to)) {
            Optional<String> said = turn.text(each.number());
            Turn shown = said.isPresent() ? each.unsaid() : each;
            bytes += shown.bytes()
                    + said.map(s -> s.getBytes(StandardCharsets.UTF_8).length).orElse(0);
            if (bytes > LARGEST_PAGE && !page.isEmpty()) {
                break; // whoever asks goes on from here
            }
            page.add(shown);
            live = said;
        }
        return new Reply.Page(
                state.opening().orElseThrow(),
                state.closedAt().isPresent(),
                state.changedAt().orElseThrow(),
                state.turns().size(),
                page,
                live);
    }

    private ReplyEffect<ConversationEvent, Conversation> watch(Conversation state, Watch c) {
        readers.ask(c, state, turn.live());
        return Effect().noReply();
    }

    private ReplyEffect<ConversationEvent, Conversation> join(Conversation state, Join c) {
        readers.join(c, state, turn.live());
        return Effect().noReply();
    }

    private ReplyEffect<ConversationEvent, Conversation> leave(Leave c) {
        readers.leave(c.reader(), turn.live());
        return Effect().noReply();
    }

    private ReplyEffect<ConversationEvent, Conversation> answer(Conversation state, KeyFound c) {
        Optional<Turn> asked = state.running().filter(t -> t.number() == c.turn() && turn.seeks(c.turn()));
        if (asked.isEmpty()) {
            return Effect().noReply();
        }
        if (c.key().isEmpty()) {
            return quietly(state.fail(c.turn(), Progress.NONE, Endings.ERASED, now()));
        }
        turn.answer(state, asked.get(), c.profile(), c.key().get());
        readers.serve(state, turn.live());
        return Effect().noReply();
    }

    private ReplyEffect<ConversationEvent, Conversation> look(Conversation state, LiveReply reply) {
        if (!turn.look(reply)) {
            return Effect().noReply();
        }
        turn.keep();
        return quietly(turn.decide(state, now()));
    }

    private ReplyEffect<ConversationEvent, Conversation> kept(Conversation state, Kept c) {
        if (turn.kept(c)) {
            turn.keep();
        }
        return Effect().noReply();
    }

    private ReplyEffect<ConversationEvent, Conversation> interrupted(Conversation state, Interrupted c) {
        // Forgotten before it is stored, what was seen would be gone where the journal fails.
        return quietly(state.fail(c.turn(), c.lacking(), Endings.INTERRUPTED, now()), () -> turn.salvaged(c.turn()))
                .thenUnstashAll();
    }

    private ReplyEffect<ConversationEvent, Conversation> salvageLater(Unsalvaged c) {
        turn.salvageLater(c.turn());
        return Effect().noReply();
    }

    private ReplyEffect<ConversationEvent, Conversation> salvage(Conversation state, Salvage c) {
        state.running().filter(t -> t.number() == c.turn()).ifPresent(turn::salvage);
        return Effect().noReply();
    }

    /** An answer that is being given may come to its end before the conversation goes. */
    private ReplyEffect<ConversationEvent, Conversation> leave(Conversation state) {
        leaving = true;
        if (state.running().isEmpty() || around.settings().drain().isZero()) {
            return go(state);
        }
        timers.startSingleTimer(Leaving.LATE, around.settings().drain());
        return Effect().noReply();
    }

    /** What was seen of an answer that is cut off goes with its end: nobody looks for it later. */
    private ReplyEffect<ConversationEvent, Conversation> go(Conversation state) {
        Optional<Turn> cut = state.running().filter(t -> turn.gives(t.number()));
        Decision<ConversationEvent> end = cut.map(
                        t -> state.fail(t.number(), turn.rest(t.number()), Endings.INTERRUPTED, now()))
                .orElseGet(Decision::accept);
        return end instanceof Decision.Accept<ConversationEvent>(List<ConversationEvent> events) && !events.isEmpty()
                ? Effect().persist(events).thenRun(this::settle).thenStop().thenNoReply()
                : Effect().stop().thenNoReply();
    }

    private ReplyEffect<ConversationEvent, Conversation> rest(Conversation state) {
        if (state.running().isEmpty()) {
            shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
        }
        return Effect().noReply();
    }

    // events

    @Override
    public EventHandler<Conversation, ConversationEvent> eventHandler() {
        return Conversation::apply;
    }

    // effects

    /** After whatever was stored: readers and the list hear of it. */
    private void settle(Conversation state) {
        turn.settle(state);
        readers.serve(state, turn.live());
        if (leaving && state.running().isEmpty()) {
            context.getSelf().tell(Leaving.LATE);
        }
        Optional<Instant> changed = state.changedAt();
        if (!state.turns().isEmpty() && !changed.equals(listed)) {
            listed = changed;
            around.listed()
                    .accept(new Register.Change(
                            ConversationAddress.parse(entityId),
                            changed.orElseThrow(),
                            state.closedAt().isPresent(),
                            lastSequenceNumber(context)));
        }
    }

    private void recovered(Conversation state) {
        state.running().filter(t -> !turn.goesOn(t)).ifPresent(t -> {
            if (around.tails().isPresent()) {
                turn.salvage(t);
            } else {
                context.getSelf().tell(new Fail(t.number(), Endings.INTERRUPTED));
            }
        });
        state.last().filter(t -> t.ending().isPresent()).ifPresent(t -> {
            turn.forget(t.number()); // a crash may have come between its end and that
            if (turn.salvaging()) {
                // The journal has the end though it reported a failure: whoever waits for it is answered.
                context.getSelf().tell(new Interrupted(t.number(), Progress.NONE));
            }
        });
        if (leaving) {
            context.getSelf().tell(Leaving.LATE); // the timer did not survive the journal's failure
        }
        settle(state);
    }

    @Override
    public SignalHandler<Conversation> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.instance(), this::recovered)
                .onSignal(PostStop.instance(), _ -> turn.cancel())
                .build();
    }
}
