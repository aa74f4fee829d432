package io.kvasir.ingestion.source;

import static io.kvasir.ingestion.source.SourceRows.with;

import io.kvasir.ingestion.source.SourceRows.Key;
import io.kvasir.jdbc.Sql;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.retrieval.SourceVersion;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The rows of items. */
final class ItemRows {
    private static final String OF = " WHERE tenant = ? AND knowledge_base = ? AND source = ?";
    private static final String COLUMNS =
            "id, parent, name, note, marks, card, place, phase, run, version, published, size, hash, code, detail, changed_at, "
                    + "CASE WHEN links IS NULL THEN 0 ELSE 1 END";

    /** One after the other: with an OR between them no index would help. */
    private static final List<String> ITSELF_AND_PARTS = List.of(" AND id = ?", " AND parent = ?");

    /** So many versions an item has before they could be those of a later life of it. */
    private static final long LIFE = 1_000;

    private ItemRows() {}

    /** Where an item stands within a reading; see the migration. */
    enum Phase {
        FOUND,
        FETCHED,
        STAGED,
        GONE,
        SKIPPED,
        DONE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * @param version the newest; 0 where nothing was ever fetched
     * @param published the one searches find; 0 for none
     * @param led whether it is known where it led when it was last read
     */
    record Row(
            SourceId id,
            Optional<String> parent,
            byte[] name,
            Optional<byte[]> note,
            Optional<byte[]> marks,
            Optional<byte[]> card,
            long place,
            Phase phase,
            String run,
            long version,
            long published,
            long size,
            Optional<String> hash,
            Optional<String> code,
            Optional<byte[]> detail,
            Instant changedAt,
            boolean led) {
        SourceVersion newest() {
            return new SourceVersion(id, version);
        }

        /** Those of before the newest that may have left something behind. */
        List<SourceVersion> older() {
            List<SourceVersion> older = new ArrayList<>();
            for (long v = Math.max(published, version - (version - 1) % LIFE); v < version; v++) {
                older.add(new SourceVersion(id, v));
            }
            return older;
        }

        List<SourceVersion> all() {
            List<SourceVersion> all = older();
            if (version > 0) {
                all.add(newest());
            }
            return all;
        }
    }

    private static Row row(ResultSet r) throws SQLException {
        return new Row(
                new SourceId(r.getString(1)),
                Sql.text(r, 2),
                r.getBytes(3),
                Optional.ofNullable(r.getBytes(4)),
                Optional.ofNullable(r.getBytes(5)),
                Optional.ofNullable(r.getBytes(6)),
                r.getLong(7),
                Phase.valueOf(r.getString(8).toUpperCase(Locale.ROOT)),
                r.getString(9),
                r.getLong(10),
                r.getLong(11),
                r.getLong(12),
                Sql.text(r, 13),
                Sql.text(r, 14),
                Optional.ofNullable(r.getBytes(15)),
                Sql.instant(r, 16),
                r.getInt(17) == 1);
    }

    /** The same thing has the same id for ever, so reading it twice writes the same rows and passages. */
    static SourceId identity(SourceId source, String key) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256")
                    .digest((source.value() + "\n" + key).getBytes(StandardCharsets.UTF_8));
            return new SourceId(HexFormat.of().formatHex(hash, 0, 16));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Of an item that is not known, or not any more: what was there once and comes back begins a life of its own. The
     * index never shows again what it hid, and may still be sweeping it.
     */
    static long firstVersion(Instant now) {
        return now.toEpochMilli() * LIFE + 1;
    }

    private static Object[] columns(Key key) {
        return new Object[] {
            key.scope().tenant().value(),
            key.scope().knowledgeBase().value(),
            key.id().value()
        };
    }

    private static Object[] columns(Key key, SourceId item) {
        return with(columns(key), item.value());
    }

    static Optional<Row> find(Connection c, Key key, SourceId item) throws SQLException {
        return Sql.first(
                c, "SELECT " + COLUMNS + " FROM source_items" + OF + " AND id = ?", ItemRows::row, columns(key, item));
    }

    /** Of a phase, in the order they were found. */
    static List<Row> in(Connection c, Key key, Phase phase, Optional<String> run, int most) throws SQLException {
        return Sql.all(
                c,
                "SELECT " + COLUMNS + " FROM source_items" + OF + " AND phase = ? AND (? = '' OR run = ?)"
                        // In the whole order of an index: else all that waits would be sorted for its first few.
                        + " ORDER BY tenant, knowledge_base, source, phase, place LIMIT ?",
                ItemRows::row,
                with(columns(key), phase.toString(), run.orElse(""), run.orElse(""), most));
    }

    /** Those of which something is to be shown or hidden. */
    static List<Row> waiting(Connection c, Key key, int most) throws SQLException {
        List<Row> waiting = new ArrayList<>();
        for (Phase phase : List.of(Phase.STAGED, Phase.GONE, Phase.SKIPPED)) {
            waiting.addAll(in(c, key, phase, Optional.empty(), most - waiting.size()));
        }
        return waiting;
    }

    /** In the order of their ids. @param failed only those with a problem */
    static List<Row> list(Connection c, Key key, boolean failed, String after, int most) throws SQLException {
        return Sql.all(
                c,
                "SELECT " + COLUMNS + " FROM source_items" + OF + " AND id > ?"
                        + (failed ? " AND code IS NOT NULL" : "") + " ORDER BY id LIMIT ?",
                ItemRows::row,
                with(columns(key), after, most));
    }

    static List<Row> whole(Connection c, Key key, String after, int most) throws SQLException {
        return Sql.all(
                c,
                "SELECT " + COLUMNS + " FROM source_items" + OF
                        + " AND id > ? AND parent IS NULL AND phase <> 'gone' ORDER BY id LIMIT ?",
                ItemRows::row,
                with(columns(key), after, most));
    }

    /** Names it as one to be read in this run. @return whether it was not yet */
    static boolean found(
            Connection c, Key key, SourceId item, byte[] name, byte[] note, long place, String run, Instant now)
            throws SQLException {
        int known = Sql.update(
                c,
                "UPDATE source_items SET phase = 'found', run = ?, note = ?, place = ?" + OF
                        + " AND id = ? AND run <> ?",
                with(new Object[] {run, note, place}, with(columns(key, item), run)));
        if (known == 1) {
            return true;
        }
        return Sql.update(
                        c,
                        "INSERT INTO source_items (tenant, knowledge_base, source, id, name, note, place, phase, run,"
                                + " version, published, size, changed_at)"
                                + " SELECT ?, ?, ?, ?, ?, ?, ?, 'found', ?, 0, 0, 0, CAST(? AS TIMESTAMP WITH TIME ZONE)"
                                + " WHERE NOT EXISTS (SELECT 1 FROM source_items" + OF + " AND id = ?)",
                        with(columns(key, item), with(new Object[] {name, note, place, run, now}, columns(key, item))))
                == 1;
    }

    /** Is there as it was, its parts too. @return whether it is known at all */
    static boolean still(Connection c, Key key, SourceId item, String run) throws SQLException {
        int known = 0;
        for (String which : ITSELF_AND_PARTS) {
            known += Sql.update(
                    c, "UPDATE source_items SET run = ?" + OF + which, with(new Object[] {run}, columns(key, item)));
        }
        return known > 0;
    }

    /** To be hidden and forgotten, with its parts. @return how many of these searches find */
    static int gone(Connection c, Key key, SourceId item) throws SQLException {
        int seen = 0;
        for (String which : ITSELF_AND_PARTS) {
            seen += seen(c, key, which, item.value());
            Sql.update(c, "UPDATE source_items SET phase = 'gone'" + OF + which, columns(key, item));
        }
        return seen;
    }

    /** The same for everything this run did not come across. */
    static int vanished(Connection c, Key key, String run) throws SQLException {
        int seen = seen(c, key, " AND run <> ?", run);
        Sql.update(c, "UPDATE source_items SET phase = 'gone'" + OF + " AND run <> ?", with(columns(key), run));
        return seen;
    }

    static void goneAll(Connection c, Key key) throws SQLException {
        Sql.update(c, "UPDATE source_items SET phase = 'gone'" + OF, columns(key));
    }

    /** Parts that were not named with their item in this run. */
    static int partsGone(Connection c, Key key, SourceId item, String run) throws SQLException {
        int seen = seen(c, key, " AND parent = ? AND run <> ?", item.value(), run);
        Sql.update(
                c,
                "UPDATE source_items SET phase = 'gone'" + OF + " AND parent = ? AND run <> ?",
                with(columns(key, item), run));
        return seen;
    }

    private static int seen(Connection c, Key key, String which, Object... parameters) throws SQLException {
        return Sql.first(
                        c,
                        // Counted rather than asked for, so that the way in is by what is given.
                        "SELECT SUM(CASE WHEN published > 0 AND phase <> 'gone' THEN 1 ELSE 0 END) FROM source_items"
                                + OF + which,
                        r -> r.getInt(1),
                        with(columns(key), parameters))
                .orElse(0);
    }

    static void part(
            Connection c, Key key, SourceId item, SourceId parent, byte[] name, long place, String run, Instant now)
            throws SQLException {
        found(c, key, item, name, new byte[0], place, run, now);
        Sql.update(
                c,
                "UPDATE source_items SET parent = ?" + OF + " AND id = ?",
                with(new Object[] {parent.value()}, columns(key, item)));
    }

    /** Its bytes are kept under this version. */
    static void fetched(
            Connection c,
            Key key,
            SourceId item,
            long version,
            String hash,
            long size,
            byte[] card,
            Optional<byte[]> marks,
            Instant now)
            throws SQLException {
        Sql.update(
                c,
                "UPDATE source_items SET phase = 'fetched', version = ?, hash = ?, size = ?, card = ?, marks = ?,"
                        + " code = NULL, detail = NULL, changed_at = ?" + OF + " AND id = ?",
                with(new Object[] {version, hash, size, card, marks, now}, columns(key, item)));
    }

    /** Where it led. @param links sealed; empty for nowhere */
    static void led(Connection c, Key key, SourceId item, byte[] links) throws SQLException {
        Sql.update(
                c,
                "UPDATE source_items SET links = ?" + OF + " AND id = ?",
                with(new Object[] {links}, columns(key, item)));
    }

    static Optional<byte[]> links(Connection c, Key key, SourceId item) throws SQLException {
        return Sql.first(
                        c,
                        "SELECT links FROM source_items" + OF + " AND id = ?",
                        r -> Optional.ofNullable(r.getBytes(1)),
                        columns(key, item))
                .flatMap(bytes -> bytes);
    }

    /** What a run passed over with this code. */
    static List<Row> passedOver(Connection c, Key key, String run, String code) throws SQLException {
        return Sql.all(
                c,
                "SELECT " + COLUMNS + " FROM source_items" + OF
                        + " AND run = ? AND code = ? AND phase IN ('skipped', 'done')",
                ItemRows::row,
                with(columns(key), run, code));
    }

    /** Nothing is remembered of what was read; the next reading reads it whole. */
    static void unmark(Connection c, Key key) throws SQLException {
        Sql.update(c, "UPDATE source_items SET marks = NULL" + OF, columns(key));
    }

    /** Nothing is left to do with it in this run. @param marks empty to keep what is remembered */
    static void done(
            Connection c,
            Key key,
            SourceId item,
            Phase phase,
            Optional<byte[]> marks,
            Optional<String> code,
            Optional<byte[]> detail)
            throws SQLException {
        Sql.update(
                c,
                "UPDATE source_items SET phase = ?, marks = COALESCE(?, marks), code = ?, detail = ?" + OF
                        + " AND id = ?",
                with(new Object[] {phase.toString(), marks, code, detail}, columns(key, item)));
    }

    static void staged(Connection c, Key key, SourceVersion item) throws SQLException {
        Sql.update(
                c,
                "UPDATE source_items SET phase = 'staged'" + OF + " AND id = ? AND version = ? AND phase = 'fetched'",
                with(columns(key, item.source()), item.version()));
    }

    /** No passages could be made of it; the next reading tries again, whatever its hash. */
    static void unreadable(Connection c, Key key, SourceId item, String code, byte[] detail) throws SQLException {
        Sql.update(
                c,
                "UPDATE source_items SET phase = 'done', hash = NULL, marks = NULL, code = ?, detail = ?" + OF
                        + " AND id = ?",
                with(new Object[] {code, detail}, columns(key, item)));
    }

    /** Shown or hidden, as its phase said. */
    static void settled(Connection c, Key key, Row row) throws SQLException {
        switch (row.phase()) {
            case STAGED ->
                Sql.update(
                        c,
                        "UPDATE source_items SET phase = 'done', published = ?" + OF
                                + " AND id = ? AND phase = 'staged' AND version = ?",
                        with(new Object[] {row.version()}, with(columns(key, row.id()), row.version())));
            case GONE ->
                Sql.update(
                        c, "DELETE FROM source_items" + OF + " AND id = ? AND phase = 'gone'", columns(key, row.id()));
            case SKIPPED ->
                Sql.update(
                        c,
                        "UPDATE source_items SET phase = 'done', published = 0, size = 0, hash = NULL" + OF
                                + " AND id = ? AND phase = 'skipped'",
                        columns(key, row.id()));
            case FOUND, FETCHED, DONE -> {}
        }
    }

    /** Everything is read and embedded again by the next reading, whether it changed or not. */
    static void forget(Connection c, Scope scope) throws SQLException {
        Sql.update(
                c,
                "UPDATE source_items SET hash = NULL, marks = NULL WHERE tenant = ? AND knowledge_base = ?",
                scope.tenant().value(),
                scope.knowledgeBase().value());
    }

    static SourceEntry.Items count(Connection c, Key key) throws SQLException {
        return Sql.first(
                        c,
                        "SELECT COUNT(*), SUM(CASE WHEN published > 0 THEN 1 ELSE 0 END),"
                                + " SUM(CASE WHEN code IS NULL THEN 0 ELSE 1 END) FROM source_items" + OF,
                        r -> new SourceEntry.Items(r.getInt(1), r.getInt(2), r.getInt(3)),
                        columns(key))
                .orElse(new SourceEntry.Items(0, 0, 0));
    }

    static Optional<Row> firstProblem(Connection c, Key key, String run) throws SQLException {
        return Sql.first(
                c,
                "SELECT " + COLUMNS + " FROM source_items" + OF
                        + " AND run = ? AND code IS NOT NULL ORDER BY place LIMIT 1",
                ItemRows::row,
                with(columns(key), run));
    }

    /** The beginnings of the ids of everything a run came across. */
    static Set<String> seen(Connection c, Key key, String run) throws SQLException {
        return new HashSet<>(Sql.all(
                c, "SELECT id FROM source_items" + OF + " AND run = ?", r -> r.getString(1), with(columns(key), run)));
    }

    static long lastPlace(Connection c, Key key) throws SQLException {
        return Sql.first(c, "SELECT MAX(place) FROM source_items" + OF, r -> r.getLong(1), columns(key))
                .orElse(0L);
    }

    /** What all sources of a knowledge base keep. */
    static Shelf.Holdings kept(Connection c, Scope scope) throws SQLException {
        return Sql.first(
                        c,
                        "SELECT COUNT(*), SUM(size) FROM source_items"
                                + " WHERE tenant = ? AND knowledge_base = ? AND size > 0 AND phase <> 'gone'",
                        r -> new Shelf.Holdings(r.getLong(1), r.getLong(2)),
                        scope.tenant().value(),
                        scope.knowledgeBase().value())
                .orElse(new Shelf.Holdings(0, 0));
    }
}
