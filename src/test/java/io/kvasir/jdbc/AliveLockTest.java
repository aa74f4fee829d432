package io.kvasir.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class AliveLockTest {
    private static final long ONE = 0x8123_4567_89ab_cdefL;
    private static final long OTHER = 42;

    private static DatabaseSettings at(PostgresForTests postgres, String url) {
        return new DatabaseSettings(
                url, PostgresForTests.USER, "", 4, Duration.ofSeconds(3), Duration.ofSeconds(60), true);
    }

    private static DatabaseSettings fresh() {
        return at(PostgresForTests.shared(), PostgresForTests.shared().database());
    }

    private static long locks(DatabaseSettings database) throws SQLException {
        return number(
                database,
                "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
                        + " (SELECT oid FROM pg_database WHERE datname = current_database())");
    }

    private static long number(DatabaseSettings database, String sql) throws SQLException {
        try (Connection c = DriverManager.getConnection(database.url(), PostgresForTests.USER, "");
                Statement s = c.createStatement();
                var rows = s.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private static void awaitBoth(DatabaseSettings database) {
        await().until(() -> locks(database) == 2);
    }

    @Test
    void whatALivingProcessHoldsIsNotReleased() {
        DatabaseSettings database = fresh();
        try (AliveLock one = AliveLock.hold(database, ONE);
                AliveLock _ = AliveLock.hold(database, OTHER)) {
            awaitBoth(database);

            assertThat(one.released(OTHER)).isFalse();
        }
    }

    @Test
    void whoEndsReleasesItsOwn() {
        DatabaseSettings database = fresh();
        try (AliveLock one = AliveLock.hold(database, ONE)) {
            try (AliveLock other = AliveLock.hold(database, OTHER)) {
                awaitBoth(database);
                assertThat(one.released(OTHER)).isFalse();
                assertThat(other.released(ONE)).isFalse();
            }
            await().untilAsserted(() -> assertThat(one.released(OTHER)).isTrue());
        }
    }

    @Test
    void whatWasNeverSeenHeldIsNotReleased() {
        DatabaseSettings database = fresh();
        try (AliveLock one = AliveLock.hold(database, ONE)) {
            await().until(() -> locks(database) == 1);

            assertThat(one.released(OTHER)).isFalse();
        }
    }

    /** An end of its connection that is not the end of the process: it comes back, and is not taken for gone afterwards. */
    @Test
    void aLostConnectionIsTakenUpAgain() throws Exception {
        DatabaseSettings database = fresh();
        try (AliveLock one = AliveLock.hold(database, ONE);
                AliveLock _ = AliveLock.hold(database, OTHER)) {
            awaitBoth(database);
            number(
                    database,
                    "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND objid = "
                            + OTHER
                            + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");

            awaitBoth(database);
            assertThat(one.released(OTHER)).isFalse();
        }
    }

    /** All lose their locks at once, and nobody may say of anybody else that it ended. */
    @Test
    void aRestartOfTheDatabaseReleasesNobody() {
        try (PostgresForTests postgres = PostgresForTests.start()) {
            DatabaseSettings database = at(postgres, postgres.database());
            try (AliveLock one = AliveLock.hold(database, ONE)) {
                try (AliveLock _ = AliveLock.hold(database, OTHER)) {
                    awaitBoth(database);
                    assertThat(one.released(OTHER)).isFalse();
                    postgres.kill();
                    assertThat(one.released(OTHER)).as("while it is away").isFalse();
                }
                // The other can't come back: what is asked now is whether its absence alone counts.
                postgres.up();
                await().until(() -> locks(database) == 1);
                assertThat(one.released(OTHER)).as("after it").isFalse();
            }
        }
    }

    /** Who has no lock of its own may be the one that everybody else takes for gone. */
    @Test
    void whoseOwnIsHeldElsewhereSaysNothingOfOthers() throws Exception {
        DatabaseSettings database = fresh();
        try (Connection leftOver = DriverManager.getConnection(database.url(), PostgresForTests.USER, "");
                Statement s = leftOver.createStatement()) {
            s.execute("SELECT pg_advisory_lock(" + ONE + ")");
            try (AliveLock one = AliveLock.hold(database, ONE)) {
                try (AliveLock _ = AliveLock.hold(database, OTHER)) {
                    awaitBoth(database);
                    assertThat(one.released(OTHER)).isFalse();
                }
                await().until(() -> locks(database) == 1);
                assertThat(one.released(OTHER)).isFalse();

                leftOver.close();
                await().untilAsserted(() -> assertThat(one.released(OTHER)).isTrue());
            }
        }
    }
}
