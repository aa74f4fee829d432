package io.kvasir.ingestion.mailbox;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.optionalCookie;
import static org.apache.pekko.http.javadsl.server.Directives.parameterOptional;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.kvasir.http.Access;
import io.kvasir.http.Call;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Idempotent;
import io.kvasir.http.Json;
import io.kvasir.http.Page;
import io.kvasir.http.Problems;
import io.kvasir.ingestion.source.SourceEntry;
import io.kvasir.ingestion.source.SourceItem;
import io.kvasir.ingestion.source.SourceRun;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.HttpCookie;
import org.apache.pekko.http.javadsl.model.headers.HttpCookiePair;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.model.headers.SameSite;
import org.apache.pekko.http.javadsl.model.headers.SetCookie;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;

/** {@code …/{kbId}/email-accounts}. A password or token goes in and never comes out. */
public final class EmailRoutes {
    static final String CALLBACK = "/api/v1/oauth/email/callback";
    private static final String BASE = "/api/v1/knowledge-bases/{kbId}/email-accounts";
    private static final String BROWSER = "__Host-kvasir-mailbox";
    private static final long KEPT_SECONDS = 600;

    private final MailAccounts accounts;
    private final Idempotent idempotent;

    public EmailRoutes(MailAccounts accounts, Idempotent idempotent) {
        this.accounts = accounts;
        this.idempotent = idempotent;
    }

    /**
     * @param provider {@code imap}, {@code gmail}, {@code outlook}
     * @param host for {@code imap} only
     * @param password left out where the provider's own consent is used instead
     * @param folders names as on the server; the inbox unless told
     * @param months how far back, 1 to 120; 6 unless told
     * @param frequencyHours between readings, 1 to 720; 24 unless told
     */
    record Account(
            @Nullable String provider,
            @Nullable String email,
            @Nullable String host,
            @Nullable Integer port,
            Mailbox.@Nullable Security security,
            @Nullable String username,
            @Nullable String password,
            @Nullable List<String> folders,
            @Nullable Integer months,
            @Nullable Boolean autoSync,
            @Nullable Integer frequencyHours) {
        @Override
        public String toString() {
            return "Account[provider=" + provider + "]";
        }
    }

    /** What may be changed; what is left out stays. */
    record Change(
            @Nullable String password,
            @Nullable List<String> folders,
            @Nullable Integer months,
            @Nullable Boolean autoSync,
            @Nullable Integer frequencyHours) {
        @Override
        public String toString() {
            return "Change[]";
        }
    }

    /** @param sync the newest reading */
    @JsonInclude(JsonInclude.Include.ALWAYS)
    record View(
            SourceId id,
            String provider,
            String email,
            String host,
            int port,
            Mailbox.Security security,
            String username,
            Mailbox.Authentication authentication,
            boolean authorized,
            List<String> folders,
            int months,
            boolean autoSync,
            int frequencyHours,
            SourceEntry.State status,
            Optional<SourceEntry.Problem> error,
            SourceEntry.Items messages,
            Instant createdAt,
            Optional<Instant> lastSyncAt,
            Optional<Instant> nextSyncAt,
            Optional<SourceRun> sync) {}

    record Authorization(URI authorizationUrl) {}

    public List<Endpoint> endpoints() {
        String one = BASE + "/{accountId}";
        return List.of(
                Endpoint.get(
                                BASE,
                                Access.READ,
                                call -> Page.requested(page -> Problems.answer(
                                        accounts.list(scope(call), page),
                                        found -> Json.ok(found.map(EmailRoutes::view)))))
                        .says("List mailboxes")
                        .givesPage(View.class),
                Endpoint.post(BASE, Access.MANAGE, this::add)
                        .says("Add a mailbox; one of a provider without a password is read once it is authorized")
                        .takes(Account.class)
                        .gives(201, View.class)
                        .heedsKey(),
                Endpoint.post(BASE + "/test", Access.MANAGE, this::test)
                        .says("Find out whether a mailbox would open, and which folders it has; keeps nothing")
                        .takes(Account.class)
                        .gives(200, MailAccounts.Trial.class),
                Endpoint.get(
                                one,
                                Access.READ,
                                call -> Problems.answer(
                                        accounts.one(scope(call), account(call)), entry -> Json.ok(view(entry))))
                        .says("Read a mailbox's state")
                        .gives(200, View.class),
                Endpoint.put(one, Access.MANAGE, this::change)
                        .says("Change how a mailbox is read; it is read at once")
                        .takes(Change.class)
                        .gives(200, View.class),
                Endpoint.delete(
                                one,
                                Access.MANAGE,
                                call -> Problems.answer(
                                        accounts.remove(scope(call), account(call)), _ -> Problems.noContent()))
                        .says("Remove a mailbox with everything it brought")
                        .givesNothing(),
                Endpoint.post(
                                one + "/sync",
                                Access.MANAGE,
                                call -> Problems.answer(
                                        accounts.sync(scope(call), account(call)),
                                        entry -> Json.response(StatusCodes.ACCEPTED, view(entry))))
                        .says("Read a mailbox now")
                        .gives(202, View.class),
                Endpoint.post(
                                one + "/cancel",
                                Access.MANAGE,
                                call -> Problems.answer(
                                        accounts.cancel(scope(call), account(call)), entry -> Json.ok(view(entry))))
                        .says("Stop reading a mailbox; what it brought stays")
                        .gives(200, View.class),
                Endpoint.get(
                                one + "/history",
                                Access.READ,
                                call -> Page.requested(page ->
                                        Problems.answer(accounts.history(scope(call), account(call), page), Json::ok)))
                        .says("List the readings of a mailbox, the newest first")
                        .givesPage(SourceRun.class),
                Endpoint.get(
                                one + "/messages",
                                Access.READ,
                                call -> Page.requested(page -> parameterOptional(
                                        "failed",
                                        failed -> Problems.answer(
                                                accounts.messages(
                                                        scope(call),
                                                        account(call),
                                                        failed.filter("true"::equals)
                                                                .isPresent(),
                                                        page),
                                                Json::ok))))
                        .says("List the mails of a mailbox and their attachments")
                        .asks("failed", boolean.class, "true: only what could not be read, with the reason")
                        .givesPage(SourceItem.class),
                Endpoint.post(one + "/authorize", Access.MANAGE, this::authorize)
                        .says("Begin the provider's consent; the browser goes to the address in the answer")
                        .gives(200, Authorization.class),
                Endpoint.get(CALLBACK, Access.PUBLIC, this::callback)
                        .says("Take back the browser from a provider; leads to the mailbox's page")
                        .asks("state", "Of the consent that is under way")
                        .asks("code", "Of the provider")
                        .asks("error", "Of the provider")
                        .givesMedia(303, ""));
    }

    private static Scope scope(Call call) {
        return new Scope(call.caller().tenant(), new KnowledgeBaseId(call.id("kbId")));
    }

    private static SourceId account(Call call) {
        return new SourceId(call.id("accountId"));
    }

    private Route add(Call call) {
        return idempotent.once(
                call.caller(),
                id -> entity(
                        Json.body(Account.class),
                        body -> Problems.answer(
                                accounts.add(scope(call), id, mailbox(body)), entry -> Json.created(view(entry)))));
    }

    private Route test(Call call) {
        Scope scope = scope(call);
        return entity(Json.body(Account.class), body -> {
            Mailbox box = mailbox(body);
            if (box.authentication() == Mailbox.Authentication.OAUTH) {
                throw Json.Refusal.of(new FieldError("/password", "is required to try it out"));
            }
            return Problems.answer(accounts.tried(scope, box), Json::ok);
        });
    }

    private Route change(Call call) {
        return entity(Json.body(Change.class), body -> {
            UnaryOperator<Mailbox> change = changed(body);
            return Problems.answer(accounts.change(scope(call), account(call), change), entry -> Json.ok(view(entry)));
        });
    }

    private Route authorize(Call call) {
        return optionalCookie(
                BROWSER,
                cookie -> Problems.answer(
                        accounts.authorize(scope(call), account(call), cookie.map(HttpCookiePair::value)),
                        begun -> Json.ok(new Authorization(begun.authorization()))
                                // Lax: the provider's page leads back here.
                                .addHeader(SetCookie.create(HttpCookie.create(BROWSER, begun.browser())
                                        .withPath("/")
                                        .withSecure(true)
                                        .withHttpOnly(true)
                                        .withSameSite(SameSite.Lax)
                                        .withMaxAge(KEPT_SECONDS)))));
    }

    private Route callback(Call call) {
        return parameterOptional(
                "state",
                state -> parameterOptional(
                        "code",
                        code -> optionalCookie(
                                BROWSER,
                                browser -> state.isEmpty()
                                                || code.isEmpty()
                                                || state.get().length() > 200
                                                || code.get().length() > 4_000
                                        ? back("/?email=denied")
                                        : onSuccess(
                                                accounts.authorized(
                                                        state.get(), code.get(), browser.map(HttpCookiePair::value)),
                                                outcome -> switch (outcome) {
                                                    case Outcome.Done<SourceEntry>(SourceEntry entry) ->
                                                        back("/t/"
                                                                + entry.scope()
                                                                        .tenant()
                                                                        .value() + "/kbs/"
                                                                + entry.scope()
                                                                        .knowledgeBase()
                                                                        .value()
                                                                + "/email?open="
                                                                + entry.id().value());
                                                    case Outcome.Refused<SourceEntry>(Rejection.Conflict no) ->
                                                        back("/?email=" + no.code());
                                                    case Outcome.Refused<SourceEntry>(Rejection other) ->
                                                        Problems.refuse(other);
                                                }))));
    }

    private Route back(String path) {
        return onSuccess(
                accounts.publicUrl(),
                url -> complete(HttpResponse.create()
                        .withStatus(StatusCodes.SEE_OTHER)
                        .addHeader(RawHeader.create("Location", url + path))
                        .addHeader(RawHeader.create("Referrer-Policy", "no-referrer"))));
    }

    private static View view(SourceEntry entry) {
        Mailbox box = Mailbox.of(entry.settings());
        return new View(
                entry.id(),
                box.provider(),
                box.email(),
                box.host(),
                box.port(),
                box.security(),
                box.username(),
                box.authentication(),
                box.authorized(),
                box.wantedFolders(),
                box.months(),
                box.autoSync(),
                box.frequencyHours(),
                entry.state(),
                entry.error(),
                entry.items(),
                entry.createdAt(),
                entry.readAt(),
                entry.dueAt(),
                entry.run());
    }

    // what a body may say

    private Mailbox mailbox(Account body) {
        List<FieldError> errors = new ArrayList<>();
        String name = body.provider() == null ? "" : body.provider().toLowerCase(Locale.ROOT);
        Optional<MailboxSettings.Provider> provider = accounts.settings().provider(name);
        if (!name.equals("imap") && provider.isEmpty()) {
            errors.add(new FieldError("/provider", "must be one of imap " + String.join(" ", names())));
        }
        String email = text(body.email());
        if (!email.matches("[^@\\s\\p{Cntrl}]{1,64}@[^@\\s\\p{Cntrl}]{1,255}")) {
            errors.add(new FieldError("/email", "must be an e-mail address"));
        }
        String host = provider.map(MailboxSettings.Provider::host).orElseGet(() -> text(body.host()));
        if (!host.matches("[A-Za-z0-9._:\\[\\]-]{1,253}")) {
            errors.add(new FieldError("/host", "must be the name of a mail server"));
        }
        if (provider.isPresent() && (body.host() != null || body.port() != null || body.security() != null)) {
            errors.add(new FieldError("/host", "is known for this provider; leave host, port and security out"));
        }
        Mailbox.Security security = body.security() == null ? Mailbox.Security.TLS : body.security();
        int port = provider.map(MailboxSettings.Provider::port)
                .orElse(body.port() == null ? security == Mailbox.Security.TLS ? 993 : 143 : body.port());
        if (port < 1 || port > 65_535) {
            errors.add(new FieldError("/port", "must be from 1 to 65535"));
        }
        String username = body.username() == null || body.username().isBlank()
                ? email
                : body.username().strip();
        if (username.length() > 320 || username.chars().anyMatch(Character::isISOControl)) {
            errors.add(new FieldError("/username", "must have 1 to 320 characters"));
        }
        String password = body.password() == null || body.password().isEmpty() ? null : body.password();
        boolean oauth = password == null
                && provider.filter(MailboxSettings.Provider::offersOAuth).isPresent();
        if (password == null && !oauth) {
            errors.add(new FieldError(
                    "/password",
                    provider.isPresent()
                            ? "is required: this server is not set up for the provider's own consent"
                            : "is required"));
        }
        password(password, errors);
        Integer months = body.months() == null ? 6 : body.months();
        Integer hours = body.frequencyHours() == null ? 24 : body.frequencyHours();
        List<String> folders = body.folders() == null ? List.of() : body.folders();
        ranges(months, hours, folders, errors);
        raise(errors);
        return new Mailbox(
                name,
                email,
                host,
                port,
                provider.isPresent() ? Mailbox.Security.TLS : security,
                username,
                oauth ? Mailbox.Authentication.OAUTH : Mailbox.Authentication.PASSWORD,
                password,
                null,
                folders,
                months,
                body.autoSync() == null || body.autoSync(),
                hours);
    }

    private List<String> names() {
        return accounts.settings().providers().stream()
                .map(MailboxSettings.Provider::name)
                .toList();
    }

    private static UnaryOperator<Mailbox> changed(Change body) {
        List<FieldError> errors = new ArrayList<>();
        password(body.password(), errors);
        ranges(body.months(), body.frequencyHours(), body.folders(), errors);
        raise(errors);
        return now -> new Mailbox(
                now.provider(),
                now.email(),
                now.host(),
                now.port(),
                now.security(),
                now.username(),
                body.password() == null ? now.authentication() : Mailbox.Authentication.PASSWORD,
                body.password() == null ? now.password() : body.password(),
                body.password() == null ? now.tokens() : null,
                body.folders() == null ? now.folders() : body.folders(),
                body.months() == null ? now.months() : body.months(),
                body.autoSync() == null ? now.autoSync() : body.autoSync(),
                body.frequencyHours() == null ? now.frequencyHours() : body.frequencyHours());
    }

    private static void password(@Nullable String password, List<FieldError> errors) {
        if (password != null
                && (password.isEmpty()
                        || password.length() > 1_000
                        || password.chars().anyMatch(Character::isISOControl))) {
            errors.add(new FieldError("/password", "must have 1 to 1000 characters, none of them a control"));
        }
    }

    private static void ranges(
            @Nullable Integer months,
            @Nullable Integer hours,
            @Nullable List<String> folders,
            List<FieldError> errors) {
        if (months != null && (months < 1 || months > 120)) {
            errors.add(new FieldError("/months", "must be from 1 to 120"));
        }
        if (hours != null && (hours < 1 || hours > 720)) {
            errors.add(new FieldError("/frequencyHours", "must be from 1 to 720"));
        }
        if (folders != null
                && (folders.size() > 50
                        || folders.stream()
                                .anyMatch(f -> f == null
                                        || f.isBlank()
                                        || f.length() > 200
                                        || f.chars().anyMatch(Character::isISOControl)))) {
            errors.add(new FieldError("/folders", "must be at most 50 names of 1 to 200 characters"));
        }
    }

    private static String text(@Nullable String given) {
        return given == null ? "" : given.strip();
    }

    private static void raise(List<FieldError> errors) {
        if (!errors.isEmpty()) {
            throw new Json.Refusal(new Rejection.Invalid("The request has invalid fields", errors));
        }
    }
}
