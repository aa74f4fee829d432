package io.kvasir.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.kvasir.journal.SharedDatabase;
import io.kvasir.kernel.FreePort;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.apache.pekko.cluster.typed.Cluster;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;

class NodeTest {
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
        Node.Started alone = Node.start(config(0, 0), true, pool(), () -> {});
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
        Node.Started first = Node.start(config(seed, seed), false, pool(), lost::incrementAndGet);
        Node.Started second = null;
        try {
            first.up().toCompletableFuture().get(30, TimeUnit.SECONDS);
            second = Node.start(config(0, seed), false, pool(), () -> {});
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
}
