package io.kvasir.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransactionRollbackException;
import java.sql.SQLTransientConnectionException;
import java.sql.SQLTransientException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import javax.sql.DataSource;

/**
 * Runs SQL in transactions on virtual threads, never more at once than the pool spares for it: the journal keeps its
 * share of the connections however busy queries are. What may succeed when it is tried again (the database is away, two
 * transactions were in each other's way) fails as a {@link SQLTransientException}, whichever database it is.
 */
public final class Transactor implements AutoCloseable {
    /** While the database is away, those who wait are refused at once and only the first after each such pause tries it. */
    private static final Duration PAUSE = Duration.ofMillis(250);

    private final DataSource dataSource;
    private final Semaphore connections;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private volatile long awayUntil = System.nanoTime();

    /** @param atOnce most transactions at once, from 1 */
    public Transactor(DataSource dataSource, int atOnce) {
        this.dataSource = dataSource;
        this.connections = new Semaphore(atOnce, true);
    }

    /** SQL to run in one transaction. */
    @FunctionalInterface
    public interface Work<T> {
        T apply(Connection connection) throws SQLException;
    }

    /** Commits where the work returns, rolls back where it throws; the stage fails with what it threw. */
    public <T> CompletionStage<T> run(Work<T> work) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return now(work);
                    } catch (SQLException e) {
                        throw new CompletionException(e);
                    }
                },
                threads);
    }

    /** SQL that gives nothing back. */
    @FunctionalInterface
    public interface Change {
        void apply(Connection connection) throws SQLException;
    }

    /** Like {@link #run} for SQL that gives nothing back. */
    public CompletionStage<Void> change(Change change) {
        return run(c -> {
                    change.apply(c);
                    return true;
                })
                .thenAccept(_ -> {});
    }

    /** The same on the calling thread, which must be one that may block. */
    public <T> T now(Work<T> work) throws SQLException {
        refuseWhileAway();
        connections.acquireUninterruptibly();
        try {
            refuseWhileAway();
            return transaction(work);
        } catch (SQLException e) {
            throw passing(e);
        } finally {
            connections.release();
        }
    }

    private <T> T transaction(Work<T> work) throws SQLException {
        try (Connection connection = connected()) {
            try {
                connection.setAutoCommit(false);
                T result = work.apply(connection);
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException | Error e) {
                try {
                    connection.rollback();
                } catch (SQLException broken) {
                    e.addSuppressed(broken);
                }
                throw e;
            }
        }
    }

    private Connection connected() throws SQLException {
        try {
            return dataSource.getConnection();
        } catch (SQLException e) {
            awayUntil = System.nanoTime() + PAUSE.toNanos();
            throw e;
        }
    }

    private void refuseWhileAway() throws SQLException {
        if (awayUntil - System.nanoTime() > 0) {
            throw new SQLTransientConnectionException("the database is away");
        }
    }

    /** As transient, where the same may succeed later: PostgreSQL's driver says so in the SQL state alone. */
    private static SQLException passing(SQLException e) {
        String state = e.getSQLState();
        if (e instanceof SQLTransientException || state == null) {
            return e;
        }
        if (H2Keeper.unwritable(e)) {
            return new SQLTransientConnectionException(e.getMessage(), state, e);
        }
        // 08 connection, 57P stopping or starting, 53 no room on the disk, in memory or for a connection, 58030 the
        // disk failed; 40 rolled back for another's sake.
        if (state.startsWith("08") || state.startsWith("57P") || state.startsWith("53") || state.equals("58030")) {
            return new SQLTransientConnectionException(e.getMessage(), state, e);
        }
        return state.startsWith("40") ? new SQLTransactionRollbackException(e.getMessage(), state, e) : e;
    }

    @Override
    public void close() {
        threads.close();
    }
}
