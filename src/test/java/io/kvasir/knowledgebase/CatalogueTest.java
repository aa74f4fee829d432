package io.kvasir.knowledgebase;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent;
import io.kvasir.knowledgebase.domain.Profile;
import io.kvasir.knowledgebase.domain.SearchSettings;
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

    private static final KnowledgeBase BORN = KnowledgeBase.NONE.apply(new KnowledgeBaseEvent.Created(
            UserId.next(),
            new Profile(
                    new Sealed("s", new byte[] {1}),
                    Optional.empty(),
                    "extractive",
                    "extractive",
                    Optional.empty(),
                    0.2,
                    800,
                    true),
            new SearchSettings("HYBRID", 5, 0.003, 100, 0.7, "NONE", 0.7, 256, 32, 3_000),
            Optional.empty(),
            NOW));

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

    private Scope confirmed() {
        return confirmed(BORN);
    }

    private Scope confirmed(KnowledgeBase state) {
        Scope scope = intended();
        join(catalogue.confirm(scope, state, 1));
        return scope;
    }

    @Test
    void listsWhatIsConfirmed() {
        Scope there = confirmed();
        Scope intended = intended();

        assertThat(join(catalogue.list(tenant, Optional.empty(), 10))).containsExactly(there.knowledgeBase());
        assertThat(join(catalogue.list(TenantId.next(), Optional.empty(), 10))).isEmpty();
        assertThat(join(catalogue.unfinished())).containsExactly(intended);
    }

    @Test
    void forgetsOnlyWhatDidNotComeToBe() {
        Scope there = confirmed();
        Scope never = intended();

        join(catalogue.forget(there));
        join(catalogue.forget(never));

        assertThat(join(catalogue.all())).containsExactly(there);
    }

    @Test
    void whatComesToBeAfterItWasForgottenIsListed() {
        Scope late = intended();
        join(catalogue.forget(late));
        join(catalogue.confirm(late, BORN, 1));

        assertThat(join(catalogue.list(tenant, Optional.empty(), 10))).containsExactly(late.knowledgeBase());
    }

    @Test
    void announcingAgainChangesNothing() {
        Scope announced = intended();
        Scope there = confirmed();

        join(catalogue.intend(announced, NOW.plusSeconds(1)));
        join(catalogue.intend(there, NOW.plusSeconds(1)));

        assertThat(join(catalogue.unfinished())).containsExactly(announced);
        assertThat(join(catalogue.list(tenant, Optional.empty(), 10))).containsExactly(there.knowledgeBase());
    }

    @Test
    void wakesWhatIsBusy() {
        Scope busy = confirmed(BORN.apply(new KnowledgeBaseEvent.Deleted(NOW)));
        confirmed();

        assertThat(join(catalogue.unfinished())).containsExactly(busy);
    }

    @Test
    void findsWhatIsSharedByItsAddress() {
        KnowledgeBase state = BORN.apply(new KnowledgeBaseEvent.Shared("our-shop", NOW));
        Scope shared = confirmed(state);
        assertThat(join(catalogue.bySlug("our-shop"))).contains(shared);

        join(catalogue.confirm(shared, state.apply(new KnowledgeBaseEvent.Unshared(NOW)), 3));
        assertThat(join(catalogue.bySlug("our-shop"))).isEmpty();

        join(catalogue.confirm(shared, state, 2));
        assertThat(join(catalogue.bySlug("our-shop")))
                .as("a late word of before")
                .isEmpty();
    }

    @Test
    void aPublicAddressIsOfTheFirstThatHasIt() {
        KnowledgeBase state = BORN.apply(new KnowledgeBaseEvent.Shared("our-shop", NOW));
        Scope first = confirmed(state);
        Scope second = confirmed(state);

        assertThat(join(catalogue.bySlug("our-shop"))).contains(first);
        assertThat(join(catalogue.list(tenant, Optional.empty(), 10))).contains(second.knowledgeBase());
    }

    @Test
    void goesOnAfterAnyRow() {
        Scope first = confirmed();
        Scope second = confirmed();
        String smaller =
                first.knowledgeBase().value().compareTo(second.knowledgeBase().value()) < 0
                        ? first.knowledgeBase().value()
                        : second.knowledgeBase().value();

        assertThat(join(catalogue.list(tenant, Optional.empty(), 1))).hasSize(2);
        assertThat(join(catalogue.list(tenant, Optional.of(smaller), 10))).hasSize(1);
    }
}
