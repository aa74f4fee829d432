package io.kvasir.identity;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.UserId;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** The people of a tenant and their roles there. A tenant never loses its last owner. */
public final class Members {
    private final Transactor transactor;
    private final Clock clock;
    private final Suspensions suspensions;

    Members(Transactor transactor, Clock clock, Suspensions suspensions) {
        this.transactor = transactor;
        this.clock = clock;
        this.suspensions = suspensions;
    }

    /** Somebody who belongs to the tenant. */
    public record Member(UserId id, String email, Optional<String> name, Role role, boolean suspended, Instant since) {}

    public CompletionStage<Outcome<List<Member>>> list(Principal caller) {
        return transactor.run(c -> Outcome.done(Sql.all(
                c,
                "SELECT u.id, u.email, u.name, m.role, m.suspended_at, m.created_at FROM memberships m"
                        + " JOIN users u ON u.id = m.member WHERE m.tenant = ? ORDER BY m.created_at, u.id",
                row -> new Member(
                        new UserId(row.getString(1)),
                        row.getString(2),
                        Sql.text(row, 3),
                        Role.valueOf(row.getString(4)),
                        Sql.time(row, 5).isPresent(),
                        Sql.instant(row, 6)),
                caller.tenant().value())));
    }

    public CompletionStage<Outcome<Boolean>> give(Principal caller, UserId member, Role role) {
        return deciding(caller, member, role != Role.OWNER, c -> {
            if (role == Role.SUPER_ADMIN || !Ranks.reaches(caller, role)) {
                return Outcome.refused(new Rejection.Forbidden("You cannot give a role above your own"));
            }
            Sql.update(
                    c,
                    "UPDATE memberships SET role = ? WHERE tenant = ? AND member = ?",
                    role.name(),
                    caller.tenant().value(),
                    member.value());
            return Outcome.done(true);
        });
    }

    public CompletionStage<Outcome<Boolean>> remove(Principal caller, UserId member) {
        return deciding(caller, member, true, c -> {
            Sql.update(
                    c,
                    "DELETE FROM api_keys WHERE tenant = ? AND user_id = ?",
                    caller.tenant().value(),
                    member.value());
            Sql.update(
                    c,
                    "DELETE FROM memberships WHERE tenant = ? AND member = ?",
                    caller.tenant().value(),
                    member.value());
            return Outcome.done(true);
        });
    }

    public CompletionStage<Outcome<Boolean>> suspend(Principal caller, UserId member) {
        return deciding(caller, member, true, c -> mark(c, caller, member, Optional.of(clock.instant())));
    }

    public CompletionStage<Outcome<Boolean>> resume(Principal caller, UserId member) {
        return deciding(caller, member, false, c -> mark(c, caller, member, Optional.empty()));
    }

    private static Outcome<Boolean> mark(Connection c, Principal caller, UserId member, Optional<Instant> suspended)
            throws SQLException {
        Sql.update(
                c,
                "UPDATE memberships SET suspended_at = ? WHERE tenant = ? AND member = ?",
                suspended,
                caller.tenant().value(),
                member.value());
        return Outcome.done(true);
    }

    /** One decision at a time in a tenant: two owners who remove each other at once leave one. */
    private CompletionStage<Outcome<Boolean>> deciding(
            Principal caller, UserId member, boolean takesOwner, Transactor.Work<Outcome<Boolean>> work) {
        String tenant = caller.tenant().value();
        return suspensions.telling(c -> {
            Sql.first(c, "SELECT id FROM tenants WHERE id = ? FOR UPDATE", row -> row.getString(1), tenant);
            Optional<Role> role = Directory.role(c, caller.tenant(), member);
            if (role.isEmpty()) {
                return Suspensions.Told.nothing(Outcome.refused(new Rejection.NotFound("There is no such member")));
            }
            if (!Ranks.reaches(caller, role.get())) {
                return Suspensions.Told.nothing(
                        Outcome.refused(new Rejection.Forbidden("You cannot decide about a role above your own")));
            }
            boolean owns = Directory.carried(role.get()).contains(Role.OWNER);
            if (owns
                    && takesOwner
                    && !Sql.any(
                            c,
                            "SELECT 1 FROM memberships WHERE tenant = ? AND member <> ? AND suspended_at IS NULL"
                                    + " AND role IN ('OWNER', 'SUPER_ADMIN')",
                            tenant,
                            member.value())) {
                return Suspensions.Told.nothing(Outcome.refused(
                        new Rejection.Conflict("last-owner", "A tenant needs an owner; make somebody else one first")));
            }
            Outcome<Boolean> outcome = work.apply(c);
            return outcome instanceof Outcome.Done<Boolean>
                    ? new Suspensions.Told<>(outcome, List.of(new Suspensions.Ended.Member(member, caller.tenant())))
                    : Suspensions.Told.nothing(outcome);
        });
    }
}
