package io.kvasir.conversation;

import io.kvasir.conversation.domain.Conversation;
import io.kvasir.conversation.domain.ConversationEvent;
import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Which conversations there are: the table {@code conversations}, which follows the journal as {@link RegisterRows}. */
final class Register {
    private final Transactor transactor;
    private final RegisterRows rows = new RegisterRows();

    Register(Transactor transactor) {
        this.transactor = transactor;
    }

    record Entry(
            ConversationId id, KnowledgeBaseId kbId, Messages.Standing status, Instant createdAt, Instant updatedAt) {}

    /** Writes the row of one that was just born, ahead of the projection, so that a list has it before anyone is told. */
    CompletionStage<Void> add(ConversationAddress address, ConversationEvent.ConversationStarted birth) {
        return transactor.change(c -> {
            Optional<RegisterRows.Row> row = rows.row(c, address.entityId(), Conversation.NONE.apply(birth));
            if (row.isPresent()) {
                try {
                    rows.put(c, address.entityId(), row.get(), 1);
                } catch (SQLException e) {
                    if (e.getSQLState() == null || !e.getSQLState().startsWith("23")) {
                        throw e;
                    }
                    c.rollback(); // the projection was there first
                }
            }
        });
    }

    /**
     * What an event made of a conversation's row.
     *
     * @param at when something was last asked, said or closed
     * @param version the event's sequence number
     */
    record Change(ConversationAddress address, Instant at, boolean closed, long version) {}

    /**
     * Writes what changed ahead of the projection, which then need not read the journal for it. A row that is newer already,
     * or gone, stays so; and a closed one stays closed, which is shown before its event's turn comes ({@link #close}).
     */
    CompletionStage<Void> changed(Collection<Change> changes) {
        // In the order of the projection, so that neither holds a row the other waits for while it waits itself.
        List<Change> ordered = changes.stream()
                .sorted(Comparator.comparing(change -> change.address().entityId()))
                .toList();
        return transactor.change(c -> {
            try (PreparedStatement update = c.prepareStatement("""
                    UPDATE conversations SET updated_at = ?, status = CASE WHEN status = ? THEN status ELSE ? END, version = ?
                    WHERE tenant = ? AND id = ? AND version < ? AND EXISTS (SELECT 1 FROM data_keys WHERE subject = ?)
                    """)) {
                for (Change change : ordered) {
                    update.setTimestamp(1, Timestamp.from(change.at().truncatedTo(ChronoUnit.MICROS)));
                    update.setString(2, RegisterRows.CLOSED);
                    update.setString(3, change.closed() ? RegisterRows.CLOSED : RegisterRows.ACTIVE);
                    update.setLong(4, change.version());
                    update.setString(5, change.address().tenant().value());
                    update.setString(6, change.address().id().value());
                    update.setLong(7, change.version());
                    update.setString(8, change.address().subject());
                    update.addBatch();
                }
                update.executeBatch();
            }
        });
    }

    /** Shows it as closed at once; when that was, the projection says. */
    CompletionStage<Void> close(ConversationAddress address) {
        return transactor.change(c -> {
            try (PreparedStatement update =
                    c.prepareStatement("UPDATE conversations SET status = ? WHERE tenant = ? AND id = ?")) {
                update.setString(1, RegisterRows.CLOSED);
                update.setString(2, address.tenant().value());
                update.setString(3, address.id().value());
                update.executeUpdate();
            }
        });
    }

    /** Newest first; one more than asked for, where there are so many. */
    CompletionStage<List<Entry>> list(
            TenantId tenant,
            Optional<KnowledgeBaseId> knowledgeBase,
            Optional<String> status,
            Optional<String> before,
            int limit) {
        return transactor.run(c -> {
            try (PreparedStatement select = c.prepareStatement("""
                    SELECT id, knowledge_base, status, created_at, updated_at FROM conversations
                    WHERE tenant = ? AND (? IS NULL OR knowledge_base = ?) AND (? IS NULL OR status = ?)
                        AND (? IS NULL OR id < ?)
                    ORDER BY id DESC LIMIT ?
                    """)) {
                select.setString(1, tenant.value());
                select.setString(2, knowledgeBase.map(KnowledgeBaseId::value).orElse(null));
                select.setString(3, knowledgeBase.map(KnowledgeBaseId::value).orElse(null));
                select.setString(4, status.orElse(null));
                select.setString(5, status.orElse(null));
                select.setString(6, before.orElse(null));
                select.setString(7, before.orElse(null));
                select.setInt(8, limit + 1);
                List<Entry> entries = new ArrayList<>();
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        entries.add(entry(rows));
                    }
                }
                return entries;
            }
        });
    }

    /** Those of these that there are. */
    CompletionStage<List<Entry>> entries(TenantId tenant, Collection<ConversationId> ids) {
        return transactor.run(c -> {
            List<Entry> entries = new ArrayList<>();
            for (ConversationId id : ids) {
                Sql.first(
                                c,
                                "SELECT id, knowledge_base, status, created_at, updated_at FROM conversations WHERE tenant = ? AND id = ?",
                                Register::entry,
                                tenant.value(),
                                id.value())
                        .ifPresent(entries::add);
            }
            return entries;
        });
    }

    private static Entry entry(ResultSet row) throws SQLException {
        return new Entry(
                new ConversationId(row.getString(1)),
                new KnowledgeBaseId(row.getString(2)),
                row.getString(3).equals("closed") ? Messages.Standing.CLOSED : Messages.Standing.ACTIVE,
                row.getTimestamp(4).toInstant(),
                row.getTimestamp(5).toInstant());
    }

    /** With which knowledge base of which tenant. */
    CompletionStage<Optional<Scope>> scope(ConversationId id) {
        return transactor.run(c -> Sql.first(
                c,
                "SELECT tenant, knowledge_base FROM conversations WHERE id = ?",
                row -> new Scope(new TenantId(row.getString(1)), new KnowledgeBaseId(row.getString(2))),
                id.value()));
    }

    /** All of a knowledge base. */
    CompletionStage<List<ConversationId>> of(Scope scope) {
        return transactor.run(c -> {
            try (PreparedStatement select = c.prepareStatement(
                    "SELECT id FROM conversations WHERE tenant = ? AND knowledge_base = ? ORDER BY id")) {
                select.setString(1, scope.tenant().value());
                select.setString(2, scope.knowledgeBase().value());
                List<ConversationId> ids = new ArrayList<>();
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        ids.add(new ConversationId(rows.getString(1)));
                    }
                }
                return ids;
            }
        });
    }

    CompletionStage<Void> remove(TenantId tenant, List<ConversationId> ids) {
        return transactor.change(c -> {
            for (ConversationId id : ids) {
                rows.remove(c, new ConversationAddress(tenant, id).entityId());
            }
        });
    }
}
