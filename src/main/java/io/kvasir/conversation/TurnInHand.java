package io.kvasir.conversation;

import io.kvasir.answering.AnswerEvent;
import io.kvasir.conversation.ConversationEntity.Checkpoint;
import io.kvasir.conversation.ConversationEntity.Command;
import io.kvasir.conversation.ConversationEntity.Fail;
import io.kvasir.conversation.ConversationEntity.Interrupted;
import io.kvasir.conversation.ConversationEntity.KeyFound;
import io.kvasir.conversation.ConversationEntity.Poke;
import io.kvasir.conversation.ConversationEntity.Salvage;
import io.kvasir.conversation.ConversationEntity.Surroundings;
import io.kvasir.conversation.ConversationEntity.Unsalvaged;
import io.kvasir.conversation.domain.Conversation;
import io.kvasir.conversation.domain.ConversationEvent;
import io.kvasir.conversation.domain.Ending;
import io.kvasir.conversation.domain.Progress;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.kernel.Decision;
import io.kvasir.kernel.Sealed;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * The turn a conversation is answering: has the key found and the answer begun, takes what is said, minds the time, and
 * lets go when the turn is over. Belongs to the conversation's actor; decides nothing.
 */
final class TurnInHand {
    private static final Duration SALVAGE_PAUSE = Duration.ofSeconds(1);

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final String entityId;
    private final Surroundings around;
    private Optional<LiveReply> live = Optional.empty();
    private Optional<Sought> sought = Optional.empty();
    private boolean salvaging;

    TurnInHand(ActorContext<Command> context, TimerScheduler<Command> timers, String entityId, Surroundings around) {
        this.context = context;
        this.timers = timers;
        this.entityId = entityId;
        this.around = around;
    }

    /** A turn whose key is being looked for. */
    private record Sought(int turn, Profile profile) {}

    /** The reply as readers see it; there until the next turn begins. */
    Optional<LiveReply> live() {
        return live;
    }

    /** What was said so far in this turn, while it is being said. */
    Optional<String> text(int turn) {
        return given(turn).map(LiveReply::text);
    }

    /** Whether the reply of this turn is being given. */
    boolean gives(int turn) {
        return given(turn).isPresent();
    }

    /** What was said in this turn and is not stored; from now on it counts as stored. */
    Progress grown(int turn) {
        return given(turn).map(LiveReply::store).orElse(Progress.NONE);
    }

    /** The same, where the turn ends with it. */
    Progress rest(int turn) {
        return given(turn).map(LiveReply::storeLast).orElse(Progress.NONE);
    }

    private Optional<LiveReply> given(int turn) {
        return live.filter(l -> l.turn() == turn && !l.over());
    }

    /** A question is on its way to here. */
    void expect(Conversation state, Sealed question, Profile profile) {
        // Whatever goes wrong is said when it is here.
        around.key()
                .apply(entityId)
                .thenAccept(key -> key.ifPresent(k -> around.answering()
                        .expect(ConversationAddress.parse(entityId).tenant(), state, question, profile, k)));
    }

    /** A turn was stored: its key is looked for. */
    void begin(Conversation state, Profile profile) {
        live = Optional.empty();
        seek(new Sought(state.turns().size(), profile));
    }

    private void seek(Sought what) {
        sought = Optional.of(what);
        minding(what.turn());
        context.pipeToSelf(
                around.key().apply(entityId),
                (key, fault) -> fault == null
                        ? new KeyFound(what.turn(), what.profile(), key)
                        : new Fail(
                                what.turn(),
                                new Ending.Failure("answer-failed", "The conversation's key could not be read")));
    }

    /** Whether the key of this turn is being looked for. */
    boolean seeks(int turn) {
        return sought.filter(s -> s.turn() == turn).isPresent();
    }

    /** The key was found: the answer begins. */
    void answer(Conversation state, Turn turn, Profile profile, SubjectKey key) {
        sought = Optional.empty();
        LiveReply reply = new LiveReply(
                turn.number(), context.getSelf(), key, around.settings().longestReply(), around.tails());
        reply.begun(around.answering()
                .start(ConversationAddress.parse(entityId).tenant(), state, turn, profile, key, reply));
        live = Optional.of(reply);
    }

    /** Looks what came. @return false where it is of an earlier turn, or the turn is over */
    boolean look(LiveReply told) {
        Optional<LiveReply> reply = live.filter(l -> l == told && !l.over());
        reply.ifPresent(LiveReply::looked);
        return reply.isPresent();
    }

    /** Where nobody may see what could still be lost: has it kept, and comes back with {@link ConversationEntity.Kept}. */
    void keep() {
        live.ifPresent(reply -> reply.keep(entityId)
                // A database that is away for a moment must not stop what is said.
                .ifPresent(piece -> context.pipeToSelf(
                        piece.done(),
                        (_, fault) ->
                                new ConversationEntity.Kept(reply, piece.to(), piece.withSources(), fault == null))));
    }

    /** @return false where it is of an earlier turn */
    boolean kept(ConversationEntity.Kept c) {
        Optional<LiveReply> reply = live.filter(l -> l == c.reply());
        reply.ifPresent(l -> l.kept(c.to(), c.withSources(), c.safely()));
        return reply.isPresent();
    }

    /** After its node was lost: what the journal lacks of the turn nobody answers any more. */
    void salvage(Turn running) {
        salvaging = true;
        ReplyTails tails = around.tails().orElseThrow();
        context.pipeToSelf(
                around.key()
                        .apply(entityId)
                        .thenCompose(key -> key.isPresent()
                                ? tails.lacking(entityId, running, key.get())
                                : CompletableFuture.completedFuture(Progress.NONE)),
                (lacking, fault) -> {
                    if (fault == null) {
                        return new Interrupted(running.number(), lacking);
                    }
                    context.getLog().warn("what readers saw of a reply cannot be read yet: {}", fault.toString());
                    return new Unsalvaged(running.number());
                });
    }

    /** It could not be looked for. Taken for nothing, it would be forgotten: so it is looked for once more, after a pause. */
    void salvageLater(int turn) {
        timers.startSingleTimer(Salvage.class, new Salvage(turn), SALVAGE_PAUSE);
    }

    /** Whether what readers saw of the running turn is still being looked for. */
    boolean salvaging() {
        return salvaging;
    }

    /** It is stored, and needed beside the journal no more. */
    void salvaged(int turn) {
        salvaging = false;
        forget(turn);
    }

    /** What was kept of a turn that is over. */
    void forget(int turn) {
        around.tails().ifPresent(t -> t.forget(entityId, turn));
    }

    /** What follows from what came. */
    Decision<ConversationEvent> decide(Conversation state, Instant now) {
        LiveReply said = live.orElseThrow();
        Optional<AnswerEvent> last = said.last();
        if (last.isPresent()) {
            return Endings.decide(state, said, last.get(), now);
        }
        if (said.full()) {
            return state.fail(said.turn(), said.storeLast(), Endings.TOO_LONG, now);
        }
        if (said.unstored()) {
            said.minded();
            if (!timers.isTimerActive(Checkpoint.class)) {
                timers.startSingleTimer(
                        Checkpoint.class,
                        new Checkpoint(said.turn()),
                        around.settings().checkpointEvery());
            }
        }
        return Decision.accept();
    }

    /** After whatever was stored: a turn that is over lets its stream go. */
    void settle(Conversation state) {
        state.last().flatMap(Turn::ending).ifPresent(how -> {
            timers.cancelAll();
            sought = Optional.empty();
            live.filter(l -> !l.over()).ifPresent(l -> {
                l.cancel();
                l.end(how);
                forget(l.turn());
            });
        });
    }

    /**
     * After the journal was read. Where it only failed a moment ago, the answer is still coming and what was said is here,
     * though perhaps not stored; or it is about to begin.
     *
     * @return false where nobody answers this turn any more
     */
    boolean goesOn(Turn running) {
        if (seeks(running.number())) {
            sought.ifPresent(this::seek);
            return true;
        }
        Optional<LiveReply> still = given(running.number());
        still.ifPresent(l -> {
            l.storedAs(running);
            context.getSelf().tell(new Poke(l));
            if (!timers.isTimerActive(Fail.class)) {
                minding(running.number());
            }
        });
        return still.isPresent();
    }

    private void minding(int turn) {
        timers.startSingleTimer(
                Fail.class, new Fail(turn, Endings.TOO_SLOW), around.settings().longestTurn());
    }

    void cancel() {
        live.ifPresent(LiveReply::cancel);
    }
}
