package io.kvasir.knowledgebase;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.Sealed;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * How a shared knowledge base stands on the web: which other sites' pages may talk with it (exact origins), whether search
 * engines may list its page, and the secret with which its owner's server signs who a visitor is. In tables of their own.
 */
public final class Sites {
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Transactor transactor;
    private final SubjectKeys keys;

    public Sites(Transactor transactor, SubjectKeys keys) {
        this.transactor = transactor;
        this.keys = keys;
    }

    /**
     * What its owner chose.
     *
     * @param origins in alphabetical order
     * @param indexed whether search engines may list its page; empty: as the server's setting says
     * @param signed whether there is a secret to sign visitors with
     */
    record Chosen(List<String> origins, Optional<Boolean> indexed, boolean signed) {}

    private record Row(Optional<Boolean> indexed, Optional<byte[]> secret) {
        static final Row NONE = new Row(Optional.empty(), Optional.empty());
    }

    /** The origins that count now: none while the knowledge base is not shared. */
    public CompletionStage<Set<String>> open(Scope scope) {
        return transactor.run(c -> new HashSet<>(Sql.all(
                c,
                "SELECT s.origin FROM sites s JOIN knowledge_bases k ON k.tenant = s.tenant AND k.id = s.knowledge_base"
                        + " WHERE s.tenant = ? AND s.knowledge_base = ? AND k.slug IS NOT NULL",
                row -> row.getString(1),
                scope.tenant().value(),
                scope.knowledgeBase().value())));
    }

    /** Whether visitors may talk with it. */
    public CompletionStage<Boolean> shared(Scope scope) {
        return transactor.run(c -> Sql.any(
                c,
                "SELECT 1 FROM knowledge_bases WHERE tenant = ? AND id = ? AND slug IS NOT NULL",
                scope.tenant().value(),
                scope.knowledgeBase().value()));
    }

    CompletionStage<Chosen> chosen(Scope scope) {
        return transactor.run(c -> {
            Row row = row(c, scope);
            return new Chosen(
                    Sql.all(
                            c,
                            "SELECT origin FROM sites WHERE tenant = ? AND knowledge_base = ? ORDER BY origin",
                            origin -> origin.getString(1),
                            scope.tenant().value(),
                            scope.knowledgeBase().value()),
                    row.indexed(),
                    row.secret().isPresent());
        });
    }

    /** Whether search engines may list its page; empty: as the server's setting says. */
    public CompletionStage<Optional<Boolean>> indexed(Scope scope) {
        return transactor.run(c -> row(c, scope).indexed());
    }

    CompletionStage<Void> index(Scope scope, boolean indexed) {
        return transactor.change(c ->
                put(c, scope, new Row(Optional.of(indexed), row(c, scope).secret())));
    }

    /** The secret of now; empty where visitors are nobody in particular. */
    public CompletionStage<Optional<String>> secret(Scope scope) {
        return keys.find(subject(scope))
                .thenCompose(key -> key.isEmpty()
                        ? CompletableFuture.completedFuture(Optional.empty())
                        : transactor.run(c -> row(c, scope)
                                .secret()
                                .map(bytes ->
                                        key.get().open(new Sealed(key.get().subject(), bytes)))));
    }

    /** A fresh secret, 256 random bits in base64url, in the place of an older. It is told this once. */
    CompletionStage<String> renewSecret(Scope scope) {
        byte[] bytes = new byte[32];
        RANDOM.nextBytes(bytes);
        String secret = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        return keys.obtain(subject(scope))
                .thenCompose(key -> transactor.change(c -> put(
                        c,
                        scope,
                        new Row(
                                row(c, scope).indexed(),
                                Optional.of(key.seal(secret).bytes())))))
                .thenApply(_ -> secret);
    }

    CompletionStage<Void> withdrawSecret(Scope scope) {
        return transactor.change(c -> put(c, scope, new Row(row(c, scope).indexed(), Optional.empty())));
    }

    private static String subject(Scope scope) {
        return scope.tenant().value() + "/visitors/" + scope.knowledgeBase().value();
    }

    private static Row row(Connection c, Scope scope) throws SQLException {
        return Sql.first(
                        c,
                        "SELECT indexed, secret FROM site_settings WHERE tenant = ? AND knowledge_base = ?",
                        row -> new Row(
                                Optional.ofNullable(row.getObject(1, Boolean.class)),
                                Optional.ofNullable(row.getBytes(2))),
                        scope.tenant().value(),
                        scope.knowledgeBase().value())
                .orElse(Row.NONE);
    }

    private static void put(Connection c, Scope scope, Row row) throws SQLException {
        String tenant = scope.tenant().value();
        String knowledgeBase = scope.knowledgeBase().value();
        Sql.update(c, "DELETE FROM site_settings WHERE tenant = ? AND knowledge_base = ?", tenant, knowledgeBase);
        if (!row.equals(Row.NONE)) {
            try (PreparedStatement insert = c.prepareStatement(
                    "INSERT INTO site_settings (tenant, knowledge_base, indexed, secret) VALUES (?, ?, ?, ?)")) {
                insert.setString(1, tenant);
                insert.setString(2, knowledgeBase);
                insert.setObject(3, row.indexed().orElse(null), Types.BOOLEAN);
                insert.setBytes(4, row.secret().orElse(null));
                insert.executeUpdate();
            }
        }
    }

    CompletionStage<Void> name(Scope scope, Set<String> origins) {
        return transactor.change(c -> {
            Sql.update(
                    c,
                    "DELETE FROM sites WHERE tenant = ? AND knowledge_base = ?",
                    scope.tenant().value(),
                    scope.knowledgeBase().value());
            for (String origin : origins) {
                Sql.update(
                        c,
                        "INSERT INTO sites (tenant, knowledge_base, origin) VALUES (?, ?, ?)",
                        scope.tenant().value(),
                        scope.knowledgeBase().value(),
                        origin);
            }
        });
    }

    /** For a knowledge base that is erased. */
    public CompletionStage<Void> forget(Scope scope) {
        return name(scope, Set.of())
                .thenCompose(_ -> transactor.change(c -> put(c, scope, Row.NONE)))
                .thenCompose(_ -> keys.destroy(subject(scope)));
    }
}
