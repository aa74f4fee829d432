package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.load.FakeReply;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three real servers: what {@code ./dev bench cluster} measures in full, held to its promises here, though not to its times. */
class ClusterTest {
    @TempDir
    Path folder;

    @Test
    void aKillAFreezeAPartedNetworkAndARestartOfAllTakeNothingFromAnybody() throws Exception {
        try (ClusterStorm storm =
                new ClusterStorm(folder, 30, FakeReply.DEFAULT.with("first=100,rate=15,tokens=150"), true, true)) {
            ClusterStorm.Kill kill = storm.kill(true, 10);

            tookNothing(kill);
            // Far more than it takes on a machine that has time for it.
            assertThat(kill.answeredMs()).isLessThan(60_000);

            tookNothing(storm.freeze(true, 10));
            tookNothing(storm.part(true, 10));
            tookNothing(storm.cut(10));

            ClusterStorm.Roll roll = storm.roll(2);

            assertThat(roll.requests()).isGreaterThan(20);
            assertThat(roll.failed()).as("requests that failed for good").isEmpty();
        }
    }

    private static void tookNothing(ClusterStorm.Kill kill) {
        assertThat(kill.lost()).as("characters lost").isZero();
        assertThat(kill.repeated()).as("characters repeated").isZero();
        assertThat(kill.ended() + kill.cut())
                .as("replies that came to an end or are marked")
                .isEqualTo(10);
        assertThat(kill.resumed()).as("readers that went on elsewhere").isPositive();
        assertThat(kill.acknowledged()).isPositive();
        assertThat(kill.acknowledgedLost()).isZero();
    }
}
