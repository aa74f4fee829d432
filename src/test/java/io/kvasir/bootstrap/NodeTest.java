package io.kvasir.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.kvasir.journal.SharedDatabase;
import io.kvasir.kernel.FreePort;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import javax.sql.DataSource;
import org.apache.pekko.cluster.UniqueAddress;
import org.apache.pekko.cluster.typed.Cluster;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;

class NodeTest {
    /** Nobody is ever proven to have ended. */
    static final Function<UniqueAddress, CompletionStage<Boolean>> UNPROVEN =
            _ -> CompletableFuture.completedFuture(false);

    /** Ends without a word, and nobody but the proof takes a silent member out. */
    private static final Config ABRUPT = ConfigFactory.parseString("""
            pekko.coordinated-shutdown.run-by-actor-system-terminate = off
            pekko.cluster.split-brain-resolver { stable-after = 120s, down-all-when-unstable = off }
            """);

    private static SharedDatabase.Pool pool() {
        JdbcDataSource database = new JdbcDataSource();
        database.setURL("jdbc:h2:mem:node;DB_CLOSE_DELAY=-1");
        DataSource source = database;
        return new SharedDatabase.Pool(source, true, 2);
    }

    private static Config config(int port, int seed) {
        Config config = ConfigFactory.parseString("kvasir.cluster.port = " + port)
                .withFallback(ConfigFactory.defaultApplication())
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
        return seed == 0
                ? config
                : ClusterSettings.of(ConfigFactory.parseString("cluster.seeds = \"127.0.0.1:" + seed + "\"")
                                .withFallback(config.getConfig("kvasir")))
                        .into(config);
    }

    private static long members(Node.Started node) {
        int[] count = {0};
        Cluster.get(node.system()).state().getMembers().forEach(_ -> count[0]++);
        return count[0];
    }

    @Test
    void aServerWithoutSeedsIsAClusterOfItsOwn() throws Exception {
        Node.Started alone = Node.start(config(0, 0), true, pool(), UNPROVEN, () -> {});
        try {
            assertThat(alone.up().toCompletableFuture().get(30, TimeUnit.SECONDS))
                    .isTrue();
            // The cluster's own view is told beside this one.
            await().until(() -> members(alone) == 1);
        } finally {
            alone.system().terminate();
        }
    }

    @Test
    void serversFindEachOtherAndAreToldWhenOneIsGone() throws Exception {
        int seed = FreePort.choose();
        AtomicInteger lost = new AtomicInteger();
        Node.Started first = Node.start(config(seed, seed), false, pool(), UNPROVEN, lost::incrementAndGet);
        Node.Started second = null;
        try {
            first.up().toCompletableFuture().get(30, TimeUnit.SECONDS);
            second = Node.start(config(0, seed), false, pool(), UNPROVEN, () -> {});
            second.up().toCompletableFuture().get(60, TimeUnit.SECONDS);
            Node.Started other = second;
            await().until(() -> members(other) == 2);
            assertThat(lost).hasValue(0);

            second.system().terminate();
            await().atMost(Duration.ofSeconds(60)).untilAtomic(lost, org.hamcrest.Matchers.is(1));
        } finally {
            first.system().terminate();
            if (second != null) {
                second.system().terminate();
            }
        }
    }

    private static List<Node.Started> three(Function<UniqueAddress, CompletionStage<Boolean>> ended, AtomicInteger lost)
            throws Exception {
        int seed = FreePort.choose();
        List<Node.Started> nodes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Node.Started node = Node.start(
                    ABRUPT.withFallback(config(i == 0 ? seed : 0, seed)),
                    false,
                    pool(),
                    i == 0 ? ended : UNPROVEN,
                    i == 0 ? lost::incrementAndGet : () -> {});
            nodes.add(node);
            node.up().toCompletableFuture().get(60, TimeUnit.SECONDS);
        }
        await().atMost(Duration.ofSeconds(30)).until(() -> members(nodes.getFirst()) == 3);
        return nodes;
    }

    private static int silent(Node.Started node) {
        return Cluster.get(node.system()).state().getUnreachable().size();
    }

    private static void end(List<Node.Started> nodes) {
        nodes.forEach(node -> node.system().terminate());
    }

    @Test
    void whoIsProvenToHaveEndedIsTakenOutAtOnce() throws Exception {
        AtomicReference<UniqueAddress> dead = new AtomicReference<>();
        AtomicInteger lost = new AtomicInteger();
        List<Node.Started> nodes = three(member -> CompletableFuture.completedFuture(member.equals(dead.get())), lost);
        try {
            dead.set(Cluster.get(nodes.get(2).system()).selfMember().uniqueAddress());
            nodes.get(2).system().terminate();

            await().atMost(Duration.ofSeconds(30)).untilAtomic(lost, org.hamcrest.Matchers.is(1));
            assertThat(members(nodes.getFirst())).isEqualTo(2);
        } finally {
            end(nodes);
        }
    }

    @Test
    void whoIsOnlySilentIsLeftToTheResolver() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        AtomicInteger lost = new AtomicInteger();
        List<Node.Started> nodes = three(
                _ -> {
                    asked.incrementAndGet();
                    return CompletableFuture.completedFuture(false);
                },
                lost);
        try {
            assertThat(asked).as("asked about who is heard").hasValue(0);
            nodes.get(2).system().terminate();

            await().atMost(Duration.ofSeconds(30)).until(() -> silent(nodes.getFirst()) == 1);
            // It is asked again and again, since a process that is being killed may not be gone altogether yet.
            await().atMost(Duration.ofSeconds(30)).until(() -> asked.get() > 5);
            assertThat(lost).hasValue(0);
            assertThat(members(nodes.getFirst())).isEqualTo(3);
        } finally {
            end(nodes);
        }
    }

    /** Two of three are silent: it may as well be this one that is cut off, whatever is proven. */
    @Test
    void theSmallerPartTakesNobodyOut() throws Exception {
        CompletableFuture<Boolean> bothSilent = new CompletableFuture<>();
        AtomicInteger asked = new AtomicInteger();
        AtomicInteger lost = new AtomicInteger();
        List<Node.Started> nodes = three(
                _ -> {
                    asked.incrementAndGet();
                    return bothSilent;
                },
                lost);
        try {
            nodes.get(1).system().terminate();
            nodes.get(2).system().terminate();
            await().atMost(Duration.ofSeconds(30)).until(() -> silent(nodes.getFirst()) == 2);
            bothSilent.complete(true);

            await().atMost(Duration.ofSeconds(30)).until(() -> asked.get() > 5);
            assertThat(lost).hasValue(0);
            assertThat(members(nodes.getFirst())).isEqualTo(3);
        } finally {
            end(nodes);
        }
    }
}
