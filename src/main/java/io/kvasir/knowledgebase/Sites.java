package io.kvasir.knowledgebase;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Scope;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** Which other sites' pages may talk with a knowledge base: exact origins, in a table of their own. */
public final class Sites {
    private final Transactor transactor;

    public Sites(Transactor transactor) {
        this.transactor = transactor;
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

    /** All that were named, in alphabetical order. */
    CompletionStage<List<String>> named(Scope scope) {
        return transactor.run(c -> Sql.all(
                c,
                "SELECT origin FROM sites WHERE tenant = ? AND knowledge_base = ? ORDER BY origin",
                row -> row.getString(1),
                scope.tenant().value(),
                scope.knowledgeBase().value()));
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
        return name(scope, Set.of());
    }
}
