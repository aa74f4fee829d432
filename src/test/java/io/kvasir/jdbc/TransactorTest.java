package io.kvasir.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLTransactionRollbackException;
import java.sql.SQLTransientConnectionException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransactorTest {
    private static boolean key(Transactor transactor, String subject) throws SQLException {
        return transactor.now(c -> {
            try (PreparedStatement insert =
                    c.prepareStatement("INSERT INTO data_keys (subject, wrapped) VALUES (?, ?)")) {
                insert.setString(1, subject);
                insert.setBytes(2, new byte[1]);
                return insert.executeUpdate() == 1;
            }
        });
    }

    private static int keys(Transactor transactor) throws SQLException {
        return transactor.now(c -> {
            try (Statement s = c.createStatement();
                    var rows = s.executeQuery("SELECT COUNT(*) FROM data_keys")) {
                rows.next();
                return rows.getInt(1);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void whatFailsLeavesNothing(TestDatabase kind) throws SQLException {
        try (Database database = kind.open();
                Transactor transactor = new Transactor(database.dataSource(), 2)) {
            assertThatThrownBy(() -> transactor.now(c -> {
                        try (Statement s = c.createStatement()) {
                            s.executeUpdate("DELETE FROM data_keys");
                            s.executeUpdate("INSERT INTO data_keys (subject, wrapped) VALUES ('a', NULL)");
                        }
                        return true;
                    }))
                    .isInstanceOf(SQLException.class);
            key(transactor, "b");
            assertThatThrownBy(() -> key(transactor, "b")).isInstanceOf(SQLException.class);

            assertThat(keys(transactor)).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void twoInEachOthersWayMayTryAgain(TestDatabase kind) throws Exception {
        try (Database database = kind.open();
                Transactor transactor = new Transactor(database.dataSource(), 2)) {
            key(transactor, "a");
            key(transactor, "b");
            CountDownLatch both = new CountDownLatch(2);
            CompletableFuture<Boolean> one = crossing(transactor, both, "a", "b");
            CompletableFuture<Boolean> other = crossing(transactor, both, "b", "a");

            assertThat(one.join() ^ other.join()).as("exactly one goes through").isTrue();
        }
    }

    private static CompletableFuture<Boolean> crossing(
            Transactor transactor, CountDownLatch both, String first, String second) {
        CompletableFuture<Boolean> through = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                transactor.now(c -> {
                    try (PreparedStatement update =
                            c.prepareStatement("UPDATE data_keys SET wrapped = wrapped WHERE subject = ?")) {
                        update.setString(1, first);
                        update.executeUpdate();
                        both.countDown();
                        both.await();
                        update.setString(1, second);
                        return update.executeUpdate();
                    } catch (InterruptedException e) {
                        throw new SQLException(e);
                    }
                });
                through.complete(true);
            } catch (SQLTransactionRollbackException tryAgain) {
                through.complete(false);
            } catch (SQLException e) {
                through.completeExceptionally(e);
            }
        });
        return through;
    }

    @Test
    void aDatabaseThatIsAwayIsSaidToBeAwayAndTriedBySomeOnly() throws SQLException {
        AtomicInteger tried = new AtomicInteger();
        try (Database database = TestDatabase.inMemory()) {
            boolean[] away = {true};
            DataSource failing = (DataSource) java.lang.reflect.Proxy.newProxyInstance(
                    TransactorTest.class.getClassLoader(), new Class<?>[] {DataSource.class}, (_, _, _) -> {
                        tried.incrementAndGet();
                        if (away[0]) {
                            throw new SQLTransientConnectionException("no connection");
                        }
                        return database.dataSource().getConnection();
                    });
            try (Transactor transactor = new Transactor(failing, 1)) {
                IntStream.range(0, 100)
                        .forEach(_ -> assertThatThrownBy(() -> keys(transactor))
                                .isInstanceOf(SQLTransientConnectionException.class));
                assertThat(tried.get()).isLessThan(50);

                away[0] = false;
                Awaitility.await()
                        .atMost(Duration.ofSeconds(30))
                        .ignoreExceptions()
                        .until(() -> keys(transactor) == 0);
            }
        }
    }

    @Test
    void aKilledPostgresqlIsAwayAndComesBack() throws SQLException {
        try (PostgresForTests postgres = PostgresForTests.start();
                Database database = Database.open(new DatabaseSettings(
                        postgres.database(),
                        PostgresForTests.USER,
                        "",
                        4,
                        Duration.ofMillis(500),
                        Duration.ofSeconds(5),
                        true));
                Transactor transactor = new Transactor(database.dataSource(), 2)) {
            key(transactor, "a");
            assertThatThrownBy(() -> transactor.now(c -> {
                        postgres.kill();
                        try (Statement s = c.createStatement()) {
                            return s.executeUpdate("DELETE FROM data_keys");
                        }
                    }))
                    .isInstanceOf(SQLTransientConnectionException.class);
            assertThatThrownBy(() -> keys(transactor)).isInstanceOf(SQLTransientConnectionException.class);

            postgres.up();
            Awaitility.await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(() -> keys(transactor) == 1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"53100", "53200", "53300", "57P03", "58030"})
    void whatPostgresqlHasNoRoomForMaySucceedLater(String state) {
        try (Database database = TestDatabase.POSTGRESQL.open();
                Transactor transactor = new Transactor(database.dataSource(), 1)) {
            assertThatThrownBy(() -> transactor.now(c -> {
                        try (Statement s = c.createStatement()) {
                            return s.execute(
                                    "DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '" + state + "'; END $$");
                        }
                    }))
                    .isInstanceOf(SQLTransientConnectionException.class)
                    .hasMessageContaining("no room");
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void withoutMigratingTheSchemaMustBeUpToDate(TestDatabase kind) {
        DatabaseSettings up = kind.settings();
        DatabaseSettings checking = new DatabaseSettings(
                up.url(), up.user(), up.password(), up.poolSize(), up.connectionTimeout(), up.answerWithin(), false);
        Database.open(up).close();
        Database.open(checking).close();

        DatabaseSettings empty = new DatabaseSettings(
                kind == TestDatabase.H2
                        ? kind.settings().url()
                        : PostgresForTests.shared().database(),
                up.user(),
                up.password(),
                up.poolSize(),
                up.connectionTimeout(),
                up.answerWithin(),
                false);
        assertThatThrownBy(() -> Database.open(empty)).hasMessageContaining("not applied");
    }
}
