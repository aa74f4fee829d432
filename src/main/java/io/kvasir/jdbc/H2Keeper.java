package io.kvasir.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.h2.api.ErrorCode;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the file of an embedded H2 near the size of what is in it, and opens it again where it was closed. H2 appends a chunk at each commit: the pages it
 * changed, and those above them. A chunk's space is free when its last page was replaced, so a chunk with one leaf that
 * nobody changes again stays whole, in the file and in the store's list in the heap: after minutes of work a twentieth of
 * the file was alive. H2 has a thread of its own against that, but not with {@code WRITE_DELAY=0}, which is how a commit is
 * written before anyone is told.
 *
 * <p>The living pages of sparse chunks are written anew with the next commit, as if they had been changed. Chunks are never
 * moved within the file, which H2's own thread does, too: it writes over what it moves.
 *
 * <p>Where a write fails, the disk being full for instance, H2 closes the store, and no connection of the pool would ever
 * know. All of them are given up then; with the last of them H2 forgets the store, and the next connection opens the file
 * as it was committed.
 */
final class H2Keeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(H2Keeper.class);
    private static final long EVERY_SECONDS = 5;

    /** Percent of the chunks' bytes that live; a page is written anew about as often as this is the inverse of. */
    private static final int SPARSE_BELOW = 50;

    /** Bytes written anew with the store locked, and how often in one go. */
    private static final int STEP = 1024 * 1024;

    private static final int MOST_STEPS = 16;

    private final HikariDataSource pool;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("h2-keeper").daemon().factory());

    private H2Keeper(HikariDataSource pool) {
        this.pool = pool;
    }

    /** From now on, every few seconds, until it is closed. */
    static H2Keeper of(HikariDataSource pool) {
        H2Keeper keeper = new H2Keeper(pool);
        keeper.thread.scheduleWithFixedDelay(keeper::onTime, EVERY_SECONDS, EVERY_SECONDS, TimeUnit.SECONDS);
        return keeper;
    }

    private void onTime() {
        try (Connection connection = pool.getConnection()) {
            Optional<MVStore> store = store(connection);
            if (store.map(MVStore::isClosed).orElse(false)) {
                LOG.warn("the database's file was closed after a write that failed, and is opened again");
                pool.getHikariPoolMXBean().softEvictConnections();
            } else {
                store.ifPresent(H2Keeper::compact);
            }
        } catch (SQLException | RuntimeException e) {
            // The next time will do; a store that is broken tells whoever uses it.
            LOG.warn("the database's file was not compacted: {}", e.toString());
        }
    }

    /** Whether this says that the file could not be written, or was closed for that; never said by PostgreSQL. */
    static boolean unwritable(SQLException e) {
        return e.getErrorCode() == ErrorCode.DATABASE_IS_CLOSED || e.getCause() instanceof MVStoreException;
    }

    /** Until what may be written anew is dense enough; chunks of the last {@code RETENTION_TIME} may not. */
    static void compact(MVStore store) {
        for (int step = 0; step < MOST_STEPS && fillRate(store) < SPARSE_BELOW; step++) {
            // 100: the least dense first, up to STEP bytes of them, however dense the whole is.
            if (!store.compact(100, STEP)) {
                return;
            }
            // Not tryCommit: that returns before the bytes are written, with transactions of others among them.
            store.commit();
        }
    }

    /** The store below a connection; none where there is no file, or another process has it. */
    static Optional<MVStore> store(Connection connection) throws SQLException {
        return connection.unwrap(JdbcConnection.class).getSession() instanceof SessionLocal session
                ? Optional.of(session.getDatabase().getStore().getMvStore())
                        .filter(store -> store.getFileStore() != null && !store.isReadOnly())
                : Optional.empty();
    }

    /** Percent of the bytes of chunks that may be written anew that live; 100 where there is none. */
    static int fillRate(MVStore store) {
        return figure(store, "info.CHUNKS_FILL_RATE_RW");
    }

    static int figure(MVStore store, String name) {
        int[] found = {100};
        store.populateInfo((key, value) -> {
            if (key.equals(name)) {
                found[0] = Integer.parseInt(value);
            }
        });
        return found[0];
    }

    @Override
    public void close() {
        thread.close();
    }
}
