package io.kvasir.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class RepeatedTest {
    private final List<Duration> asked = new ArrayList<>();

    @Test
    void asksAgainWhereNoAnswerCame() {
        String answer = Repeated.ask(
                        patience -> {
                            asked.add(patience);
                            return asked.size() < 4
                                    ? CompletableFuture.failedFuture(new TimeoutException())
                                    : CompletableFuture.completedFuture("here");
                        },
                        Duration.ofSeconds(10))
                .toCompletableFuture()
                .join();

        assertThat(answer).isEqualTo("here");
        assertThat(asked)
                .containsExactly(
                        Duration.ofMillis(750), Duration.ofMillis(500), Duration.ofMillis(500), Duration.ofMillis(500));
    }

    @Test
    void aFailureIsNoSilence() {
        assertThatThrownBy(() -> Repeated.ask(
                                patience -> {
                                    asked.add(patience);
                                    return CompletableFuture.failedFuture(new IllegalStateException("broken"));
                                },
                                Duration.ofSeconds(10))
                        .toCompletableFuture()
                        .join())
                .isInstanceOf(CompletionException.class)
                .hasMessageContaining("broken");
        assertThat(asked).hasSize(1);
    }

    @Test
    void givesUpInTheEnd() {
        assertThatThrownBy(() -> Repeated.ask(
                                patience -> {
                                    asked.add(patience);
                                    return new CompletableFuture<>()
                                            .orTimeout(patience.toNanos(), TimeUnit.NANOSECONDS);
                                },
                                Duration.ofMillis(800))
                        .toCompletableFuture()
                        .join())
                .hasCauseInstanceOf(TimeoutException.class);
        assertThat(asked).hasSize(2);
        assertThat(asked.getLast()).isLessThanOrEqualTo(Duration.ofMillis(800));
    }
}
