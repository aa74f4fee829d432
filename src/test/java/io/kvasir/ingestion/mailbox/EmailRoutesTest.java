package io.kvasir.ingestion.mailbox;

import static io.kvasir.ingestion.source.Posts.id;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.ingestion.source.Ledger;
import io.kvasir.ingestion.source.NothingThere;
import io.kvasir.ingestion.source.Posts;
import io.kvasir.ingestion.source.SourceDesk;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.kernel.SourceId;
import java.net.URI;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.class)
class EmailRoutesTest {
    private static final String ACCOUNTS = "/email-accounts";
    private static final String BOX = """
            {"provider":"imap","email":"shop@example.org","host":"mail.example.org","password":"secret"}
            """;

    private final SourceDesk desk;
    private final MailAccounts accounts;
    private final Posts posts;

    EmailRoutesTest(TestDatabase database) {
        desk = new SourceDesk(database);
        Ledger ledger = desk.node(new NothingThere(MailboxKind.NAME));
        MailboxSettings settings = MailboxSourceTest.settings(List.of());
        accounts = new MailAccounts(
                ledger,
                new MailboxKind(settings, MailDouble.guard(), MailDouble.trust(), Clock.systemUTC()),
                settings,
                desk.transactor,
                Clock.systemUTC(),
                CompletableFuture.completedFuture(URI.create("https://kvasir.example")));
        posts = new Posts(desk, idempotent -> new EmailRoutes(accounts, idempotent).endpoints());
    }

    @AfterEach
    void close() throws Exception {
        posts.close();
        desk.close();
    }

    private void addedUnheard() throws Exception {
        posts.unheard("INSERT INTO sources", ACCOUNTS, BOX, "k");
    }

    @Test
    void aRepeatOfWhatNobodyHeardTheEndOfIsGivenItsOwn() throws Exception {
        addedUnheard();

        String id = id(posts.post(ACCOUNTS, BOX, "k"));

        assertThat(posts.ids(ACCOUNTS)).containsExactly(id);
        assertThat(id(posts.post(ACCOUNTS, BOX, "k"))).isEqualTo(id);
    }

    @Test
    void anotherRequestIsToldThatItIsThere() throws Exception {
        addedUnheard();

        assertThat(posts.post(ACCOUNTS, BOX, "other").statusCode()).isEqualTo(409);
        id(posts.post(ACCOUNTS, BOX, "k"));
        assertThat(posts.post(ACCOUNTS, BOX, "other").statusCode()).isEqualTo(409);
    }

    @Test
    void itMayHaveBeenChangedMeanwhile() throws Exception {
        addedUnheard();
        String there = posts.ids(ACCOUNTS).getFirst();
        accounts.change(
                        desk.scope,
                        new SourceId(there),
                        box -> new Mailbox(
                                box.provider(),
                                box.email(),
                                box.host(),
                                box.port(),
                                box.security(),
                                box.username(),
                                box.authentication(),
                                "another",
                                null,
                                List.of("Work"),
                                12,
                                false,
                                48))
                .toCompletableFuture()
                .join();

        assertThat(id(posts.post(ACCOUNTS, BOX, "k"))).isEqualTo(there);
    }
}
