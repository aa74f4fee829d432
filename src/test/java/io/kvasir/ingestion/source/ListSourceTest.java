package io.kvasir.ingestion.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.http.Page;
import io.kvasir.ingestion.source.SourceEntry.State;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import org.junit.jupiter.api.Test;

/** The smallest kind of source there can be, and what of the ledger shows with it alone. */
class ListSourceTest extends SourceContract {
    private final Map<String, String> things = new ConcurrentSkipListMap<>();
    private volatile boolean reachable = true;
    private volatile boolean locked;
    private volatile Duration slow = Duration.ZERO;

    private final SourceKind kind = new SourceKind() {
        @Override
        public String name() {
            return "list";
        }

        @Override
        public String shown(String settings) {
            return settings;
        }

        @Override
        public Visit visit(Opened source) throws SourceFault {
            if (locked) {
                throw SourceFault.lasting("locked", "The door is locked");
            }
            return new Visit() {
                @Override
                public void list(Listing listing) throws SourceFault {
                    if (!reachable) {
                        throw SourceFault.passing("away", "Nobody is there");
                    }
                    things.keySet().forEach(name -> listing.found(name, "a note"));
                }

                @Override
                public Read read(Found item) {
                    source.pause(slow);
                    return Optional.ofNullable(things.get(item.key()))
                            .<Read>map(text -> new Read.Content(
                                    file(item.key(), text), Optional.empty(), List.of(), parts(item.key(), text)))
                            .orElseGet(Read.Gone::new);
                }
            };
        }
    };

    private static Read.File file(String name, String text) {
        return new Read.File(
                name + ".txt", Optional.of("text/plain"), Optional.empty(), text.getBytes(StandardCharsets.UTF_8));
    }

    private static List<Read.Part> parts(String name, String text) {
        return text.contains("[enclosed]")
                ? List.of(new Read.Part(name + "#1", file("enclosed", "what was enclosed with " + name)))
                : List.of();
    }

    @Override
    protected SourceKind kind() {
        return kind;
    }

    @Override
    protected String settings() {
        return "{}";
    }

    @Override
    protected void put(String name, String text) {
        things.put(name, text);
    }

    @Override
    protected void take(String name) {
        things.remove(name);
    }

    @Override
    protected void reachable(boolean is) {
        reachable = is;
    }

    @Override
    protected void slow(Duration each) {
        slow = each;
    }

    @Test
    void partsComeAndGoWithTheirItem() {
        put("letter", "a letter [enclosed]");
        add();
        read();
        assertThat(found("what was enclosed with letter")).isTrue();
        again();
        assertThat(found("what was enclosed with letter")).isTrue();

        put("letter", "a letter with nothing");
        again();
        assertThat(found("what was enclosed with letter")).isFalse();
        assertThat(found("a letter with nothing")).isTrue();

        put("letter", "a letter [enclosed]");
        again();
        take("letter");
        again();
        assertThat(desk.texts()).isEmpty();
    }

    @Test
    void whatIsRemovedAndAddedAgainIsFoundAgain() {
        put("one", "the first text");
        add();
        read();
        got(ledger().remove(desk.scope, "list", source()));
        // Its key is the last to go.
        await().atMost(Duration.ofSeconds(30)).until(() -> desk.rows("data_keys") == 0);

        add();
        read();
        assertThat(found("the first text")).isTrue();
    }

    @Test
    void oneThingThatCannotBeReadFailsAloneAndIsTriedAgain() throws Exception {
        put("bad", "unreadable");
        put("good", "a good text");
        add();
        assertThat(read().state()).isEqualTo(State.FRESH);
        assertThat(found("a good text")).isTrue();
        List<SourceItem> failed = got(ledger().items(
                                desk.scope, "list", source(), true, new Page.Request(10, Optional.empty())))
                .items();
        assertThat(failed).singleElement().satisfies(item -> {
            assertThat(item.key()).isEqualTo("bad");
            assertThat(item.problem().orElseThrow().code()).isEqualTo("corrupt");
        });

        int before = desk.embeddings();
        again();
        assertThat(desk.embeddings()).isEqualTo(before + 1);

        take("bad");
        again();
        assertThat(desk.rows("source_items"))
                .as("whatever it left goes with it")
                .isEqualTo(1);
    }

    @Test
    void aFaultThatLastsPausesTheSource() {
        put("one", "the first text");
        locked = true;
        add();
        assertThat(read().dueAt()).isEmpty();
        assertThat(now().error().orElseThrow().code()).isEqualTo("locked");

        locked = false;
        assertThat(again().state()).isEqualTo(State.FRESH);
        assertThat(now().dueAt()).isPresent();
    }

    @Test
    void whatIsAskedForWhileItIsReadIsReadOnceMore() {
        put("one", "the first text");
        slow(Duration.ofMillis(500));
        add();
        await().until(() -> now().state() == State.FETCHING);
        put("two", "the second text");
        got(ledger().ask(desk.scope, "list", source()));
        await().atMost(Duration.ofSeconds(30)).until(() -> found("the second text"));
    }

    /** As if its time had come. */
    private SourceEntry due() throws Exception {
        String last = now().run().orElseThrow().id();
        desk.transactor.now(c -> {
            try (var update = c.prepareStatement("UPDATE sources SET due_at = ?")) {
                update.setObject(
                        1,
                        java.time.OffsetDateTime.now(java.time.ZoneOffset.UTC).minusSeconds(1));
                return update.executeUpdate();
            }
        });
        await().atMost(Duration.ofSeconds(30))
                .until(() -> now().run()
                        .filter(run -> !run.id().equals(last) && run.status() != SourceRun.Status.RUNNING)
                        .isPresent());
        return now();
    }

    @Test
    void itIsReadWhenItIsDue() throws Exception {
        put("one", "the first text");
        add();
        read();
        put("two", "the second text");
        SourceEntry again = due();
        assertThat(again.run().orElseThrow().cause()).isEqualTo(SourceRun.Cause.SCHEDULE);
        assertThat(found("the second text")).isTrue();
        assertThat(again.dueAt().orElseThrow()).isAfter(java.time.Instant.now().plus(Duration.ofDays(6)));
    }

    @Test
    void onePlaceThatStaysAwayIsTriedEverMoreSeldomAndPausesInTheEnd() throws Exception {
        put("one", "the first text");
        reachable(false);
        add();
        java.time.Instant first = read().dueAt().orElseThrow();
        assertThat(Duration.between(java.time.Instant.now(), first))
                .isBetween(Duration.ofMinutes(59), Duration.ofMinutes(61));
        SourceEntry second = due();
        assertThat(second.run().orElseThrow().cause()).isEqualTo(SourceRun.Cause.RETRY);
        assertThat(Duration.between(java.time.Instant.now(), second.dueAt().orElseThrow()))
                .isBetween(Duration.ofMinutes(119), Duration.ofMinutes(121));
        SourceEntry third = due();
        assertThat(third.dueAt()).isEmpty();
        assertThat(third.error().orElseThrow().code()).isEqualTo("away");

        reachable(true);
        assertThat(again().state()).isEqualTo(SourceEntry.State.FRESH);
        assertThat(now().dueAt()).isPresent();
    }

    @Test
    void theHistoryKeepsTheNewest() {
        put("one", "the first text");
        add();
        read();
        for (int i = 0; i < 7; i++) {
            again();
        }
        assertThat(got(ledger().history(desk.scope, "list", source(), new Page.Request(100, Optional.empty())))
                        .items())
                .hasSize(5);
    }

    @Test
    void aNodeThatDiesIsReplacedOnceItsLeaseIsOver() throws Exception {
        put("one", "the first text");
        slow(Duration.ofMillis(500));
        add();
        await().until(() -> now().state() == State.FETCHING);
        // As if the node were gone: somebody else has the lease, and says nothing.
        desk.transactor.now(c -> {
            try (var update = c.prepareStatement("UPDATE sources SET lease_owner = 'dead'")) {
                return update.executeUpdate();
            }
        });
        slow(Duration.ZERO);
        assertThat(read().state()).isEqualTo(State.FRESH);
        assertThat(found("the first text")).isTrue();
    }
}
