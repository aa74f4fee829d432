package io.kvasir.conversation.domain;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PositionTest {
    @Test
    void readsWhatEventsAreCalled() {
        assertThat(Position.parse("7:31")).contains(new Position(7, 31, true));
        assertThat(Position.parse("7:0")).as("the start and the citations").contains(new Position(7, 0, false));
        assertThat(Position.parse("7:end")).as("the place before the next turn").contains(Position.before(8));
        assertThat(Position.parse("0:end")).contains(Position.before(1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "7",
                ":",
                "7:",
                ":31",
                "0:0",
                "-1:0",
                "1:-1",
                "1:+1",
                "01:1",
                "1:01",
                "1:1 ",
                " 1:1",
                "1:END",
                "1:1:1",
                "9999999999:1",
                "1:9999999999",
                "１:１",
                "1:1\n",
                "a:b",
                "1:end1"
            })
    void readsNothingElse(String garbage) {
        assertThat(Position.parse(garbage)).isEmpty();
    }

    @Test
    void neverStartsInsideASurrogatePair() {
        String text = "a\uD83D\uDE00b";

        assertThat(new Position(1, 1, true).start(text)).isEqualTo(1);
        assertThat(new Position(1, 2, true).start(text)).as("inside").isEqualTo(1);
        assertThat(new Position(1, 3, true).start(text)).isEqualTo(3);
        assertThat(new Position(1, 99, true).start(text)).isEqualTo(4);
        assertThat(Position.before(1).start(text)).isZero();
    }

    @Test
    void noPieceEndsInsideASurrogatePair() {
        String text = "a\uD83D\uDE00b";

        assertThat(Position.end(text, 0, 1)).isEqualTo(1);
        assertThat(Position.end(text, 0, 2)).as("inside").isEqualTo(1);
        assertThat(Position.end(text, 0, 3)).isEqualTo(3);
        assertThat(Position.end(text, 1, 99)).isEqualTo(4);
        assertThat(Position.end(text, 4, 99)).isEqualTo(4);
    }
}
