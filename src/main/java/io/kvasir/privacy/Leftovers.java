package io.kvasir.privacy;

import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** Looks for what is still there, at the tables themselves: those who erased are not asked whether they did. */
final class Leftovers {
    private final Transactor transactor;

    Leftovers(Transactor transactor) {
        this.transactor = transactor;
    }

    /** By store, how many things of a knowledge base there are. */
    CompletionStage<Map<String, Long>> of(Scope scope) {
        String tenant = scope.tenant().value();
        String kb = scope.knowledgeBase().value();
        return transactor.run(c -> {
            Map<String, Long> found = new LinkedHashMap<>();
            found.put(
                    "journal",
                    count(c, "SELECT COUNT(*) FROM data_keys WHERE subject = ?", tenant + "/kb/" + kb)
                            + prefixed(c, "data_keys", "subject", tenant + "/source/" + kb + "/"));
            found.put("files", count(c, "SELECT COUNT(*) FROM blobs WHERE scope = ?", scope.key()));
            found.put(
                    "conversations",
                    count(c, "SELECT COUNT(*) FROM conversations WHERE tenant = ? AND knowledge_base = ?", tenant, kb));
            found.put(
                    "sources",
                    count(c, "SELECT COUNT(*) FROM sources WHERE tenant = ? AND knowledge_base = ?", tenant, kb)
                            + count(
                                    c,
                                    "SELECT COUNT(*) FROM source_items WHERE tenant = ? AND knowledge_base = ?",
                                    tenant,
                                    kb)
                            + count(
                                    c,
                                    "SELECT COUNT(*) FROM source_runs WHERE tenant = ? AND knowledge_base = ?",
                                    tenant,
                                    kb)
                            + count(
                                    c,
                                    "SELECT COUNT(*) FROM faq_entries WHERE tenant = ? AND knowledge_base = ?",
                                    tenant,
                                    kb));
            found.put(
                    "catalogue",
                    count(c, "SELECT COUNT(*) FROM knowledge_bases WHERE tenant = ? AND id = ?", tenant, kb)
                            + count(
                                    c,
                                    "SELECT COUNT(*) FROM sites WHERE tenant = ? AND knowledge_base = ?",
                                    tenant,
                                    kb));
            return found;
        });
    }

    CompletionStage<Map<String, Long>> of(TenantId tenant) {
        String id = tenant.value();
        return transactor.run(c -> {
            Map<String, Long> found = new LinkedHashMap<>();
            found.put("journal", prefixed(c, "data_keys", "subject", id + "/"));
            found.put("files", prefixed(c, "blobs", "scope", id + "/"));
            found.put("conversations", count(c, "SELECT COUNT(*) FROM conversations WHERE tenant = ?", id));
            found.put(
                    "sources",
                    count(c, "SELECT COUNT(*) FROM sources WHERE tenant = ?", id)
                            + count(c, "SELECT COUNT(*) FROM source_items WHERE tenant = ?", id)
                            + count(c, "SELECT COUNT(*) FROM source_runs WHERE tenant = ?", id)
                            + count(c, "SELECT COUNT(*) FROM faq_entries WHERE tenant = ?", id));
            found.put(
                    "catalogue",
                    count(c, "SELECT COUNT(*) FROM knowledge_bases WHERE tenant = ?", id)
                            + count(c, "SELECT COUNT(*) FROM sites WHERE tenant = ?", id));
            found.put(
                    "accounts",
                    count(c, "SELECT COUNT(*) FROM memberships WHERE tenant = ?", id)
                            + count(c, "SELECT COUNT(*) FROM invitations WHERE tenant = ?", id)
                            + count(c, "SELECT COUNT(*) FROM api_keys WHERE tenant = ?", id)
                            + count(c, "SELECT COUNT(*) FROM tenants WHERE id = ?", id));
            found.put("usage", count(c, "SELECT COUNT(*) FROM usage_days WHERE tenant = ?", id));
            found.put("record", count(c, "SELECT COUNT(*) FROM audit_entries WHERE tenant = ?", id));
            found.put("replies", prefixed(c, "remembered_replies", "caller", id + "/"));
            return found;
        });
    }

    /** Scopes that have files, but no row in the catalogue. */
    CompletionStage<Set<Scope>> orphanedFiles() {
        return transactor.run(
                c -> scopes(
                        c,
                        "SELECT DISTINCT scope FROM blobs WHERE NOT EXISTS (SELECT 1 FROM knowledge_bases k WHERE blobs.scope = k.tenant || '/' || k.id)"));
    }

    /** Of these scopes, those that have no row in the catalogue. */
    CompletionStage<Set<Scope>> orphans(Set<Scope> candidates) {
        return transactor.run(c -> {
            Set<Scope> orphans = new HashSet<>(candidates);
            orphans.removeAll(scopes(c, "SELECT tenant || '/' || id FROM knowledge_bases"));
            return orphans;
        });
    }

    /** Tenants that have conversations. */
    CompletionStage<Set<TenantId>> talking() {
        return transactor.run(c -> {
            Set<TenantId> tenants = new HashSet<>();
            try (PreparedStatement select = c.prepareStatement("SELECT DISTINCT tenant FROM conversations");
                    ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    tenants.add(new TenantId(rows.getString(1)));
                }
            }
            return tenants;
        });
    }

    private static Set<Scope> scopes(Connection c, String sql) throws SQLException {
        Set<Scope> scopes = new HashSet<>();
        try (PreparedStatement select = c.prepareStatement(sql);
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                scopes.add(Scope.parse(rows.getString(1)));
            }
        }
        return scopes;
    }

    private static long prefixed(Connection c, String table, String column, String prefix) throws SQLException {
        try (PreparedStatement select =
                c.prepareStatement("SELECT COUNT(*) FROM " + table + " WHERE substring(" + column + ", 1, ?) = ?")) {
            select.setInt(1, prefix.length());
            select.setString(2, prefix);
            return first(select);
        }
    }

    private static long count(Connection c, String sql, String... values) throws SQLException {
        try (PreparedStatement select = c.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                select.setString(i + 1, values[i]);
            }
            return first(select);
        }
    }

    private static long first(PreparedStatement select) throws SQLException {
        try (ResultSet rows = select.executeQuery()) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
