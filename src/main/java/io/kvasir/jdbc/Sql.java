package io.kvasir.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Runs one statement with its parameters. What is asked for is written as SQL; this only carries values in and out. */
public final class Sql {
    private Sql() {}

    /** Makes a value of the row the result stands on. */
    @FunctionalInterface
    public interface Row<T> {
        T of(ResultSet row) throws SQLException;
    }

    /**
     * @param parameters strings, numbers, booleans, bytes, instants, null, or an {@code Optional} of these
     * @return rows changed
     */
    public static int update(Connection c, String sql, @Nullable Object... parameters) throws SQLException {
        try (PreparedStatement statement = c.prepareStatement(sql)) {
            set(statement, parameters);
            return statement.executeUpdate();
        }
    }

    /** The first row; empty where there is none. */
    public static <T> Optional<T> first(Connection c, String sql, Row<T> row, @Nullable Object... parameters)
            throws SQLException {
        try (PreparedStatement statement = c.prepareStatement(sql)) {
            set(statement, parameters);
            try (ResultSet rows = statement.executeQuery()) {
                return rows.next() ? Optional.of(row.of(rows)) : Optional.empty();
            }
        }
    }

    public static <T> List<T> all(Connection c, String sql, Row<T> row, @Nullable Object... parameters)
            throws SQLException {
        try (PreparedStatement statement = c.prepareStatement(sql)) {
            set(statement, parameters);
            try (ResultSet rows = statement.executeQuery()) {
                List<T> all = new ArrayList<>();
                while (rows.next()) {
                    all.add(row.of(rows));
                }
                return all;
            }
        }
    }

    /** Whether there is a row. */
    public static boolean any(Connection c, String sql, @Nullable Object... parameters) throws SQLException {
        return first(c, sql, _ -> true, parameters).orElse(false);
    }

    public static Optional<String> text(ResultSet row, int column) throws SQLException {
        return Optional.ofNullable(row.getString(column));
    }

    public static Optional<Instant> time(ResultSet row, int column) throws SQLException {
        return Optional.ofNullable(row.getTimestamp(column)).map(Timestamp::toInstant);
    }

    /** A column that is never null. */
    public static Instant instant(ResultSet row, int column) throws SQLException {
        return row.getTimestamp(column).toInstant();
    }

    /** Whether a statement failed because a row with that key, or no row it refers to, was there. */
    public static boolean broken(SQLException e) {
        return e.getSQLState() != null && e.getSQLState().startsWith("23");
    }

    private static void set(PreparedStatement statement, @Nullable Object... parameters) throws SQLException {
        for (int i = 0; i < parameters.length; i++) {
            Object given = parameters[i];
            Object value = given instanceof Optional<?> maybe ? maybe.orElse(null) : given;
            switch (value) {
                case null -> statement.setNull(i + 1, Types.NULL);
                case Instant instant -> statement.setTimestamp(i + 1, Timestamp.from(instant));
                case byte[] bytes -> statement.setBytes(i + 1, bytes);
                default -> statement.setObject(i + 1, value);
            }
        }
    }
}
