package io.kvasir.bootstrap;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.TenantId;
import io.kvasir.privacy.Keeper;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** What the record and the erasure of persons need to know of accounts. */
final class Accounts {
    private Accounts() {}

    /**
     * What an account says of a person, for one tenant: its owners may ask for it too, so nothing of other tenants.
     *
     * @param logins that go on there; @param providers where they log in too; @param keys they made for this tenant
     */
    record Account(
            String id,
            String email,
            Optional<String> name,
            Instant createdAt,
            Role role,
            Instant memberSince,
            boolean secondFactor,
            List<LoggedIn> logins,
            List<Linked> providers,
            List<Key> keys) {}

    record LoggedIn(Instant createdAt, Instant usedAt, Instant endsAt, String address, String agent) {}

    record Linked(String issuer, Instant createdAt) {}

    record Key(String name, String prefix, Instant createdAt, Optional<Instant> usedAt, Optional<Instant> endsAt) {}

    static CompletionStage<Optional<Account>> of(Transactor transactor, Keeper.Person person) {
        String user = person.user().value();
        String tenant = person.tenant().value();
        return transactor.run(c -> {
            List<LoggedIn> logins = Sql.all(
                    c,
                    "SELECT created_at, used_at, ends_at, address, agent FROM sessions"
                            + " WHERE user_id = ? AND tenant = ? ORDER BY id",
                    row -> new LoggedIn(
                            Sql.instant(row, 1),
                            Sql.instant(row, 2),
                            Sql.instant(row, 3),
                            row.getString(4),
                            row.getString(5)),
                    user,
                    tenant);
            List<Linked> providers = Sql.all(
                    c,
                    "SELECT issuer, created_at FROM provider_links WHERE user_id = ? ORDER BY issuer",
                    row -> new Linked(row.getString(1), Sql.instant(row, 2)),
                    user);
            List<Key> keys = Sql.all(
                    c,
                    "SELECT name, prefix, created_at, used_at, ends_at FROM api_keys"
                            + " WHERE user_id = ? AND tenant = ? ORDER BY id",
                    row -> new Key(
                            row.getString(1),
                            row.getString(2),
                            Sql.instant(row, 3),
                            Sql.time(row, 4),
                            Sql.time(row, 5)),
                    user,
                    tenant);
            return Sql.first(
                    c,
                    "SELECT u.id, u.email, u.name, u.created_at, m.role, m.created_at,"
                            + " EXISTS (SELECT 1 FROM second_factors f WHERE f.user_id = u.id AND f.confirmed)"
                            + " FROM users u JOIN memberships m ON m.member = u.id WHERE u.id = ? AND m.tenant = ?",
                    row -> new Account(
                            row.getString(1),
                            row.getString(2),
                            Sql.text(row, 3),
                            Sql.instant(row, 4),
                            Role.valueOf(row.getString(5)),
                            Sql.instant(row, 6),
                            row.getBoolean(7),
                            logins,
                            providers,
                            keys),
                    user,
                    tenant);
        });
    }

    /** Ends the membership; the account goes with the last one, its sessions with it. @return how many rows there were */
    static CompletionStage<Long> erase(Transactor transactor, Keeper.Person person) {
        return transactor.run(
                c -> gone(c, person.tenant().value(), person.user().value()));
    }

    /** Addresses nobody but this tenant knows: of its people, and of whom it invited. */
    static CompletionStage<List<String>> addresses(Transactor transactor, TenantId tenant) {
        return transactor.run(c -> Sql.all(
                c,
                "SELECT u.email FROM users u JOIN memberships m ON m.member = u.id WHERE m.tenant = ?"
                        + " AND NOT EXISTS (SELECT 1 FROM memberships o WHERE o.member = u.id AND o.tenant <> m.tenant)"
                        + " UNION SELECT email FROM invitations WHERE tenant = ?",
                row -> row.getString(1),
                tenant.value(),
                tenant.value()));
    }

    static CompletionStage<Void> eraseAll(Transactor transactor, TenantId tenant) {
        return transactor.change(c -> {
            for (String member : Sql.all(
                    c, "SELECT member FROM memberships WHERE tenant = ?", row -> row.getString(1), tenant.value())) {
                gone(c, tenant.value(), member);
            }
            for (String table : List.of("api_keys", "invitations")) {
                Sql.update(c, "DELETE FROM " + table + " WHERE tenant = ?", tenant.value());
            }
            Sql.update(c, "DELETE FROM tenants WHERE id = ?", tenant.value());
        });
    }

    /** Whoever is no member is none of this tenant's business: their account stays. */
    private static long gone(Connection c, String tenant, String member) throws SQLException {
        int memberships = Sql.update(c, "DELETE FROM memberships WHERE tenant = ? AND member = ?", tenant, member);
        if (memberships == 0) {
            return 0;
        }
        long rows = memberships
                + Sql.update(c, "DELETE FROM api_keys WHERE tenant = ? AND user_id = ?", tenant, member)
                + Sql.update(
                        c,
                        "DELETE FROM invitations WHERE tenant = ? AND email = (SELECT email FROM users WHERE id = ?)",
                        tenant,
                        member);
        if (Sql.any(c, "SELECT 1 FROM memberships WHERE member = ?", member)) {
            return rows;
        }
        return rows
                + Sql.update(c, "DELETE FROM mailed_links WHERE email = (SELECT email FROM users WHERE id = ?)", member)
                + Sql.update(c, "DELETE FROM users WHERE id = ?", member);
    }

    static CompletionStage<Boolean> there(Transactor transactor, TenantId tenant) {
        return transactor.run(c -> Sql.any(c, "SELECT 1 FROM tenants WHERE id = ?", tenant.value()));
    }

    /** Whether there is such a tenant, and it is not suspended. */
    static CompletionStage<Boolean> open(Transactor transactor, TenantId tenant) {
        return transactor.run(
                c -> Sql.any(c, "SELECT 1 FROM tenants WHERE id = ? AND suspended_at IS NULL", tenant.value()));
    }

    /** What somebody is in a tenant; empty where they are nothing there. */
    static CompletionStage<Optional<Role>> role(Transactor transactor, Keeper.Person person) {
        return transactor.run(c -> Sql.first(
                c,
                "SELECT role FROM memberships WHERE tenant = ? AND member = ?",
                row -> Role.valueOf(row.getString(1)),
                person.tenant().value(),
                person.user().value()));
    }

    /** Whether a tenant would be left without anybody who decides about it. */
    static CompletionStage<Boolean> lastOwner(Transactor transactor, Keeper.Person person) {
        String owners = "SELECT 1 FROM memberships WHERE tenant = ? AND role IN ('OWNER', 'SUPER_ADMIN') AND member ";
        return transactor.run(c -> Sql.any(
                        c,
                        owners + "= ?",
                        person.tenant().value(),
                        person.user().value())
                && !Sql.any(
                        c,
                        owners + "<> ?",
                        person.tenant().value(),
                        person.user().value()));
    }
}
