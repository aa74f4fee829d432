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

    /** What an account says of a person. */
    record Account(String id, String email, Instant createdAt) {}

    static CompletionStage<Optional<Account>> of(Transactor transactor, Keeper.Person person) {
        return transactor.run(c -> Sql.first(
                c,
                "SELECT u.id, u.email, u.created_at FROM users u JOIN memberships m ON m.member = u.id"
                        + " WHERE u.id = ? AND m.tenant = ?",
                row -> new Account(
                        row.getString(1), row.getString(2), row.getTimestamp(3).toInstant()),
                person.user().value(),
                person.tenant().value()));
    }

    /** Ends the membership; the account goes with the last one, its sessions with it. @return how many rows there were */
    static CompletionStage<Long> erase(Transactor transactor, Keeper.Person person) {
        return transactor.run(
                c -> gone(c, person.tenant().value(), person.user().value()));
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
        return memberships == 0
                ? 0
                : memberships
                        + Sql.update(c, "DELETE FROM api_keys WHERE tenant = ? AND user_id = ?", tenant, member)
                        + Sql.update(
                                c,
                                "DELETE FROM users WHERE id = ? AND NOT EXISTS (SELECT 1 FROM memberships WHERE member = ?)",
                                member,
                                member);
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
