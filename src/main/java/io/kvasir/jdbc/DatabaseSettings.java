package io.kvasir.jdbc;

import java.time.Duration;

/**
 * Where rows are kept.
 *
 * @param url JDBC address: {@code jdbc:h2:file:…} or {@code jdbc:postgresql:…}
 * @param poolSize most connections, from 4; journal, queries and files share them
 * @param connectionTimeout how long a caller waits for a connection, from 250 ms
 * @param answerWithin how long PostgreSQL may take for one statement before its connection is given up
 * @param migrate bring the schema up to date at the start; where not, the start fails unless it is
 */
public record DatabaseSettings(
        String url,
        String user,
        String password,
        int poolSize,
        Duration connectionTimeout,
        Duration answerWithin,
        boolean migrate) {
    public DatabaseSettings {
        if (poolSize < 4) {
            throw new IllegalArgumentException("kvasir.database.pool-size must be at least 4");
        }
        if (!url.startsWith("jdbc:h2:") && !url.startsWith("jdbc:postgresql:")) {
            throw new IllegalArgumentException(
                    "kvasir.database.url must be empty or begin with jdbc:postgresql: or jdbc:h2:");
        }
    }

    public boolean h2() {
        return url.startsWith("jdbc:h2:");
    }

    /** The same, with the right and the duty to bring the schema up to date. */
    public DatabaseSettings migrating() {
        return new DatabaseSettings(url, user, password, poolSize, connectionTimeout, answerWithin, true);
    }

    @Override
    public String toString() {
        // The address may carry a password among its parameters.
        return "DatabaseSettings[url=" + url.replaceFirst("[?;].*", "") + ", user=" + user + "]";
    }
}
