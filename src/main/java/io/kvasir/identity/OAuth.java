package io.kvasir.identity;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Login at Google, GitHub or any OpenID Connect issuer of the configuration. A login under way belongs to the browser it
 * began in and is good once; somebody is found by issuer and subject, and linked by an address only where the provider
 * has verified it and is trusted with that.
 */
public final class OAuth {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.authentication");
    private static final Duration UNDER_WAY = Duration.ofMinutes(10);

    private final Transactor transactor;
    private final Clock clock;
    private final AccountSettings settings;
    private final CompletableFuture<URI> publicUrl;
    private final Login login;
    private final Map<String, OAuthSettings.Provider> providers = new LinkedHashMap<>();
    private final Map<String, ProviderLogin> logins = new LinkedHashMap<>();
    private final Executor threads = Executors.newVirtualThreadPerTaskExecutor();

    OAuth(
            Transactor transactor,
            Clock clock,
            AccountSettings settings,
            OAuthSettings oauth,
            CompletableFuture<URI> publicUrl,
            Login login) {
        this.transactor = transactor;
        this.clock = clock;
        this.settings = settings;
        this.publicUrl = publicUrl;
        this.login = login;
        for (OAuthSettings.Provider provider : oauth.providers()) {
            providers.put(provider.name(), provider);
            logins.put(
                    provider.name(),
                    switch (provider.kind()) {
                        case OIDC -> new OidcLogin(provider, clock);
                        case GITHUB -> new GitHubLogin(provider);
                    });
        }
    }

    /** Names of the providers that are offered. */
    public List<String> offered() {
        return List.copyOf(providers.keySet());
    }

    /** Where to send the browser, and the secret it must bring back in a cookie. */
    public record Begun(URI authorization, String browser) {
        @Override
        public String toString() {
            return "Begun[]";
        }
    }

    /** @param browser the secret of a login that began in the same browser before */
    public CompletionStage<Outcome<Begun>> begin(String provider, Optional<String> browser) {
        ProviderLogin at = logins.get(provider);
        if (at == null) {
            return refused(new Rejection.NotFound("There is no such provider"));
        }
        String secret = browser.filter(b -> b.length() == 43).orElseGet(Secrets::next);
        String state = Secrets.next();
        String nonce = Secrets.next();
        String verifier = Secrets.next();
        return publicUrl
                .thenCompose(url -> blocking(() ->
                        at.authorization(new ProviderLogin.Request(redirect(url, provider), state, nonce, verifier))))
                .thenCompose(authorization -> authorization.then(to -> transactor.run(c -> {
                    Sql.update(
                            c,
                            "INSERT INTO oauth_flows (state_hash, provider, browser_hash, nonce, verifier, ends_at)"
                                    + " VALUES (?, ?, ?, ?, ?, ?)",
                            Secrets.hash(state),
                            provider,
                            Secrets.hash(secret),
                            nonce,
                            verifier,
                            clock.instant().plus(UNDER_WAY));
                    return Outcome.done(new Begun(to, secret));
                })));
    }

    /**
     * Lets in who came back.
     *
     * @param browser the secret in the browser's cookie
     * @return a conflict with a stable code where this browser, this code or this person is not let in
     */
    public CompletionStage<Outcome<Login.Entered>> finish(
            String provider, String state, String code, Optional<String> browser, Client client) {
        ProviderLogin at = logins.get(provider);
        OAuthSettings.Provider known = providers.get(provider);
        if (at == null || known == null) {
            return refused(new Rejection.NotFound("There is no such provider"));
        }
        return transactor
                .run(c -> take(c, provider, state, browser.orElse("")))
                .thenCompose(flow -> flow.then(f -> publicUrl.thenCompose(url -> blocking(() -> at.person(
                        new ProviderLogin.Request(redirect(url, provider), state, f.nonce(), f.verifier()), code)))))
                .thenCompose(person -> person.then(p -> transactor
                        .run(c -> found(c, known, p))
                        .exceptionallyCompose(
                                failure -> Failures.cause(failure) instanceof SQLException sql && Sql.broken(sql)
                                        ? refused(no("again", "Somebody with this address came in just now; try again"))
                                        : CompletableFuture.failedFuture(failure))))
                .thenCompose(user -> user.then(u -> login.enter(u, true, client)));
    }

    void purge(Connection c) throws SQLException {
        Sql.update(c, "DELETE FROM oauth_flows WHERE ends_at < ?", clock.instant());
    }

    private record Flow(String nonce, String verifier) {}

    /** The login that is under way, ended with that. In another browser than it began in there is none. */
    private Outcome<Flow> take(Connection c, String provider, String state, String browser) throws SQLException {
        Optional<Flow> flow = Sql.first(
                c,
                "SELECT nonce, verifier FROM oauth_flows"
                        + " WHERE state_hash = ? AND provider = ? AND browser_hash = ? AND ends_at > ?",
                row -> new Flow(row.getString(1), row.getString(2)),
                Secrets.hash(state),
                provider,
                Secrets.hash(browser),
                clock.instant());
        return flow.isPresent()
                        && Sql.update(c, "DELETE FROM oauth_flows WHERE state_hash = ?", Secrets.hash(state)) == 1
                ? Outcome.done(flow.get())
                : Outcome.refused(no("expired", "This login began elsewhere, was used, or took too long"));
    }

    /** Whose login this is: known, linked by a verified address, or new. */
    private Outcome<UserId> found(Connection c, OAuthSettings.Provider provider, ProviderLogin.Person person)
            throws SQLException {
        String issuer = provider.issuer().toString();
        Optional<UserId> linked = Sql.first(
                c,
                "SELECT user_id FROM provider_links WHERE issuer = ? AND subject = ?",
                row -> new UserId(row.getString(1)),
                issuer,
                person.subject());
        if (linked.isPresent()) {
            return Outcome.done(linked.get());
        }
        Optional<String> email = person.email()
                .filter(_ -> provider.trustsEmail())
                .filter(AccountBodies::email)
                .map(Directory::normalised);
        if (email.isEmpty()) {
            return Outcome.refused(no("no-verified-email", "The provider vouches for no e-mail address of yours"));
        }
        Optional<Directory.User> there = Directory.byEmail(c, email.get());
        Outcome<UserId> user = there.isPresent()
                ? Outcome.done(there.get().id())
                : made(c, email.get(), person.name().map(name -> name.length() > 200 ? name.substring(0, 200) : name));
        if (user instanceof Outcome.Done<UserId>(UserId id)) {
            Sql.update(
                    c,
                    "INSERT INTO provider_links (issuer, subject, user_id, created_at) VALUES (?, ?, ?, ?)",
                    issuer,
                    person.subject(),
                    id.value(),
                    clock.instant());
        }
        return user;
    }

    /** An account without a password: with a tenant of its own, or where the address was invited. */
    private Outcome<UserId> made(Connection c, String email, Optional<String> name) throws SQLException {
        Instant now = clock.instant();
        List<Invitations.Open> invited = settings.registration() == AccountSettings.Registration.CLOSED
                ? List.of()
                : Invitations.to(c, email, now);
        if (invited.isEmpty() && settings.registration() != AccountSettings.Registration.OPEN) {
            return Outcome.refused(
                    settings.registration() == AccountSettings.Registration.CLOSED
                            ? no("closed", "Nobody can register here")
                            : no("invitation-only", "An account here is by invitation only"));
        }
        UserId user = Directory.addUser(c, email, name, Optional.empty(), now);
        for (Invitations.Open invitation : invited) {
            Sql.update(c, "DELETE FROM invitations WHERE id = ?", invitation.id());
            Directory.addMember(c, invitation.tenant(), user, invitation.role(), now);
        }
        if (invited.isEmpty()) {
            TenantId tenant = Directory.addTenant(c, name.orElse(email), now);
            Directory.addMember(c, tenant, user, Role.OWNER, now);
        }
        return Outcome.done(user);
    }

    static URI redirect(URI publicUrl, String provider) {
        return URI.create(publicUrl + "/api/v1/oauth/auth/" + provider + "/callback");
    }

    private static Rejection no(String code, String detail) {
        return new Rejection.Conflict(code, detail);
    }

    private static <T> CompletionStage<Outcome<T>> refused(Rejection rejection) {
        return CompletableFuture.completedFuture(Outcome.refused(rejection));
    }

    @FunctionalInterface
    private interface Call<T> {
        T now() throws Exception;
    }

    /** What a provider does to us is no bug of ours. */
    private <T> CompletionStage<Outcome<T>> blocking(Call<T> call) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return Outcome.done(call.now());
                    } catch (ProviderLogin.Refused no) {
                        LOG.info("a provider did not let somebody in: {}", no.getMessage());
                        return Outcome.refused(no("refused", "The provider did not confirm this login"));
                    } catch (RuntimeException | Error e) {
                        throw e;
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        throw new CompletionException(e);
                    } catch (Exception e) {
                        LOG.warn("a provider could not be asked: {}", e.toString());
                        return Outcome.refused(no("provider-unavailable", "The provider does not answer as it should"));
                    }
                },
                threads);
    }
}
