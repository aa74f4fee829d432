package io.kvasir.ingestion.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.http.Page;
import io.kvasir.ingestion.source.SourceEntry.State;
import io.kvasir.ingestion.source.SourceRun.Cause;
import io.kvasir.ingestion.source.SourceRun.Status;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.SourceId;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What holds for every kind of source. A test of a kind extends this, has the kind read a place of its own, and says how
 * things appear, change and disappear there.
 */
public abstract class SourceContract {
    protected final SourceDesk desk = new SourceDesk(database());

    /** The kind under test, reading the place of this test. */
    protected abstract SourceKind kind();

    /** JSON of the kind's settings for that place. */
    protected abstract String settings();

    /** Puts a thing there, or changes it. The text it comes to must hold {@code text}. */
    protected abstract void put(String name, String text);

    /** Takes it away again. */
    protected abstract void take(String name);

    /** From now on the whole place can't be reached, or can again. */
    protected abstract void reachable(boolean reachable);

    /** From now on reading one thing takes that long. */
    protected abstract void slow(Duration each);

    /** Under which id it is added. */
    protected SourceId source() {
        return new SourceId("source");
    }

    protected TestDatabase database() {
        return TestDatabase.H2;
    }

    private Ledger ledger;

    @BeforeEach
    void open() {
        ledger = desk.node(kind());
    }

    @AfterEach
    void close() throws Exception {
        desk.close();
    }

    protected final Ledger ledger() {
        return ledger;
    }

    protected static <T> T got(CompletionStage<Outcome<T>> stage) {
        return switch (stage.toCompletableFuture().join()) {
            case Outcome.Done<T>(T value) -> value;
            case Outcome.Refused<T>(io.kvasir.kernel.Rejection reason) ->
                throw new AssertionError("refused: " + reason);
        };
    }

    protected final SourceEntry add() {
        return got(ledger.add(
                desk.scope, kind().name(), source(), new Ledger.Wish(settings(), Optional.of(Duration.ofDays(7)))));
    }

    protected final SourceEntry now() {
        return got(ledger.one(desk.scope, kind().name(), source()));
    }

    /** Waits for the end of a reading. */
    protected final SourceEntry read() {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> now().run()
                        .filter(run -> run.status() != Status.RUNNING)
                        .isPresent());
        return now();
    }

    protected final SourceEntry again() {
        String last = now().run().map(SourceRun::id).orElse("");
        got(ledger.ask(desk.scope, kind().name(), source()));
        await().atMost(Duration.ofSeconds(30))
                .until(() -> now().run()
                        .filter(run -> !run.id().equals(last) && run.status() != Status.RUNNING)
                        .isPresent());
        return now();
    }

    protected final boolean found(String text) {
        return desk.texts().stream().anyMatch(known -> known.contains(text));
    }

    @Test
    void whatIsThereIsFound() {
        put("one", "the first text");
        put("two", "the second text");
        assertThat(add().state()).isIn(State.ADDED, State.FETCHING);

        SourceEntry read = read();
        assertThat(found("the first text")).isTrue();
        assertThat(found("the second text")).isTrue();
        assertThat(read.state()).isEqualTo(State.FRESH);
        assertThat(read.items().searchable()).isGreaterThanOrEqualTo(2);
        assertThat(read.run()).hasValueSatisfying(run -> {
            assertThat(run.cause()).isEqualTo(Cause.ADDED);
            assertThat(run.status()).isEqualTo(Status.COMPLETED);
            assertThat(run.changed()).isGreaterThanOrEqualTo(2);
        });
        assertThat(read.dueAt())
                .hasValueSatisfying(due -> assertThat(due)
                        .isBetween(
                                Instant.now().plus(Duration.ofDays(6)),
                                Instant.now().plus(Duration.ofDays(8))));
        assertThat(desk.holdings().items()).isEqualTo(read.items().searchable());
    }

    @Test
    void whatDidNotChangeIsNotEmbeddedAgain() {
        put("one", "the first text");
        put("two", "the second text");
        add();
        read();
        int before = desk.embeddings();

        SourceEntry again = again();
        assertThat(desk.embeddings()).isEqualTo(before);
        assertThat(again.run().orElseThrow().changed()).isZero();
        assertThat(found("the first text")).isTrue();

        put("two", "the second text, changed");
        again();
        assertThat(desk.embeddings()).isEqualTo(before + 1);
        assertThat(found("the second text, changed")).isTrue();
        assertThat(desk.texts().stream().filter(t -> t.contains("the second text")))
                .hasSize(1);
    }

    @Test
    void whatIsNotThereAnyMoreLeaves() {
        put("one", "the first text");
        put("two", "the second text");
        add();
        read();

        take("two");
        SourceEntry again = again();
        assertThat(found("the second text")).isFalse();
        assertThat(found("the first text")).isTrue();
        assertThat(again.run().orElseThrow().removed()).isEqualTo(1);
        assertThat(again.state()).isEqualTo(State.FRESH);
    }

    @Test
    void whatComesBackIsFoundAgain() {
        put("one", "the first text");
        put("two", "the second text");
        add();
        read();
        take("two");
        again();
        assertThat(found("the second text")).isFalse();

        put("two", "the second text");
        again();
        assertThat(found("the second text")).isTrue();

        put("two", "the second text, changed");
        again();
        assertThat(desk.texts().stream().filter(t -> t.contains("the second text")))
                .singleElement()
                .asString()
                .contains("changed");
    }

    @Test
    void aPlaceThatIsAwayKeepsWhatWasKnownAndSaysWhy() {
        put("one", "the first text");
        add();
        read();
        reachable(false);

        SourceEntry away = again();
        assertThat(away.state()).isEqualTo(State.STALE);
        assertThat(away.error())
                .hasValueSatisfying(why -> assertThat(why.detail()).isNotBlank());
        assertThat(away.run().orElseThrow().status()).isEqualTo(Status.FAILED);
        assertThat(found("the first text")).isTrue();
        assertThat(away.dueAt()).isPresent();

        again();
        SourceEntry third = again();
        // Failed three times over: asking began the count anew each time, so it goes on trying by itself.
        assertThat(third.dueAt()).isPresent();

        reachable(true);
        assertThat(again().state()).isEqualTo(State.FRESH);
        assertThat(now().error()).isEmpty();
    }

    @Test
    void aPlaceThatWasNeverReachedHasFailed() {
        put("one", "the first text");
        reachable(false);
        add();
        assertThat(read().state()).isEqualTo(State.FAILED);
    }

    @Test
    void aReadingGoesOnWhereAnotherNodeLeftIt() {
        for (int i = 0; i < 16; i++) {
            put("thing" + i, "text number " + i + ".");
        }
        slow(Duration.ofMillis(300));
        add();
        await().atMost(Duration.ofSeconds(30)).until(() -> now().items().searchable() > 1);
        ledger.close();
        int fetched = now().run().orElseThrow().fetched();
        assertThat(now().run().orElseThrow().status()).isEqualTo(Status.RUNNING);

        ledger = desk.node(kind());
        SourceEntry read = read();
        for (int i = 0; i < 16; i++) {
            assertThat(found("text number " + i + ".")).isTrue();
        }
        assertThat(read.run().orElseThrow().fetched()).isGreaterThanOrEqualTo(fetched);
        assertThat(read.run().orElseThrow().status()).isEqualTo(Status.COMPLETED);
        assertThat(got(ledger.history(desk.scope, kind().name(), source(), new Page.Request(10, Optional.empty())))
                        .items())
                .hasSize(1);
    }

    @Test
    void aReadingCanBeCancelledAndAskedForAgain() {
        for (int i = 0; i < 6; i++) {
            put("thing" + i, "text number " + i + ".");
        }
        slow(Duration.ofSeconds(1));
        add();
        await().atMost(Duration.ofSeconds(30)).until(() -> now().atWork());
        got(ledger.cancel(desk.scope, kind().name(), source()));
        await().atMost(Duration.ofSeconds(3))
                .until(() -> now().run().orElseThrow().status() == Status.CANCELLED);
        assertThat(now().state()).isIn(State.ADDED, State.STALE);

        slow(Duration.ZERO);
        assertThat(again().state()).isEqualTo(State.FRESH);
        assertThat(found("text number 5.")).isTrue();
    }

    @Test
    void whatIsRemovedLeavesNothing() throws Exception {
        put("one", "the first text");
        add();
        read();
        got(ledger.remove(desk.scope, kind().name(), source()));

        await().atMost(Duration.ofSeconds(30)).until(() -> desk.rows("sources") == 0);
        assertThat(desk.texts()).isEmpty();
        assertThat(desk.rows("source_items")).isZero();
        assertThat(desk.rows("source_runs")).isZero();
        await().atMost(Duration.ofSeconds(30)).until(() -> desk.rows("data_keys") == 0);
        assertThat(desk.holdings()).isEqualTo(new Shelf.Holdings(0, 0));
        assertThat(ledger.one(desk.scope, kind().name(), source())
                        .toCompletableFuture()
                        .join())
                .isInstanceOf(Outcome.Refused.class);
    }

    @Test
    void aDeletedKnowledgeBaseTakesItsSourcesAlong() throws Exception {
        put("one", "the first text");
        slow(Duration.ofMillis(300));
        add();
        await().until(() -> now().state() != State.ADDED);
        desk.knowledgeBaseIsThere = false;
        ledger.eraseOf(desk.scope).toCompletableFuture().join();

        assertThat(desk.rows("sources")).isZero();
        assertThat(desk.rows("source_items")).isZero();
        assertThat(desk.rows("source_runs")).isZero();
    }

    @Test
    void ofTwoNodesOneReads() {
        desk.node(kind());
        desk.node(kind());
        for (int i = 0; i < 5; i++) {
            put("thing" + i, "text number " + i + ".");
        }
        add();
        SourceEntry read = read();
        assertThat(read.run().orElseThrow().status()).isEqualTo(Status.COMPLETED);
        assertThat(desk.embeddings()).isEqualTo(read.items().searchable());
        assertThat(got(ledger.history(desk.scope, kind().name(), source(), new Page.Request(10, Optional.empty())))
                        .items())
                .hasSize(1);
    }

    @Test
    void aPlanWithoutRoomEndsTheReadingWithTheReason() {
        desk.mostItems = 0;
        put("one", "the first text");
        add();
        SourceEntry read = read();
        assertThat(read.state()).isEqualTo(State.FAILED);
        assertThat(read.error())
                .hasValueSatisfying(why -> assertThat(why.code()).isEqualTo("plan-limit"));
    }

    @Test
    void anUnknownKnowledgeBaseIsNotFound() {
        desk.knowledgeBaseIsThere = false;
        assertThat(ledger.add(desk.scope, kind().name(), source(), new Ledger.Wish(settings(), Optional.empty()))
                        .toCompletableFuture()
                        .join())
                .isInstanceOf(Outcome.Refused.class);
    }
}
