package io.kvasir.identity;

import io.kvasir.http.Authenticator;
import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Permission;
import io.kvasir.kernel.Principal.Role;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The one way in, for every kind of credential: what it says is verified, and then the database is asked whether its
 * holder may still come in, with which role. So a suspension, a revocation or a new role counts from the next request.
 */
final class Authentication implements Authenticator {
    private final Transactor transactor;
    private final Clock clock;
    private final Tokens tokens;

    Authentication(Transactor transactor, Clock clock, Tokens tokens) {
        this.transactor = transactor;
        this.clock = clock;
        this.tokens = tokens;
    }

    @Override
    public CompletionStage<Optional<Principal>> authenticate(String bearer) {
        if (bearer.startsWith(ApiKeys.MARK)) {
            return transactor.run(c -> ApiKeys.principal(c, bearer, clock.instant()));
        }
        Optional<Tokens.Claims> claims = tokens.verify(bearer);
        if (claims.isEmpty()) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        return switch (claims.get()) {
            case Tokens.Claims.User user -> transactor.run(c -> user(c, user));
            case Tokens.Claims.Visitor visitor -> transactor.run(c -> visitor(c, visitor));
        };
    }

    private Optional<Principal> user(Connection c, Tokens.Claims.User claims) throws SQLException {
        return Sql.first(
                c,
                "SELECT m.role FROM sessions s JOIN users u ON u.id = s.user_id"
                        + " JOIN memberships m ON m.member = u.id JOIN tenants t ON t.id = m.tenant"
                        + " WHERE s.id = ? AND s.user_id = ? AND s.ends_at > ? AND m.tenant = ?"
                        + " AND u.suspended_at IS NULL AND m.suspended_at IS NULL AND t.suspended_at IS NULL",
                row -> new Principal(
                        claims.user(),
                        claims.tenant(),
                        Directory.carried(Role.valueOf(row.getString(1))),
                        Optional.empty(),
                        EnumSet.allOf(Permission.class),
                        Optional.of(claims.session())),
                claims.session(),
                claims.user().value(),
                clock.instant(),
                claims.tenant().value());
    }

    private static Optional<Principal> visitor(Connection c, Tokens.Claims.Visitor claims) throws SQLException {
        boolean open = Sql.any(
                c,
                "SELECT 1 FROM tenants WHERE id = ? AND suspended_at IS NULL",
                claims.tenant().value());
        return open
                ? Optional.of(new Principal(
                        claims.visitor(),
                        claims.tenant(),
                        Set.of(Role.END_USER),
                        Optional.of(claims.conversation()),
                        EnumSet.of(Permission.CHAT),
                        Optional.empty()))
                : Optional.empty();
    }
}
