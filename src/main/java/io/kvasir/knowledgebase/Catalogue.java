package io.kvasir.knowledgebase;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Which knowledge bases there are: the table {@code knowledge_bases}, which follows the journal as {@link CatalogueRows}.
 * Decides nothing; what they are like their entities know.
 */
final class Catalogue {
    private final Transactor transactor;
    private final CatalogueRows rows = new CatalogueRows();

    Catalogue(Transactor transactor) {
        this.transactor = transactor;
    }

    /** Announces one before it exists, where it is not announced yet. */
    CompletionStage<Void> intend(Scope scope, Instant now) {
        return transactor.change(c -> {
            try (PreparedStatement insert = c.prepareStatement("""
                    INSERT INTO knowledge_bases (tenant, id, confirmed, busy, created_at) SELECT ?, ?, FALSE, FALSE, ?
                    WHERE NOT EXISTS (SELECT 1 FROM knowledge_bases WHERE tenant = ? AND id = ?)
                    """)) {
                bind(insert, 1, scope);
                insert.setTimestamp(3, Timestamp.from(now));
                bind(insert, 4, scope);
                insert.executeUpdate();
            } catch (SQLException e) {
                if (!Sql.broken(e)) {
                    throw e;
                }
                c.rollback(); // its entity or another try was there first
            }
        });
    }

    /**
     * Brings the row up to what the entity persisted, ahead of the projection, so that a list has it before its owner is told.
     *
     * @param version sequence number of the last event in the state
     */
    CompletionStage<Void> confirm(Scope scope, KnowledgeBase state, long version) {
        return transactor.change(c -> {
            Optional<CatalogueRows.Row> row = rows.row(c, scope.key(), state);
            if (row.isPresent()) {
                rows.put(c, scope.key(), row.get(), version);
            }
        });
    }

    /** One that was announced and did not come to be; where it did meanwhile, its row stays. */
    CompletionStage<Void> forget(Scope scope) {
        return transactor.change(c -> {
            try (PreparedStatement delete = c.prepareStatement(
                    "DELETE FROM knowledge_bases WHERE tenant = ? AND id = ? AND confirmed = FALSE")) {
                bind(delete, 1, scope);
                delete.executeUpdate();
            }
        });
    }

    /** One more than asked for, oldest first, where there are so many. */
    CompletionStage<List<KnowledgeBaseId>> list(TenantId tenant, Optional<String> after, int limit) {
        return transactor.run(c -> {
            try (PreparedStatement select = c.prepareStatement(
                    "SELECT id FROM knowledge_bases WHERE tenant = ? AND confirmed = TRUE AND id > ? ORDER BY id LIMIT ?")) {
                select.setString(1, tenant.value());
                select.setString(2, after.orElse(""));
                select.setInt(3, limit + 1);
                List<KnowledgeBaseId> ids = new ArrayList<>();
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        ids.add(new KnowledgeBaseId(rows.getString(1)));
                    }
                }
                return ids;
            }
        });
    }

    CompletionStage<Optional<Scope>> bySlug(String slug) {
        return transactor.run(c -> {
            try (PreparedStatement select =
                    c.prepareStatement("SELECT tenant, id FROM knowledge_bases WHERE slug = ? AND confirmed = TRUE")) {
                select.setString(1, slug);
                try (ResultSet rows = select.executeQuery()) {
                    return rows.next() ? Optional.of(scope(rows)) : Optional.empty();
                }
            }
        });
    }

    /** Those with unfinished work, and those of which nobody knows whether they came to be. */
    CompletionStage<List<Scope>> unfinished() {
        return transactor.run(c -> {
            try (PreparedStatement select = c.prepareStatement(
                            "SELECT tenant, id FROM knowledge_bases WHERE busy = TRUE OR confirmed = FALSE");
                    ResultSet rows = select.executeQuery()) {
                List<Scope> scopes = new ArrayList<>();
                while (rows.next()) {
                    scopes.add(scope(rows));
                }
                return scopes;
            }
        });
    }

    /** Every one there is a row of, in the order of tenants and ids. */
    CompletionStage<List<Scope>> all() {
        return transactor.run(c -> {
            try (PreparedStatement select =
                            c.prepareStatement("SELECT tenant, id FROM knowledge_bases ORDER BY tenant, id");
                    ResultSet rows = select.executeQuery()) {
                List<Scope> scopes = new ArrayList<>();
                while (rows.next()) {
                    scopes.add(scope(rows));
                }
                return scopes;
            }
        });
    }

    static Scope scope(ResultSet row) throws SQLException {
        return new Scope(new TenantId(row.getString(1)), new KnowledgeBaseId(row.getString(2)));
    }

    static void bind(PreparedStatement statement, int at, Scope scope) throws SQLException {
        statement.setString(at, scope.tenant().value());
        statement.setString(at + 1, scope.knowledgeBase().value());
    }
}
