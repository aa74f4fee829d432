package io.kvasir.identity;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Permission;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;

/**
 * Keys for machines, of one tenant each: {@code kvk_} and 256 random bits, shown once. A key can do what its scopes say
 * and never more than its maker can at the moment; it ends with its maker's membership.
 */
public final class ApiKeys {
    static final String MARK = "kvk_";
    private static final int SHOWN = MARK.length() + 8;
    private static final int MOST = 100;
    /** A key's last use is kept to the minute: writing at every request would cost more than it tells. */
    private static final Duration NOTED = Duration.ofMinutes(1);

    private final Transactor transactor;
    private final Clock clock;
    private final Suspensions suspensions;

    ApiKeys(Transactor transactor, Clock clock, Suspensions suspensions) {
        this.transactor = transactor;
        this.clock = clock;
        this.suspensions = suspensions;
    }

    /** What is known of a key; {@code prefix} is how it begins. */
    public record ApiKey(
            String id,
            String name,
            String prefix,
            Set<Permission> scopes,
            UserId madeBy,
            Instant createdAt,
            Optional<Instant> usedAt,
            Optional<Instant> endsAt) {}

    /** A key just made. @param key the only time it is told */
    public record Made(
            String id,
            String key,
            String name,
            String prefix,
            Set<Permission> scopes,
            Instant createdAt,
            Optional<Instant> endsAt) {
        @Override
        public String toString() {
            return "Made[" + prefix + "]";
        }
    }

    public CompletionStage<Outcome<Made>> make(
            Principal caller, String name, Set<Permission> scopes, Optional<Instant> endsAt) {
        return transactor.run(c -> {
            Instant now = clock.instant();
            if (endsAt.filter(at -> !at.isAfter(now)).isPresent()) {
                return Outcome.refused(Rejection.Invalid.field("/endsAt", "must be in the future"));
            }
            Sql.first(
                    c,
                    "SELECT id FROM tenants WHERE id = ? FOR UPDATE",
                    row -> row.getString(1),
                    caller.tenant().value());
            if (count(c, caller.tenant()) >= MOST) {
                return Outcome.refused(
                        new Rejection.Conflict("too-many-keys", "A tenant has at most " + MOST + " keys"));
            }
            String key = MARK + Secrets.next();
            Made made = new Made(Ids.next(), key, name, key.substring(0, SHOWN), scopes, now, endsAt);
            Sql.update(
                    c,
                    "INSERT INTO api_keys (id, tenant, user_id, name, prefix, hash, scopes, created_at, ends_at)"
                            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    made.id(),
                    caller.tenant().value(),
                    caller.user().value(),
                    name,
                    made.prefix(),
                    Secrets.hash(key),
                    scopes.stream().map(Enum::name).sorted().collect(Collectors.joining(",")),
                    now,
                    endsAt);
            return Outcome.done(made);
        });
    }

    public CompletionStage<Outcome<List<ApiKey>>> list(Principal caller) {
        return transactor.run(c -> Outcome.done(Sql.all(
                c,
                "SELECT id, name, prefix, scopes, user_id, created_at, used_at, ends_at FROM api_keys"
                        + " WHERE tenant = ? ORDER BY id",
                row -> new ApiKey(
                        row.getString(1),
                        row.getString(2),
                        row.getString(3),
                        scopes(row.getString(4)),
                        new UserId(row.getString(5)),
                        Sql.instant(row, 6),
                        Sql.time(row, 7),
                        Sql.time(row, 8)),
                caller.tenant().value())));
    }

    public CompletionStage<Outcome<Boolean>> revoke(Principal caller, String id) {
        return suspensions.telling(c -> Sql.update(
                                c,
                                "DELETE FROM api_keys WHERE id = ? AND tenant = ?",
                                id,
                                caller.tenant().value())
                        == 1
                ? new Suspensions.Told<>(Outcome.done(true), List.of(new Suspensions.Ended.Credential(id)))
                : Suspensions.Told.nothing(Outcome.refused(new Rejection.NotFound("There is no such key"))));
    }

    /** Who stands behind a key; empty where nobody does any more. */
    static Optional<Principal> principal(Connection c, String key, Instant now) throws SQLException {
        Optional<Found> found = Sql.first(
                c,
                "SELECT k.id, k.user_id, k.tenant, k.scopes, m.role, k.used_at FROM api_keys k"
                        + " JOIN users u ON u.id = k.user_id"
                        + " JOIN memberships m ON m.member = k.user_id AND m.tenant = k.tenant"
                        + " JOIN tenants t ON t.id = k.tenant"
                        + " WHERE k.hash = ? AND (k.ends_at IS NULL OR k.ends_at > ?)"
                        + " AND u.suspended_at IS NULL AND m.suspended_at IS NULL AND t.suspended_at IS NULL",
                row -> new Found(
                        new Principal(
                                new UserId(row.getString(2)),
                                new TenantId(row.getString(3)),
                                Directory.carried(Role.valueOf(row.getString(5))),
                                Optional.empty(),
                                scopes(row.getString(4)),
                                Optional.of(row.getString(1))),
                        Sql.time(row, 6)),
                Secrets.hash(key),
                now);
        if (found.isPresent()
                && found.get().used().filter(at -> at.plus(NOTED).isAfter(now)).isEmpty()) {
            Sql.update(
                    c,
                    "UPDATE api_keys SET used_at = ? WHERE id = ?",
                    now,
                    found.get().principal().credential());
        }
        return found.map(Found::principal);
    }

    private record Found(Principal principal, Optional<Instant> used) {}

    private static Set<Permission> scopes(String stored) {
        return Arrays.stream(stored.split(","))
                .map(Permission::valueOf)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Permission.class)));
    }

    private static int count(Connection c, TenantId tenant) throws SQLException {
        return Sql.first(c, "SELECT COUNT(*) FROM api_keys WHERE tenant = ?", row -> row.getInt(1), tenant.value())
                .orElse(0);
    }
}
