package io.kvasir.jdbc;

import io.kvasir.kernel.Ids;
import java.nio.file.Path;
import java.time.Duration;

/** Databases for tests: in memory, or in a file that outlives a close. */
public final class TestDatabase {
    private TestDatabase() {}

    public static Database inMemory() {
        return Database.open(settings("jdbc:h2:mem:" + Ids.next() + ";DB_CLOSE_DELAY=-1"));
    }

    public static Database file(Path folder) {
        return Database.open(settings("jdbc:h2:file:" + folder.resolve("kvasir").toAbsolutePath()));
    }

    public static MasterKey masterKey() {
        try {
            return MasterKey.load(
                    java.util.Optional.of("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), Path.of("unused"));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static DatabaseSettings settings(String url) {
        return new DatabaseSettings(url, "sa", "", 10, Duration.ofSeconds(10));
    }
}
