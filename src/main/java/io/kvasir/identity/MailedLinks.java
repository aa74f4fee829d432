package io.kvasir.identity;

import io.kvasir.jdbc.Sql;
import io.kvasir.kernel.Rejection;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;

/** What links in mails stand for. A link is good for one purpose, for some time, and once. */
final class MailedLinks {
    static final Rejection NOT_GOOD = new Rejection.NotFound("This link is not valid, was used, or has expired");

    private MailedLinks() {}

    enum Purpose {
        REGISTER,
        RESET,
        /** Only told that there is an account; opens nothing. */
        KNOWN
    }

    record Link(
            Purpose purpose,
            String email,
            Optional<String> name,
            Optional<String> tenantName,
            Optional<String> passwordHash) {
        @Override
        public String toString() {
            return "Link[" + purpose + "]";
        }
    }

    static void add(Connection c, String token, Link link, Instant ends) throws SQLException {
        Sql.update(
                c,
                "INSERT INTO mailed_links (hash, purpose, email, name, tenant_name, password_hash, ends_at)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?)",
                Secrets.hash(token),
                link.purpose().name(),
                link.email(),
                link.name(),
                link.tenantName(),
                link.passwordHash(),
                ends);
    }

    static Optional<Link> find(Connection c, String token, Purpose purpose, Instant now) throws SQLException {
        return Sql.first(
                c,
                "SELECT purpose, email, name, tenant_name, password_hash FROM mailed_links"
                        + " WHERE hash = ? AND purpose = ? AND ends_at > ?",
                row -> new Link(
                        Purpose.valueOf(row.getString(1)),
                        row.getString(2),
                        Sql.text(row, 3),
                        Sql.text(row, 4),
                        Sql.text(row, 5)),
                Secrets.hash(token),
                purpose.name(),
                now);
    }

    /** The link, which is used up with that: of many who come at once one gets it. */
    static Optional<Link> take(Connection c, String token, Purpose purpose, Instant now) throws SQLException {
        Optional<Link> link = find(c, token, purpose, now);
        return link.isPresent() && Sql.update(c, "DELETE FROM mailed_links WHERE hash = ?", Secrets.hash(token)) == 1
                ? link
                : Optional.empty();
    }

    /** All links of a purpose to an address end. */
    static void drop(Connection c, Purpose purpose, String email) throws SQLException {
        Sql.update(c, "DELETE FROM mailed_links WHERE purpose = ? AND email = ?", purpose.name(), email);
    }

    static void purge(Connection c, Instant now) throws SQLException {
        Sql.update(c, "DELETE FROM mailed_links WHERE ends_at < ?", now);
    }
}
