package io.kvasir.journal;

import io.kvasir.kernel.Stored;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.persistence.typed.PersistenceId;

/** The journal's tables as plain rows: what happened to an entity, without waking it. */
final class History {
    private static final int AT_A_TIME = 500;

    private final StoredSerializer serializer;

    History(StoredSerializer serializer) {
        this.serializer = serializer;
    }

    /** @param sequence of the last event that counts; 0 where nothing happened */
    record Folded<S>(S state, long sequence) {}

    /** All events, from the first. */
    <S extends Stored> Folded<S> whole(Connection c, ReadModel<S, ?> model, String entityId) throws SQLException {
        return from(c, model, entityId, new Folded<>(model.nothing(), 0));
    }

    /** The same from the newest snapshot on: as much work for a long history as for a short one. */
    <S extends Stored> Folded<S> latest(Connection c, ReadModel<S, ?> model, String entityId) throws SQLException {
        return from(c, model, entityId, snapshot(c, model, entityId));
    }

    private <S extends Stored> Folded<S> snapshot(Connection c, ReadModel<S, ?> model, String entityId)
            throws SQLException {
        try (PreparedStatement select = c.prepareStatement("""
                SELECT "sequence_number", "snapshot_ser_id", "snapshot_ser_manifest", "snapshot_payload" FROM "snapshot"
                WHERE "persistence_id" = ? ORDER BY "sequence_number" DESC LIMIT 1
                """)) {
            select.setString(1, persistenceId(model.entityType(), entityId));
            try (ResultSet row = select.executeQuery()) {
                if (!row.next()) {
                    return new Folded<>(model.nothing(), 0);
                }
                @SuppressWarnings("unchecked") // an entity's snapshots are of its own state
                S state = (S) model.nothing().getClass().cast(stored(row));
                return new Folded<>(state, row.getLong(1));
            }
        }
    }

    private <S extends Stored> Folded<S> from(Connection c, ReadModel<S, ?> model, String entityId, Folded<S> start)
            throws SQLException {
        try (PreparedStatement select = c.prepareStatement("""
                SELECT "sequence_number", "event_ser_id", "event_ser_manifest", "event_payload" FROM "event_journal"
                WHERE "persistence_id" = ? AND "sequence_number" > ? AND "deleted" = FALSE ORDER BY "sequence_number"
                """)) {
            select.setFetchSize(AT_A_TIME);
            select.setString(1, persistenceId(model.entityType(), entityId));
            select.setLong(2, start.sequence());
            S state = start.state();
            long sequence = start.sequence();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    state = model.apply(state, stored(rows));
                    sequence = rows.getLong(1);
                }
            }
            return new Folded<>(state, sequence);
        }
    }

    /** Entities of a type that have events, ascending, after the one named (empty string: from the first). */
    List<String> entityIds(Connection c, String entityType, String after, int limit) throws SQLException {
        String prefix = persistenceId(entityType, "");
        try (PreparedStatement select = c.prepareStatement("""
                SELECT DISTINCT "persistence_id" FROM "event_journal"
                WHERE "persistence_id" LIKE ? AND "persistence_id" > ? ORDER BY "persistence_id" LIMIT ?
                """)) {
            select.setString(1, prefix + "%");
            select.setString(2, prefix + after);
            select.setInt(3, limit);
            List<String> ids = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    ids.add(rows.getString(1).substring(prefix.length()));
                }
            }
            return ids;
        }
    }

    static String persistenceId(String entityType, String entityId) {
        return PersistenceId.of(entityType, entityId).id();
    }

    private Stored stored(ResultSet row) throws SQLException {
        if (row.getInt(2) != serializer.identifier()) {
            throw new SQLException("a journal row was written by the unknown serializer " + row.getInt(2));
        }
        return (Stored) serializer.fromBinary(row.getBytes(4), row.getString(3));
    }
}
