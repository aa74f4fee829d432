package io.kvasir.identity;

import io.kvasir.jdbc.Sql;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Rows of people, tenants and who belongs where. Everything here runs in the caller's transaction. */
final class Directory {
    private Directory() {}

    /** @param hash empty where one comes by another provider only */
    record User(UserId id, String email, Optional<String> name, Optional<String> hash, boolean suspended) {}

    /** @param suspended the membership itself, or the tenant */
    record Member(UserId user, TenantId tenant, String tenantName, Role role, boolean suspended) {}

    static String normalised(String email) {
        return email.strip().toLowerCase(Locale.ROOT);
    }

    /** Roles a principal carries for a role that was given: whoever runs the server also owns the tenant. */
    static Set<Role> carried(Role given) {
        return given == Role.SUPER_ADMIN ? Set.of(Role.SUPER_ADMIN, Role.OWNER) : Set.of(given);
    }

    static Optional<User> byEmail(Connection c, String email) throws SQLException {
        return Sql.first(
                c,
                "SELECT id, email, name, password_hash, suspended_at FROM users WHERE email = ?",
                Directory::user,
                normalised(email));
    }

    static Optional<User> byId(Connection c, UserId id) throws SQLException {
        return Sql.first(
                c,
                "SELECT id, email, name, password_hash, suspended_at FROM users WHERE id = ?",
                Directory::user,
                id.value());
    }

    /** @throws SQLException {@link Sql#broken} where the address is taken */
    static UserId addUser(Connection c, String email, Optional<String> name, Optional<String> hash, Instant now)
            throws SQLException {
        UserId id = UserId.next();
        Sql.update(
                c,
                "INSERT INTO users (id, email, name, password_hash, created_at) VALUES (?, ?, ?, ?, ?)",
                id.value(),
                normalised(email),
                name,
                hash,
                now);
        return id;
    }

    static TenantId addTenant(Connection c, String name, Instant now) throws SQLException {
        TenantId id = TenantId.next();
        Sql.update(c, "INSERT INTO tenants (id, name, created_at) VALUES (?, ?, ?)", id.value(), name, now);
        return id;
    }

    static void addMember(Connection c, TenantId tenant, UserId user, Role role, Instant now) throws SQLException {
        Sql.update(
                c,
                "INSERT INTO memberships (tenant, member, role, created_at) VALUES (?, ?, ?, ?)",
                tenant.value(),
                user.value(),
                role.name(),
                now);
    }

    /** Where somebody belongs, the earliest first. */
    static List<Member> memberships(Connection c, UserId user) throws SQLException {
        return Sql.all(
                c,
                "SELECT m.member, m.tenant, t.name, m.role, m.suspended_at, t.suspended_at FROM memberships m"
                        + " JOIN tenants t ON t.id = m.tenant WHERE m.member = ? ORDER BY m.created_at, m.tenant",
                row -> new Member(
                        new UserId(row.getString(1)),
                        new TenantId(row.getString(2)),
                        row.getString(3),
                        Role.valueOf(row.getString(4)),
                        Sql.time(row, 5).isPresent() || Sql.time(row, 6).isPresent()),
                user.value());
    }

    /** Those of them that are open at the moment. */
    static List<Member> open(Connection c, UserId user) throws SQLException {
        return memberships(c, user).stream().filter(m -> !m.suspended()).toList();
    }

    static Optional<Role> role(Connection c, TenantId tenant, UserId user) throws SQLException {
        return Sql.first(
                c,
                "SELECT role FROM memberships WHERE tenant = ? AND member = ?",
                row -> Role.valueOf(row.getString(1)),
                tenant.value(),
                user.value());
    }

    private static User user(ResultSet row) throws SQLException {
        return new User(
                new UserId(row.getString(1)),
                row.getString(2),
                Sql.text(row, 3),
                Sql.text(row, 4),
                Sql.time(row, 5).isPresent());
    }
}
