package io.kvasir.identity;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Slows down who fails, per what is tried and where it is tried from: nobody can be locked out of an account by somebody
 * elsewhere. A try is counted before it is made, so that many at once are not all the first.
 */
final class Attempts {
    private static final Duration FORGOTTEN = Duration.ofHours(1);
    /** Not the time of the try: another one that was waiting for the row meanwhile would find itself before it. */
    private static final Instant NOT_BLOCKED = Instant.EPOCH;

    private final Transactor transactor;
    private final Clock clock;
    private final Duration longest;

    Attempts(Transactor transactor, Clock clock, Duration longest) {
        this.transactor = transactor;
        this.clock = clock;
        this.longest = longest;
    }

    /**
     * What is tried.
     *
     * @param id of what and from where, in any characters; kept as a hash
     * @param free tries that cost no waiting
     * @param number how many there were with this one, once it is taken
     */
    record Try(String id, int free, int number) {
        Try(String id, int free) {
            this(id, free, 0);
        }
    }

    /** Counts a try as failed; too many, where it must wait. A refused one is not counted. */
    CompletionStage<Outcome<Try>> take(Try tried) {
        return twice(c -> take(c, tried));
    }

    /** It was right: all failures before are forgotten. */
    CompletionStage<Void> forgive(Try tried) {
        return transactor.change(c -> Sql.update(c, "DELETE FROM attempts WHERE id = ?", key(tried)));
    }

    /** It was no failure: takes this one try back, and what it blocked. What a later failure blocked stays blocked. */
    CompletionStage<Void> giveBack(Try tried) {
        return transactor.change(c -> Sql.update(
                c,
                "UPDATE attempts SET failures = failures - 1,"
                        + " blocked_until = CASE WHEN failures = ? OR failures - 1 < ? THEN ? ELSE blocked_until END"
                        + " WHERE id = ? AND failures > 0",
                tried.number(),
                tried.free(),
                NOT_BLOCKED,
                key(tried)));
    }

    /** Takes tries back where the work failed for a reason of ours: nobody is slowed down by our being busy. */
    <T> CompletionStage<T> unlessOurs(CompletionStage<T> work, Try... tries) {
        return work.exceptionallyCompose(fault -> {
            CompletionStage<Void> back = CompletableFuture.completedFuture(null);
            for (Try tried : tries) {
                back = back.thenCompose(_ -> giveBack(tried));
            }
            return back.handle((_, _) -> fault).thenCompose(CompletableFuture::failedFuture);
        });
    }

    void purge(Connection c) throws SQLException {
        Sql.update(
                c,
                "DELETE FROM attempts WHERE last_at < ? AND blocked_until < ?",
                clock.instant().minus(FORGOTTEN),
                clock.instant());
    }

    private record Row(int failures, Instant last, Instant blockedUntil) {}

    private Outcome<Try> take(Connection c, Try tried) throws SQLException {
        Optional<Row> row = Sql.first(
                c,
                "SELECT failures, last_at, blocked_until FROM attempts WHERE id = ? FOR UPDATE",
                r -> new Row(r.getInt(1), Sql.instant(r, 2), Sql.instant(r, 3)),
                key(tried));
        // The time is read while the row is held: whoever waited for it is later than whoever held it.
        Instant now = clock.instant();
        if (row.isEmpty()) {
            Sql.update(
                    c,
                    "INSERT INTO attempts (id, failures, last_at, blocked_until) VALUES (?, 1, ?, ?)",
                    key(tried),
                    now,
                    NOT_BLOCKED);
            return Outcome.done(new Try(tried.id(), tried.free(), 1));
        }
        if (row.get().blockedUntil().isAfter(now)) {
            return Outcome.refused(new Rejection.TooMany(
                    "Too many attempts; wait before the next",
                    Duration.between(now, row.get().blockedUntil())));
        }
        int failures =
                row.get().last().plus(FORGOTTEN).isBefore(now) ? 1 : row.get().failures() + 1;
        Sql.update(
                c,
                "UPDATE attempts SET failures = ?, last_at = ?, blocked_until = ? WHERE id = ?",
                failures,
                now,
                failures < tried.free() ? NOT_BLOCKED : now.plus(backOff(failures - tried.free())),
                key(tried));
        return Outcome.done(new Try(tried.id(), tried.free(), failures));
    }

    private Duration backOff(int over) {
        Duration wait = Duration.ofSeconds(1L << Math.min(over, 30));
        return wait.compareTo(longest) < 0 ? wait : longest;
    }

    /** Two that come first at once: one makes the row, the other finds it in a second transaction. */
    private <T> CompletionStage<T> twice(Transactor.Work<T> work) {
        return transactor
                .run(work)
                .handle((done, failure) ->
                        failure != null && unwrapped(failure) instanceof SQLException raced && Sql.broken(raced)
                                ? transactor.run(work)
                                : failure != null
                                        ? CompletableFuture.<T>failedFuture(failure)
                                        : CompletableFuture.completedFuture(done))
                .thenCompose(Function.identity());
    }

    private static Throwable unwrapped(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    private static String key(Try tried) {
        return Secrets.hash(tried.id());
    }
}
