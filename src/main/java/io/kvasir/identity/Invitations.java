package io.kvasir.identity;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TenantId;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Invitations to a tenant, by mail. The token in the mail proves the address it was sent to, and is good once. */
public final class Invitations {
    static final Rejection NOT_GOOD = new Rejection.NotFound("This invitation is not valid, was used, or has expired");
    private static final int AN_HOUR = 100;

    private final Transactor transactor;
    private final Clock clock;
    private final AccountSettings settings;
    private final Attempts attempts;
    private final Letters letters;

    Invitations(Transactor transactor, Clock clock, AccountSettings settings, Attempts attempts, Letters letters) {
        this.transactor = transactor;
        this.clock = clock;
        this.settings = settings;
        this.attempts = attempts;
        this.letters = letters;
    }

    /** An invitation nobody has accepted yet. */
    public record Invitation(String id, String email, Role role, Instant createdAt, Instant endsAt) {}

    /** What a good token stands for. */
    record Open(String id, TenantId tenant, String email, Role role) {}

    public CompletionStage<Outcome<Invitation>> invite(Principal caller, String email, Role role) {
        String address = Directory.normalised(email);
        String token = Secrets.next();
        return attempts.take(new Attempts.Try("invite by " + caller.tenant(), AN_HOUR))
                .thenCompose(
                        allowed -> allowed.then(_ -> transactor.run(c -> invite(c, caller, address, role, token))));
    }

    private Outcome<Invitation> invite(Connection c, Principal caller, String email, Role role, String token)
            throws SQLException {
        if (role == Role.SUPER_ADMIN || !Ranks.reaches(caller, role)) {
            return Outcome.refused(new Rejection.Forbidden("You cannot give a role above your own"));
        }
        Optional<Directory.User> there = Directory.byEmail(c, email);
        if (there.isPresent()
                && Directory.role(c, caller.tenant(), there.get().id()).isPresent()) {
            return Outcome.refused(new Rejection.Conflict("already-member", "This address belongs to the tenant"));
        }
        Instant now = clock.instant();
        // The newest counts: an invitation with another role replaces the one before.
        Sql.update(
                c,
                "DELETE FROM invitations WHERE tenant = ? AND email = ?",
                caller.tenant().value(),
                email);
        Invitation made = new Invitation(Ids.next(), email, role, now, now.plus(settings.invitation()));
        Sql.update(
                c,
                "INSERT INTO invitations (id, tenant, email, role, hash, invited_by, created_at, ends_at)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                made.id(),
                caller.tenant().value(),
                email,
                role.name(),
                Secrets.hash(token),
                caller.user().value(),
                now,
                made.endsAt());
        String name = Sql.first(
                        c,
                        "SELECT name FROM tenants WHERE id = ?",
                        row -> row.getString(1),
                        caller.tenant().value())
                .orElse("Kvasir");
        letters.invited(email, name, token);
        return Outcome.done(made);
    }

    public CompletionStage<Outcome<List<Invitation>>> list(Principal caller) {
        return transactor.run(c -> Outcome.done(Sql.all(
                c,
                "SELECT id, email, role, created_at, ends_at FROM invitations WHERE tenant = ? AND ends_at > ?"
                        + " ORDER BY id",
                row -> new Invitation(
                        row.getString(1),
                        row.getString(2),
                        Role.valueOf(row.getString(3)),
                        Sql.instant(row, 4),
                        Sql.instant(row, 5)),
                caller.tenant().value(),
                clock.instant())));
    }

    public CompletionStage<Outcome<Boolean>> withdraw(Principal caller, String id) {
        return transactor.run(c -> Sql.update(
                                c,
                                "DELETE FROM invitations WHERE id = ? AND tenant = ?",
                                id,
                                caller.tenant().value())
                        == 1
                ? Outcome.done(true)
                : Outcome.refused(new Rejection.NotFound("There is no such invitation")));
    }

    /** The tenant of an invitation to the caller's own address becomes one of theirs. */
    public CompletionStage<Outcome<Sessions.Choice>> accept(Principal caller, String token) {
        return transactor.run(c -> {
            Optional<Directory.User> user = Directory.byId(c, caller.user());
            Optional<Open> found = byToken(c, token, clock.instant());
            if (user.isEmpty()
                    || found.filter(i -> i.email().equals(user.get().email())).isEmpty()
                    || take(c, token, clock.instant()).isEmpty()) {
                return Outcome.refused(NOT_GOOD);
            }
            if (Directory.role(c, found.get().tenant(), caller.user()).isEmpty()) {
                Directory.addMember(
                        c, found.get().tenant(), caller.user(), found.get().role(), clock.instant());
            }
            return Sessions.choices(Directory.open(c, caller.user())).stream()
                    .filter(choice -> choice.id().equals(found.get().tenant()))
                    .findFirst()
                    .<Outcome<Sessions.Choice>>map(Outcome::done)
                    .orElseGet(() -> Outcome.refused(NOT_GOOD));
        });
    }

    static Optional<Open> byToken(Connection c, String token, Instant now) throws SQLException {
        return Sql.first(
                c,
                "SELECT i.id, i.tenant, i.email, i.role FROM invitations i JOIN tenants t ON t.id = i.tenant"
                        + " WHERE i.hash = ? AND i.ends_at > ? AND t.suspended_at IS NULL",
                Invitations::open,
                Secrets.hash(token),
                now);
    }

    /** All to an address that is proven otherwise. */
    static List<Open> to(Connection c, String email, Instant now) throws SQLException {
        return Sql.all(
                c,
                "SELECT i.id, i.tenant, i.email, i.role FROM invitations i JOIN tenants t ON t.id = i.tenant"
                        + " WHERE i.email = ? AND i.ends_at > ? AND t.suspended_at IS NULL ORDER BY i.id",
                Invitations::open,
                email,
                now);
    }

    /** The one of a token, used up with that: of many who come at once one gets it. */
    static Optional<Open> take(Connection c, String token, Instant now) throws SQLException {
        Optional<Open> found = byToken(c, token, now);
        return found.isPresent()
                        && Sql.update(
                                        c,
                                        "DELETE FROM invitations WHERE id = ?",
                                        found.get().id())
                                == 1
                ? found
                : Optional.empty();
    }

    private static Open open(ResultSet row) throws SQLException {
        return new Open(
                row.getString(1), new TenantId(row.getString(2)), row.getString(3), Role.valueOf(row.getString(4)));
    }

    static void purge(Connection c, Instant now) throws SQLException {
        Sql.update(c, "DELETE FROM invitations WHERE ends_at < ?", now);
    }
}
