package io.kvasir.tenancy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.journal.SharedDatabase;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import io.kvasir.tenancy.domain.Amounts;
import io.kvasir.tenancy.domain.Meter;
import io.kvasir.tenancy.domain.Plan;
import io.kvasir.tenancy.domain.Plans;
import io.kvasir.tenancy.domain.Preferences;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tenants over a real journal, with the clock in the test's hand. */
class TenantsTest {
    private static final TenantId TENANT = new TenantId("t");
    private static final Scope KB = new Scope(TENANT, new KnowledgeBaseId("kb"));
    private static final Amounts QUESTION = Amounts.answer(1, 100, 7);

    @TempDir
    Path folder;

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-11-21T12:00:00Z"));
    private Node node;

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    /** One life of the server, as far as tenants need it. */
    private record Node(Database database, Transactor transactor, ActorSystem<?> system, Tenants tenants)
            implements AutoCloseable {
        @Override
        public void close() {
            system.terminate();
            join(system.getWhenTerminated());
            transactor.close();
            database.close();
        }
    }

    private Node start() {
        Database database = TestDatabase.file(folder);
        Transactor transactor = new Transactor(database.dataSource(), 4);
        ActorSystem<Void> system = ActorSystem.create(
                Behaviors.empty(),
                "tenants",
                ActorSystemSetup.create(
                        BootstrapSetup.create(ConfigFactory.load()),
                        new SharedDatabase.Pool(database.dataSource(), true, 4)));
        Cluster cluster = Cluster.get(system);
        cluster.manager().tell(Join.create(cluster.selfMember().address()));
        Plans plans = new Plans(
                Map.of("ten", new Plan("ten", Map.of(Meter.MESSAGES, 10L)), "all", new Plan("all", Map.of())), "ten");
        TenancySettings settings = new TenancySettings(
                plans, "all", Duration.ofMinutes(15), Duration.ofSeconds(20), Duration.ofMinutes(5), 50);
        Clock clock = new Clock() {
            @Override
            public java.time.ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(java.time.ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return now.get();
            }
        };
        return new Node(database, transactor, system, new Tenants(system, settings, clock, transactor));
    }

    @BeforeEach
    void begin() {
        node = start();
    }

    @AfterEach
    void end() {
        node.close();
    }

    private void restart() {
        node.close();
        node = start();
    }

    private List<Outcome<String>> reserve(int times) {
        List<CompletableFuture<Outcome<String>>> all = IntStream.range(0, times)
                .mapToObj(_ -> node.tenants().reserve(TENANT, QUESTION).toCompletableFuture())
                .toList();
        return all.stream().map(CompletableFuture::join).toList();
    }

    private static long granted(List<Outcome<String>> outcomes) {
        return outcomes.stream().filter(o -> o instanceof Outcome.Done<String>).count();
    }

    private static String id(Outcome<String> outcome) {
        return ((Outcome.Done<String>) outcome).value();
    }

    private Tenants.Count messages() {
        return join(node.tenants().overview(TENANT, Optional.empty(), Optional.empty())).counts().stream()
                .filter(c -> c.what().equals("messages"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void whatIsSetAsideUnderOneIdIsSetAsideOnce() {
        assertThat(join(node.tenants().reserve(TENANT, "place", QUESTION))).isEqualTo(Outcome.done("place"));
        assertThat(granted(reserve(10))).isEqualTo(9);

        assertThat(join(node.tenants().reserve(TENANT, "place", QUESTION))).isEqualTo(Outcome.done("place"));

        assertThat(messages().reserved()).isEqualTo(10);
        join(node.tenants().release(TENANT, "place"));
        assertThat(granted(reserve(2))).isEqualTo(1);
    }

    @Test
    void ofTwoHundredAtOnceExactlyTenPass() {
        List<Outcome<String>> outcomes = reserve(200);

        assertThat(granted(outcomes)).isEqualTo(10);
        assertThat(outcomes.stream()
                        .filter(o -> o instanceof Outcome.Refused<String>(Rejection r)
                                && r instanceof Rejection.LimitReached))
                .hasSize(190);
    }

    @Test
    void reservationsOutliveARestartAndEndWithTheirTime() {
        assertThat(granted(reserve(10))).isEqualTo(10);
        restart();
        assertThat(messages().reserved()).isEqualTo(10);
        assertThat(granted(reserve(1))).isZero();

        now.set(now.get().plus(Duration.ofMinutes(15)));
        assertThat(granted(reserve(11))).isEqualTo(10);
    }

    @Test
    void whatWasUsedOutlivesARestartAndIsBookedOnce() {
        List<Outcome<String>> outcomes = reserve(3);
        join(node.tenants().settle(KB, id(outcomes.get(0)), new Tenants.Used("p", "m", 1, 30, 12, 5)));
        join(node.tenants().settle(KB, id(outcomes.get(1)), new Tenants.Used("p", "m", 1, 30, 12, 5)));
        join(node.tenants().release(TENANT, id(outcomes.get(2))));
        restart();

        assertThat(messages().used()).isEqualTo(2);
        assertThat(messages().reserved()).isZero();
        await().untilAsserted(() -> assertThat(join(node.tenants().overview(TENANT, Optional.empty(), Optional.empty()))
                        .days())
                .singleElement()
                .satisfies(day -> {
                    assertThat(day.messages()).isEqualTo(2);
                    assertThat(day.costMicros()).isEqualTo(10);
                }));
    }

    @Test
    void thousandsThatStartAtOnceAreAnsweredInTime() {
        assertThat(join(node.tenants().choose(TENANT, "all"))).isEqualTo(Outcome.done("all"));
        // A cap no one reaches makes every reservation one to be stored.
        join(node.tenants().prefer(TENANT, new Preferences(Optional.empty(), Optional.of(Long.MAX_VALUE / 2))));
        long before = System.nanoTime();

        assertThat(granted(reserve(10_000))).isEqualTo(10_000);
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void aNewMonthBeginsAnew() {
        List<Outcome<String>> outcomes = reserve(10);
        outcomes.forEach(o -> join(node.tenants().settle(KB, id(o), new Tenants.Used("p", "m", 1, 1, 1, 1))));
        assertThat(granted(reserve(1))).isZero();

        now.set(Instant.parse("2026-12-01T00:00:00Z"));
        assertThat(granted(reserve(11))).isEqualTo(10);
    }

    @Test
    void whatKnowledgeBasesHoldCountsUntilTheyAreGone() {
        join(node.tenants().holds(KB, 2, 300));
        join(node.tenants().holds(KB, 3, 400));
        assertThat(join(node.tenants().overview(TENANT, Optional.empty(), Optional.empty())).counts().stream()
                        .map(Tenants.Count::used)
                        .toList())
                .startsWith(1L, 3L, 400L);

        join(node.tenants().gone(KB));
        assertThat(join(node.tenants().overview(TENANT, Optional.empty(), Optional.empty())).counts().stream()
                        .map(Tenants.Count::used)
                        .toList())
                .startsWith(0L, 0L, 0L);
    }
}
