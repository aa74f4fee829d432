package io.kvasir.ingestion.source;

import static io.kvasir.ingestion.source.SourceRows.with;

import io.kvasir.ingestion.source.SourceRows.Key;
import io.kvasir.ingestion.source.SourceRun.Cause;
import io.kvasir.ingestion.source.SourceRun.Status;
import io.kvasir.jdbc.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;

/** The rows of readings. */
final class RunRows {
    private static final String OF = " WHERE tenant = ? AND knowledge_base = ? AND source = ?";
    private static final String COLUMNS = "id, cause, status, listing, started_at, ended_at, found, fetched, changed, "
            + "unchanged, removed, skipped, failed, error_code, error_detail";

    private RunRows() {}

    /** How far the listing is. */
    enum Listing {
        /** Not to its end yet. */
        OPEN,
        /** What is not named leaves. */
        WHOLE,
        PARTIAL
    }

    /** What is counted. */
    enum Count {
        FOUND,
        FETCHED,
        CHANGED,
        UNCHANGED,
        REMOVED,
        SKIPPED,
        FAILED
    }

    record Row(
            String id,
            Cause cause,
            Status status,
            Listing listing,
            Instant startedAt,
            Optional<Instant> endedAt,
            Map<Count, Integer> counts,
            Optional<String> errorCode,
            Optional<byte[]> errorDetail) {
        int of(Count count) {
            return counts.getOrDefault(count, 0);
        }
    }

    private static Row row(ResultSet r) throws SQLException {
        Map<Count, Integer> counts = new EnumMap<>(Count.class);
        for (Count count : Count.values()) {
            counts.put(count, r.getInt(7 + count.ordinal()));
        }
        return new Row(
                r.getString(1),
                Cause.valueOf(r.getString(2).toUpperCase(Locale.ROOT)),
                Status.valueOf(r.getString(3).toUpperCase(Locale.ROOT)),
                Listing.valueOf(r.getString(4).toUpperCase(Locale.ROOT)),
                Sql.instant(r, 5),
                Sql.time(r, 6),
                counts,
                Sql.text(r, 14),
                Optional.ofNullable(r.getBytes(15)));
    }

    private static Object[] columns(Key key) {
        return new Object[] {
            key.scope().tenant().value(),
            key.scope().knowledgeBase().value(),
            key.id().value()
        };
    }

    static void insert(Connection c, Key key, String id, Cause cause, Instant now) throws SQLException {
        Sql.update(
                c,
                "INSERT INTO source_runs (tenant, knowledge_base, source, id, cause, status, listing, started_at, found,"
                        + " fetched, changed, unchanged, removed, skipped, failed)"
                        + " VALUES (?, ?, ?, ?, ?, 'running', 'open', ?, 0, 0, 0, 0, 0, 0, 0)",
                with(columns(key), id, cause.toString(), now));
    }

    static Optional<Row> find(Connection c, Key key, String id) throws SQLException {
        return Sql.first(
                c,
                "SELECT " + COLUMNS + " FROM source_runs" + OF + " AND id = ?",
                RunRows::row,
                with(columns(key), id));
    }

    static Optional<Row> newest(Connection c, Key key) throws SQLException {
        return Sql.first(
                c,
                "SELECT " + COLUMNS + " FROM source_runs" + OF + " ORDER BY id DESC LIMIT 1",
                RunRows::row,
                columns(key));
    }

    /** The newest first. @param before an id, empty for the newest */
    static List<Row> list(Connection c, Key key, String before, int most) throws SQLException {
        return Sql.all(
                c,
                "SELECT " + COLUMNS + " FROM source_runs" + OF + " AND (? = '' OR id < ?) ORDER BY id DESC LIMIT ?",
                RunRows::row,
                with(columns(key), before, before, most));
    }

    static void listed(Connection c, Key key, String id, Listing listing) throws SQLException {
        Sql.update(
                c,
                "UPDATE source_runs SET listing = ?" + OF + " AND id = ?",
                with(new Object[] {listing.name().toLowerCase(Locale.ROOT)}, with(columns(key), id)));
    }

    static void add(Connection c, Key key, String id, Map<Count, Integer> more) throws SQLException {
        if (more.isEmpty()) {
            return;
        }
        StringJoiner sets = new StringJoiner(", ");
        Object[] parameters = {};
        for (Map.Entry<Count, Integer> count : more.entrySet()) {
            String column = count.getKey().name().toLowerCase(Locale.ROOT);
            sets.add(column + " = " + column + " + ?");
            parameters = with(parameters, count.getValue());
        }
        Sql.update(c, "UPDATE source_runs SET " + sets + OF + " AND id = ?", with(parameters, with(columns(key), id)));
    }

    static void ended(
            Connection c,
            Key key,
            String id,
            Status status,
            Instant now,
            Optional<String> code,
            Optional<byte[]> detail)
            throws SQLException {
        Sql.update(
                c,
                "UPDATE source_runs SET status = ?, ended_at = ?, error_code = ?, error_detail = ?" + OF
                        + " AND id = ? AND status = 'running'",
                with(new Object[] {status.toString(), now, code, detail}, with(columns(key), id)));
    }

    /** Forgets all but the newest. */
    static void keep(Connection c, Key key, int most) throws SQLException {
        Optional<String> oldest = Sql.first(
                c,
                "SELECT id FROM source_runs" + OF + " ORDER BY id DESC LIMIT 1 OFFSET ?",
                r -> r.getString(1),
                with(columns(key), most - 1));
        if (oldest.isPresent()) {
            Sql.update(c, "DELETE FROM source_runs" + OF + " AND id < ?", with(columns(key), oldest.get()));
        }
    }

    static void delete(Connection c, Key key) throws SQLException {
        Sql.update(c, "DELETE FROM source_runs" + OF, columns(key));
    }
}
