package io.kvasir.conversation;

import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Which conversations there are: the table {@code conversations}. */
final class Register {
    private final Transactor transactor;

    Register(Transactor transactor) {
        this.transactor = transactor;
    }

    /** @param status {@code active} or {@code closed} */
    record Entry(ConversationId id, KnowledgeBaseId kbId, String status, Instant createdAt, Instant updatedAt) {}

    CompletionStage<Void> add(TenantId tenant, ConversationId id, KnowledgeBaseId knowledgeBase, Instant now) {
        return transactor.change(c -> {
            try (PreparedStatement insert = c.prepareStatement(
                    "INSERT INTO conversations (tenant, id, knowledge_base, status, created_at, updated_at) VALUES (?, ?, ?, 'active', ?, ?)")) {
                insert.setString(1, tenant.value());
                insert.setString(2, id.value());
                insert.setString(3, knowledgeBase.value());
                insert.setTimestamp(4, Timestamp.from(now));
                insert.setTimestamp(5, Timestamp.from(now));
                insert.executeUpdate();
            }
        });
    }

    /** It changed then; an older word than the last changes nothing. */
    CompletionStage<Void> changed(TenantId tenant, ConversationId id, Instant at) {
        return transactor.change(c -> {
            try (PreparedStatement update = c.prepareStatement(
                    "UPDATE conversations SET updated_at = ? WHERE tenant = ? AND id = ? AND updated_at < ?")) {
                update.setTimestamp(1, Timestamp.from(at));
                update.setString(2, tenant.value());
                update.setString(3, id.value());
                update.setTimestamp(4, Timestamp.from(at));
                update.executeUpdate();
            }
        });
    }

    CompletionStage<Void> close(TenantId tenant, ConversationId id, Instant now) {
        return transactor.change(c -> {
            try (PreparedStatement update = c.prepareStatement(
                    "UPDATE conversations SET status = 'closed', updated_at = ? WHERE tenant = ? AND id = ?")) {
                update.setTimestamp(1, Timestamp.from(now));
                update.setString(2, tenant.value());
                update.setString(3, id.value());
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
                        entries.add(new Entry(
                                new ConversationId(rows.getString(1)),
                                new KnowledgeBaseId(rows.getString(2)),
                                rows.getString(3),
                                rows.getTimestamp(4).toInstant(),
                                rows.getTimestamp(5).toInstant()));
                    }
                }
                return entries;
            }
        });
    }

    /** Forgets all of a knowledge base. @return which they were */
    CompletionStage<List<ConversationId>> removeOf(Scope scope) {
        return transactor.run(c -> {
            List<ConversationId> ids = new ArrayList<>();
            try (PreparedStatement select =
                            c.prepareStatement("SELECT id FROM conversations WHERE tenant = ? AND knowledge_base = ?");
                    PreparedStatement delete =
                            c.prepareStatement("DELETE FROM conversations WHERE tenant = ? AND knowledge_base = ?")) {
                select.setString(1, scope.tenant().value());
                select.setString(2, scope.knowledgeBase().value());
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        ids.add(new ConversationId(rows.getString(1)));
                    }
                }
                delete.setString(1, scope.tenant().value());
                delete.setString(2, scope.knowledgeBase().value());
                delete.executeUpdate();
            }
            return ids;
        });
    }
}
