package io.kvasir.knowledgebase;

import io.kvasir.journal.ReadModel;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.Stored;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The table {@code knowledge_bases} as the outcome of events. A row that only announces one that may come to be is none here. */
final class CatalogueRows implements ReadModel<KnowledgeBase, CatalogueRows.Row> {
    /** @param busy something goes on, or is to go on after a crash */
    record Row(boolean busy, Optional<String> slug, Instant createdAt) {}

    @Override
    public String entityType() {
        return KnowledgeBaseEntity.KEY.name();
    }

    @Override
    public KnowledgeBase nothing() {
        return KnowledgeBase.NONE;
    }

    @Override
    public KnowledgeBase apply(KnowledgeBase state, Stored event) {
        return state.apply((KnowledgeBaseEvent) event);
    }

    /** A deleted one stays, as busy, until everything of it is erased: a crash must not forget it. */
    @Override
    public Optional<Row> row(Connection c, String entityId, KnowledgeBase state) throws SQLException {
        if (state.opening().isEmpty() || state.erased()) {
            return Optional.empty();
        }
        Optional<String> slug = state.slug();
        return Optional.of(new Row(
                state.busy(),
                slug.isPresent() && taken(c, entityId, slug.get()) ? Optional.empty() : slug,
                state.opening().get().at().truncatedTo(ChronoUnit.MICROS)));
    }

    /** A public address is of the first that has it. */
    private static boolean taken(Connection c, String entityId, String slug) throws SQLException {
        try (PreparedStatement select =
                c.prepareStatement("SELECT 1 FROM knowledge_bases WHERE slug = ? AND NOT (tenant = ? AND id = ?)")) {
            select.setString(1, slug);
            bind(select, 2, entityId);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next();
            }
        }
    }

    @Override
    public Optional<Kept<Row>> find(Connection c, String entityId) throws SQLException {
        try (PreparedStatement select = c.prepareStatement(
                "SELECT busy, slug, created_at, version, confirmed FROM knowledge_bases WHERE tenant = ? AND id = ? FOR UPDATE")) {
            bind(select, 1, entityId);
            try (ResultSet row = select.executeQuery()) {
                return row.next() && row.getBoolean(5)
                        ? Optional.of(new Kept<>(
                                new Row(
                                        row.getBoolean(1),
                                        Optional.ofNullable(row.getString(2)),
                                        row.getTimestamp(3).toInstant()),
                                row.getLong(4)))
                        : Optional.empty();
            }
        }
    }

    @Override
    public void put(Connection c, String entityId, Row row, long version) throws SQLException {
        try (PreparedStatement update = c.prepareStatement("""
                UPDATE knowledge_bases SET confirmed = TRUE, busy = ?, slug = ?, created_at = ?, version = ?
                WHERE tenant = ? AND id = ? AND version <= ?
                """)) {
            fill(update, row, version);
            bind(update, 5, entityId);
            update.setLong(7, version);
            if (update.executeUpdate() == 1 || find(c, entityId).isPresent()) {
                return;
            }
        }
        try (PreparedStatement insert = c.prepareStatement("""
                INSERT INTO knowledge_bases (busy, slug, created_at, version, tenant, id, confirmed)
                VALUES (?, ?, ?, ?, ?, ?, TRUE)
                """)) {
            fill(insert, row, version);
            bind(insert, 5, entityId);
            insert.executeUpdate();
        }
    }

    private static void fill(PreparedStatement statement, Row row, long version) throws SQLException {
        statement.setBoolean(1, row.busy());
        statement.setString(2, row.slug().orElse(null));
        statement.setTimestamp(3, Timestamp.from(row.createdAt()));
        statement.setLong(4, version);
    }

    @Override
    public void remove(Connection c, String entityId) throws SQLException {
        try (PreparedStatement delete = c.prepareStatement("DELETE FROM knowledge_bases WHERE tenant = ? AND id = ?")) {
            bind(delete, 1, entityId);
            delete.executeUpdate();
        }
    }

    @Override
    public List<String> entityIds(Connection c, String after, int limit) throws SQLException {
        Optional<Scope> last = after.isEmpty() ? Optional.empty() : Optional.of(Scope.parse(after));
        String tenant = last.map(s -> s.tenant().value()).orElse("");
        try (PreparedStatement select = c.prepareStatement("""
                SELECT tenant, id FROM knowledge_bases WHERE tenant > ? OR (tenant = ? AND id > ?)
                ORDER BY tenant, id LIMIT ?
                """)) {
            select.setString(1, tenant);
            select.setString(2, tenant);
            select.setString(3, last.map(s -> s.knowledgeBase().value()).orElse(""));
            select.setInt(4, limit);
            List<String> ids = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    ids.add(Catalogue.scope(rows).key());
                }
            }
            return ids;
        }
    }

    private static void bind(PreparedStatement statement, int at, String entityId) throws SQLException {
        Catalogue.bind(statement, at, Scope.parse(entityId));
    }
}
