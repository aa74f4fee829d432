package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.http.Problems;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** How long a call is repeated. */
class WhileAwayTest {
    private final AtomicBoolean givenUp = new AtomicBoolean();
    private final AtomicInteger calls = new AtomicInteger();
    private final WhileAway whileAway = new WhileAway(givenUp::get);

    /** Away as often as that. */
    private CompletableFuture<String> called(int away) {
        return whileAway
                .repeated(() -> calls.incrementAndGet() > away
                        ? CompletableFuture.completedStage("done")
                        : CompletableFuture.failedStage(new Problems.Unavailable("away", Duration.ofSeconds(5))))
                .toCompletableFuture();
    }

    @Test
    void itIsRepeatedUntilItTakesPlace() {
        assertThat(called(2)).succeedsWithin(Duration.ofSeconds(10)).isEqualTo("done");
        assertThat(calls).hasValue(3);
    }

    @Test
    void whatIsGivenUpDuringAPauseIsNotCalledAfterIt() {
        CompletableFuture<String> called = called(1);
        givenUp.set(true);

        assertThat(called)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(Problems.Unavailable.class);
        assertThat(calls).hasValue(1);
    }
}
