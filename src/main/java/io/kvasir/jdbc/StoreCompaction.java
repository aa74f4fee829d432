package io.kvasir.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.MVStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the file of an embedded H2 near the size of what is in it. H2 appends a chunk at each commit: the pages it
 * changed, and those above them. A chunk's space is free when its last page was replaced, so a chunk with one leaf that
 * nobody changes again stays whole, in the file and in the store's list in the heap: after minutes of work a twentieth of
 * the file was alive. H2 has a thread of its own against that, but not with {@code WRITE_DELAY=0}, which is how a commit is
 * written before anyone is told.
 *
 * <p>The living pages of sparse chunks are written anew with the next commit, as if they had been changed. Chunks are never
 * moved within the file, which H2's own thread does, too: it writes over what it moves.
 */
final class StoreCompaction implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StoreCompaction.class);
    private static final long EVERY_SECONDS = 5;

    /** Percent of the chunks' bytes that live; a page is written anew about as often as this is the inverse of. */
    private static final int SPARSE_BELOW = 50;

    /** Bytes written anew with the store locked, and how often in one go. */
    private static final int STEP = 1024 * 1024;

    private static final int MOST_STEPS = 16;

    private final DataSource pool;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("store-compaction").daemon().factory());

    private StoreCompaction(DataSource pool) {
        this.pool = pool;
    }

    /** From now on, every few seconds, until it is closed. */
    static StoreCompaction of(DataSource pool) {
        StoreCompaction compaction = new StoreCompaction(pool);
        compaction.thread.scheduleWithFixedDelay(compaction::onTime, EVERY_SECONDS, EVERY_SECONDS, TimeUnit.SECONDS);
        return compaction;
    }

    private void onTime() {
        try (Connection connection = pool.getConnection()) {
            store(connection).ifPresent(StoreCompaction::compact);
        } catch (SQLException | RuntimeException e) {
            // The next time will do; a store that is broken tells whoever uses it.
            LOG.warn("the database's file was not compacted: {}", e.toString());
        }
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
