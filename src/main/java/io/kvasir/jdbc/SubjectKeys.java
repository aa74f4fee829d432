package io.kvasir.jdbc;

import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * One data key per subject (a conversation, a source, a knowledge base), wrapped by the master key. What a person wrote
 * stands in journal and files only under such a key; destroying the row is the erasure of all copies.
 *
 * <p>A subject is named with its tenant first: {@code tenant/conversation/id}.
 */
public final class SubjectKeys {
    private static final int REMEMBERED = 10_000;

    private final Transactor transactor;
    private final MasterKey master;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, SubjectKey> opened = new LinkedHashMap<>(256, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, SubjectKey> eldest) {
            return size() > REMEMBERED;
        }
    };

    public SubjectKeys(Transactor transactor, MasterKey master) {
        this.transactor = transactor;
        this.master = master;
    }

    /** The subject's key, made where there is none; durable before the stage completes. */
    public CompletionStage<SubjectKey> obtain(String subject) {
        return remembered(subject)
                .<CompletionStage<SubjectKey>>map(CompletableFuture::completedFuture)
                .orElseGet(() -> transactor.run(c -> obtain(c, subject)));
    }

    /** The subject's key; empty where it never was or has been destroyed. */
    public CompletionStage<Optional<SubjectKey>> find(String subject) {
        Optional<SubjectKey> known = remembered(subject);
        return known.isPresent() ? CompletableFuture.completedFuture(known) : transactor.run(c -> find(c, subject));
    }

    /** From now on nothing sealed for this subject can be read by anyone. */
    public CompletionStage<Void> destroy(String subject) {
        return transactor.change(c -> {
            try (PreparedStatement delete = c.prepareStatement("DELETE FROM data_keys WHERE subject = ?")) {
                delete.setString(1, subject);
                delete.executeUpdate();
            }
            synchronized (opened) {
                opened.remove(subject);
            }
        });
    }

    /** The same for every subject whose name begins so. @return how many there were */
    public CompletionStage<Integer> destroyAll(String prefix) {
        return transactor.run(c -> {
            try (PreparedStatement delete =
                    c.prepareStatement("DELETE FROM data_keys WHERE substring(subject, 1, ?) = ?")) {
                delete.setInt(1, prefix.length());
                delete.setString(2, prefix);
                int destroyed = delete.executeUpdate();
                synchronized (opened) {
                    opened.keySet().removeIf(subject -> subject.startsWith(prefix));
                }
                return destroyed;
            }
        });
    }

    SubjectKey obtain(Connection c, String subject) throws SQLException {
        Optional<SubjectKey> there = find(c, subject);
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
        return find(c, subject).orElseThrow(() -> new SQLException("no key could be made for a subject"));
    }

    Optional<SubjectKey> find(Connection c, String subject) throws SQLException {
        Optional<SubjectKey> known = remembered(subject);
        if (known.isPresent()) {
            return known;
        }
        try (PreparedStatement select = c.prepareStatement("SELECT wrapped FROM data_keys WHERE subject = ?")) {
            select.setString(1, subject);
            try (ResultSet rows = select.executeQuery()) {
                if (!rows.next()) {
                    return Optional.empty();
                }
                SubjectKey key = new SubjectKey(subject, master.unwrap(subject, rows.getBytes(1)));
                synchronized (opened) {
                    opened.put(subject, key);
                }
                return Optional.of(key);
            }
        }
    }

    private Optional<SubjectKey> remembered(String subject) {
        synchronized (opened) {
            return Optional.ofNullable(opened.get(subject));
        }
    }
}
