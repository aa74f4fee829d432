package io.kvasir.audit;

import io.kvasir.http.Json;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The rows of one tenant's record and how each hangs on the one before: SHA-256 over the hash before it, in hexadecimal,
 * and the row as JSON with its fields in the order of their names. Only ever adds.
 */
final class Chain {
    /** What the first row hangs on. */
    static final String ROOT = "0".repeat(64);

    private Chain() {}

    /** A row without its place. @param details and @param origin sealed bytes; the chain covers them as they are */
    record Fact(Instant at, String actor, String action, String subject, byte[] details, byte[] origin) {}

    record Row(String tenant, long number, Fact fact, String previous, String hash) {
        String expected() {
            return Chain.hash(tenant, number, fact, previous);
        }
    }

    record Head(long number, String hash) {}

    /** Adds a row at the end; others that add wait until this transaction is over. */
    static Row append(Connection c, String tenant, Fact fact) throws SQLException {
        Head head = locked(c, tenant);
        long number = head.number() + 1;
        Row row = new Row(tenant, number, fact, head.hash(), hash(tenant, number, fact, head.hash()));
        try (PreparedStatement insert = c.prepareStatement("""
                INSERT INTO audit_entries (tenant, number, happened_at, actor, action, subject, details, origin, previous, hash)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """);
                PreparedStatement update =
                        c.prepareStatement("UPDATE audit_heads SET number = ?, hash = ? WHERE tenant = ?")) {
            insert.setString(1, tenant);
            insert.setLong(2, number);
            insert.setTimestamp(3, Timestamp.from(fact.at()));
            insert.setString(4, fact.actor());
            insert.setString(5, fact.action());
            insert.setString(6, fact.subject());
            insert.setBytes(7, fact.details());
            insert.setBytes(8, fact.origin());
            insert.setString(9, row.previous());
            insert.setString(10, row.hash());
            insert.executeUpdate();
            update.setLong(1, number);
            update.setString(2, row.hash());
            update.setString(3, tenant);
            update.executeUpdate();
        }
        return row;
    }

    private static Head locked(Connection c, String tenant) throws SQLException {
        Optional<Head> there = head(c, tenant, " FOR UPDATE");
        if (there.isPresent()) {
            return there.get();
        }
        try (PreparedStatement insert =
                c.prepareStatement("INSERT INTO audit_heads (tenant, number, hash) VALUES (?, 0, ?)")) {
            insert.setString(1, tenant);
            insert.setString(2, ROOT);
            insert.executeUpdate();
        }
        return new Head(0, ROOT);
    }

    static Optional<Head> head(Connection c, String tenant, String suffix) throws SQLException {
        try (PreparedStatement select =
                c.prepareStatement("SELECT number, hash FROM audit_heads WHERE tenant = ?" + suffix)) {
            select.setString(1, tenant);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next() ? Optional.of(new Head(rows.getLong(1), rows.getString(2))) : Optional.empty();
            }
        }
    }

    static Row row(ResultSet rows) throws SQLException {
        return new Row(
                rows.getString("tenant"),
                rows.getLong("number"),
                new Fact(
                        rows.getTimestamp("happened_at").toInstant(),
                        rows.getString("actor"),
                        rows.getString("action"),
                        rows.getString("subject"),
                        rows.getBytes("details"),
                        rows.getBytes("origin")),
                rows.getString("previous"),
                rows.getString("hash"));
    }

    static String hash(String tenant, long number, Fact fact, String previous) {
        Map<String, Object> row = new TreeMap<>();
        row.put("tenant", tenant);
        row.put("number", number);
        row.put("at", fact.at().toString());
        row.put("actor", fact.actor());
        row.put("action", fact.action());
        row.put("subject", fact.subject());
        row.put("details", Base64.getEncoder().encodeToString(fact.details()));
        row.put("origin", Base64.getEncoder().encodeToString(fact.origin()));
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(previous.getBytes(StandardCharsets.US_ASCII));
            digest.update(Json.bytes(row));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
