package io.kvasir.ingestion.mailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.kvasir.http.Json;
import io.kvasir.ingestion.source.Ledger;
import io.kvasir.ingestion.source.SourceDesk;
import io.kvasir.ingestion.source.SourceEntry;
import io.kvasir.ingestion.source.SourceEntry.State;
import io.kvasir.ingestion.source.SourceRun;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.SourceId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import no.nav.security.mock.oauth2.MockOAuth2Server;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** A mailbox that is opened by its owner's consent, at a real OAuth server and a real mail server, asked as each provider is. */
@ParameterizedClass
@ValueSource(strings = {"gmail", "outlook"})
class MailAuthorizationTest {
    private final String provider;
    private final Config shipped;
    private final MockOAuth2Server oauth = new MockOAuth2Server();
    private final HttpClient browser = HttpClient.newHttpClient();
    private final List<String> grants = new CopyOnWriteArrayList<>();
    private final SourceDesk desk = new SourceDesk(TestDatabase.H2);
    private MailDouble mail;
    private HttpServer tokens;
    private MailAccounts accounts;
    private SourceId account;
    private volatile Duration later = Duration.ZERO;
    private volatile boolean takenBack;
    /** Where a provider gives a new one each time, the only refresh token that is good, and what it stands for. */
    private volatile String newest = "";

    private volatile String standsFor = "";

    private final Clock clock = new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return Instant.now().plus(later);
        }
    };

    MailAuthorizationTest(String provider) {
        this.provider = provider;
        this.shipped = ConfigFactory.load().getConfig("kvasir.email.providers." + provider);
    }

    @BeforeEach
    void open() throws Exception {
        oauth.start();
        mail = new MailDouble();
        mail.deliver("INBOX", MailDouble.mail("one@example.org", "Tea", "the kettle is on"));
        tokens = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        tokens.createContext("/", this::token);
        tokens.start();
        MailboxSettings settings = MailboxSourceTest.settings(List.of(new MailboxSettings.Provider(
                provider,
                "localhost",
                mail.port(),
                oauth.authorizationEndpointUrl(provider).uri(),
                URI.create("http://localhost:" + tokens.getAddress().getPort() + "/token"),
                "client",
                "secret",
                shipped.getStringList("scopes"),
                shipped.getStringList("extra"))));
        MailboxKind kind = new MailboxKind(settings, MailDouble.guard(), MailDouble.trust(), clock);
        Ledger ledger = desk.node(kind);
        accounts = new MailAccounts(
                ledger,
                kind,
                settings,
                desk.transactor,
                clock,
                CompletableFuture.completedFuture(URI.create("https://kvasir.example")));
        account = got(accounts.add(desk.scope, Ids.next(), mail.consented(provider)))
                .id();
    }

    @AfterEach
    void close() throws Exception {
        desk.close();
        tokens.stop(0);
        oauth.shutdown();
        mail.close();
    }

    /**
     * The provider's token endpoint; the mail server takes what it gave last, as Gmail's and Outlook's do. Microsoft's gives a
     * new refresh token each time, and the old one is worth nothing any more.
     */
    private void token(HttpExchange exchange) throws IOException {
        Map<String, String> asked = query(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
        grants.add(asked.get("grant_type"));
        String refresh = asked.get("refresh_token");
        byte[] answer = "{\"error\":\"invalid_grant\"}".getBytes(StandardCharsets.UTF_8);
        int status = 400;
        if (!takenBack && (refresh == null || !rotates() || refresh.equals(newest))) {
            if (refresh != null && rotates()) {
                asked.put("refresh_token", standsFor);
            }
            try {
                HttpResponse<byte[]> reply = browser.send(
                        HttpRequest.newBuilder(oauth.tokenEndpointUrl(provider).uri())
                                .header("Content-Type", "application/x-www-form-urlencoded")
                                .POST(HttpRequest.BodyPublishers.ofString(form(asked)))
                                .build(),
                        HttpResponse.BodyHandlers.ofByteArray());
                status = reply.statusCode();
                answer = reply.body();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            if (status == 200) {
                ObjectNode given = (ObjectNode) Json.MAPPER.readTree(answer);
                mail.user().setPassword(given.get("access_token").asText());
                if (rotates()) {
                    standsFor = given.path("refresh_token").asText(standsFor);
                    newest = "refresh-" + grants.size();
                    given.put("refresh_token", newest);
                    answer = Json.bytes(given);
                }
            }
        }
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, answer.length);
        exchange.getResponseBody().write(answer);
        exchange.close();
    }

    private boolean rotates() {
        return provider.equals("outlook");
    }

    private static String form(Map<String, String> fields) {
        return fields.entrySet().stream()
                .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
    }

    private static Map<String, String> query(String text) {
        Map<String, String> all = new HashMap<>();
        for (String pair : text.split("&")) {
            int at = pair.indexOf('=');
            all.put(pair.substring(0, at), URLDecoder.decode(pair.substring(at + 1), StandardCharsets.UTF_8));
        }
        return all;
    }

    private static <T> T got(CompletionStage<Outcome<T>> stage) {
        return switch (stage.toCompletableFuture().join()) {
            case Outcome.Done<T>(T value) -> value;
            case Outcome.Refused<T>(Rejection reason) -> throw new AssertionError("refused: " + reason);
        };
    }

    private static void expired(CompletionStage<Outcome<SourceEntry>> stage) {
        assertThat(stage.toCompletableFuture().join())
                .isInstanceOfSatisfying(
                        Outcome.Refused.class,
                        no -> assertThat(((Rejection.Conflict) no.rejection()).code())
                                .isEqualTo("expired"));
    }

    private SourceEntry read() {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> got(accounts.one(desk.scope, account))
                        .run()
                        .filter(run -> run.status() != SourceRun.Status.RUNNING)
                        .isPresent());
        return got(accounts.one(desk.scope, account));
    }

    private SourceEntry again() {
        String last = read().run().map(SourceRun::id).orElse("");
        got(accounts.sync(desk.scope, account));
        await().atMost(Duration.ofSeconds(30))
                .until(() -> got(accounts.one(desk.scope, account))
                        .run()
                        .filter(run -> !run.id().equals(last) && run.status() != SourceRun.Status.RUNNING)
                        .isPresent());
        return read();
    }

    private record Back(String state, String code, String secret) {}

    /** A person goes to the provider and comes back. */
    private Back consent() throws Exception {
        MailAccounts.Begun begun = got(accounts.authorize(desk.scope, account, Optional.empty()));
        assertThat(query(begun.authorization().getRawQuery()))
                .containsEntry("code_challenge_method", "S256")
                .containsEntry("login_hint", MailDouble.USER)
                .containsEntry("scope", String.join(" ", shipped.getStringList("scopes")))
                .containsAllEntriesOf(query(String.join("&", shipped.getStringList("extra"))))
                .containsEntry("redirect_uri", "https://kvasir.example/api/v1/oauth/email/callback");
        // The server here speaks OpenID Connect and nothing less, and has nobody to prompt.
        Map<String, String> asked = query(begun.authorization().getRawQuery());
        asked.put("scope", "openid offline_access");
        asked.remove("prompt");
        HttpResponse<Void> there = browser.send(
                HttpRequest.newBuilder(URI.create(oauth.authorizationEndpointUrl(provider) + "?" + form(asked)))
                        .build(),
                HttpResponse.BodyHandlers.discarding());
        Map<String, String> back = query(
                URI.create(there.headers().firstValue("Location").orElseThrow()).getRawQuery());
        return new Back(back.get("state"), back.get("code"), begun.browser());
    }

    private void authorized() throws Exception {
        read();
        Back back = consent();
        String last = read().run().map(SourceRun::id).orElse("");
        got(accounts.authorized(back.state(), back.code(), Optional.of(back.secret())));
        await().atMost(Duration.ofSeconds(30))
                .until(() -> !read().run().map(SourceRun::id).orElse("").equals(last));
    }

    @Test
    void itIsReadOnceItsOwnerHasConsented() throws Exception {
        assertThat(read().error().orElseThrow().code()).isEqualTo("not-authorized");
        assertThat(read().dueAt()).isEmpty();

        authorized();
        assertThat(read().state()).isEqualTo(State.FRESH);
        assertThat(desk.texts()).anyMatch(text -> text.contains("the kettle is on"));
        assertThat(grants).containsExactly("authorization_code");
    }

    @Test
    void aTokenThatRanOutIsRefreshedOnce() throws Exception {
        authorized();
        later = Duration.ofHours(3);
        assertThat(again().state()).isEqualTo(State.FRESH);
        assertThat(again().state()).isEqualTo(State.FRESH);
        assertThat(grants).containsExactly("authorization_code", "refresh_token");

        // By the refresh token that came with it, where the provider gives a new one each time.
        later = Duration.ofHours(6);
        assertThat(again().state()).isEqualTo(State.FRESH);
        assertThat(grants).containsExactly("authorization_code", "refresh_token", "refresh_token");
    }

    @Test
    void aTokenTheServerTookBackEarlyIsRefreshed() throws Exception {
        authorized();
        mail.user().setPassword("the token is not good any more");
        assertThat(again().state()).isEqualTo(State.FRESH);
        assertThat(grants).containsExactly("authorization_code", "refresh_token");
    }

    @Test
    void aConsentThatWasTakenBackPausesTheAccount() throws Exception {
        authorized();
        takenBack = true;
        later = Duration.ofHours(3);
        SourceEntry lost = again();
        assertThat(lost.error().orElseThrow().code()).isEqualTo("authorization-lost");
        assertThat(lost.dueAt()).isEmpty();
        assertThat(lost.state()).isEqualTo(State.STALE);
    }

    @Test
    void aConsentIsForItsBrowserAndGoodOnce() throws Exception {
        read();
        Back back = consent();
        expired(accounts.authorized(back.state(), back.code(), Optional.empty()));
        expired(accounts.authorized(back.state(), back.code(), Optional.of("another browser's secret")));
        got(accounts.authorized(back.state(), back.code(), Optional.of(back.secret())));
        expired(accounts.authorized(back.state(), back.code(), Optional.of(back.secret())));

        Back late = consent();
        later = Duration.ofMinutes(11);
        expired(accounts.authorized(late.state(), late.code(), Optional.of(late.secret())));
    }
}
