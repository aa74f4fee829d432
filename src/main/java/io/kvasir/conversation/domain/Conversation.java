package io.kvasir.conversation.domain;

import io.kvasir.conversation.domain.ConversationEvent.ConversationClosed;
import io.kvasir.conversation.domain.ConversationEvent.ConversationStarted;
import io.kvasir.conversation.domain.ConversationEvent.ReplyGrew;
import io.kvasir.conversation.domain.ConversationEvent.TurnCompleted;
import io.kvasir.conversation.domain.ConversationEvent.TurnFailed;
import io.kvasir.conversation.domain.ConversationEvent.TurnRated;
import io.kvasir.conversation.domain.ConversationEvent.TurnStarted;
import io.kvasir.conversation.domain.ConversationEvent.TurnStopped;
import io.kvasir.kernel.Decision;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.Stored;
import io.kvasir.kernel.StoredAs;
import io.kvasir.kernel.UserId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What is known of one conversation, and what may happen next. One turn runs at a time. Texts are sealed: nothing here
 * can read them.
 *
 * @param opening empty where the conversation does not exist (yet)
 */
@StoredAs("conversation.v1")
public record Conversation(Optional<Opening> opening, Optional<Instant> closedAt, List<Turn> turns) implements Stored {
    public static final Conversation NONE = new Conversation(Optional.empty(), Optional.empty(), List.of());

    public Conversation {
        turns = List.copyOf(turns);
    }

    public record Opening(
            KnowledgeBaseId knowledgeBase, Optional<UserId> startedBy, Optional<Sealed> endUser, Instant at) {}

    public boolean exists() {
        return opening.isPresent();
    }

    /** The turn whose reply is being given. */
    public Optional<Turn> running() {
        return last().filter(t -> t.ending().isEmpty());
    }

    public Optional<Turn> last() {
        return turns.isEmpty() ? Optional.empty() : Optional.of(turns.getLast());
    }

    public Optional<Turn> turn(int number) {
        return number >= 1 && number <= turns.size() ? Optional.of(turns.get(number - 1)) : Optional.empty();
    }

    /** When its last message came, or it was closed. */
    public Optional<Instant> changedAt() {
        return closedAt.or(() -> last().map(t -> t.ending().map(Ending::at).orElse(t.askedAt())))
                .or(() -> opening.map(Opening::at));
    }

    // decisions

    public Decision<ConversationEvent> start(ConversationStarted birth) {
        return exists()
                ? Decision.reject(new Rejection.Conflict("already-started", "This conversation exists already"))
                : Decision.accept(birth);
    }

    /** @param maxTurns most questions of one conversation */
    public Decision<ConversationEvent> ask(Sealed question, long revision, int maxTurns, Instant now) {
        if (!exists()) {
            return unknown();
        }
        if (closedAt.isPresent()) {
            return conflict("conversation-closed", "This conversation is closed; start a new one");
        }
        if (running().isPresent()) {
            return conflict(
                    "turn-in-progress", "The reply to the question before is still being given; wait or stop it");
        }
        if (turns.size() >= maxTurns) {
            return conflict(
                    "conversation-full",
                    "This conversation has " + maxTurns + " questions, the most it may have; start a new one");
        }
        return Decision.accept(new TurnStarted(turns.size() + 1, question, revision, now));
    }

    /** The last question again, as a new turn, where its reply was cut off; what was said of it stays. */
    public Decision<ConversationEvent> retry(long revision, int maxTurns, Instant now) {
        if (!exists()) {
            return unknown();
        }
        Optional<Turn> cut = last().filter(t -> t.status() != Turn.Status.COMPLETED);
        return cut.isEmpty()
                ? conflict("nothing-to-retry", "Only a question whose reply failed or was stopped can be asked again")
                : ask(cut.get().question(), revision, maxTurns, now);
    }

    /** Nothing follows where that turn is not running any more: a late word of its stream changes nothing. */
    public Decision<ConversationEvent> grow(int turn, Progress progress) {
        return isRunning(turn) ? Decision.accept(new ReplyGrew(turn, progress)) : Decision.accept();
    }

    public Decision<ConversationEvent> complete(int turn, Progress progress, Ending ending) {
        return isRunning(turn) ? Decision.accept(new TurnCompleted(turn, progress, ending)) : Decision.accept();
    }

    public Decision<ConversationEvent> fail(int turn, Progress progress, Ending.Failure failure, Instant now) {
        return isRunning(turn) ? Decision.accept(new TurnFailed(turn, progress, failure, now)) : Decision.accept();
    }

    /** Stopping what is not running is no error: the reply may have ended a moment ago. */
    public Decision<ConversationEvent> stop(Progress progress, Instant now) {
        if (!exists()) {
            return unknown();
        }
        return running()
                .<Decision<ConversationEvent>>map(t -> Decision.accept(new TurnStopped(t.number(), progress, now)))
                .orElseGet(Decision::accept);
    }

    /** Closes for good; a reply being given is stopped. Closing twice is no error. */
    public Decision<ConversationEvent> close(Progress progress, Instant now) {
        if (!exists()) {
            return unknown();
        }
        if (closedAt.isPresent()) {
            return Decision.accept();
        }
        List<ConversationEvent> events = new ArrayList<>();
        running().ifPresent(t -> events.add(new TurnStopped(t.number(), progress, now)));
        events.add(new ConversationClosed(now));
        return new Decision.Accept<>(events);
    }

    public Decision<ConversationEvent> rate(int turn, Turn.Feedback feedback) {
        Optional<Turn> rated = turn(turn);
        if (rated.isEmpty()) {
            return Decision.reject(new Rejection.NotFound("No such message"));
        }
        return rated.get().ending().isEmpty()
                ? conflict("turn-in-progress", "The reply is still being given; rate it when it is done")
                : Decision.accept(new TurnRated(turn, feedback));
    }

    private boolean isRunning(int turn) {
        return running().filter(t -> t.number() == turn).isPresent();
    }

    private static Decision<ConversationEvent> unknown() {
        return Decision.reject(new Rejection.NotFound("No such conversation"));
    }

    private static Decision<ConversationEvent> conflict(String code, String detail) {
        return Decision.reject(new Rejection.Conflict(code, detail));
    }

    // what events do

    public Conversation apply(ConversationEvent event) {
        return switch (event) {
            case ConversationStarted e ->
                new Conversation(
                        Optional.of(new Opening(e.knowledgeBase(), e.startedBy(), e.endUser(), e.at())),
                        closedAt,
                        turns);
            case TurnStarted e -> with(Turn.asked(e));
            case ReplyGrew e -> with(e.turn(), t -> t.grown(e.progress()));
            case TurnCompleted e -> with(e.turn(), t -> t.ended(e.progress(), e.ending()));
            case TurnFailed e -> with(e.turn(), t -> t.ended(e.progress(), Ending.failed(e.failure(), e.at())));
            case TurnStopped e -> with(e.turn(), t -> t.ended(e.progress(), Ending.stopped(e.at())));
            case TurnRated e -> with(e.turn(), t -> t.rated(e.feedback()));
            case ConversationClosed e -> new Conversation(opening, Optional.of(e.at()), turns);
        };
    }

    private Conversation with(Turn next) {
        List<Turn> more = new ArrayList<>(turns);
        more.add(next);
        return new Conversation(opening, closedAt, more);
    }

    private Conversation with(int number, UnaryOperator<Turn> change) {
        List<Turn> changed = new ArrayList<>(turns);
        changed.set(number - 1, change.apply(changed.get(number - 1)));
        return new Conversation(opening, closedAt, changed);
    }
}
