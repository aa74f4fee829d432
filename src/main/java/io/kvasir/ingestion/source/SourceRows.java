package io.kvasir.ingestion.source;

import io.kvasir.ingestion.source.SourceEntry.State;
import io.kvasir.ingestion.source.SourceRun.Cause;
import io.kvasir.jdbc.Sql;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The rows of sources, and who has leased them. */
final class SourceRows {
    private static final String COLUMNS =
            "tenant, knowledge_base, id, kind, settings, memory, state, every_seconds, due_at, next_cause, failures, "
                    + "error_code, error_detail, created_at, read_at, run, cancel_asked, added_by";
    private static final String ONE = " WHERE tenant = ? AND knowledge_base = ? AND id = ?";

    private SourceRows() {}

    /** Which source. */
    record Key(Scope scope, SourceId id) {
        private Object[] columns() {
            return new Object[] {scope.tenant().value(), scope.knowledgeBase().value(), id.value()};
        }
    }

    /** @param run the one that goes on; @param cause of the next one; @param addedBy a request */
    record Row(
            Key key,
            String kind,
            byte[] settings,
            Optional<byte[]> memory,
            State state,
            Optional<Duration> every,
            Optional<Instant> dueAt,
            Cause cause,
            int failures,
            Optional<String> errorCode,
            Optional<byte[]> errorDetail,
            Instant createdAt,
            Optional<Instant> readAt,
            Optional<String> run,
            boolean cancelAsked,
            Optional<String> addedBy) {}

    private static Row row(ResultSet r) throws SQLException {
        long seconds = r.getLong(8);
        boolean never = r.wasNull();
        return new Row(
                new Key(
                        new Scope(new TenantId(r.getString(1)), new KnowledgeBaseId(r.getString(2))),
                        new SourceId(r.getString(3))),
                r.getString(4),
                r.getBytes(5),
                Optional.ofNullable(r.getBytes(6)),
                State.valueOf(r.getString(7).toUpperCase(Locale.ROOT)),
                never ? Optional.empty() : Optional.of(Duration.ofSeconds(seconds)),
                Sql.time(r, 9),
                Cause.valueOf(r.getString(10).toUpperCase(Locale.ROOT)),
                r.getInt(11),
                Sql.text(r, 12),
                Optional.ofNullable(r.getBytes(13)),
                Sql.instant(r, 14),
                Sql.time(r, 15),
                Sql.text(r, 16),
                r.getBoolean(17),
                Sql.text(r, 18));
    }

    static void insert(
            Connection c,
            Key key,
            String kind,
            byte[] settings,
            Optional<Duration> every,
            Optional<Instant> due,
            Instant now,
            Optional<String> addedBy)
            throws SQLException {
        Sql.update(
                c,
                "INSERT INTO sources (tenant, knowledge_base, id, kind, settings, state, every_seconds, due_at, "
                        + "next_cause, failures, created_at, cancel_asked, added_by)"
                        + " VALUES (?, ?, ?, ?, ?, 'added', ?, ?, 'added', 0, ?, FALSE, ?)",
                with(key.columns(), kind, settings, every.map(Duration::toSeconds), due, now, addedBy));
    }

    static Optional<Row> find(Connection c, Key key) throws SQLException {
        return Sql.first(c, "SELECT " + COLUMNS + " FROM sources" + ONE, SourceRows::row, key.columns());
    }

    static int count(Connection c, Scope scope) throws SQLException {
        return Sql.first(
                        c,
                        "SELECT COUNT(*) FROM sources WHERE tenant = ? AND knowledge_base = ? AND state <> 'removed'",
                        r -> r.getInt(1),
                        scope.tenant().value(),
                        scope.knowledgeBase().value())
                .orElse(0);
    }

    /** In the order of their ids. @param kind empty for all; @param after an id, empty for the first */
    static List<Row> list(Connection c, Scope scope, String kind, String after, int most) throws SQLException {
        return Sql.all(
                c,
                "SELECT " + COLUMNS + " FROM sources WHERE tenant = ? AND knowledge_base = ? AND id > ?"
                        + " AND (? = '' OR kind = ?) ORDER BY id LIMIT ?",
                SourceRows::row,
                scope.tenant().value(),
                scope.knowledgeBase().value(),
                after,
                kind,
                kind,
                most);
    }

    /**
     * Those somebody should read now: the longest due of each tenant and kind first, then the second of each, so that
     * nobody's many stand before another's one.
     *
     * @param each most of one tenant and kind
     */
    static List<Row> due(Connection c, Instant now, int each, int most) throws SQLException {
        return Sql.all(
                c,
                "SELECT " + COLUMNS + " FROM (SELECT s.*, ROW_NUMBER() OVER (PARTITION BY tenant, kind,"
                        + " CASE WHEN state = 'removed' THEN 1 ELSE 0 END ORDER BY due_at, id) AS turn FROM sources s"
                        + " WHERE due_at <= ? AND (lease_until IS NULL OR lease_until < ?)) waiting"
                        + " WHERE turn <= ? ORDER BY turn, due_at LIMIT ?",
                SourceRows::row,
                now,
                now,
                each,
                most);
    }

    /** @return whether the source is the owner's now; nobody else gets it before the lease ends */
    static boolean claim(Connection c, Key key, String owner, Instant now, Instant until) throws SQLException {
        return Sql.update(
                        c,
                        "UPDATE sources SET lease_owner = ?, lease_until = ?" + ONE
                                + " AND due_at <= ? AND (lease_until IS NULL OR lease_until < ?)",
                        with(new Object[] {owner, until}, join(key.columns(), now, now)))
                == 1;
    }

    /** @return whether it is still the owner's */
    static boolean renew(Connection c, Key key, String owner, Instant until) throws SQLException {
        return Sql.update(
                        c,
                        "UPDATE sources SET lease_until = ?" + ONE + " AND lease_owner = ?",
                        with(new Object[] {until}, join(key.columns(), owner)))
                == 1;
    }

    static boolean owned(Connection c, Key key, String owner) throws SQLException {
        return Sql.any(c, "SELECT 1 FROM sources" + ONE + " AND lease_owner = ?", join(key.columns(), owner));
    }

    /** What goes on goes on elsewhere, at once. */
    static void release(Connection c, Key key, String owner) throws SQLException {
        Sql.update(
                c,
                "UPDATE sources SET lease_owner = NULL, lease_until = NULL" + ONE + " AND lease_owner = ?",
                join(key.columns(), owner));
    }

    /** Where there is one node only: whoever had a lease is dead. */
    static void releaseAll(Connection c) throws SQLException {
        Sql.update(c, "UPDATE sources SET lease_owner = NULL, lease_until = NULL WHERE lease_owner IS NOT NULL");
    }

    static void began(Connection c, Key key, String run) throws SQLException {
        Sql.update(
                c,
                "UPDATE sources SET run = ?, cancel_asked = FALSE, state = 'fetching'" + ONE
                        + " AND state <> 'removed'",
                with(new Object[] {run}, key.columns()));
    }

    static void state(Connection c, Key key, State state) throws SQLException {
        Sql.update(
                c,
                "UPDATE sources SET state = ?" + ONE + " AND state <> 'removed'",
                with(new Object[] {state.toString()}, key.columns()));
    }

    /** A reading is over. One that was asked for meanwhile stays due. */
    static void ended(
            Connection c,
            Key key,
            State state,
            Optional<Instant> due,
            int failures,
            Optional<String> code,
            Optional<byte[]> detail,
            Optional<Instant> readAt)
            throws SQLException {
        Sql.update(
                c,
                "UPDATE sources SET state = ?, due_at = ?, next_cause = ?, failures = ?, error_code = ?,"
                        + " error_detail = ?, read_at = COALESCE(?, read_at)" + ONE
                        + " AND state <> 'removed' AND next_cause <> 'asked'",
                with(
                        new Object[] {
                            state.toString(),
                            due,
                            (code.isPresent() ? Cause.RETRY : Cause.SCHEDULE).toString(),
                            failures,
                            code,
                            detail,
                            readAt
                        },
                        key.columns()));
        Sql.update(
                c,
                "UPDATE sources SET state = ?, failures = ?, error_code = ?, error_detail = ?,"
                        + " read_at = COALESCE(?, read_at)" + ONE + " AND state <> 'removed' AND next_cause = 'asked'",
                with(new Object[] {state.toString(), failures, code, detail, readAt}, key.columns()));
        Sql.update(
                c,
                "UPDATE sources SET run = NULL, cancel_asked = FALSE, lease_owner = NULL, lease_until = NULL" + ONE,
                key.columns());
    }

    /** Due at once. */
    static void ask(Connection c, Key key, Instant now, Cause cause) throws SQLException {
        Sql.update(
                c,
                "UPDATE sources SET due_at = ?, next_cause = ?, failures = 0" + ONE + " AND state <> 'removed'",
                with(new Object[] {now, cause.toString()}, key.columns()));
    }

    static void taken(Connection c, Key key) throws SQLException {
        Sql.update(c, "UPDATE sources SET next_cause = 'schedule'" + ONE, key.columns());
    }

    static void change(Connection c, Key key, byte[] settings, Optional<Duration> every, Optional<Instant> due)
            throws SQLException {
        Sql.update(
                c,
                "UPDATE sources SET settings = ?, every_seconds = ?, due_at = ?" + ONE + " AND state <> 'removed'",
                with(new Object[] {settings, every.map(Duration::toSeconds), due}, key.columns()));
    }

    static void remember(Connection c, Key key, byte[] memory) throws SQLException {
        Sql.update(c, "UPDATE sources SET memory = ?" + ONE, with(new Object[] {memory}, key.columns()));
    }

    static void cancel(Connection c, Key key) throws SQLException {
        Sql.update(c, "UPDATE sources SET cancel_asked = TRUE" + ONE + " AND run IS NOT NULL", key.columns());
    }

    static void remove(Connection c, Key key, Instant now) throws SQLException {
        Sql.update(
                c,
                "UPDATE sources SET state = 'removed', due_at = ?, next_cause = 'removal', cancel_asked = TRUE" + ONE,
                with(new Object[] {now}, key.columns()));
    }

    static void delete(Connection c, Key key) throws SQLException {
        Sql.update(c, "DELETE FROM sources" + ONE, key.columns());
    }

    static void deleteAll(Connection c, Scope scope) throws SQLException {
        for (String table : List.of("sources", "source_items", "source_runs")) {
            Sql.update(
                    c,
                    "DELETE FROM " + table + " WHERE tenant = ? AND knowledge_base = ?",
                    scope.tenant().value(),
                    scope.knowledgeBase().value());
        }
    }

    static Object[] with(Object[] first, Object... then) {
        return join(first, then);
    }

    static Object[] join(Object[] first, Object... then) {
        Object[] all = new Object[first.length + then.length];
        System.arraycopy(first, 0, all, 0, first.length);
        System.arraycopy(then, 0, all, first.length, then.length);
        return all;
    }
}
