package io.kvasir.jdbc;

import io.kvasir.kernel.Ids;
import java.nio.file.Path;
import java.time.Duration;

/** Databases for tests, each new and up to date. */
public enum TestDatabase {
    H2 {
        @Override
        public DatabaseSettings settings() {
            return of("jdbc:h2:mem:" + Ids.next() + ";DB_CLOSE_DELAY=-1", "sa");
        }
    },
    POSTGRESQL {
        @Override
        public DatabaseSettings settings() {
            return of(PostgresForTests.shared().copyOf(Migrated.TEMPLATE), PostgresForTests.USER);
        }
    };

    /** Migrating takes longer than copying what was migrated once. */
    private static final class Migrated {
        private static final String TEMPLATE = make();

        private static String make() {
            String url = PostgresForTests.shared().database();
            Database.open(of(url, PostgresForTests.USER)).close();
            return url.substring(url.lastIndexOf('/') + 1);
        }
    }

    /** Where a new database is; what is there has the newest schema or nothing yet. */
    public abstract DatabaseSettings settings();

    public Database open() {
        return Database.open(settings());
    }

    public static Database inMemory() {
        return H2.open();
    }

    public static Database file(Path folder) {
        return Database.open(of("jdbc:h2:file:" + folder.resolve("kvasir").toAbsolutePath(), "sa"));
    }

    public static MasterKey masterKey() {
        try {
            return MasterKey.load(
                    java.util.Optional.of("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), Path.of("unused"));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static DatabaseSettings of(String url, String user) {
        return new DatabaseSettings(url, user, "", 10, Duration.ofSeconds(10), Duration.ofSeconds(60), true);
    }
}
