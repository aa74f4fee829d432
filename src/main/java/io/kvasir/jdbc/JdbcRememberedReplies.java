package io.kvasir.jdbc;

import io.kvasir.kernel.RememberedReplies;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;

/** Remembered replies as rows, kept for a day, sealed under a key of the caller: they hold what people wrote. */
public final class JdbcRememberedReplies implements RememberedReplies {
    private static final Duration KEPT = Duration.ofHours(24);
    /** A claim without an answer for so long belongs to a request that never ends. */
    private static final Duration AT_WORK = Duration.ofMinutes(15);
    /** Younger claims are left alone even of a server that nobody knows: it may have joined just now. */
    private static final Duration UNKNOWN = Duration.ofSeconds(10);

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
                    "SELECT request_hash, status, body, holder, created_at FROM remembered_replies WHERE caller = ? AND idempotency_key = ? FOR UPDATE")) {
                select.setString(1, caller);
                select.setString(2, key);
                try (ResultSet rows = select.executeQuery()) {
                    if (rows.next()) {
                        return rows.getObject(2) == null && rows.getString(1).equals(requestHash) && abandoned(rows)
                                ? takeOver(c, caller, key)
                                : earlier(seal, rows, key, requestHash);
                    }
                }
            }
            try (PreparedStatement insert = c.prepareStatement(
                    "INSERT INTO remembered_replies (caller, idempotency_key, request_hash, created_at, holder) VALUES (?, ?, ?, ?, ?)")) {
                insert.setString(1, caller);
                insert.setString(2, key);
                insert.setString(3, requestHash);
                insert.setTimestamp(4, Timestamp.from(clock.instant()));
                insert.setString(5, self);
                insert.executeUpdate();
                return new Claim.Mine();
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
        return keys.obtain(subject(caller))
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
                }));
    }

    @Override
    public CompletionStage<Void> forget(String caller, String key) {
        return transactor.change(c -> {
            try (PreparedStatement delete = c.prepareStatement(
                    "DELETE FROM remembered_replies WHERE caller = ? AND idempotency_key = ? AND status IS NULL AND holder = ?")) {
                delete.setString(1, caller);
                delete.setString(2, key);
                delete.setString(3, self);
                delete.executeUpdate();
            }
        });
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
                || (age.compareTo(UNKNOWN) > 0 && (holder == null || !(holder.equals(self) || alive.test(holder))));
    }

    private Claim takeOver(Connection c, String caller, String key) throws SQLException {
        try (PreparedStatement update = c.prepareStatement(
                "UPDATE remembered_replies SET holder = ?, created_at = ? WHERE caller = ? AND idempotency_key = ?")) {
            update.setString(1, self);
            update.setTimestamp(2, Timestamp.from(clock.instant()));
            update.setString(3, caller);
            update.setString(4, key);
            update.executeUpdate();
            return new Claim.Mine();
        }
    }

    private void forgetOld(Connection c) throws SQLException {
        try (PreparedStatement delete = c.prepareStatement("DELETE FROM remembered_replies WHERE created_at < ?")) {
            delete.setTimestamp(1, Timestamp.from(clock.instant().minus(KEPT)));
            delete.executeUpdate();
        }
    }
}
