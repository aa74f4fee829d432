package io.kvasir.journal;

import io.kvasir.kernel.Stored;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * A table whose rows are each what the events of one entity come to, and nothing else: it can be thrown away and made
 * again. {@link Projections} keeps it up to date, {@link ReadModels} rebuilds and checks it.
 *
 * @param <S> what the events are folded to, the entity's own state
 * @param <R> a row without its key and version, comparable by {@code equals}; times in whole microseconds
 */
public interface ReadModel<S extends Stored, R> {
    /** Whose events it follows. */
    String entityType();

    /** The state before the first event. */
    S nothing();

    S apply(S state, Stored event);

    /** The row a state comes to; empty where there is to be none. */
    Optional<R> row(Connection c, String entityId, S state) throws SQLException;

    /** @param version sequence number of the last event that counts in the row */
    record Kept<R>(R row, long version) {}

    /** The row that is there, locked until the transaction ends. */
    Optional<Kept<R>> find(Connection c, String entityId) throws SQLException;

    /** Writes the row; nothing happens where a newer version is there. */
    void put(Connection c, String entityId, R row, long version) throws SQLException;

    void remove(Connection c, String entityId) throws SQLException;

    /** Entities that have a row, ascending, after the one named (empty string: from the first). */
    List<String> entityIds(Connection c, String after, int limit) throws SQLException;
}
