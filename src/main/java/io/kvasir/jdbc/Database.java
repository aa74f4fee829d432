package io.kvasir.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.util.Optional;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;

/** The one connection pool, migrated to the newest schema before anyone gets it. */
public final class Database implements AutoCloseable {
    private final HikariDataSource pool;
    private final Optional<H2Keeper> keeper;

    private Database(HikariDataSource pool, boolean h2) {
        this.pool = pool;
        this.keeper = h2 ? Optional.of(H2Keeper.of(pool)) : Optional.empty();
    }

    /**
     * Opens the pool and brings the schema up to date, or makes sure that it is.
     *
     * @throws RuntimeException where the database can't be reached, a migration fails, or one is missing that must not be
     *     made from here
     */
    public static Database open(DatabaseSettings settings) {
        return open(settings, null);
    }

    /** @param figures registry the pool tells its figures to; one of Micrometer's, as the pool wants it */
    public static Database open(DatabaseSettings settings, @Nullable Object figures) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(settings.url());
        config.setUsername(settings.user());
        config.setPassword(settings.password());
        config.setMaximumPoolSize(settings.poolSize());
        config.setMinimumIdle(Math.min(4, settings.poolSize()));
        config.setConnectionTimeout(settings.connectionTimeout().toMillis());
        config.setPoolName("kvasir");
        config.setMetricRegistry(figures);
        if (!settings.h2()) {
            // A peer that vanished without a word must not hold a thread for ever; both in seconds.
            config.addDataSourceProperty(
                    "socketTimeout", settings.answerWithin().toSeconds());
            config.addDataSourceProperty(
                    "connectTimeout", Math.max(1, settings.connectionTimeout().toSeconds()));
            config.addDataSourceProperty("tcpKeepAlive", true);
            config.addDataSourceProperty("ApplicationName", "kvasir");
        }
        HikariDataSource pool = new HikariDataSource(config);
        try {
            if (settings.migrate()) {
                flyway(settings).migrate();
            } else {
                flyway(settings).validate();
            }
        } catch (RuntimeException e) {
            pool.close();
            throw e;
        }
        return new Database(pool, settings.h2());
    }

    /** On a connection of its own: a migration may take longer than a query ever may. */
    private static Flyway flyway(DatabaseSettings settings) {
        return Flyway.configure()
                .dataSource(settings.url(), settings.user(), settings.password())
                .locations(
                        "classpath:db/migration/" + (settings.h2() ? "h2" : "postgresql"),
                        "classpath:db/migration/common")
                // Each room has numbers of its own: one of a room with low numbers may come after one with high.
                .outOfOrder(true)
                .load();
    }

    public DataSource dataSource() {
        return pool;
    }

    @Override
    public void close() {
        keeper.ifPresent(H2Keeper::close);
        pool.close();
    }
}
