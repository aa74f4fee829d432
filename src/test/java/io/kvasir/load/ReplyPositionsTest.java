package io.kvasir.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the load tests hold every reply to. */
class ReplyPositionsTest {
    private static final List<String> WHOLE = List.of(
            "{\"retry\":1000}",
            "{\"event\":\"turn.started\",\"id\":\"3:0\",\"data\":{\"turnId\":\"3\"}}",
            "{\"event\":\"retrieval\",\"id\":\"3:0\",\"data\":{\"citations\":[{\"n\":1}]}}",
            "{\"event\":\"delta\",\"id\":\"3:5\",\"data\":{\"text\":\"Grüße\"}}",
            "{\"event\":\"delta\",\"id\":\"3:12\",\"data\":{\"text\":\" 🙂 [1]\"}}",
            "{\"event\":\"turn.completed\",\"id\":\"3:end\",\"data\":{}}");

    @Test
    void aWholeReplyIsWhole() {
        assertThat(wrong(WHOLE)).isEmpty();
        assertThat(new ReplyPositions(WHOLE).text()).isEqualTo("Grüße 🙂 [1]");
    }

    @Test
    void aReplyWithoutItsEndIsNot() {
        assertThat(wrong(WHOLE.subList(0, 5))).hasValue("no terminal event after 12");
    }

    @Test
    void aLostPieceIsFound() {
        assertThat(wrong(without(3))).hasValue("position 12 where the text is 7 long");
    }

    @Test
    void aRepeatedPieceIsFound() {
        List<String> twice = new ArrayList<>(WHOLE);
        twice.add(4, WHOLE.get(3));
        assertThat(wrong(twice)).hasValue("position 5 where the text is 10 long");
    }

    @Test
    void aReplyThatFailedIsNotWhole() {
        assertThat(wrong(with(5, "{\"event\":\"turn.failed\",\"id\":\"3:12\",\"data\":{\"status\":502}}")))
                .hasValue("turn.failed: {\"status\":502}");
    }

    @Test
    void aMarkOfNoCitationIsFound() {
        assertThat(wrong(without(2))).hasValue("[1] was not announced");
    }

    @Test
    void anEventOfAnotherTurnIsFound() {
        assertThat(wrong(with(3, "{\"event\":\"delta\",\"id\":\"2:5\",\"data\":{\"text\":\"Hello\"}}")))
                .hasValue("delta at \"2:5\" in turn '3'");
    }

    @Test
    void aReplyWithoutItsBeginningIsNotWhole() {
        assertThat(wrong(without(1))).hasValue("retrieval at \"3:0\" in turn ''");
    }

    @Test
    void nothingComesAfterTheEnd() {
        List<String> more = new ArrayList<>(WHOLE);
        more.add(WHOLE.get(4));
        assertThat(wrong(more)).hasValue("delta after the end");
    }

    @Test
    void whatIsNoEventIsTold() {
        assertThat(wrong(List.of("{"))).hasValue("no JSON: {");
    }

    private static Optional<String> wrong(List<String> events) {
        return new ReplyPositions(events).wrong();
    }

    private static List<String> without(int i) {
        List<String> less = new ArrayList<>(WHOLE);
        less.remove(i);
        return less;
    }

    private static List<String> with(int i, String other) {
        List<String> changed = new ArrayList<>(WHOLE);
        changed.set(i, other);
        return changed;
    }
}
