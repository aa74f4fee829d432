package io.kvasir.llm.provider;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatFailure.Kind;
import io.kvasir.llm.ProviderHealth.State;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Breaker, pace, backoff and what is read from refusals, by a clock of our own. */
class LimitsTest {
    private final AtomicLong now = new AtomicLong();
    private final Breaker breaker = new Breaker(new ProviderSettings.Pause(2, Duration.ofSeconds(10)), now::get);

    @Test
    void opens_after_so_many_failures_in_a_row() {
        breaker.pass().orElseThrow().failed();
        breaker.pass().orElseThrow().succeeded();
        breaker.pass().orElseThrow().failed();
        assertThat(breaker.state()).isEqualTo(State.UP);
        breaker.pass().orElseThrow().failed();
        assertThat(breaker.state()).isEqualTo(State.PAUSED);
        assertThat(breaker.pass()).isEmpty();
    }

    @Test
    void after_the_pause_one_call_tries_and_decides() {
        open();
        now.addAndGet(Duration.ofSeconds(10).toNanos());
        Breaker.Pass probe = breaker.pass().orElseThrow();
        assertThat(breaker.state()).isEqualTo(State.PROBING);
        assertThat(breaker.pass()).isEmpty();
        probe.failed();
        assertThat(breaker.state()).isEqualTo(State.PAUSED);
        assertThat(breaker.pausedFor()).isEqualTo(Duration.ofSeconds(10).toNanos());
        now.addAndGet(Duration.ofSeconds(10).toNanos());
        breaker.pass().orElseThrow().succeeded();
        assertThat(breaker.state()).isEqualTo(State.UP);
    }

    @Test
    void a_probe_whose_asker_left_leaves_the_trying_to_the_next() {
        open();
        now.addAndGet(Duration.ofSeconds(10).toNanos());
        breaker.pass().orElseThrow().forgotten();
        assertThat(breaker.pass()).isPresent();
    }

    @Test
    void only_the_first_end_of_a_call_counts() {
        Breaker.Pass pass = breaker.pass().orElseThrow();
        pass.succeeded();
        pass.failed();
        pass.failed();
        assertThat(breaker.state()).isEqualTo(State.UP);
    }

    @Test
    void a_late_success_from_before_does_not_end_the_pause() {
        Breaker.Pass late = breaker.pass().orElseThrow();
        open();
        late.succeeded();
        assertThat(breaker.state()).isEqualTo(State.PAUSED);
    }

    private void open() {
        breaker.pass().orElseThrow().failed();
        breaker.pass().orElseThrow().failed();
    }

    @Test
    void a_minute_holds_so_many_and_fills_evenly() {
        Pace pace = new Pace(3, now::get);
        for (int i = 0; i < 3; i++) {
            assertThat(pace.take()).isEmpty();
        }
        assertThat(pace.take()).contains(Duration.ofSeconds(20));
        now.addAndGet(Duration.ofSeconds(20).toNanos());
        assertThat(pace.take()).isEmpty();
        assertThat(pace.take()).isPresent();
        now.addAndGet(Duration.ofHours(1).toNanos());
        for (int i = 0; i < 3; i++) {
            assertThat(pace.take()).isEmpty();
        }
        assertThat(pace.take()).isPresent();
        assertThat(new Pace(0, now::get).take()).isEmpty();
    }

    @Test
    void waits_grow_and_are_capped_and_an_asked_wait_beyond_them_is_a_no() {
        Backoff backoff = new Backoff(
                new ProviderSettings.Retries(9, Duration.ofMillis(100), Duration.ofMillis(400)), new Random(1));
        Refused refused = Refused.of(new ChatFailure(Kind.UNAVAILABLE, ""));
        long left = Duration.ofMinutes(1).toNanos();
        assertThat(backoff.next(refused, 1, left).orElseThrow())
                .isBetween(Duration.ofMillis(50), Duration.ofMillis(100));
        assertThat(backoff.next(refused, 8, left).orElseThrow())
                .isBetween(Duration.ofMillis(200), Duration.ofMillis(400));
        assertThat(backoff.next(refused, 9, left)).isEmpty();
        assertThat(backoff.next(refused, 1, 1_000)).isEmpty();
        Refused asked = Refused.of(new ChatFailure(Kind.RATE_LIMITED, ""), Optional.of(Duration.ofMillis(401)));
        assertThat(backoff.next(asked, 1, left)).isEmpty();
        assertThat(backoff.next(Refused.of(new ChatFailure(Kind.REJECTED, "")), 1, left))
                .isEmpty();
    }

    @Test
    void retry_after_is_seconds_or_a_date() {
        Instant at = Instant.parse("2026-01-01T00:00:00Z");
        assertThat(Failures.retryAfter(" 1.5", at)).contains(Duration.ofMillis(1500));
        assertThat(Failures.retryAfter("-1", at)).contains(Duration.ZERO);
        assertThat(Failures.retryAfter("Thu, 01 Jan 2026 00:00:07 GMT", at)).contains(Duration.ofSeconds(7));
        assertThat(Failures.retryAfter("Wed, 31 Dec 2025 00:00:07 GMT", at)).contains(Duration.ZERO);
        assertThat(Failures.retryAfter("soon", at)).isEmpty();
        assertThat(Failures.retryAfter("NaN", at)).isEmpty();
        assertThat(Failures.retryAfter("1e300", at)).isPresent();
    }

    @Test
    void an_error_gives_its_code_and_its_wait_and_nothing_else() {
        assertThat(
                        told(
                                "{\"error\":{\"code\":429,\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"a\":{}},{\"retryDelay\":\"2.5s\"}]}}"))
                .isEqualTo(new ErrorBody("RESOURCE_EXHAUSTED", Optional.of(Duration.ofMillis(2500))));
        assertThat(told("[{\"error\":{\"type\":\"a\",\"code\":\"b\"}}]").code()).isEqualTo("b");
        assertThat(told("{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}")
                        .code())
                .isEqualTo("overloaded_error");
        assertThat(told("{\"error\":{\"code\":\"sk 1 <b>\"}}").code()).isEmpty();
        assertThat(told("<html>").code()).isEmpty();
        assertThat(Failures.ofStatus(429, "insufficient_quota").kind()).isEqualTo(Kind.REJECTED);
    }

    private static ErrorBody told(String body) {
        return ErrorBody.of(body.getBytes(StandardCharsets.UTF_8));
    }
}
