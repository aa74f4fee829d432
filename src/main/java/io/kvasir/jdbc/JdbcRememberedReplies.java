package io.kvasir.jdbc;

import io.kvasir.kernel.Ids;
import io.kvasir.kernel.RememberedReplies;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Remembered replies as rows, kept for a day, sealed under a key of the caller: they hold what people wrote. */
public final class JdbcRememberedReplies implements RememberedReplies {
    private static final Duration KEPT = Duration.ofHours(24);
    /** A claim without an answer for so long belongs to a request that never ends. */
    private static final Duration AT_WORK = Duration.ofMinutes(15);
    /** Younger claims are left alone even of a server that nobody knows: it may have joined just now. */
    private static final Duration UNKNOWN = Duration.ofSeconds(10);
    /** While the database is away, it is told so often what became of a request. */
    private static final Duration AGAIN = Duration.ofSeconds(1);
    /** Holder of a claim that was left to whoever comes. Rows of before there were holders have none. */
    private static final String ANYBODY = "";

    private final Transactor transactor;
    private final SubjectKeys keys;
    private final Clock clock;
    private final String self;
    private final Predicate<String> alive;

    /**
     * @param self name of this server while it runs, which no other and no later one bears
     * @param alive whether the server of a name may still be at work; claims of others are taken over
     */
    public JdbcRememberedReplies(
            Transactor transactor, SubjectKeys keys, Clock clock, String self, Predicate<String> alive) {
        this.transactor = transactor;
        this.keys = keys;
        this.clock = clock;
        this.self = self;
        this.alive = alive;
    }

    /** Whose key seals a caller's replies: {@code tenant/replies/user}. */
    private static String subject(String caller) {
        return caller.replaceFirst("/", "/replies/");
    }

    /** Forgets all replies to a caller, also those that a backup still holds. @return how many there were */
    public CompletionStage<Integer> erase(String caller) {
        return keys.destroy(subject(caller))
                .thenCompose(_ -> transactor.run(c -> {
                    try (PreparedStatement delete =
                            c.prepareStatement("DELETE FROM remembered_replies WHERE caller = ?")) {
                        delete.setString(1, caller);
                        return delete.executeUpdate();
                    }
                }));
    }

    /** Forgets the replies to all callers whose name begins so. */
    public CompletionStage<Void> eraseAll(String prefix) {
        return transactor.change(c -> {
            try (PreparedStatement delete =
                    c.prepareStatement("DELETE FROM remembered_replies WHERE substring(caller, 1, ?) = ?")) {
                delete.setInt(1, prefix.length());
                delete.setString(2, prefix);
                delete.executeUpdate();
            }
        });
    }

    @Override
    public CompletionStage<Claim> claim(String caller, String key, String requestHash) {
        return keys.obtain(subject(caller)).thenCompose(seal -> claim(seal, caller, key, requestHash));
    }

    private CompletionStage<Claim> claim(SubjectKey seal, String caller, String key, String requestHash) {
        return transactor.run(c -> {
            forgetOld(c);
            try (PreparedStatement select = c.prepareStatement(
                    "SELECT request_hash, status, body, holder, created_at, creates FROM remembered_replies WHERE caller = ? AND idempotency_key = ? FOR UPDATE")) {
                select.setString(1, caller);
                select.setString(2, key);
                try (ResultSet rows = select.executeQuery()) {
                    if (rows.next()) {
                        return rows.getObject(2) == null && rows.getString(1).equals(requestHash) && abandoned(rows)
                                ? takeOver(c, caller, key, Sql.text(rows, 6).orElseGet(Ids::next))
                                : earlier(seal, rows, key, requestHash);
                    }
                }
            }
            String id = Ids.next();
            try (PreparedStatement insert = c.prepareStatement(
                    "INSERT INTO remembered_replies (caller, idempotency_key, request_hash, created_at, holder, creates) VALUES (?, ?, ?, ?, ?, ?)")) {
                insert.setString(1, caller);
                insert.setString(2, key);
                insert.setString(3, requestHash);
                insert.setTimestamp(4, Timestamp.from(clock.instant()));
                insert.setString(5, self);
                insert.setString(6, id);
                insert.executeUpdate();
                return new Claim.Mine(id);
            } catch (SQLException raced) {
                if (raced.getSQLState() != null && raced.getSQLState().startsWith("23")) {
                    c.rollback(); // PostgreSQL lets nothing else happen in a transaction that failed
                    return new Claim.Earlier(Optional.empty());
                }
                throw raced;
            }
        });
    }

    @Override
    public CompletionStage<Void> remember(String caller, String key, Reply reply) {
        return told(() -> keys.obtain(subject(caller))
                .thenCompose(seal -> transactor.change(c -> {
                    try (PreparedStatement update = c.prepareStatement(
                            "UPDATE remembered_replies SET status = ?, body = ? WHERE caller = ? AND idempotency_key = ? AND holder = ?")) {
                        update.setInt(1, reply.status());
                        update.setBytes(2, seal.encrypt(reply.body(), key));
                        update.setString(3, caller);
                        update.setString(4, key);
                        update.setString(5, self);
                        update.executeUpdate();
                    }
                })));
    }

    @Override
    public CompletionStage<Void> forget(String caller, String key) {
        return told(() -> transactor.change(c -> {
            try (PreparedStatement delete = c.prepareStatement(
                    "DELETE FROM remembered_replies WHERE caller = ? AND idempotency_key = ? AND status IS NULL AND holder = ?")) {
                delete.setString(1, caller);
                delete.setString(2, key);
                delete.setString(3, self);
                delete.executeUpdate();
            }
        }));
    }

    @Override
    public CompletionStage<Void> leave(String caller, String key) {
        return told(() -> transactor.change(c -> {
            try (PreparedStatement update = c.prepareStatement(
                    "UPDATE remembered_replies SET holder = ? WHERE caller = ? AND idempotency_key = ? AND status IS NULL AND holder = ?")) {
                update.setString(1, ANYBODY);
                update.setString(2, caller);
                update.setString(3, key);
                update.setString(4, self);
                update.executeUpdate();
            }
        }));
    }

    /**
     * While the database is away, tells it again and again beside: until it knows what became of a request, whoever asks
     * again is told that it is at work. The answer does not wait for that.
     */
    private static CompletionStage<Void> told(Supplier<CompletionStage<Void>> telling) {
        return telling.get().exceptionallyCompose(fault -> {
            if (!away(fault)) {
                return CompletableFuture.failedFuture(fault);
            }
            toldLater(telling, 1);
            return CompletableFuture.completedFuture(null);
        });
    }

    private static void toldLater(Supplier<CompletionStage<Void>> telling, int tries) {
        CompletableFuture.delayedExecutor(AGAIN.toMillis(), TimeUnit.MILLISECONDS)
                .execute(() -> telling.get().whenComplete((_, fault) -> {
                    if (fault != null && away(fault) && tries < AT_WORK.dividedBy(AGAIN)) {
                        toldLater(telling, tries + 1);
                    }
                }));
    }

    private static boolean away(Throwable fault) {
        return fault instanceof SQLTransientException
                || fault instanceof CompletionException && fault.getCause() instanceof SQLTransientException;
    }

    private static Claim earlier(SubjectKey seal, ResultSet row, String key, String requestHash) throws SQLException {
        if (!row.getString(1).equals(requestHash)) {
            return new Claim.OtherRequest();
        }
        int status = row.getInt(2);
        return row.wasNull()
                ? new Claim.Earlier(Optional.empty())
                : new Claim.Earlier(Optional.of(new Reply(status, seal.decrypt(row.getBytes(3), key))));
    }

    /** Whether nobody works on a claimed request any more, so that whoever asks again may do it. */
    private boolean abandoned(ResultSet row) throws SQLException {
        String holder = row.getString(4);
        Duration age = Duration.between(row.getTimestamp(5).toInstant(), clock.instant());
        return age.compareTo(AT_WORK) > 0
                || ANYBODY.equals(holder)
                || (age.compareTo(UNKNOWN) > 0 && (holder == null || !(holder.equals(self) || alive.test(holder))));
    }

    private Claim takeOver(Connection c, String caller, String key, String id) throws SQLException {
        try (PreparedStatement update = c.prepareStatement(
                "UPDATE remembered_replies SET holder = ?, created_at = ?, creates = ? WHERE caller = ? AND idempotency_key = ?")) {
            update.setString(1, self);
            update.setTimestamp(2, Timestamp.from(clock.instant()));
            update.setString(3, id);
            update.setString(4, caller);
            update.setString(5, key);
            update.executeUpdate();
            return new Claim.Mine(id);
        }
    }

    private void forgetOld(Connection c) throws SQLException {
        try (PreparedStatement delete = c.prepareStatement("DELETE FROM remembered_replies WHERE created_at < ?")) {
            delete.setTimestamp(1, Timestamp.from(clock.instant().minus(KEPT)));
            delete.executeUpdate();
        }
    }
}
