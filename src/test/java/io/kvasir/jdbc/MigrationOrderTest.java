package io.kvasir.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvasir.kernel.Ids;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A migration with a lower number may arrive after those with higher ones: each room numbers its own. */
class MigrationOrderTest {
    /** Other rooms' tables came later under higher numbers. */
    private static final String LATE = "V32__sites.sql";

    @TempDir
    Path folder;

    private static DatabaseSettings empty(TestDatabase kind, boolean migrate) {
        return kind == TestDatabase.H2
                ? settings("jdbc:h2:mem:" + Ids.next() + ";DB_CLOSE_DELAY=-1", "sa", migrate)
                : settings(PostgresForTests.shared().database(), PostgresForTests.USER, migrate);
    }

    private static DatabaseSettings settings(String url, String user, boolean migrate) {
        return new DatabaseSettings(url, user, "", 4, Duration.ofSeconds(10), Duration.ofSeconds(60), migrate);
    }

    /** Brings a database to where a server was that did not have {@link #LATE} yet. */
    private void before(DatabaseSettings settings) throws IOException, URISyntaxException {
        List<String> locations = new ArrayList<>();
        for (String part : List.of(settings.h2() ? "h2" : "postgresql", "common")) {
            Path there = Path.of(Objects.requireNonNull(getClass().getResource("/db/migration/" + part))
                    .toURI());
            Path copy = Files.createDirectories(folder.resolve(part));
            try (Stream<Path> files = Files.list(there)) {
                for (Path file : files.filter(f -> !f.endsWith(LATE)).toList()) {
                    Files.copy(file, copy.resolve(file.getFileName()));
                }
            }
            locations.add("filesystem:" + copy);
        }
        Flyway.configure()
                .dataSource(settings.url(), settings.user(), settings.password())
                .locations(locations.toArray(String[]::new))
                .load()
                .migrate();
    }

    private static List<String> sites(DatabaseSettings settings) throws SQLException {
        try (Connection c = DriverManager.getConnection(settings.url(), settings.user(), settings.password());
                Statement statement = c.createStatement();
                ResultSet rows = statement.executeQuery("SELECT origin FROM sites")) {
            List<String> found = new ArrayList<>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void oneThatComesLateIsMadeUpFor(TestDatabase kind) throws Exception {
        DatabaseSettings settings = empty(kind, true);
        before(settings);
        assertThatThrownBy(() -> sites(settings)).isInstanceOf(SQLException.class);

        Database.open(settings).close();

        assertThat(sites(settings)).isEmpty();
        // And again: nothing is left to do.
        Database.open(settings).close();
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void aServerThatMayNotChangeTheSchemaDoesNotStartWithoutIt(TestDatabase kind) throws Exception {
        DatabaseSettings settings = empty(kind, false);
        before(settings);

        assertThatThrownBy(() -> Database.open(settings).close())
                .isInstanceOf(FlywayException.class)
                .hasMessageContaining("32");
    }
}
