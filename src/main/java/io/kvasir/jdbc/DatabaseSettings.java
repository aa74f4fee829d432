package io.kvasir.jdbc;

import java.time.Duration;

/**
 * Where rows are kept.
 *
 * @param url JDBC address: {@code jdbc:h2:file:…} or {@code jdbc:postgresql:…}
 * @param poolSize most connections, from 4; journal, queries and files share them
 * @param connectionTimeout how long a caller waits for a connection
 */
public record DatabaseSettings(String url, String user, String password, int poolSize, Duration connectionTimeout) {
    public DatabaseSettings {
        if (poolSize < 4) {
            throw new IllegalArgumentException("kvasir.database.pool-size must be at least 4");
        }
    }

    public boolean h2() {
        return url.startsWith("jdbc:h2:");
    }

    @Override
    public String toString() {
        return "DatabaseSettings[url=" + url + ", user=" + user + "]";
    }
}
