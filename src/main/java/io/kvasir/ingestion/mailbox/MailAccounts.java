package io.kvasir.ingestion.mailbox;

import io.kvasir.http.Page;
import io.kvasir.ingestion.mailbox.Mailbox.Tokens;
import io.kvasir.ingestion.source.Ledger;
import io.kvasir.ingestion.source.SourceEntry;
import io.kvasir.ingestion.source.SourceItem;
import io.kvasir.ingestion.source.SourceRun;
import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The mailboxes of knowledge bases: sources of the kind {@link MailboxKind}, and people's consent to read them. */
public final class MailAccounts {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.email");
    private static final Duration UNDER_WAY = Duration.ofMinutes(10);

    private final Ledger ledger;
    private final MailboxKind kind;
    private final MailboxSettings settings;
    private final MailTokens tokens;
    private final Transactor transactor;
    private final Clock clock;
    private final CompletionStage<URI> publicUrl;
    private final SecureRandom random = new SecureRandom();
    private final Executor threads = Executors.newVirtualThreadPerTaskExecutor();

    /** @param publicUrl where people reach this server */
    public MailAccounts(
            Ledger ledger,
            MailboxKind kind,
            MailboxSettings settings,
            Transactor transactor,
            Clock clock,
            CompletionStage<URI> publicUrl) {
        this.ledger = ledger;
        this.kind = kind;
        this.settings = settings;
        this.tokens = new MailTokens(clock);
        this.transactor = transactor;
        this.clock = clock;
        this.publicUrl = publicUrl;
    }

    MailboxSettings settings() {
        return settings;
    }

    // accounts

    private static Ledger.Wish wish(Mailbox box) {
        return new Ledger.Wish(
                box.json(), box.autoSync() ? Optional.of(Duration.ofHours(box.frequencyHours())) : Optional.empty());
    }

    /** A mailbox is in a knowledge base once: asking for the same one is refused, but to the request that added it. */
    CompletionStage<Outcome<SourceEntry>> add(Scope scope, String request, Mailbox box) {
        return ledger.add(scope, MailboxKind.NAME, identity(scope, box), request, wish(box));
    }

    /** Follows from the mailbox, so that two requests at once can't add it twice. */
    private static SourceId identity(Scope scope, Mailbox box) {
        return new SourceId(hash(scope.key() + "\n" + box.provider() + "\n" + box.host() + "\n" + box.username())
                .substring(0, 32));
    }

    CompletionStage<Outcome<Page<SourceEntry>>> list(Scope scope, Page.Request request) {
        return ledger.list(scope, MailboxKind.NAME, request);
    }

    CompletionStage<Outcome<SourceEntry>> one(Scope scope, SourceId id) {
        return ledger.one(scope, MailboxKind.NAME, id);
    }

    CompletionStage<Outcome<SourceEntry>> change(Scope scope, SourceId id, UnaryOperator<Mailbox> change) {
        return one(scope, id)
                .thenCompose(outcome -> outcome.then(entry ->
                        ledger.change(scope, MailboxKind.NAME, id, wish(change.apply(Mailbox.of(entry.settings()))))));
    }

    CompletionStage<Outcome<Boolean>> remove(Scope scope, SourceId id) {
        return ledger.remove(scope, MailboxKind.NAME, id);
    }

    CompletionStage<Outcome<SourceEntry>> sync(Scope scope, SourceId id) {
        return ledger.ask(scope, MailboxKind.NAME, id);
    }

    CompletionStage<Outcome<SourceEntry>> cancel(Scope scope, SourceId id) {
        return ledger.cancel(scope, MailboxKind.NAME, id);
    }

    CompletionStage<Outcome<Page<SourceRun>>> history(Scope scope, SourceId id, Page.Request request) {
        return ledger.history(scope, MailboxKind.NAME, id, request);
    }

    CompletionStage<Outcome<Page<SourceItem>>> messages(
            Scope scope, SourceId id, boolean failed, Page.Request request) {
        return ledger.items(scope, MailboxKind.NAME, id, failed, request);
    }

    /** @param code stable, kebab-case, where it does not work */
    record Trial(boolean ok, Optional<String> code, Optional<String> detail, List<String> folders) {}

    /** Whether a mailbox would open, with nothing kept of it. */
    CompletionStage<Outcome<Trial>> tried(Scope scope, Mailbox box) {
        // Only for a knowledge base of the caller's: nobody else is to knock at doors from here.
        return list(scope, new Page.Request(1, Optional.empty())).thenCompose(there -> there.then(_ -> tried(box)));
    }

    private CompletionStage<Outcome<Trial>> tried(Mailbox box) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return Outcome.done(new Trial(true, Optional.empty(), Optional.empty(), kind.tried(box)));
                    } catch (MailFault e) {
                        return Outcome.done(
                                new Trial(false, Optional.of(e.code()), Optional.of(e.detail()), List.of()));
                    }
                },
                threads);
    }

    // consent

    /** Where to send the browser, and the secret it must bring back in a cookie. */
    record Begun(URI authorization, String browser) {
        @Override
        public String toString() {
            return "Begun[]";
        }
    }

    CompletionStage<Outcome<Begun>> authorize(Scope scope, SourceId id, Optional<String> browser) {
        return one(scope, id)
                .thenCompose(outcome -> outcome.then(entry -> {
                    Mailbox box = Mailbox.of(entry.settings());
                    Optional<MailboxSettings.Provider> provider =
                            settings.provider(box.provider()).filter(MailboxSettings.Provider::offersOAuth);
                    if (box.authentication() != Mailbox.Authentication.OAUTH || provider.isEmpty()) {
                        return CompletableFuture.completedFuture(Outcome.<Begun>refused(new Rejection.Conflict(
                                "no-authorization",
                                "This mailbox is opened by a password; there is nothing to authorize")));
                    }
                    String secret = browser.filter(b -> b.length() == 43).orElseGet(this::secret);
                    String state = secret();
                    String verifier = secret();
                    return publicUrl.thenCompose(url -> transactor
                            .change(c -> {
                                Sql.update(c, "DELETE FROM email_authorizations WHERE ends_at < ?", clock.instant());
                                Sql.update(
                                        c,
                                        "INSERT INTO email_authorizations (state_hash, browser_hash, tenant, knowledge_base,"
                                                + " source, verifier, ends_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                                        hash(state),
                                        hash(secret),
                                        scope.tenant().value(),
                                        scope.knowledgeBase().value(),
                                        id.value(),
                                        verifier,
                                        clock.instant().plus(UNDER_WAY));
                            })
                            .thenApply(_ -> Outcome.done(new Begun(
                                    tokens.authorization(provider.get(), redirect(url), state, verifier, box.email()),
                                    secret))));
                }));
    }

    private record Flow(Scope scope, SourceId source, String verifier) {}

    /** Takes what the provider gave for a consent. @return whose account it was for */
    CompletionStage<Outcome<SourceEntry>> authorized(String state, String code, Optional<String> browser) {
        return transactor
                .run(c -> take(c, state, browser.orElse("")))
                .thenCompose(flow -> flow.map(f -> redeem(f, code))
                        .orElseGet(() -> CompletableFuture.completedFuture(Outcome.refused(new Rejection.Conflict(
                                "expired", "This authorization began elsewhere, was used, or took too long")))));
    }

    private CompletionStage<Outcome<SourceEntry>> redeem(Flow flow, String code) {
        return one(flow.scope(), flow.source())
                .thenCompose(outcome -> outcome.then(entry -> {
                    Mailbox box = Mailbox.of(entry.settings());
                    Optional<MailboxSettings.Provider> provider =
                            settings.provider(box.provider()).filter(MailboxSettings.Provider::offersOAuth);
                    if (provider.isEmpty()) {
                        return CompletableFuture.completedFuture(Outcome.<SourceEntry>refused(
                                new Rejection.Conflict("no-authorization", "The provider is not offered any more")));
                    }
                    return publicUrl
                            .thenApplyAsync(
                                    url -> {
                                        try {
                                            return Outcome.done(tokens.redeemed(
                                                    provider.get(), redirect(url), flow.verifier(), code));
                                        } catch (MailFault e) {
                                            LOG.info("a mailbox was not authorized: {}", e.code());
                                            return Outcome.<Tokens>refused(new Rejection.Conflict(
                                                    "refused", "The provider did not confirm this"));
                                        }
                                    },
                                    threads)
                            .thenCompose(redeemed -> redeemed.then(
                                    fresh -> change(flow.scope(), flow.source(), now -> now.with(fresh))));
                }));
    }

    /** The consent that is under way, ended with that. In another browser than it began in there is none. */
    private Optional<Flow> take(Connection c, String state, String browser) throws SQLException {
        Optional<Flow> flow = Sql.first(
                c,
                "SELECT tenant, knowledge_base, source, verifier FROM email_authorizations"
                        + " WHERE state_hash = ? AND browser_hash = ? AND ends_at > ?",
                row -> new Flow(
                        new Scope(new TenantId(row.getString(1)), new KnowledgeBaseId(row.getString(2))),
                        new SourceId(row.getString(3)),
                        row.getString(4)),
                hash(state),
                hash(browser),
                clock.instant());
        return flow.isPresent()
                        && Sql.update(c, "DELETE FROM email_authorizations WHERE state_hash = ?", hash(state)) == 1
                ? flow
                : Optional.empty();
    }

    CompletionStage<URI> publicUrl() {
        return publicUrl;
    }

    private static URI redirect(URI publicUrl) {
        return URI.create(publicUrl + EmailRoutes.CALLBACK);
    }

    /** 256 random bits in 43 characters of base64url. */
    private String secret() {
        byte[] bytes = new byte[32];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static String hash(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
