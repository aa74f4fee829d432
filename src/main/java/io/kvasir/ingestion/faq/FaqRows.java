package io.kvasir.ingestion.faq;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.http.Json;
import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.Sealed;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The rows of questions, opened and sealed with the key of their list. */
record FaqRows(Scope scope, SubjectKey key) {
    /** Room between neighbours. */
    private static final long GAP = 1L << 20;

    private static final String OF = " WHERE tenant = ? AND knowledge_base = ?";
    private static final String COLUMNS =
            "id, place, version, question, answer, metadata, language, created_at, updated_at";

    /** @param version rises with each change */
    record Row(FaqEntry entry, long place, long version) {}

    private Row row(ResultSet r) throws SQLException {
        return new Row(
                new FaqEntry(
                        r.getString(1),
                        open(r.getBytes(4)),
                        open(r.getBytes(5)),
                        Optional.ofNullable(r.getBytes(6)).map(this::open).map(FaqRows::json),
                        Sql.text(r, 7),
                        Sql.instant(r, 8),
                        Sql.instant(r, 9)),
                r.getLong(2),
                r.getLong(3));
    }

    private static JsonNode json(String text) {
        try {
            return Json.MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private String open(byte[] bytes) {
        return key.open(new Sealed(key.subject(), bytes));
    }

    private byte[] seal(String text) {
        return key.seal(text).bytes();
    }

    private Object[] with(Object... more) {
        Object[] all = new Object[more.length + 2];
        all[0] = scope.tenant().value();
        all[1] = scope.knowledgeBase().value();
        System.arraycopy(more, 0, all, 2, more.length);
        return all;
    }

    Optional<Row> find(Connection c, String id) throws SQLException {
        return Sql.first(c, "SELECT " + COLUMNS + " FROM faq_entries" + OF + " AND id = ?", this::row, with(id));
    }

    Optional<Row> asked(Connection c, String question) throws SQLException {
        return Sql.first(
                c,
                "SELECT " + COLUMNS + " FROM faq_entries" + OF + " AND asked = ? ORDER BY place LIMIT 1",
                this::row,
                with(FaqDraft.asked(key.subject(), question)));
    }

    /** In their order. @param after a place */
    List<Row> list(Connection c, long after, int most) throws SQLException {
        return Sql.all(
                c,
                "SELECT " + COLUMNS + " FROM faq_entries" + OF + " AND place > ? ORDER BY place LIMIT ?",
                this::row,
                with(after, most));
    }

    int count(Connection c) throws SQLException {
        return Sql.first(c, "SELECT COUNT(*) FROM faq_entries" + OF, r -> r.getInt(1), with())
                .orElse(0);
    }

    /** The version of each, by id. */
    Map<String, Long> versions(Connection c) throws SQLException {
        Map<String, Long> versions = new TreeMap<>();
        Sql.all(c, "SELECT id, version FROM faq_entries" + OF, r -> versions.put(r.getString(1), r.getLong(2)), with());
        return versions;
    }

    long last(Connection c) throws SQLException {
        return Sql.first(c, "SELECT MAX(place) FROM faq_entries" + OF, r -> r.getLong(1), with())
                .orElse(0L);
    }

    void insert(Connection c, String id, FaqDraft draft, long place, Instant now) throws SQLException {
        Sql.update(
                c,
                "INSERT INTO faq_entries (tenant, knowledge_base, id, place, version, asked, question, answer, metadata,"
                        + " language, created_at, updated_at) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)",
                with(
                        id,
                        place,
                        FaqDraft.asked(key.subject(), draft.question()),
                        seal(draft.question()),
                        seal(draft.answer()),
                        draft.metadata().map(json -> seal(json.toString())),
                        draft.language(),
                        now,
                        now));
    }

    long append(Connection c, String id, FaqDraft draft, long after, Instant now) throws SQLException {
        insert(c, id, draft, after + GAP, now);
        return after + GAP;
    }

    void change(Connection c, String id, FaqDraft draft, Instant now) throws SQLException {
        Object[] set = {
            FaqDraft.asked(key.subject(), draft.question()),
            seal(draft.question()),
            seal(draft.answer()),
            draft.metadata().map(json -> seal(json.toString())),
            draft.language(),
            now,
            scope.tenant().value(),
            scope.knowledgeBase().value(),
            id
        };
        Sql.update(
                c,
                "UPDATE faq_entries SET version = version + 1, asked = ?, question = ?, answer = ?, metadata = ?,"
                        + " language = ?, updated_at = ?" + OF + " AND id = ?",
                set);
    }

    /** Puts one behind another. @param after empty for the first place; @return false where there is no such other */
    boolean move(Connection c, String id, String after) throws SQLException {
        long from = 0;
        if (!after.isEmpty()) {
            Optional<Row> before = find(c, after);
            if (before.isEmpty()) {
                return false;
            }
            from = before.get().place();
        }
        Optional<Long> next = Sql.first(
                c,
                "SELECT place FROM faq_entries" + OF + " AND place > ? AND id <> ? ORDER BY place LIMIT 1",
                r -> r.getLong(1),
                with(from, id));
        if (next.isPresent() && next.get() - from < 2) {
            spread(c);
            return move(c, id, after);
        }
        long place = next.isPresent() ? from + (next.get() - from) / 2 : from + GAP;
        Sql.update(
                c,
                "UPDATE faq_entries SET place = ?" + OF + " AND id = ?",
                place,
                scope.tenant().value(),
                scope.knowledgeBase().value(),
                id);
        return true;
    }

    private void spread(Connection c) throws SQLException {
        long place = 0;
        for (String id :
                Sql.all(c, "SELECT id FROM faq_entries" + OF + " ORDER BY place, id", r -> r.getString(1), with())) {
            place += GAP;
            Sql.update(
                    c,
                    "UPDATE faq_entries SET place = ?" + OF + " AND id = ?",
                    place,
                    scope.tenant().value(),
                    scope.knowledgeBase().value(),
                    id);
        }
    }

    boolean delete(Connection c, String id) throws SQLException {
        return Sql.update(c, "DELETE FROM faq_entries" + OF + " AND id = ?", with(id)) == 1;
    }

    static void deleteAll(Connection c, Scope scope) throws SQLException {
        Sql.update(
                c,
                "DELETE FROM faq_entries" + OF,
                scope.tenant().value(),
                scope.knowledgeBase().value());
    }
}
