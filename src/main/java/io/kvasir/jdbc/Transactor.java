package io.kvasir.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import javax.sql.DataSource;

/**
 * Runs SQL in transactions on virtual threads, never more at once than the pool spares for it: the journal keeps its
 * share of the connections however busy queries are.
 */
public final class Transactor implements AutoCloseable {
    private final DataSource dataSource;
    private final Semaphore connections;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

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
        connections.acquireUninterruptibly();
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try {
                T result = work.apply(connection);
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException | Error e) {
                connection.rollback();
                throw e;
            }
        } finally {
            connections.release();
        }
    }

    @Override
    public void close() {
        threads.close();
    }
}
