package io.kvasir.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class FeedTest {
    private static final long NOW = 1_000_000_000;

    private static Feed.Step step(long ordering, long age) {
        return new Feed.Step(ordering, "conversation|t/c", 1, NOW - age);
    }

    private static List<Long> passed(long last, Feed.Step... rows) {
        return Feed.upToGap(last, List.of(rows), NOW).stream()
                .map(Feed.Step::ordering)
                .toList();
    }

    @Test
    void whatFollowsWithoutAGapPasses() {
        assertThat(passed(7, step(8, 0), step(9, 0), step(10, 0))).containsExactly(8L, 9L, 10L);
        assertThat(passed(7)).isEmpty();
    }

    /** Numbers are given before the commit: what is missing may still come, and would be passed over for ever. */
    @Test
    void aMissingNumberIsWaitedFor() {
        assertThat(passed(7, step(8, 0), step(10, 0), step(11, 0))).containsExactly(8L);
        assertThat(passed(7, step(9, 9_999))).isEmpty();
    }

    /** A write that was rolled back, or a server that was killed, leaves numbers nobody ever uses. */
    @Test
    void afterTenSecondsItNeverComes() {
        assertThat(passed(7, step(8, 0), step(10, 10_000), step(11, 0))).containsExactly(8L, 10L, 11L);
        assertThat(passed(0, step(100, 10_000))).containsExactly(100L);
        assertThat(passed(
                        0,
                        LongStream.of(50, 60, 70).mapToObj(n -> step(n, 60_000)).toArray(Feed.Step[]::new)))
                .hasSize(3);
    }
}
