package io.kvasir.ingestion.web;

import static io.kvasir.ingestion.source.Posts.id;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.ingestion.source.Ledger;
import io.kvasir.ingestion.source.NothingThere;
import io.kvasir.ingestion.source.Posts;
import io.kvasir.ingestion.source.SourceDesk;
import io.kvasir.ingestion.source.SourceEntry;
import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.SourceId;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.class)
class WebRoutesTest {
    private static final String SOURCES = "/web-sources";
    private static final String SITE = "{\"url\":\"https://shop.example/\"}";

    private final SourceDesk desk;
    private final Ledger ledger;
    private final Posts posts;

    WebRoutesTest(TestDatabase kind) {
        desk = new SourceDesk(kind);
        ledger = desk.node(new NothingThere(WebKind.NAME));
        posts = new Posts(
                desk,
                idempotent -> new WebRoutes(
                                ledger, idempotent, new WebSourceSettings(Duration.ZERO, 4, 1_000, "kvasir"))
                        .endpoints());
    }

    @AfterEach
    void close() throws Exception {
        posts.close();
        desk.close();
    }

    private static <T> T got(CompletionStage<Outcome<T>> outcome) {
        return ((Outcome.Done<T>) outcome.toCompletableFuture().join()).value();
    }

    private void addedUnheard() throws Exception {
        posts.unheard("INSERT INTO sources", SOURCES, SITE, "k");
    }

    @Test
    void aRepeatOfWhatNobodyHeardTheEndOfAddsNoSecond() throws Exception {
        addedUnheard();

        String id = id(posts.post(SOURCES, SITE, "k"));

        assertThat(posts.ids(SOURCES)).containsExactly(id);
        assertThat(id(posts.post(SOURCES, SITE, "k"))).isEqualTo(id);
    }

    @Test
    void itMayHaveBeenTheLastThereMayBe() throws Exception {
        for (int i = 0; i < 9; i++) {
            id(posts.post(SOURCES, SITE, "other-" + i));
        }
        addedUnheard();

        String id = id(posts.post(SOURCES, SITE, "k"));

        assertThat(posts.ids(SOURCES)).hasSize(10).contains(id);
        assertThat(posts.post(SOURCES, SITE, "one-more").statusCode()).isEqualTo(409);
    }

    @Test
    void itMayHaveBeenChangedMeanwhile() throws Exception {
        addedUnheard();
        SourceId there = new SourceId(posts.ids(SOURCES).getFirst());
        SourceEntry entry = got(ledger.one(desk.scope, WebKind.NAME, there));
        String other = entry.settings().replace("shop.example/", "shop.example/other");
        got(ledger.change(desk.scope, WebKind.NAME, there, new Ledger.Wish(other, Optional.empty())));

        assertThat(id(posts.post(SOURCES, SITE, "k"))).isEqualTo(there.value());
        assertThat(posts.ids(SOURCES)).containsExactly(there.value());
    }

    @Test
    void whatIsBeingRemovedIsNotGivenBack() throws Exception {
        addedUnheard();
        // As it is while its pages leave the index.
        desk.transactor
                .change(c -> Sql.update(c, "UPDATE sources SET state = 'removed', due_at = NULL"))
                .toCompletableFuture()
                .join();

        assertThat(posts.post(SOURCES, SITE, "k").statusCode()).isEqualTo(409);
    }

    @Test
    void whatNoRequestAddedIsNobodysToAddAgain() {
        SourceId id = SourceId.next();
        Ledger.Wish wish = new Ledger.Wish("{}", Optional.empty());
        assertThat(added(id, wish)).isInstanceOf(Outcome.Done.class);

        assertThat(added(id, wish)).isInstanceOf(Outcome.Refused.class);
    }

    private Outcome<SourceEntry> added(SourceId id, Ledger.Wish wish) {
        return ledger.add(desk.scope, WebKind.NAME, id, wish)
                .toCompletableFuture()
                .join();
    }
}
