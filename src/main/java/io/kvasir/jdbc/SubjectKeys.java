package io.kvasir.jdbc;

import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;

/**
 * One data key per subject (a conversation, a source, a knowledge base), wrapped by the master key. What a person wrote
 * stands in journal and files only under such a key; destroying the row is the erasure of all copies.
 *
 * <p>A subject is named with its tenant first: {@code tenant/conversation/id}.
 */
public final class SubjectKeys {
    private static final int REMEMBERED = 10_000;
    /**
     * For how long a key is used without a look at its row: another server may have destroyed it, and tells nobody.
     * Long enough that a busy subject costs no query per request, short enough that an erasure holds everywhere soon.
     */
    static final Duration TRUSTED = Duration.ofSeconds(5);

    private final Transactor transactor;
    private final MasterKey master;
    private final LongSupplier nanos;
    private final SecureRandom random = new SecureRandom();
    /** Only keys whose rows are committed. */
    private final Map<String, Opened> opened = new LinkedHashMap<>(256, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Opened> eldest) {
            return size() > REMEMBERED;
        }
    };
    /** How often keys were forgotten here; guarded by {@link #opened}. */
    private long forgotten;

    public SubjectKeys(Transactor transactor, MasterKey master) {
        this(transactor, master, System::nanoTime);
    }

    /** @param nanos what the time is, as {@link System#nanoTime} tells it */
    SubjectKeys(Transactor transactor, MasterKey master, LongSupplier nanos) {
        this.transactor = transactor;
        this.master = master;
        this.nanos = nanos;
    }

    /**
     * A key as its row had it.
     *
     * @param readAt just before the row was read
     * @param forgotten how often keys had been forgotten by then
     */
    private record Opened(SubjectKey key, long readAt, long forgotten) {}

    /** The subject's key, made where there is none; durable before the stage completes. */
    public CompletionStage<SubjectKey> obtain(String subject) {
        return trusted(subject)
                .<CompletionStage<SubjectKey>>map(known -> CompletableFuture.completedFuture(known.key()))
                .orElseGet(() -> transactor.run(c -> obtained(c, subject)).thenApply(this::remember));
    }

    /** The subject's key; empty where it never was or has been destroyed. */
    public CompletionStage<Optional<SubjectKey>> find(String subject) {
        return trusted(subject)
                .<CompletionStage<Optional<SubjectKey>>>map(
                        known -> CompletableFuture.completedFuture(Optional.of(known.key())))
                .orElseGet(() -> transactor.run(c -> found(c, subject)).thenApply(found -> found.map(this::remember)));
    }

    /** From now on nothing sealed for this subject can be read by anyone; by other servers for a moment yet. */
    public CompletionStage<Void> destroy(String subject) {
        return forgetting(() -> opened.remove(subject), c -> {
                    try (PreparedStatement delete = c.prepareStatement("DELETE FROM data_keys WHERE subject = ?")) {
                        delete.setString(1, subject);
                        return delete.executeUpdate();
                    }
                })
                .thenAccept(_ -> {});
    }

    /** The same for every subject whose name begins so. @return how many there were */
    public CompletionStage<Integer> destroyAll(String prefix) {
        return forgetting(() -> opened.keySet().removeIf(subject -> subject.startsWith(prefix)), c -> {
            try (PreparedStatement delete =
                    c.prepareStatement("DELETE FROM data_keys WHERE substring(subject, 1, ?) = ?")) {
                delete.setInt(1, prefix.length());
                delete.setString(2, prefix);
                return delete.executeUpdate();
            }
        });
    }

    /**
     * Forgets before, and again after: until the commit others still find the row and remember it. After a failure too,
     * as a commit whose answer was lost may have succeeded.
     */
    private <T> CompletionStage<T> forgetting(Runnable forget, Transactor.Work<T> destruction) {
        forget(forget);
        return transactor.run(destruction).whenComplete((_, _) -> forget(forget));
    }

    private void forget(Runnable forget) {
        synchronized (opened) {
            forgotten++;
            forget.run();
        }
    }

    /** For a transaction of the caller's. Nothing is remembered: it may yet fail, and a key made in it with it. */
    SubjectKey obtain(Connection c, String subject) throws SQLException {
        return obtained(c, subject).key();
    }

    /** Likewise. */
    Optional<SubjectKey> find(Connection c, String subject) throws SQLException {
        return found(c, subject).map(Opened::key);
    }

    private Opened obtained(Connection c, String subject) throws SQLException {
        Optional<Opened> there = found(c, subject);
        if (there.isPresent()) {
            return there.get();
        }
        byte[] fresh = new byte[32];
        random.nextBytes(fresh);
        try (PreparedStatement insert = c.prepareStatement(
                "INSERT INTO data_keys (subject, wrapped) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM data_keys WHERE subject = ?)")) {
            insert.setString(1, subject);
            insert.setBytes(2, master.wrap(subject, fresh));
            insert.setString(3, subject);
            insert.executeUpdate();
        } catch (SQLException raced) {
            // Another node or thread made it a moment ago: theirs counts. A real fault shows itself in the next line.
            c.rollback();
        }
        return read(c, subject).orElseThrow(() -> new SQLException("no key could be made for a subject"));
    }

    /** Whoever waited for a connection while another looked needs no look of their own. */
    private Optional<Opened> found(Connection c, String subject) throws SQLException {
        Optional<Opened> known = trusted(subject);
        return known.isPresent() ? known : read(c, subject);
    }

    private Optional<Opened> read(Connection c, String subject) throws SQLException {
        long forgottenBefore;
        synchronized (opened) {
            forgottenBefore = forgotten;
        }
        long readAt = nanos.getAsLong();
        try (PreparedStatement select = c.prepareStatement("SELECT wrapped FROM data_keys WHERE subject = ?")) {
            select.setString(1, subject);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next()
                        ? Optional.of(new Opened(
                                new SubjectKey(subject, master.unwrap(subject, rows.getBytes(1))),
                                readAt,
                                forgottenBefore))
                        : Optional.empty();
            }
        }
    }

    /** Only after the commit. What was read before keys were forgotten may be one of them. */
    private SubjectKey remember(Opened fresh) {
        synchronized (opened) {
            if (fresh.forgotten() == forgotten) {
                opened.put(fresh.key().subject(), fresh);
            }
        }
        return fresh.key();
    }

    private Optional<Opened> trusted(String subject) {
        synchronized (opened) {
            Opened known = opened.get(subject);
            if (known != null && nanos.getAsLong() - known.readAt() >= TRUSTED.toNanos()) {
                opened.remove(subject);
                return Optional.empty();
            }
            return Optional.ofNullable(known);
        }
    }
}
