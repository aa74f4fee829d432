package io.kvasir.ingestion.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.jdbc.TestDatabase;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whose source is read when more is due than is read at once. */
class RoundsTest {
    private static final Duration SOON = Duration.ofSeconds(5);

    private final SourceDesk desk = new SourceDesk(TestDatabase.H2);
    /** Sources whose reading began and is not over. */
    private final Set<SourceId> reading = ConcurrentHashMap.newKeySet();

    /** Takes as long as its settings say. */
    private final class Slow implements SourceKind {
        private final String name;
        private final boolean interactive;

        Slow(String name, boolean interactive) {
            this.name = name;
            this.interactive = interactive;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public boolean interactive() {
            return interactive;
        }

        @Override
        public String shown(String settings) {
            return settings;
        }

        @Override
        public Visit visit(Opened source) {
            return new Visit() {
                @Override
                public void list(Listing listing) {
                    reading.add(source.id());
                    source.pause(Duration.parse(source.settings()));
                    listing.found("one", "");
                }

                @Override
                public Read read(Found item) {
                    return new Read.Content(
                            new Read.File(
                                    "one.txt",
                                    Optional.of("text/plain"),
                                    Optional.empty(),
                                    "a text".getBytes(StandardCharsets.UTF_8)),
                            Optional.empty(),
                            List.of(),
                            List.of());
                }
            };
        }
    }

    private final Ledger ledger = desk.node(new Slow("site", false), new Slow("list", true));

    @AfterEach
    void close() throws Exception {
        desk.close();
    }

    private SourceId added(Scope scope, String kind, Duration takes) {
        SourceId id = SourceId.next();
        assertThat(ledger.add(scope, kind, id, new Ledger.Wish(takes.toString(), Optional.empty()))
                        .toCompletableFuture()
                        .join())
                .isInstanceOf(Outcome.Done.class);
        return id;
    }

    /** Hundreds, more than a node looks through at a time, of which only a few are read at once. */
    private void flood(TenantId tenant) {
        for (int base = 0; base < 25; base++) {
            Scope scope = desk.another(tenant);
            for (int i = 0; i < 10; i++) {
                added(scope, "site", Duration.ofMinutes(10));
            }
        }
        await().atMost(SOON).until(() -> reading.size() == 2);
    }

    private SourceEntry.State state(Scope scope, String kind, SourceId id) {
        return switch (ledger.one(scope, kind, id).toCompletableFuture().join()) {
            case Outcome.Done<SourceEntry>(SourceEntry entry) -> entry.state();
            case Outcome.Refused<SourceEntry>(io.kvasir.kernel.Rejection reason) ->
                throw new AssertionError("refused: " + reason);
        };
    }

    @Test
    void hundredsOfOneTenantStandBeforeNobodysOne() {
        flood(new TenantId(Ids.next()));
        SourceId one = added(desk.scope, "site", Duration.ZERO);
        await().atMost(SOON).until(() -> state(desk.scope, "site", one) == SourceEntry.State.FRESH);
        assertThat(reading).hasSize(3);
    }

    @Test
    void hundredsOfATenantStandBeforeNothingSomebodyWaitsFor() {
        TenantId tenant = new TenantId(Ids.next());
        flood(tenant);
        Scope scope = desk.another(tenant);
        SourceId list = added(scope, "list", Duration.ZERO);
        await().atMost(SOON).until(() -> state(scope, "list", list) == SourceEntry.State.FRESH);
    }

    @Test
    void aTenantWaitsForNoHoursOfOthers() {
        List<List<SourceId>> ofTenants = new ArrayList<>();
        for (int tenant = 0; tenant < 3; tenant++) {
            Scope scope = desk.another(new TenantId(Ids.next()));
            ofTenants.add(IntStream.range(0, 3)
                    .mapToObj(_ -> added(scope, "site", Duration.ofMinutes(10)))
                    .toList());
        }
        // The four places are taken, and of each tenant one is read, on a fifth place where the others had two each.
        await().atMost(SOON)
                .until(() -> reading.size() >= 4
                        && ofTenants.stream().allMatch(some -> some.stream().anyMatch(reading::contains)));
        int taken = reading.size();
        SourceId one = added(desk.scope, "site", Duration.ZERO);
        await().atMost(SOON).until(() -> state(desk.scope, "site", one) == SourceEntry.State.FRESH);
        assertThat(reading).hasSize(taken + 1);
    }
}
