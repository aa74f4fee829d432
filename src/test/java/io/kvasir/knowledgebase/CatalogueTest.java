package io.kvasir.knowledgebase;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.class)
class CatalogueTest {
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

    private final Database database;
    private final Transactor transactor;
    private final Catalogue catalogue;
    private final TenantId tenant = TenantId.next();

    CatalogueTest(TestDatabase kind) {
        database = kind.open();
        transactor = new Transactor(database.dataSource(), 4);
        catalogue = new Catalogue(transactor);
    }

    @AfterEach
    void close() {
        transactor.close();
        database.close();
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private Scope intended() {
        Scope scope = new Scope(tenant, KnowledgeBaseId.next());
        join(catalogue.intend(scope, NOW));
        return scope;
    }

    private Scope confirmed(boolean busy, Optional<String> slug) {
        Scope scope = intended();
        join(catalogue.confirm(scope, busy, slug));
        return scope;
    }

    @Test
    void listsWhatIsConfirmed() {
        Scope there = confirmed(false, Optional.empty());
        Scope intended = intended();

        assertThat(join(catalogue.list(tenant, Optional.empty(), 10))).containsExactly(there.knowledgeBase());
        assertThat(join(catalogue.list(TenantId.next(), Optional.empty(), 10))).isEmpty();
        assertThat(join(catalogue.unfinished())).containsExactly(intended);
    }

    @Test
    void wakesWhatIsBusy() {
        Scope busy = confirmed(true, Optional.empty());
        confirmed(false, Optional.empty());

        assertThat(join(catalogue.unfinished())).containsExactly(busy);
    }

    @Test
    void findsWhatIsSharedByItsAddress() {
        Scope shared = confirmed(false, Optional.of("our-shop"));
        assertThat(join(catalogue.bySlug("our-shop"))).contains(shared);

        join(catalogue.confirm(shared, false, Optional.empty()));
        assertThat(join(catalogue.bySlug("our-shop"))).isEmpty();
    }

    @Test
    void goesOnAfterAnyRow() {
        Scope first = confirmed(false, Optional.empty());
        Scope second = confirmed(false, Optional.empty());
        String smaller =
                first.knowledgeBase().value().compareTo(second.knowledgeBase().value()) < 0
                        ? first.knowledgeBase().value()
                        : second.knowledgeBase().value();

        assertThat(join(catalogue.list(tenant, Optional.empty(), 1))).hasSize(2);
        assertThat(join(catalogue.list(tenant, Optional.of(smaller), 10))).hasSize(1);
    }
}
