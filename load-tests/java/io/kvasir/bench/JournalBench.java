package io.kvasir.bench;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.kvasir.bootstrap.Settings;
import io.kvasir.conversation.domain.ConversationEvent;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.http.Json;
import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.PostgresForTests;
import io.kvasir.journal.SharedDatabase;
import io.kvasir.kernel.Sealed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.apache.pekko.Done;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;

/**
 * {@code ./dev bench journal [SECONDS] [ROUNDS] [CLIENTS]}: acknowledged events a second through sharded event-sourced
 * entities, each client asking one entity and waiting for its word, with the journal as the server has it (shared pool) and with the plain plugin's own defaults, on H2 and PostgreSQL; beside them writes of the same size with an
 * fdatasync each, and 128 together.
 */
public final class JournalBench {
    private static final int BYTES = 400;

    private JournalBench() {}

    public static void main(String[] args) throws Exception {
        int seconds = args.length > 0 ? Integer.parseInt(args[0]) : 5;
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 3;
        int clients = args.length > 2 ? Integer.parseInt(args[2]) : 64;
        Path folder = Files.createTempDirectory("bench-journal");
        Map<String, List<Figures>> all = new LinkedHashMap<>();
        try (PostgresForTests postgres = PostgresForTests.start()) {
            // The first round is for the compiler; then each of a pair goes first in turn.
            for (int round = -1; round < rounds; round++) {
                for (boolean h2 : new boolean[] {true, false}) {
                    String database = h2 ? "H2" : "PostgreSQL";
                    boolean first = round % 2 == 0;
                    for (boolean plain : new boolean[] {first, !first}) {
                        String url = h2
                                ? "jdbc:h2:file:" + folder.resolve("r" + round + plain)
                                        + "/kvasir;WRITE_DELAY=0;AUTO_COMPACT_FILL_RATE=0;DB_CLOSE_ON_EXIT=FALSE"
                                : postgres.database();
                        Figures figures = entities(folder, url, h2, plain, seconds, clients);
                        if (round >= 0) {
                            all.computeIfAbsent(
                                            database + (plain ? ", plain plugin" : ", entity path"),
                                            _ -> new ArrayList<>())
                                    .add(figures);
                        }
                    }
                }
                if (round < 0) {
                    continue;
                }
                all.computeIfAbsent("fdatasync, one by one", _ -> new ArrayList<>())
                        .add(raw(folder, seconds, 1));
                all.computeIfAbsent("fdatasync, 128 together", _ -> new ArrayList<>())
                        .add(raw(folder, seconds, 128));
            }
        }
        print(all, seconds, rounds, clients);
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        }
        System.exit(0);
    }

    /** @param p50 and p99 of one acknowledgement, in ms */
    private record Figures(double perSecond, double p50, double p99) {
        static Figures median(List<Figures> rounds) {
            return new Figures(
                    middle(rounds.stream().mapToDouble(Figures::perSecond).toArray()),
                    middle(rounds.stream().mapToDouble(Figures::p50).toArray()),
                    middle(rounds.stream().mapToDouble(Figures::p99).toArray()));
        }

        private static double middle(double[] values) {
            Arrays.sort(values);
            return values[values.length / 2];
        }
    }

    private static void print(Map<String, List<Figures>> all, int seconds, int rounds, int clients) {
        System.out.printf(
                "%d clients, medians of %d rounds of %d s, events of %d bytes sealed%n",
                clients, rounds, seconds, BYTES);
        System.out.printf("%-28s %12s %10s %10s%n", "", "events/s", "p50 ms", "p99 ms");
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("bench", "journal");
        json.put("clients", clients);
        all.forEach((name, figures) -> {
            Figures median = Figures.median(figures);
            System.out.printf("%-28s %12.0f %10.2f %10.2f%n", name, median.perSecond(), median.p50(), median.p99());
            json.put(name, Map.of("eventsPerS", median.perSecond(), "p50Ms", median.p50(), "p99Ms", median.p99()));
        });
        System.out.println(Json.write(json));
    }

    private static Figures entities(Path folder, String url, boolean h2, boolean plain, int seconds, int clients)
            throws Exception {
        Settings settings = Settings.of(ConfigFactory.parseMap(Map.of(
                        "kvasir.data-dir",
                        folder.toString(),
                        "kvasir.database.url",
                        url,
                        "kvasir.database.user",
                        h2 ? "sa" : PostgresForTests.USER))
                .withFallback(ConfigFactory.load())
                .resolve());
        Database database = Database.open(settings.database());
        Config config = plain ? plain(settings, url, h2) : settings.config();
        ActorSystem<Void> system = ActorSystem.create(
                Behaviors.empty(),
                "bench",
                ActorSystemSetup.create(
                        BootstrapSetup.create(config),
                        new SharedDatabase.Pool(database.dataSource(), h2, settings.journalConnections())));
        try {
            Cluster cluster = Cluster.get(system);
            cluster.manager().tell(new Join(cluster.selfMember().address()));
            ClusterSharding sharding = ClusterSharding.get(system);
            sharding.init(Entity.of(Rated.KEY, context -> new Rated(context.getEntityId())));
            drive(sharding, 2, clients); // warms up
            return drive(sharding, seconds, clients);
        } finally {
            system.terminate();
            system.getWhenTerminated().toCompletableFuture().get(60, TimeUnit.SECONDS);
            database.close();
        }
    }

    /** The plugin as its own reference configuration has it, with a pool of its own. */
    private static Config plain(Settings settings, String url, boolean h2) {
        String db = """
                slick { profile = "slick.jdbc.%s", db {
                    url = "%s", user = "%s", password = "", driver = "%s" } }
                """.formatted(
                        h2 ? "H2Profile$" : "PostgresProfile$",
                        url,
                        h2 ? "sa" : PostgresForTests.USER,
                        h2 ? "org.h2.Driver" : "org.postgresql.Driver");
        Config defaults = ConfigFactory.parseResources("reference.conf");
        Config reference = ConfigFactory.defaultReference();
        return ConfigFactory.parseString("jdbc-journal { use-shared-db = null\n" + db + "}\n"
                        + "jdbc-snapshot-store { use-shared-db = null\n" + db + "}\n"
                        + "jdbc-read-journal { use-shared-db = null\n" + db + "}")
                .withValue(
                        "pekko-persistence-jdbc.database-provider-fqcn",
                        reference.getValue("pekko-persistence-jdbc.database-provider-fqcn"))
                .withValue("jdbc-journal.batchSize", reference.getValue("jdbc-journal.batchSize"))
                .withValue("jdbc-journal.bufferSize", reference.getValue("jdbc-journal.bufferSize"))
                .withValue("jdbc-journal.parallelism", reference.getValue("jdbc-journal.parallelism"))
                .withFallback(settings.config())
                .withFallback(defaults)
                .resolve();
    }

    private static Figures drive(ClusterSharding sharding, int seconds, int clients) throws InterruptedException {
        AtomicLong events = new AtomicLong();
        List<Long> times = java.util.Collections.synchronizedList(new ArrayList<>());
        long begin = System.nanoTime();
        long end = begin + TimeUnit.SECONDS.toNanos(seconds);
        List<Thread> threads = IntStream.range(0, clients)
                .mapToObj(i -> Thread.ofVirtual().start(() -> {
                    EntityRef<Rated.Rate> entity = sharding.entityRefFor(Rated.KEY, "tenant/" + i);
                    while (System.nanoTime() < end) {
                        long asked = System.nanoTime();
                        entity.ask(Rated.Rate::new, Duration.ofSeconds(20))
                                .toCompletableFuture()
                                .join();
                        times.add(System.nanoTime() - asked);
                        events.incrementAndGet();
                    }
                }))
                .toList();
        for (Thread thread : threads) {
            thread.join();
        }
        double took = (System.nanoTime() - begin) / 1e9;
        return figures(events.get() / took, times);
    }

    private static Figures figures(double perSecond, List<Long> nanos) {
        long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
        return new Figures(perSecond, sorted[sorted.length / 2] / 1e6, sorted[(int) (sorted.length * 0.99)] / 1e6);
    }

    private static Figures raw(Path folder, int seconds, int together) throws IOException {
        List<Long> times = new ArrayList<>();
        ByteBuffer bytes = ByteBuffer.allocateDirect(BYTES * together);
        long written = 0;
        long begin = System.nanoTime();
        try (FileChannel file =
                FileChannel.open(folder.resolve("raw"), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            while (System.nanoTime() - begin < TimeUnit.SECONDS.toNanos(seconds)) {
                long at = System.nanoTime();
                bytes.clear();
                file.write(bytes);
                file.force(false);
                times.add(System.nanoTime() - at);
                written += together;
            }
        }
        double took = (System.nanoTime() - begin) / 1e9;
        Files.delete(folder.resolve("raw"));
        return figures(written / took, times);
    }

    /** The smallest entity that stores an event of the conversation's and answers once it is durable. */
    private static final class Rated extends EventSourcedBehavior<Rated.Rate, ConversationEvent, Integer> {
        static final EntityTypeKey<Rate> KEY = EntityTypeKey.create(Rate.class, "bench");

        record Rate(ActorRef<Done> replyTo) {}

        private final ConversationEvent event = new ConversationEvent.TurnRated(
                1,
                new Turn.Feedback(
                        Turn.Rating.UP, Optional.of(new Sealed("tenant/subject", new byte[BYTES])), Instant.EPOCH));

        Rated(String id) {
            super(PersistenceId.of(KEY.name(), id));
        }

        @Override
        public Integer emptyState() {
            return 0;
        }

        @Override
        public CommandHandler<Rate, ConversationEvent, Integer> commandHandler() {
            return newCommandHandlerBuilder()
                    .forAnyState()
                    .onCommand(
                            Rate.class,
                            rate -> Effect().persist(event).thenReply(rate.replyTo(), _ -> Done.getInstance()))
                    .build();
        }

        @Override
        public EventHandler<Integer, ConversationEvent> eventHandler() {
            return (count, _) -> count + 1;
        }
    }
}
