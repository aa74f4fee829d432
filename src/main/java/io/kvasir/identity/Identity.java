package io.kvasir.identity;

import io.kvasir.http.Authenticator;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;

/** Who may log in, and what proves it afterwards. Owns the {@code users} table and the signing keys. */
public final class Identity implements Authenticator, AutoCloseable {
    private final Transactor transactor;
    private final Clock clock;
    private final Tokens tokens;
    private final Passwords passwords = new Passwords();

    private Identity(Transactor transactor, Clock clock, Tokens tokens) {
        this.transactor = transactor;
        this.clock = clock;
        this.tokens = tokens;
    }

    public static CompletionStage<Identity> open(
            Transactor transactor, SubjectKeys keys, TokenSettings settings, Clock clock) {
        return new SigningKeys(transactor, keys, clock)
                .current()
                .thenApply(key -> new Identity(transactor, clock, new Tokens(key, settings, clock)));
    }

    /** A token to send as bearer, and the seconds it is good for. */
    public record Access(String accessToken, long expiresIn) {}

    /** Who is logged in. */
    public record Me(UserId id, String email, TenantId tenantId, Set<Role> roles) {}

    /** The same refusal, after the same time, whether the address or the password is wrong. */
    public CompletionStage<Outcome<Access>> login(String email, String password) {
        return transactor.run(c -> byEmail(c, normalised(email))).thenCompose(found -> {
            CompletionStage<Boolean> right = found.isPresent()
                    ? passwords.matches(password, found.get().hash())
                    : passwords.matchesNobody(password);
            return right.thenApply(yes -> {
                if (!yes || found.isEmpty()) {
                    return Outcome.refused(new Rejection.Unauthenticated("E-mail address or password is wrong"));
                }
                Account account = found.get();
                return Outcome.done(access(tokens.user(account.id(), account.tenant(), account.roles())));
            });
        });
    }

    public CompletionStage<Outcome<Me>> me(Principal principal) {
        return transactor
                .run(c -> byId(c, principal.user()))
                .thenApply(found -> found.<Outcome<Me>>map(
                                a -> Outcome.done(new Me(a.id(), a.email(), a.tenant(), a.roles())))
                        .orElseGet(
                                () -> Outcome.refused(new Rejection.NotFound("This credential belongs to no user"))));
    }

    @Override
    public CompletionStage<Optional<Principal>> authenticate(String bearer) {
        return CompletableFuture.completedFuture(tokens.verify(bearer));
    }

    /** A short-lived token that is good for this conversation alone. */
    public Access visitor(TenantId tenant, UserId visitor, ConversationId conversation) {
        return access(tokens.visitor(visitor, tenant, conversation));
    }

    /**
     * The first owner: found by address, or made with a tenant of its own.
     *
     * @param password given by configuration; empty to have one made up where the owner is new
     */
    public CompletionStage<Owner> ensureOwner(String email, Optional<String> password) {
        String address = normalised(email);
        return transactor.run(c -> byEmail(c, address)).thenCompose(found -> {
            if (found.isPresent()) {
                Account account = found.get();
                return keep(account, password)
                        .thenApply(_ -> new Owner(account.id(), account.tenant(), Optional.empty()));
            }
            String chosen = password.orElseGet(Ids::next);
            return passwords
                    .hash(chosen)
                    .thenCompose(hash -> transactor.run(c -> {
                        Account account =
                                new Account(UserId.next(), TenantId.next(), address, hash, Set.of(Role.OWNER));
                        insert(c, account);
                        return new Owner(
                                account.id(),
                                account.tenant(),
                                password.isPresent() ? Optional.empty() : Optional.of(chosen));
                    }));
        });
    }

    /** @param madeUp the password to show once, where we made it up just now */
    public record Owner(UserId user, TenantId tenant, Optional<String> madeUp) {}

    @Override
    public void close() {
        passwords.close();
    }

    /** A password given by configuration is the owner's password, also when it changed since the last start. */
    private CompletionStage<Boolean> keep(Account account, Optional<String> password) {
        if (password.isEmpty()) {
            return CompletableFuture.completedFuture(false);
        }
        return passwords
                .matches(password.get(), account.hash())
                .thenCompose(same -> same
                        ? CompletableFuture.completedFuture(false)
                        : passwords
                                .hash(password.get())
                                .thenCompose(hash -> transactor.run(c -> {
                                    try (PreparedStatement update =
                                            c.prepareStatement("UPDATE users SET password_hash = ? WHERE id = ?")) {
                                        update.setString(1, hash);
                                        update.setString(2, account.id().value());
                                        return update.executeUpdate() == 1;
                                    }
                                })));
    }

    private static Access access(Tokens.Minted minted) {
        return new Access(minted.token(), minted.lifetime().toSeconds());
    }

    private static String normalised(String email) {
        return email.strip().toLowerCase(Locale.ROOT);
    }

    private record Account(UserId id, TenantId tenant, String email, String hash, Set<Role> roles) {}

    private static Optional<Account> byEmail(Connection c, String email) throws SQLException {
        return one(c, "email", email);
    }

    private static Optional<Account> byId(Connection c, UserId id) throws SQLException {
        return one(c, "id", id.value());
    }

    private static Optional<Account> one(Connection c, String column, String value) throws SQLException {
        try (PreparedStatement select = c.prepareStatement(
                "SELECT id, tenant, email, password_hash, roles FROM users WHERE " + column + " = ?")) {
            select.setString(1, value);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next()
                        ? Optional.of(new Account(
                                new UserId(rows.getString(1)),
                                new TenantId(rows.getString(2)),
                                rows.getString(3),
                                rows.getString(4),
                                Arrays.stream(rows.getString(5).split(","))
                                        .map(Role::valueOf)
                                        .collect(Collectors.toSet())))
                        : Optional.empty();
            }
        }
    }

    private void insert(Connection c, Account account) throws SQLException {
        try (PreparedStatement insert = c.prepareStatement(
                "INSERT INTO users (id, tenant, email, password_hash, roles, created_at) VALUES (?, ?, ?, ?, ?, ?)")) {
            insert.setString(1, account.id().value());
            insert.setString(2, account.tenant().value());
            insert.setString(3, account.email());
            insert.setString(4, account.hash());
            insert.setString(5, account.roles().stream().map(Enum::name).collect(Collectors.joining(",")));
            insert.setTimestamp(6, Timestamp.from(clock.instant()));
            insert.executeUpdate();
        }
    }
}
