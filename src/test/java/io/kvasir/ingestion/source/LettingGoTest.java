package io.kvasir.ingestion.source;

import static io.kvasir.ingestion.source.SourceContract.got;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.ingestion.source.SourceDesk.Making;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.kernel.SourceId;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of passages that are on their way into the index when the reading ends that has them made. */
class LettingGoTest {
    private static final SourceId SOURCE = new SourceId("source");
    private static final String SLOW = "slow.txt";
    private static final String QUICK = "quick.txt";

    private static String text(String name) {
        return "what stands in " + name;
    }

    /** Has two things to read, always the same. */
    private static final class TwoThings implements SourceKind, Visit {
        @Override
        public String name() {
            return "things";
        }

        @Override
        public String shown(String settings) {
            return settings;
        }

        @Override
        public Visit visit(Opened source) {
            return this;
        }

        @Override
        public void list(Listing listing) {
            listing.found(SLOW, "");
            listing.found(QUICK, "");
        }

        @Override
        public Read read(Found item) {
            return new Read.Content(
                    new Read.File(
                            item.key(),
                            Optional.of("text/plain"),
                            Optional.empty(),
                            text(item.key()).getBytes(StandardCharsets.UTF_8)),
                    Optional.empty(),
                    List.of(),
                    List.of());
        }
    }

    private final SourceDesk desk = new SourceDesk(TestDatabase.H2);
    private final Ledger ledger = desk.node(new TwoThings());
    private final CompletableFuture<Void> gate = new CompletableFuture<>();
    private Making making;

    /** A reading that has shown one thing, and sent off the passages of the other. */
    @BeforeEach
    void halfway() {
        desk.gates.put(SLOW, gate);
        got(ledger.add(desk.scope, "things", SOURCE, new Ledger.Wish("{}", Optional.empty())));
        await().until(() -> desk.texts().equals(Set.of(text(QUICK))));
        await().until(() -> desk.making().stream().anyMatch(one -> one.name().equals(SLOW) && one.atGate()));
        making = desk.making().stream()
                .filter(one -> one.name().equals(SLOW))
                .findFirst()
                .orElseThrow();
        // Whoever comes next waits for nothing.
        desk.gates.clear();
    }

    @AfterEach
    void close() throws Exception {
        gate.complete(null);
        desk.close();
    }

    private void sql(String change) throws SQLException {
        desk.transactor.now(c -> {
            try (var statement = c.createStatement()) {
                return statement.executeUpdate(change);
            }
        });
    }

    /** The passages that were on their way land now, and whatever was to be done after them is. */
    private void landed() {
        await().until(making::stopped);
        gate.complete(null);
        making.over().join();
    }

    private void assertNothingIsTaken() {
        assertThat(desk.indexed()).contains(making.version()).hasSize(2);
    }

    private void assertNothingIsLeft() {
        assertThat(desk.indexed()).doesNotContain(making.version());
    }

    private void read(Ledger by) {
        await().until(() -> got(by.one(desk.scope, "things", SOURCE)).state() == SourceEntry.State.FRESH);
        assertThat(desk.texts()).containsExactlyInAnyOrder(text(SLOW), text(QUICK));
    }

    // somebody goes on

    @Test
    void whatANodeStagedThatHasTheLeaseNowStays() throws Exception {
        sql("UPDATE sources SET lease_owner = 'another', lease_until = TIMESTAMP '9999-01-01 00:00:00'");
        desk.stage(making.version(), text(SLOW));

        landed();

        assertNothingIsTaken();
        sql("UPDATE sources SET lease_owner = NULL, lease_until = NULL");
        read(ledger);
    }

    @Test
    void whatTheNextNodeStagesStaysWhereThisOneStops() {
        // The next one's publication waits, so that it has only staged.
        desk.shelved = new CompletableFuture<>();
        int before = desk.asked();
        ledger.close();
        Ledger next = desk.node(new TwoThings());
        await().until(() -> desk.asked() > before);

        landed();
        desk.shelved.complete(null);

        read(next);
    }

    @Test
    void whatTheNextReadingStagesStaysWhereThisOneIsCancelled() {
        got(ledger.cancel(desk.scope, "things", SOURCE));
        await().until(() -> got(ledger.one(desk.scope, "things", SOURCE))
                        .run()
                        .orElseThrow()
                        .status()
                == SourceRun.Status.CANCELLED);
        desk.stage(making.version(), text(SLOW));

        landed();

        assertNothingIsTaken();
        got(ledger.ask(desk.scope, "things", SOURCE));
        read(ledger);
    }

    // nobody does

    private void gone() {
        await().until(() -> desk.rows("sources") == 0);
    }

    @Test
    void nothingIsLeftOfASourceThatIsRemoved() {
        got(ledger.remove(desk.scope, "things", SOURCE));
        gone();

        landed();

        assertNothingIsLeft();
    }

    @Test
    void nothingIsLeftOfASourceThatAnotherNodeRemoved() throws Exception {
        sql("DELETE FROM sources");

        landed();

        assertNothingIsLeft();
    }

    @Test
    void nothingIsLeftWhereTheKnowledgeBaseIsErased() {
        desk.knowledgeBaseIsThere = false;
        ledger.eraseOf(desk.scope).toCompletableFuture().join();

        landed();

        assertNothingIsLeft();
    }

    @Test
    void nothingIsLeftWhereTheKnowledgeBaseSaysItIsGone() throws Exception {
        desk.knowledgeBaseIsThere = false;
        // So that it is asked to show something.
        sql("UPDATE source_items SET phase = 'staged' WHERE published > 0");

        landed();

        assertNothingIsLeft();
    }
}
