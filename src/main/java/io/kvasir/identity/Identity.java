package io.kvasir.identity;

import io.kvasir.http.Authenticator;
import io.kvasir.jdbc.Sql;
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
import io.kvasir.mail.Mailer;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The room of accounts: its concerns wired together, its first owner, and what it does by the clock. */
public final class Identity implements Authenticator, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.identity");

    private final Transactor transactor;
    private final Clock clock;
    private final SigningKeys signingKeys;
    private volatile KeyRing ring;
    private final Tokens tokens;
    private final Passwords passwords = new Passwords();
    private final Attempts attempts;
    private final Suspensions suspensions;
    private final Sessions sessions;
    private final Mfa mfa;
    private final Login login;
    private final Registration registration;
    private final PasswordChange passwordChange;
    private final Invitations invitations;
    private final Members members;
    private final ApiKeys apiKeys;
    private final OAuth oauth;
    private final Operations operations;
    private final Authentication authentication;
    private final CompletableFuture<URI> publicUrl = new CompletableFuture<>();
    private final ScheduledExecutorService chores = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("identity-chores").daemon().factory());

    private Identity(
            Transactor transactor,
            Clock clock,
            SubjectKeys keys,
            TokenSettings tokenSettings,
            AccountSettings settings,
            OAuthSettings oauthSettings,
            Mailer mailer,
            LoginWatch watch,
            SigningKeys signingKeys,
            KeyRing first) {
        this.transactor = transactor;
        this.clock = clock;
        this.signingKeys = signingKeys;
        this.ring = first;
        this.tokens = new Tokens(() -> ring, tokenSettings, clock);
        this.attempts = new Attempts(transactor, clock, settings.patience().longest());
        this.suspensions = new Suspensions(transactor, clock);
        Door door = new Door(transactor, watch);
        this.sessions = new Sessions(transactor, clock, settings, tokens, suspensions, door);
        settings.publicUrl().ifPresent(publicUrl::complete);
        Letters letters = new Letters(mailer, publicUrl);
        PasswordPolicy policy = new PasswordPolicy(settings.passwords());
        this.mfa = new Mfa(transactor, keys, clock, attempts, sessions, door);
        this.login = new Login(transactor, passwords, attempts, settings.patience(), sessions, mfa, door);
        this.registration =
                new Registration(transactor, clock, settings, passwords, policy, attempts, sessions, letters, door);
        this.passwordChange = new PasswordChange(
                transactor, clock, settings, passwords, policy, attempts, suspensions, letters, door);
        this.invitations = new Invitations(transactor, clock, settings, attempts, letters);
        this.members = new Members(transactor, clock, suspensions);
        this.apiKeys = new ApiKeys(transactor, clock, suspensions);
        this.oauth = new OAuth(transactor, clock, settings, oauthSettings, publicUrl, login);
        this.operations = new Operations(transactor);
        this.authentication = new Authentication(transactor, clock, tokens);
        every(Duration.ofSeconds(1), suspensions::poll);
        every(Duration.ofSeconds(30), this::renewKeys);
        every(Duration.ofHours(1), this::purge);
    }

    public static CompletionStage<Identity> open(
            Transactor transactor,
            SubjectKeys keys,
            TokenSettings tokens,
            AccountSettings settings,
            OAuthSettings oauth,
            Mailer mailer,
            LoginWatch watch,
            Clock clock) {
        SigningKeys signingKeys = new SigningKeys(transactor, keys, clock, settings.signingKey(), tokens.longest());
        return signingKeys
                .current()
                .thenApply(ring -> new Identity(
                        transactor, clock, keys, tokens, settings, oauth, mailer, watch, signingKeys, ring));
    }

    /** Where people reach this server, known once it listens; what the configuration says goes first. */
    public void reachedAt(URI url) {
        publicUrl.complete(url);
    }

    /** What {@link #reachedAt} or the configuration says. */
    public CompletionStage<URI> publicUrl() {
        return publicUrl;
    }

    /** A token to send as bearer, and the seconds it is good for. */
    public record Access(String accessToken, long expiresIn) {}

    /** Who is logged in, where, and where else they could be. */
    public record Me(
            UserId id,
            String email,
            Optional<String> name,
            TenantId tenantId,
            Set<Role> roles,
            List<Sessions.Choice> tenants,
            boolean mfaEnabled) {}

    public Login login() {
        return login;
    }

    public Mfa mfa() {
        return mfa;
    }

    public OAuth oauth() {
        return oauth;
    }

    public Registration registration() {
        return registration;
    }

    public PasswordChange passwords() {
        return passwordChange;
    }

    public Invitations invitations() {
        return invitations;
    }

    public Members members() {
        return members;
    }

    public ApiKeys apiKeys() {
        return apiKeys;
    }

    public Sessions sessions() {
        return sessions;
    }

    public Operations operations() {
        return operations;
    }

    public Suspensions suspensions() {
        return suspensions;
    }

    public CompletionStage<Outcome<Me>> me(Principal principal) {
        return transactor.run(c -> {
            Optional<Directory.User> user = Directory.byId(c, principal.user());
            return user.isEmpty()
                    ? Outcome.refused(new Rejection.NotFound("This credential belongs to no user"))
                    : Outcome.done(new Me(
                            principal.user(),
                            user.get().email(),
                            user.get().name(),
                            principal.tenant(),
                            principal.roles(),
                            Sessions.choices(Directory.open(c, principal.user())),
                            Mfa.asked(c, principal.user())));
        });
    }

    @Override
    public CompletionStage<Optional<Principal>> authenticate(String bearer) {
        return authentication.authenticate(bearer);
    }

    /** A short-lived token that is good for this conversation alone. */
    public Access visitor(TenantId tenant, UserId visitor, ConversationId conversation) {
        Tokens.Minted minted = tokens.visitor(visitor, tenant, conversation);
        return new Access(minted.token(), minted.lifetime().toSeconds());
    }

    /** The public halves of all keys that sign, as a JSON Web Key Set. */
    public Map<String, Object> publicKeys() {
        return ring.shown();
    }

    /**
     * The first owner, who also runs the server: found by address, or made with a tenant of its own.
     *
     * @param password given by configuration; empty to have one made up where the owner is new
     */
    public CompletionStage<Owner> ensureOwner(String email, Optional<String> password) {
        return transactor.run(c -> Directory.byEmail(c, email)).thenCompose(found -> {
            if (found.isPresent()) {
                return keep(found.get(), password)
                        .thenCompose(
                                _ -> transactor.run(c -> homeOf(c, found.get().id())))
                        .thenApply(home -> new Owner(found.get().id(), home, Optional.empty()));
            }
            String chosen = password.orElseGet(Ids::next);
            return passwords
                    .hash(chosen)
                    .thenCompose(hash -> transactor.run(c -> {
                        UserId user = Directory.addUser(c, email, Optional.empty(), Optional.of(hash), clock.instant());
                        return new Owner(
                                user, homeOf(c, user), password.isPresent() ? Optional.empty() : Optional.of(chosen));
                    }))
                    // Servers of a cluster may start at once: another one made it meanwhile.
                    .exceptionallyCompose(fault -> Failures.cause(fault) instanceof SQLException sql && Sql.broken(sql)
                            ? ensureOwner(email, password)
                            : CompletableFuture.failedFuture(fault));
        });
    }

    /** @param madeUp the password to show once, where we made it up just now */
    public record Owner(UserId user, TenantId tenant, Optional<String> madeUp) {}

    @Override
    public void close() {
        chores.shutdownNow();
        passwords.close();
    }

    /** The tenant of the server's owner, made where there is none. */
    private TenantId homeOf(Connection c, UserId owner) throws SQLException {
        Optional<TenantId> there = Directory.memberships(c, owner).stream()
                .filter(m -> m.role() == Role.OWNER || m.role() == Role.SUPER_ADMIN)
                .map(Directory.Member::tenant)
                .findFirst();
        if (there.isPresent()) {
            Sql.update(
                    c,
                    "UPDATE memberships SET role = ? WHERE tenant = ? AND member = ?",
                    Role.SUPER_ADMIN.name(),
                    there.get().value(),
                    owner.value());
            return there.get();
        }
        TenantId home = Directory.addTenant(c, "Home", clock.instant());
        Directory.addMember(c, home, owner, Role.SUPER_ADMIN, clock.instant());
        return home;
    }

    /** A password given by configuration is the owner's password, also when it changed since the last start. */
    private CompletionStage<Boolean> keep(Directory.User owner, Optional<String> password) {
        if (password.isEmpty()) {
            return CompletableFuture.completedFuture(false);
        }
        CompletionStage<Boolean> same = owner.hash()
                .map(hash -> passwords.matches(password.get(), hash))
                .orElseGet(() -> CompletableFuture.completedFuture(false));
        return same.thenCompose(yes -> yes
                ? CompletableFuture.completedFuture(false)
                : passwords
                        .hash(password.get())
                        .thenCompose(hash -> transactor.run(c -> {
                            Sessions.endAll(c, owner.id(), Optional.empty());
                            return Sql.update(
                                            c,
                                            "UPDATE users SET password_hash = ? WHERE id = ?",
                                            hash,
                                            owner.id().value())
                                    == 1;
                        })));
    }

    private CompletionStage<Void> renewKeys() {
        return signingKeys.current().thenAccept(fresh -> ring = fresh);
    }

    private CompletionStage<Void> purge() {
        return transactor.change(c -> {
            sessions.purge(c);
            attempts.purge(c);
            suspensions.purge(c);
            mfa.purge(c);
            oauth.purge(c);
            MailedLinks.purge(c, clock.instant());
            Invitations.purge(c, clock.instant());
        });
    }

    private void every(Duration pause, Supplier<CompletionStage<Void>> chore) {
        chores.scheduleWithFixedDelay(
                () -> chore.get().whenComplete((_, fault) -> {
                    if (fault != null && !chores.isShutdown()) {
                        LOG.warn("a chore of the accounts failed: {}", fault.toString());
                    }
                }),
                pause.toMillis(),
                pause.toMillis(),
                TimeUnit.MILLISECONDS);
    }
}
