package io.kvasir.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.h2.mvstore.MVStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class H2KeeperTest {
    /** Chunks may be written anew at once, instead of after 45 s. */
    private static final String LIKE_SERVER =
            ";WRITE_DELAY=0;AUTO_COMPACT_FILL_RATE=0;DB_CLOSE_ON_EXIT=FALSE;RETENTION_TIME=0";

    @TempDir
    Path folder;

    @Test
    void aFileIsNearTheSizeOfWhatIsInIt() throws Exception {
        try (Connection connection = opened(folder, "full")) {
            MVStore store = H2Keeper.store(connection).orElseThrow();
            write(connection, 0, 3_000);
            int sparse = H2Keeper.figure(store, "info.CHUNK_COUNT");
            assertThat(H2Keeper.fillRate(store)).isLessThan(40);

            H2Keeper.compact(store);

            assertThat(H2Keeper.fillRate(store)).isGreaterThanOrEqualTo(50);
            assertThat(H2Keeper.figure(store, "info.CHUNK_COUNT")).isLessThan(sparse / 5);
            assertThat(numbers(connection)).isEqualTo(upTo(3_000));
        }
        try (Connection again = opened(folder, "full")) {
            assertThat(numbers(again)).isEqualTo(upTo(3_000));
        }
    }

    @Test
    void aDatabaseOfAServerCompactsItself() throws Exception {
        try (Database database = Database.open(new DatabaseSettings(
                        url(folder, "served"), "sa", "", 4, Duration.ofSeconds(10), Duration.ofSeconds(60), true));
                Connection connection = database.dataSource().getConnection()) {
            MVStore store = H2Keeper.store(connection).orElseThrow();
            create(connection);
            write(connection, 0, 1_000);
            assertThat(H2Keeper.fillRate(store)).isLessThan(40);

            await().atMost(Duration.ofSeconds(30)).until(() -> H2Keeper.fillRate(store) >= 50);
        }
    }

    @Test
    void whatIsDenseIsLeftAlone() throws Exception {
        try (Connection connection = opened(folder, "dense")) {
            MVStore store = H2Keeper.store(connection).orElseThrow();
            write(connection, 0, 2_000);
            H2Keeper.compact(store);
            write(connection, 2_000, 2_001);
            long version = store.getCurrentVersion();

            for (int i = 0; i < 10; i++) {
                H2Keeper.compact(store);
            }

            // Not none: what one writes anew is what makes the last chunk before it sparse.
            assertThat(store.getCurrentVersion()).isLessThan(version + 5);
        }
    }

    @Test
    void whoeverIsKilledWhileItCompactsHasAllThatWasCommitted() throws Exception {
        Random random = new Random(7);
        int committed = -1;
        int compacted = 0;
        for (int life = 0; life < 8; life++) {
            Process child = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Victim.class.getName(),
                            folder.toString(),
                            Integer.toString(committed + 1))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (BufferedReader told = child.inputReader()) {
                String line = told.readLine();
                long end = System.nanoTime() + (500 + random.nextInt(1_000)) * 1_000_000L;
                boolean killed = false;
                for (; line != null; line = told.readLine()) {
                    if (line.equals("compacted")) {
                        compacted++;
                    } else {
                        committed = Integer.parseInt(line);
                    }
                    if (!killed && System.nanoTime() > end) {
                        // By its handle: what it had still told is to be read.
                        child.toHandle().destroyForcibly();
                        killed = true;
                    }
                }
                assertThat(killed).as("ended by itself").isTrue();
            }
            child.waitFor();
            try (Connection left = opened(folder, "killed")) {
                List<Integer> numbers = numbers(left);
                assertThat(numbers).isEqualTo(upTo(numbers.size()));
                assertThat(numbers.size()).isGreaterThan(committed);
                committed = numbers.size() - 1;
            }
        }
        assertThat(committed).isGreaterThan(500);
        assertThat(compacted).isGreaterThan(20);
    }

    /** Writes numbers and tells each once it is committed, while another thread compacts. */
    static final class Victim {
        public static void main(String[] args) throws Exception {
            Path folder = Path.of(args[0]);
            Connection writing = opened(folder, "killed");
            MVStore store = H2Keeper.store(opened(folder, "killed")).orElseThrow();
            Thread.ofPlatform().daemon().start(() -> {
                while (true) {
                    long before = store.getCurrentVersion();
                    H2Keeper.compact(store);
                    if (store.getCurrentVersion() > before) {
                        System.out.println("compacted");
                    }
                    LockSupport.parkNanos(2_000_000);
                }
            });
            for (int i = Integer.parseInt(args[1]); ; i++) {
                write(writing, i, i + 1);
                System.out.println(i);
            }
        }
    }

    @Test
    void aFullDiskTakesNothingAndIsForgottenOnceThereIsRoom() throws Exception {
        FullDisk.register();
        String url = url(folder, "kept").replace("jdbc:h2:file:", "jdbc:h2:full:");
        try (Database database = Database.open(
                        new DatabaseSettings(url, "sa", "", 6, Duration.ofSeconds(2), Duration.ofSeconds(60), true));
                Transactor transactor = new Transactor(database.dataSource(), 4)) {
            transactor.now(c -> {
                create(c);
                return true;
            });
            List<Integer> told = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                insert(transactor, i);
                told.add(i);
            }
            FullDisk.FULL.set(true);

            // The first write closes the store; then it is opened and closed again. All of it is a 503 and never a 500.
            AtomicInteger refused = new AtomicInteger(20);
            await().during(Duration.ofSeconds(8)).atMost(Duration.ofSeconds(40)).until(() -> {
                assertThatThrownBy(() -> insert(transactor, refused.getAndIncrement()))
                        .isInstanceOf(SQLTransientException.class);
                return true;
            });

            FullDisk.FULL.set(false);
            await().atMost(Duration.ofSeconds(40)).ignoreExceptions().until(() -> {
                insert(transactor, 1_000);
                return true;
            });
            told.add(1_000);
            for (int i = 1_001; i < 1_020; i++) {
                insert(transactor, i);
                told.add(i);
            }
            assertThat(transactor.<List<Integer>>now(H2KeeperTest::numbers)).isEqualTo(told);
        } finally {
            FullDisk.FULL.set(false);
        }
    }

    @Test
    void aStoreThatIsClosedCannotBeWritten() {
        assertThat(H2Keeper.unwritable(new SQLException("closed", "90098", 90098)))
                .isTrue();
        assertThat(H2Keeper.unwritable(new SQLException("a key twice", "23505", 23505)))
                .isFalse();
    }

    private static void insert(Transactor transactor, int number) throws SQLException {
        transactor.now(c -> Sql.update(c, "INSERT INTO kept VALUES (?, ?)", number, new byte[300]));
    }

    @Test
    void aDatabaseInMemoryHasNoFile() throws Exception {
        try (Database database = TestDatabase.inMemory();
                Connection connection = database.dataSource().getConnection()) {
            assertThat(H2Keeper.store(connection)).isEmpty();
        }
    }

    private static Connection opened(Path folder, String name) throws SQLException {
        Connection connection = DriverManager.getConnection(url(folder, name), "sa", "");
        create(connection);
        return connection;
    }

    private static void create(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE IF NOT EXISTS kept (number INT PRIMARY KEY, bytes VARBINARY(500))");
            statement.execute("CREATE TABLE IF NOT EXISTS changed (one INT PRIMARY KEY, number INT)");
        }
    }

    private static String url(Path folder, String name) {
        return "jdbc:h2:file:" + folder.resolve(name).toAbsolutePath() + LIKE_SERVER;
    }

    /** Each a transaction of its own, as events are written. */
    private static void write(Connection connection, int from, int to) throws SQLException {
        connection.setAutoCommit(false);
        try (PreparedStatement kept = connection.prepareStatement("INSERT INTO kept VALUES (?, ?)");
                PreparedStatement changed = connection.prepareStatement("MERGE INTO changed VALUES (?, ?)")) {
            for (int i = from; i < to; i++) {
                kept.setInt(1, i);
                kept.setBytes(2, new byte[300]);
                kept.executeUpdate();
                changed.setInt(1, i % 7);
                changed.setInt(2, i);
                changed.executeUpdate();
                connection.commit();
            }
        }
    }

    private static List<Integer> numbers(Connection connection) throws SQLException {
        List<Integer> numbers = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT number FROM kept ORDER BY number")) {
            while (rows.next()) {
                numbers.add(rows.getInt(1));
            }
        }
        return numbers;
    }

    private static List<Integer> upTo(int end) {
        return IntStream.range(0, end).boxed().toList();
    }
}
