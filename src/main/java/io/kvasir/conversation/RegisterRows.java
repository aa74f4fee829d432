package io.kvasir.conversation;

import io.kvasir.conversation.domain.Conversation;
import io.kvasir.conversation.domain.ConversationEvent;
import io.kvasir.journal.ReadModel;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Stored;
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

/** The table {@code conversations} as the outcome of events, of conversations that were not erased. */
final class RegisterRows implements ReadModel<Conversation, RegisterRows.Row> {
    static final String ACTIVE = "active";
    static final String CLOSED = "closed";

    /** @param updatedAt when something was last asked, said or closed */
    record Row(KnowledgeBaseId knowledgeBase, String status, Instant createdAt, Instant updatedAt) {}

    @Override
    public String entityType() {
        return ConversationEntity.KEY.name();
    }

    @Override
    public Conversation nothing() {
        return Conversation.NONE;
    }

    @Override
    public Conversation apply(Conversation state, Stored event) {
        return state.apply((ConversationEvent) event);
    }

    /** One whose key was destroyed is erased: no more is to be known of it than its journal's sealed texts. */
    @Override
    public Optional<Row> row(Connection c, String entityId, Conversation state) throws SQLException {
        if (state.opening().isEmpty() || !readable(c, entityId)) {
            return Optional.empty();
        }
        Conversation.Opening opening = state.opening().get();
        Instant created = opening.at().truncatedTo(ChronoUnit.MICROS);
        return Optional.of(new Row(
                opening.knowledgeBase(),
                state.closedAt().isPresent() ? CLOSED : ACTIVE,
                created,
                state.changedAt().map(at -> at.truncatedTo(ChronoUnit.MICROS)).orElse(created)));
    }

    /** Holds the key until the transaction ends: an erasure waits, and then removes the row. */
    private static boolean readable(Connection c, String entityId) throws SQLException {
        try (PreparedStatement select = c.prepareStatement("SELECT 1 FROM data_keys WHERE subject = ? FOR UPDATE")) {
            select.setString(1, ConversationAddress.parse(entityId).subject());
            try (ResultSet rows = select.executeQuery()) {
                return rows.next();
            }
        }
    }

    @Override
    public Optional<Kept<Row>> find(Connection c, String entityId) throws SQLException {
        try (PreparedStatement select = c.prepareStatement("""
                SELECT knowledge_base, status, created_at, updated_at, version FROM conversations
                WHERE tenant = ? AND id = ? FOR UPDATE
                """)) {
            bind(select, 1, entityId);
            try (ResultSet row = select.executeQuery()) {
                return row.next()
                        ? Optional.of(new Kept<>(
                                new Row(
                                        new KnowledgeBaseId(row.getString(1)),
                                        row.getString(2),
                                        row.getTimestamp(3).toInstant(),
                                        row.getTimestamp(4).toInstant()),
                                row.getLong(5)))
                        : Optional.empty();
            }
        }
    }

    @Override
    public void put(Connection c, String entityId, Row row, long version) throws SQLException {
        try (PreparedStatement update = c.prepareStatement("""
                UPDATE conversations SET knowledge_base = ?, status = ?, created_at = ?, updated_at = ?, version = ?
                WHERE tenant = ? AND id = ? AND version <= ?
                """)) {
            fill(update, row, version);
            bind(update, 6, entityId);
            update.setLong(8, version);
            if (update.executeUpdate() == 1 || find(c, entityId).isPresent()) {
                return;
            }
        }
        try (PreparedStatement insert = c.prepareStatement("""
                INSERT INTO conversations (knowledge_base, status, created_at, updated_at, version, tenant, id)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """)) {
            fill(insert, row, version);
            bind(insert, 6, entityId);
            insert.executeUpdate();
        }
    }

    private static void fill(PreparedStatement statement, Row row, long version) throws SQLException {
        statement.setString(1, row.knowledgeBase().value());
        statement.setString(2, row.status());
        statement.setTimestamp(3, Timestamp.from(row.createdAt()));
        statement.setTimestamp(4, Timestamp.from(row.updatedAt()));
        statement.setLong(5, version);
    }

    @Override
    public void remove(Connection c, String entityId) throws SQLException {
        try (PreparedStatement delete = c.prepareStatement("DELETE FROM conversations WHERE tenant = ? AND id = ?")) {
            bind(delete, 1, entityId);
            delete.executeUpdate();
        }
    }

    @Override
    public List<String> entityIds(Connection c, String after, int limit) throws SQLException {
        int slash = after.indexOf('/');
        String tenant = slash < 0 ? "" : after.substring(0, slash);
        try (PreparedStatement select = c.prepareStatement("""
                SELECT tenant, id FROM conversations WHERE tenant > ? OR (tenant = ? AND id > ?)
                ORDER BY tenant, id LIMIT ?
                """)) {
            select.setString(1, tenant);
            select.setString(2, tenant);
            select.setString(3, after.substring(slash + 1));
            select.setInt(4, limit);
            List<String> ids = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    ids.add(rows.getString(1) + "/" + rows.getString(2));
                }
            }
            return ids;
        }
    }

    private static void bind(PreparedStatement statement, int at, String entityId) throws SQLException {
        ConversationAddress address = ConversationAddress.parse(entityId);
        statement.setString(at, address.tenant().value());
        statement.setString(at + 1, address.id().value());
    }
}
