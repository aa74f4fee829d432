package io.kvasir.ingestion.mailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.http.Page;
import io.kvasir.ingestion.source.SourceContract;
import io.kvasir.ingestion.source.SourceEntry;
import io.kvasir.ingestion.source.SourceEntry.State;
import io.kvasir.ingestion.source.SourceItem;
import io.kvasir.ingestion.source.SourceKind;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A mailbox on a real IMAP server keeps its promises as a source, and its own. */
class MailboxSourceTest extends SourceContract {
    private final MailDouble server = open();
    private final Map<String, String> ids = new HashMap<>();
    private List<String> folders = List.of();
    private volatile Duration later = Duration.ZERO;
    private final Clock clock = new Clock() {
        @Override
        public java.time.ZoneId getZone() {
            return java.time.ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(java.time.ZoneId zone) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Instant instant() {
            return Instant.now().plus(later);
        }
    };
    private int number;

    private static MailDouble open() {
        try {
            return new MailDouble();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    static MailboxSettings settings(List<MailboxSettings.Provider> providers) {
        return new MailboxSettings(Duration.ofSeconds(5), Duration.ofSeconds(10), 100_000, 1_000, providers);
    }

    @Override
    protected SourceKind kind() {
        return new MailboxKind(settings(List.of()), MailDouble.guard(), MailDouble.trust(), clock);
    }

    @Override
    protected String settings() {
        return server.mailbox(folders).json();
    }

    /** A mail never changes: another one takes its place. */
    @Override
    protected void put(String name, String text) {
        take(name);
        String id = name + "-" + number++ + "@example.org";
        ids.put(name, id);
        server.deliver("INBOX", MailDouble.mail(id, name, text));
    }

    @Override
    protected void take(String name) {
        Optional.ofNullable(ids.remove(name)).ifPresent(id -> server.delete("INBOX", id));
    }

    @Override
    protected void reachable(boolean reachable) {
        server.reachable(reachable);
    }

    @Override
    protected void slow(Duration each) {
        server.slow(each.dividedBy(3));
    }

    private List<SourceItem> items(boolean failed) {
        return got(ledger().items(desk.scope, "email", source(), failed, new Page.Request(100, Optional.empty())))
                .items();
    }

    @Test
    void aMailInTwoFoldersIsThereOnce() {
        folders = List.of("INBOX", "Archive");
        server.deliver("INBOX", MailDouble.mail("one@example.org", "Tea", "the kettle is on"));
        server.deliver("Archive", MailDouble.mail("one@example.org", "Tea", "the kettle is on"));
        server.deliver("Archive", MailDouble.mail("two@example.org", "Cups", "the cups are washed"));
        add();
        read();

        assertThat(items(false))
                .extracting(SourceItem::key)
                .containsExactlyInAnyOrder("one@example.org", "two@example.org");
        assertThat(desk.embeddings()).isEqualTo(2);
        again();
        assertThat(desk.embeddings()).isEqualTo(2);
    }

    @Test
    void mailsThatAreNumberedAnewAreNotReadAnew() throws Exception {
        for (int i = 0; i < 5; i++) {
            server.deliver("Work", MailDouble.mail("w" + i + "@example.org", "Work " + i, "task number " + i));
        }
        folders = List.of("Work");
        add();
        read();
        int before = desk.embeddings();
        long validity = server.folder("Work").getUidValidity();

        await().pollDelay(Duration.ofMillis(1_100)).until(() -> true);
        server.renumber("Work");
        assertThat(server.folder("Work").getUidValidity()).isNotEqualTo(validity);
        SourceEntry again = again();

        assertThat(again.state()).isEqualTo(State.FRESH);
        assertThat(desk.embeddings()).isEqualTo(before);
        assertThat(items(false)).hasSize(5).allMatch(SourceItem::searchable);
    }

    @Test
    void aMailWithoutAnIdIsThereOnceToo() {
        String mail = MailDouble.mail("x@example.org", "No id", "nobody numbered this")
                .replaceFirst("Message-ID.*\n", "");
        server.deliver("INBOX", mail);
        server.deliver("INBOX", mail);
        add();
        read();
        again();

        assertThat(items(false))
                .singleElement()
                .satisfies(item -> assertThat(item.searchable()).isTrue());
        assertThat(desk.embeddings()).isEqualTo(1);
    }

    @Test
    void whatIsOlderThanTheAccountWantsIsLeftOutAndLeaves() {
        server.deliver(
                "INBOX",
                MailDouble.mail("old@example.org", "Old", "from another year"),
                Instant.now().minus(400, ChronoUnit.DAYS));
        put("new", "from this year");
        add();
        read();
        assertThat(found("from this year")).isTrue();
        assertThat(found("from another year")).isFalse();
    }

    @Test
    void whatGrowsTooOldForTheAccountLeaves() {
        server.deliver(
                "INBOX",
                MailDouble.mail("spring@example.org", "Spring", "from a quarter ago"),
                Instant.now().minus(100, ChronoUnit.DAYS));
        put("new", "from this week");
        add();
        read();
        assertThat(found("from a quarter ago")).isTrue();

        // As if it were three months later.
        later = Duration.ofDays(100);
        again();
        assertThat(found("from a quarter ago")).isFalse();
        assertThat(found("from this week")).isTrue();
    }

    @Test
    void mailsOfOneConversationAreOneThread() {
        server.deliver("INBOX", MailDouble.mail("a@example.org", "Tea", "Is there tea?"));
        server.deliver(
                "INBOX",
                MailDouble.mail("b@example.org", "Re: Tea", "Yes, there is.")
                        .replace("Subject:", "In-Reply-To: <a@example.org>\nSubject:"));
        server.deliver(
                "INBOX",
                MailDouble.mail("c@example.org", "RE: Tea", "Thank you.")
                        .replace("Subject:", "References: <a@example.org>\n <b@example.org>\nSubject:"));
        server.deliver("INBOX", MailDouble.mail("d@example.org", "Cups", "Another matter."));
        add();
        read();
        Map<String, String> threads = new HashMap<>();
        items(false).forEach(item -> threads.put(item.key(), item.thread().orElseThrow()));
        assertThat(threads)
                .isEqualTo(Map.of(
                        "a@example.org", "a@example.org",
                        "b@example.org", "a@example.org",
                        "c@example.org", "a@example.org",
                        "d@example.org", "d@example.org"));
    }

    @Test
    void attachmentsAreItemsOfTheirOwnAndGoWithTheirMail() {
        server.deliver("INBOX", """
                Message-ID: <a@example.org>
                From: Ann <ann@example.org>
                Subject: The offer
                MIME-Version: 1.0
                Content-Type: multipart/mixed; boundary=b

                --b
                Content-Type: text/plain

                Here is the offer.
                --b
                Content-Type: text/plain; name="../offer.txt"
                Content-Disposition: attachment; filename="../offer.txt"

                Nine pounds of tea.
                --b--
                """);
        add();
        read();
        assertThat(found("Here is the offer.")).isTrue();
        assertThat(found("Nine pounds of tea.")).isTrue();
        assertThat(desk.texts().stream().filter(t -> t.contains("Nine pounds"))).hasSize(1);

        server.delete("INBOX", "a@example.org");
        again();
        assertThat(desk.texts()).isEmpty();
    }

    @Test
    void whatCannotBeReadIsPutAsideWithTheReason() {
        server.deliver("INBOX", MailDouble.mail("huge@example.org", "Huge", "tea ".repeat(50_000)));
        server.deliver(
                "INBOX",
                MailDouble.mail("sealed@example.org", "Sealed", "AAAA")
                        .replace("text/plain; charset=utf-8", "application/pkcs7-mime; smime-type=enveloped-data"));
        put("good", "a good text");
        add();
        assertThat(read().state()).isEqualTo(State.FRESH);

        assertThat(found("a good text")).isTrue();
        assertThat(items(true))
                .extracting(
                        SourceItem::key, item -> item.problem().orElseThrow().code())
                .containsExactlyInAnyOrder(
                        org.assertj.core.api.Assertions.tuple("huge@example.org", "too-large"),
                        org.assertj.core.api.Assertions.tuple("sealed@example.org", "encrypted"));
    }

    @Test
    void nothingOnTheServerChanges() {
        put("one", "the first text");
        add();
        read();
        assertThat(server.folder("INBOX").getUnseenCount()).isEqualTo(1);
    }

    @Test
    void aWrongPasswordPausesTheAccountAndIsNowhereToBeSeen() throws Exception {
        put("one", "the first text");
        server.user().setPassword("another password");
        add();
        SourceEntry read = read();

        assertThat(read.error().orElseThrow().code()).isEqualTo("authentication-failed");
        assertThat(read.error().orElseThrow().detail()).doesNotContain(MailDouble.PASSWORD);
        assertThat(read.dueAt()).isEmpty();
        byte[] stored = desk.transactor.now(c -> {
            try (var rows = c.createStatement().executeQuery("SELECT settings FROM sources")) {
                rows.next();
                return rows.getBytes(1);
            }
        });
        assertThat(new String(stored, java.nio.charset.StandardCharsets.ISO_8859_1))
                .doesNotContain(MailDouble.PASSWORD, MailDouble.USER);

        server.user().setPassword(MailDouble.PASSWORD);
        assertThat(again().state()).isEqualTo(State.FRESH);
    }

    @Test
    void aMailboxWithoutItsFoldersSaysSo() {
        folders = List.of("Nowhere");
        add();
        assertThat(read().error().orElseThrow().code()).isEqualTo("no-such-folder");
    }
}
