package io.kvasir.identity;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Logins that go on. A session is a family of refresh tokens of which only the newest is good; trading in one that was
 * traded in before ends the session, since two hold it.
 */
public final class Sessions {
    private static final Rejection NOT_GOOD =
            new Rejection.Unauthenticated("The refresh token is not valid or has expired; log in again");

    private final Transactor transactor;
    private final Clock clock;
    private final AccountSettings settings;
    private final Tokens tokens;
    private final Suspensions suspensions;
    private final Door door;

    Sessions(
            Transactor transactor,
            Clock clock,
            AccountSettings settings,
            Tokens tokens,
            Suspensions suspensions,
            Door door) {
        this.transactor = transactor;
        this.clock = clock;
        this.settings = settings;
        this.tokens = tokens;
        this.suspensions = suspensions;
        this.door = door;
    }

    /** A tenant one may choose. */
    public record Choice(TenantId id, String name, Set<Role> roles) {}

    /**
     * What a login gives.
     *
     * @param user who came in
     * @param expiresIn seconds the access token is good for
     * @param tenantId the one tenant it is for
     * @param tenants all one may switch to
     */
    public record LoggedIn(
            UserId user,
            String accessToken,
            long expiresIn,
            String refreshToken,
            long refreshExpiresIn,
            TenantId tenantId,
            List<Choice> tenants) {
        @Override
        public String toString() {
            return "LoggedIn[tenantId=" + tenantId + "]";
        }
    }

    /** One login, as its user sees it. @param current whether the request came with it */
    public record Session(
            String id,
            Instant createdAt,
            Instant usedAt,
            Instant endsAt,
            String address,
            String agent,
            boolean current) {}

    /** Begins a session in the tenant used last, or the first one belongs to. */
    CompletionStage<Outcome<LoggedIn>> open(UserId user, Client client) {
        return transactor.run(c -> open(c, user, Optional.empty(), client));
    }

    Outcome<LoggedIn> open(Connection c, UserId user, Optional<TenantId> wanted, Client client) throws SQLException {
        List<Directory.Member> open = Directory.open(c, user);
        Optional<TenantId> last = wanted.isPresent()
                ? wanted
                : Sql.first(
                        c,
                        "SELECT tenant FROM sessions WHERE user_id = ? ORDER BY used_at DESC, id DESC LIMIT 1",
                        row -> new TenantId(row.getString(1)),
                        user.value());
        Optional<Directory.Member> chosen = open.stream()
                .filter(m -> last.filter(m.tenant()::equals).isPresent())
                .findFirst()
                .or(() -> open.stream().findFirst());
        if (chosen.isEmpty()) {
            return Outcome.refused(new Rejection.Forbidden("You belong to no tenant at the moment"));
        }
        Instant now = clock.instant();
        String session = Ids.next();
        String refresh = Secrets.next();
        Sql.update(
                c,
                "INSERT INTO sessions (id, user_id, tenant, refresh_hash, refresh_ends_at, created_at, used_at, ends_at,"
                        + " address, agent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                session,
                user.value(),
                chosen.get().tenant().value(),
                Secrets.hash(refresh),
                now.plus(settings.refreshToken()),
                now,
                now,
                now.plus(settings.session()),
                client.address(),
                client.agent());
        return Outcome.done(loggedIn(user, chosen.get().tenant(), session, refresh, open));
    }

    /** Trades a refresh token for the next and a fresh access token. Of many at once one wins, and none stays in. */
    public CompletionStage<Outcome<LoggedIn>> refresh(String token, Client client) {
        String old = Secrets.hash(token);
        String next = Secrets.next();
        return suspensions
                .telling(c -> {
                    Instant now = clock.instant();
                    int traded = Sql.update(
                            c,
                            "UPDATE sessions SET refresh_hash = ?, refresh_ends_at = ?, used_at = ?, address = ?, agent = ?"
                                    + " WHERE refresh_hash = ? AND refresh_ends_at > ? AND ends_at > ?",
                            Secrets.hash(next),
                            now.plus(settings.refreshToken()),
                            now,
                            client.address(),
                            client.agent(),
                            old,
                            now,
                            now);
                    if (traded == 0) {
                        return reused(c, old);
                    }
                    Row session = Sql.first(
                                    c,
                                    "SELECT id, user_id, tenant FROM sessions WHERE refresh_hash = ?",
                                    row -> new Row(
                                            row.getString(1),
                                            new UserId(row.getString(2)),
                                            new TenantId(row.getString(3))),
                                    Secrets.hash(next))
                            .orElseThrow(() -> new SQLException("a session vanished within a transaction"));
                    Sql.update(c, "INSERT INTO spent_refresh_tokens (hash, session) VALUES (?, ?)", old, session.id());
                    return Suspensions.Told.nothing(new Traded(goOn(c, session, next), Optional.empty()));
                })
                .thenCompose(traded -> traded.robbed()
                        .map(user -> door.seen(LoginWatch.Event.REFRESH_TOKEN_REUSED, user, client))
                        .orElseGet(() -> CompletableFuture.completedFuture(null))
                        .thenApply(_ -> traded.outcome()));
    }

    /** An access token of the same session for another tenant one belongs to. */
    public CompletionStage<Outcome<Switched>> switchTo(Principal caller, TenantId tenant) {
        return transactor.run(c -> {
            List<Directory.Member> open = Directory.open(c, caller.user());
            if (open.stream().noneMatch(m -> m.tenant().equals(tenant))) {
                return Outcome.refused(new Rejection.NotFound("You belong to no such tenant"));
            }
            String session = caller.credential().orElseThrow();
            Sql.update(c, "UPDATE sessions SET tenant = ? WHERE id = ?", tenant.value(), session);
            Tokens.Minted minted = tokens.user(caller.user(), tenant, session);
            return Outcome.done(new Switched(minted.token(), minted.lifetime().toSeconds(), tenant, choices(open)));
        });
    }

    /** What a switch gives: the refresh token stays. */
    public record Switched(String accessToken, long expiresIn, TenantId tenantId, List<Choice> tenants) {
        @Override
        public String toString() {
            return "Switched[tenantId=" + tenantId + "]";
        }
    }

    public CompletionStage<Outcome<List<Session>>> list(Principal caller) {
        return transactor.run(c -> Outcome.done(Sql.all(
                c,
                "SELECT id, created_at, used_at, ends_at, address, agent FROM sessions"
                        + " WHERE user_id = ? AND ends_at > ? AND refresh_ends_at > ? ORDER BY used_at DESC, id",
                row -> new Session(
                        row.getString(1),
                        Sql.instant(row, 2),
                        Sql.instant(row, 3),
                        Sql.instant(row, 4),
                        row.getString(5),
                        row.getString(6),
                        caller.credential().filter(row.getString(1)::equals).isPresent()),
                caller.user().value(),
                clock.instant(),
                clock.instant())));
    }

    /** Ends one of the caller's own sessions, its access tokens with it. */
    public CompletionStage<Outcome<Boolean>> revoke(Principal caller, String session) {
        return suspensions.telling(
                c -> end(c, "id = ? AND user_id = ?", session, caller.user().value()) == 1
                        ? new Suspensions.Told<>(Outcome.done(true), List.of(new Suspensions.Ended.Credential(session)))
                        : Suspensions.Told.nothing(
                                Outcome.refused(new Rejection.NotFound("There is no such session"))));
    }

    /** Ends the session a refresh token belongs to; nothing where it belongs to none. */
    public CompletionStage<Outcome<Boolean>> logout(String refreshToken) {
        return suspensions.telling(c -> {
            Optional<String> session = Sql.first(
                    c,
                    "SELECT id FROM sessions WHERE refresh_hash = ?",
                    row -> row.getString(1),
                    Secrets.hash(refreshToken));
            if (session.isEmpty()) {
                return Suspensions.Told.nothing(Outcome.done(false));
            }
            end(c, "id = ?", session.get());
            return new Suspensions.Told<>(Outcome.done(true), List.of(new Suspensions.Ended.Credential(session.get())));
        });
    }

    /** Ends all of somebody's sessions but the one named. */
    static void endAll(Connection c, UserId user, Optional<String> but) throws SQLException {
        end(c, "user_id = ? AND id <> ?", user.value(), but.orElse(""));
    }

    void purge(Connection c) throws SQLException {
        Sql.update(
                c, "DELETE FROM sessions WHERE ends_at < ? OR refresh_ends_at < ?", clock.instant(), clock.instant());
    }

    private record Row(String id, UserId user, TenantId tenant) {}

    /** @param robbed whose session ended because its token had two holders */
    private record Traded(Outcome<LoggedIn> outcome, Optional<UserId> robbed) {}

    /** A spent token that comes again has two holders, and nobody can tell which is the thief. */
    private static Suspensions.Told<Traded> reused(Connection c, String hash) throws SQLException {
        Optional<String> family =
                Sql.first(c, "SELECT session FROM spent_refresh_tokens WHERE hash = ?", row -> row.getString(1), hash);
        if (family.isEmpty()) {
            return Suspensions.Told.nothing(new Traded(Outcome.refused(NOT_GOOD), Optional.empty()));
        }
        Optional<UserId> robbed = Sql.first(
                c, "SELECT user_id FROM sessions WHERE id = ?", row -> new UserId(row.getString(1)), family.get());
        end(c, "id = ?", family.get());
        return new Suspensions.Told<>(
                new Traded(Outcome.refused(NOT_GOOD), robbed), List.of(new Suspensions.Ended.Credential(family.get())));
    }

    private Outcome<LoggedIn> goOn(Connection c, Row session, String refresh) throws SQLException {
        boolean suspended =
                Directory.byId(c, session.user()).map(Directory.User::suspended).orElse(true);
        List<Directory.Member> open = suspended ? List.of() : Directory.open(c, session.user());
        Optional<TenantId> tenant = open.stream()
                .map(Directory.Member::tenant)
                .filter(session.tenant()::equals)
                .findFirst()
                .or(() -> open.stream().map(Directory.Member::tenant).findFirst());
        return tenant.<Outcome<LoggedIn>>map(
                        t -> Outcome.done(loggedIn(session.user(), t, session.id(), refresh, open)))
                .orElseGet(() -> Outcome.refused(NOT_GOOD));
    }

    private LoggedIn loggedIn(
            UserId user, TenantId tenant, String session, String refresh, List<Directory.Member> open) {
        Tokens.Minted minted = tokens.user(user, tenant, session);
        return new LoggedIn(
                user,
                minted.token(),
                minted.lifetime().toSeconds(),
                refresh,
                settings.refreshToken().toSeconds(),
                tenant,
                choices(open));
    }

    static List<Choice> choices(List<Directory.Member> open) {
        Function<Directory.Member, Choice> choice =
                m -> new Choice(m.tenant(), m.tenantName(), Directory.carried(m.role()));
        return open.stream().map(choice).toList();
    }

    private static int end(Connection c, String which, String... parameters) throws SQLException {
        return Sql.update(c, "DELETE FROM sessions WHERE " + which, (Object[]) parameters);
    }
}
