package io.kvasir.conversation.domain;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.conversation.domain.ConversationEvent.ConversationClosed;
import io.kvasir.conversation.domain.ConversationEvent.ConversationStarted;
import io.kvasir.conversation.domain.ConversationEvent.ReplyGrew;
import io.kvasir.conversation.domain.ConversationEvent.TurnFailed;
import io.kvasir.conversation.domain.ConversationEvent.TurnRated;
import io.kvasir.conversation.domain.ConversationEvent.TurnStarted;
import io.kvasir.conversation.domain.ConversationEvent.TurnStopped;
import io.kvasir.kernel.Decision;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Sealed;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ConversationTest {
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final Sealed QUESTION = new Sealed("s", new byte[] {1});
    private static final Sealed OTHER = new Sealed("s", new byte[] {2});
    private static final Ending.Failure FAILURE = new Ending.Failure("interrupted", "cut");
    private static final Ending DONE = new Ending(
            Turn.Status.COMPLETED,
            Optional.of("stop"),
            List.of(1),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            NOW.plusSeconds(9));

    private Conversation talk = Conversation.NONE.apply(
            new ConversationStarted(new KnowledgeBaseId("kb"), Optional.empty(), Optional.empty(), NOW));

    private void happens(Decision<ConversationEvent> decision) {
        events(decision).forEach(event -> talk = talk.apply(event));
    }

    private static List<ConversationEvent> events(Decision<ConversationEvent> decision) {
        assertThat(decision).isInstanceOf(Decision.Accept.class);
        return ((Decision.Accept<ConversationEvent>) decision).events();
    }

    private static String refusal(Decision<ConversationEvent> decision) {
        assertThat(decision).isInstanceOf(Decision.Reject.class);
        Rejection reason = ((Decision.Reject<ConversationEvent>) decision).reason();
        return reason instanceof Rejection.Conflict conflict
                ? conflict.code()
                : reason.getClass().getSimpleName();
    }

    private void asked() {
        happens(talk.ask(QUESTION, 3, 10, NOW));
    }

    private static final java.util.Map<String, Sealed> PIECES = new java.util.HashMap<>();

    /** The same piece twice is the same object: records of arrays compare by identity. */
    private static Progress said(String piece) {
        return new Progress(
                Optional.of(PIECES.computeIfAbsent(
                        piece, p -> new Sealed("s", p.getBytes(java.nio.charset.StandardCharsets.UTF_8)))),
                Optional.empty(),
                List.of());
    }

    @Test
    void startsOnce() {
        assertThat(refusal(talk.start(
                        new ConversationStarted(new KnowledgeBaseId("x"), Optional.empty(), Optional.empty(), NOW))))
                .isEqualTo("already-started");
    }

    @Test
    void oneTurnRunsAtATime() {
        asked();

        assertThat(talk.running().orElseThrow().number()).isEqualTo(1);
        assertThat(refusal(talk.ask(OTHER, 3, 10, NOW))).isEqualTo("turn-in-progress");
        happens(talk.complete(1, said("a"), DONE));
        assertThat(events(talk.ask(OTHER, 4, 10, NOW))).containsExactly(new TurnStarted(2, OTHER, 4, NOW));
    }

    @Test
    void hasAsManyTurnsAsAllowed() {
        asked();
        happens(talk.complete(1, said("a"), DONE));

        assertThat(refusal(talk.ask(OTHER, 3, 1, NOW))).isEqualTo("conversation-full");
    }

    @Test
    void aReplyGrowsPieceByPiece() {
        asked();
        happens(talk.grow(1, said("a")));
        happens(talk.grow(1, said("b")));
        happens(talk.complete(1, said("c"), DONE));

        assertThat(talk.last().orElseThrow().said())
                .extracting(piece -> new String(piece.bytes(), java.nio.charset.StandardCharsets.UTF_8))
                .containsExactly("a", "b", "c");
    }

    @Test
    void sourcesAreKeptOnceTheyCame() {
        asked();
        happens(talk.grow(1, new Progress(Optional.empty(), Optional.of(OTHER), List.of(new PassageId("p")))));
        happens(talk.complete(1, said("c"), DONE));

        assertThat(talk.last().orElseThrow().sources()).contains(OTHER);
        assertThat(talk.last().orElseThrow().passages()).containsExactly(new PassageId("p"));
    }

    @Test
    void aLateWordOfAnotherTurnChangesNothing() {
        assertThat(events(talk.grow(1, said("x")))).isEmpty();
        asked();
        happens(talk.fail(1, said("a"), FAILURE, NOW));
        happens(talk.retry(3, 10, NOW));

        assertThat(events(talk.grow(1, said("x")))).isEmpty();
        assertThat(events(talk.complete(1, said("x"), DONE))).isEmpty();
        assertThat(events(talk.fail(1, said("x"), FAILURE, NOW))).isEmpty();
        assertThat(events(talk.grow(2, said("x"))))
                .as("of the running one it does")
                .containsExactly(new ReplyGrew(2, said("x")));
    }

    @Test
    void stoppingKeepsWhatWasSaid() {
        asked();
        happens(talk.grow(1, said("a")));
        assertThat(events(talk.stop(said("b"), NOW))).hasSize(1).first().isInstanceOf(TurnStopped.class);
        happens(talk.stop(said("b"), NOW));

        assertThat(talk.last().orElseThrow().status()).isEqualTo(Turn.Status.STOPPED);
        assertThat(talk.last().orElseThrow().said()).hasSize(2);
        assertThat(events(talk.stop(Progress.NONE, NOW))).as("again").isEmpty();
    }

    @Test
    void closingStopsTheReplyAndIsForGood() {
        asked();
        assertThat(events(talk.close(said("a"), NOW))).hasSize(2).last().isEqualTo(new ConversationClosed(NOW));
        happens(talk.close(said("a"), NOW));

        assertThat(talk.running()).isEmpty();
        assertThat(events(talk.close(Progress.NONE, NOW))).as("again").isEmpty();
        assertThat(refusal(talk.ask(OTHER, 3, 10, NOW))).isEqualTo("conversation-closed");
        assertThat(refusal(talk.retry(3, 10, NOW))).isEqualTo("conversation-closed");
    }

    @Test
    void aCutQuestionIsAskedAgainAsANewTurn() {
        asked();
        happens(talk.fail(1, said("a"), FAILURE, NOW));
        assertThat(events(talk.retry(5, 10, NOW))).containsExactly(new TurnStarted(2, QUESTION, 5, NOW));
        happens(talk.retry(5, 10, NOW));
        assertThat(refusal(talk.retry(5, 10, NOW))).isEqualTo("turn-in-progress");
        happens(talk.stop(said("b"), NOW));
        assertThat(events(talk.retry(5, 10, NOW))).containsExactly(new TurnStarted(3, QUESTION, 5, NOW));

        assertThat(talk.turn(1).orElseThrow().said()).as("what was said stays").hasSize(1);
        assertThat(refusal(talk.retry(5, 2, NOW))).isEqualTo("conversation-full");
    }

    @Test
    void whatWasAnsweredIsNotAskedAgain() {
        assertThat(refusal(talk.retry(3, 10, NOW))).isEqualTo("nothing-to-retry");
        asked();
        happens(talk.complete(1, said("a"), DONE));

        assertThat(refusal(talk.retry(3, 10, NOW))).isEqualTo("nothing-to-retry");
    }

    @Test
    void aReplyIsRatedOnceItIsDoneAndTheLastWordCounts() {
        Turn.Feedback up = new Turn.Feedback(Turn.Rating.UP, Optional.empty(), NOW);
        Turn.Feedback down = new Turn.Feedback(Turn.Rating.DOWN, Optional.empty(), NOW);
        asked();
        assertThat(refusal(talk.rate(1, up))).isEqualTo("turn-in-progress");
        assertThat(refusal(talk.rate(2, up))).isEqualTo("NotFound");
        happens(talk.complete(1, said("a"), DONE));
        happens(talk.rate(1, up));
        assertThat(events(talk.rate(1, down))).containsExactly(new TurnRated(1, down));
        happens(talk.rate(1, down));

        assertThat(talk.last().orElseThrow().feedback()).contains(down);
    }

    @Test
    void changesWithEachMessage() {
        assertThat(talk.changedAt()).contains(NOW);
        happens(talk.ask(QUESTION, 3, 10, NOW.plusSeconds(5)));
        assertThat(talk.changedAt()).contains(NOW.plusSeconds(5));
        happens(talk.complete(1, said("a"), DONE));
        assertThat(talk.changedAt()).contains(NOW.plusSeconds(9));
        happens(talk.rate(1, new Turn.Feedback(Turn.Rating.UP, Optional.empty(), NOW.plusSeconds(20))));
        assertThat(talk.changedAt()).as("a rating is no message").contains(NOW.plusSeconds(9));
        happens(talk.close(Progress.NONE, NOW.plus(Duration.ofMinutes(1))));
        assertThat(talk.changedAt()).contains(NOW.plus(Duration.ofMinutes(1)));
        assertThat(Conversation.NONE.changedAt()).isEmpty();
    }

    @Test
    void nothingHappensToWhatDoesNotExist() {
        Conversation none = Conversation.NONE;
        assertThat(refusal(none.ask(QUESTION, 3, 10, NOW))).isEqualTo("NotFound");
        assertThat(refusal(none.retry(3, 10, NOW))).isEqualTo("NotFound");
        assertThat(refusal(none.stop(Progress.NONE, NOW))).isEqualTo("NotFound");
        assertThat(refusal(none.close(Progress.NONE, NOW))).isEqualTo("NotFound");
        assertThat(events(none.fail(1, Progress.NONE, FAILURE, NOW))).isEmpty();
        assertThat(events(none.grow(1, Progress.NONE))).isEmpty();
    }

    @Test
    void anEndingSaysHow() {
        asked();
        assertThat(events(talk.fail(1, said("a"), FAILURE, NOW)))
                .containsExactly(new TurnFailed(1, said("a"), FAILURE, NOW));
        happens(talk.fail(1, said("a"), FAILURE, NOW));

        assertThat(talk.last().orElseThrow().ending().orElseThrow().failure()).contains(FAILURE);
        assertThat(talk.last().orElseThrow().status()).isEqualTo(Turn.Status.FAILED);
    }
}
