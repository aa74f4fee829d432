package io.kvasir.jdbc;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A lock in PostgreSQL for as long as this process lives, and a look at those of other processes. PostgreSQL takes a lock
 * back when the connection ends on which it was taken, and a process that is killed loses its connections in that moment.
 *
 * <p>That a lock is free proves nothing by itself: it may never have been held, and a restart of PostgreSQL frees all of
 * them. So only what was held and is free in one and the same session counts ({@link #released}).
 */
public final class AliveLock implements AutoCloseable {
    private static final Duration EVERY = Duration.ofSeconds(1);
    private static final Duration ANSWER = Duration.ofSeconds(5);

    private final DatabaseSettings settings;
    private final long own;
    private final Thread keeper;
    private final Set<Long> seen = new HashSet<>();
    private @Nullable Connection session;
    private boolean closed;

    private AliveLock(DatabaseSettings settings, long own) {
        this.settings = settings;
        this.own = own;
        this.keeper = Thread.ofVirtual().name("alive-lock").unstarted(this::keep);
    }

    /**
     * Takes the lock, and takes it again whenever it was lost; on a connection of its own, since one that goes back to a
     * pool would take it along.
     *
     * @param own what no other process has
     */
    public static AliveLock hold(DatabaseSettings settings, long own) {
        AliveLock lock = new AliveLock(settings, own);
        lock.keeper.start();
        return lock;
    }

    /**
     * Whether the lock of another process was held and is not any more, as one session of this process saw it. False where
     * that can't be told, in particular while this process has no lock of its own.
     */
    public synchronized boolean released(long other) {
        Set<Long> held = look();
        return held.contains(own) && seen.contains(other) && !held.contains(other);
    }

    private void keep() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                look();
                TimeUnit.NANOSECONDS.sleep(EVERY.toNanos());
            }
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        }
    }

    /** Who holds a lock now, this one included where it does; nobody where PostgreSQL does not say. */
    private synchronized Set<Long> look() {
        if (closed) {
            return Set.of();
        }
        try {
            if (session == null) {
                session = connect();
            }
            Set<Long> held = held(session);
            if (!held.contains(own) && take(session)) {
                held.add(own);
            }
            seen.addAll(held);
            return held;
        } catch (SQLException away) {
            end();
            return Set.of();
        }
    }

    private Connection connect() throws SQLException {
        Properties told = new Properties();
        told.setProperty("user", settings.user());
        told.setProperty("password", settings.password());
        told.setProperty("connectTimeout", Long.toString(ANSWER.toSeconds()));
        told.setProperty("socketTimeout", Long.toString(ANSWER.toSeconds()));
        told.setProperty("tcpKeepAlive", "true");
        told.setProperty("ApplicationName", "kvasir-alive");
        return DriverManager.getConnection(settings.url(), told);
    }

    /** Of its own only what this very session holds: another may be left over from a connection that broke. */
    private Set<Long> held(Connection c) throws SQLException {
        try (PreparedStatement select = c.prepareStatement("""
                SELECT (classid::bigint << 32) | objid::bigint, pid = pg_backend_pid() FROM pg_locks
                WHERE locktype = 'advisory' AND objsubid = 1 AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """);
                ResultSet rows = select.executeQuery()) {
            Set<Long> held = new HashSet<>();
            while (rows.next()) {
                if (rows.getLong(1) != own || rows.getBoolean(2)) {
                    held.add(rows.getLong(1));
                }
            }
            return held;
        }
    }

    /** Never waits: where a session is left over, it is tried again. */
    private boolean take(Connection c) throws SQLException {
        try (PreparedStatement select = c.prepareStatement("SELECT pg_try_advisory_lock(?)")) {
            select.setLong(1, own);
            try (ResultSet row = select.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }

    private void end() {
        // Another session has not seen it.
        seen.clear();
        Connection ending = session;
        session = null;
        if (ending != null) {
            try {
                ending.close();
            } catch (SQLException gone) {
                // Then it is closed.
            }
        }
    }

    @Override
    public void close() {
        keeper.interrupt();
        synchronized (this) {
            closed = true;
            end();
        }
    }
}
