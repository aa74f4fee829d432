package io.kvasir.identity;

import static io.kvasir.identity.House.done;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.http.Authenticated;
import io.kvasir.http.ClientAddress;
import io.kvasir.http.Endpoints;
import io.kvasir.http.HttpServerForTests;
import io.kvasir.http.Json;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.UserId;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import no.nav.security.mock.oauth2.MockOAuth2Server;
import no.nav.security.mock.oauth2.token.DefaultOAuth2TokenCallback;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Logins at a real OpenID Connect server and at a double of GitHub, by browsers that keep cookies. */
class OAuthTest {
    private static final GitHubDouble GITHUB = new GitHubDouble();

    /** New for each test: it keeps what it was told to say until somebody comes. */
    private final MockOAuth2Server oidc = started();

    private House house = house(AccountSettings.Registration.OPEN);
    private HttpServerForTests server = serve(AccountSettings.Registration.OPEN);

    private static MockOAuth2Server started() {
        MockOAuth2Server server = new MockOAuth2Server();
        server.start();
        return server;
    }

    @AfterAll
    static void stop() throws Exception {
        GITHUB.close();
    }

    @AfterEach
    void close() throws Exception {
        stopHouse();
        oidc.shutdown();
    }

    private void stopHouse() throws Exception {
        server.close();
        house.close();
    }

    private House house(AccountSettings.Registration registration) {
        GITHUB.id = 4711;
        GITHUB.broken = false;
        GITHUB.emails = List.of(Map.of("email", "octo@x.org", "primary", true, "verified", true));
        return new House(
                TestDatabase.H2,
                House.settings(registration),
                new OAuthSettings(List.of(
                        provider("google", OAuthSettings.Kind.OIDC, issuer("google"), true),
                        provider("work", OAuthSettings.Kind.OIDC, issuer("work"), false),
                        provider("away", OAuthSettings.Kind.OIDC, URI.create("http://127.0.0.1:1/away"), true),
                        provider("github", OAuthSettings.Kind.GITHUB, GITHUB.uri(), true))));
    }

    private URI issuer(String name) {
        return oidc.issuerUrl(name).uri();
    }

    private static OAuthSettings.Provider provider(
            String name, OAuthSettings.Kind kind, URI issuer, boolean trustsEmail) {
        return new OAuthSettings.Provider(
                name, kind, issuer, issuer, "client", "secret", List.of("openid", "email"), trustsEmail);
    }

    private HttpServerForTests serve(AccountSettings.Registration registration) {
        return HttpServerForTests.serving(new Endpoints(
                        Stream.of(
                                        new OAuthRoutes(
                                                        house.identity,
                                                        House.settings(registration),
                                                        new ClientAddress(0))
                                                .endpoints(),
                                        new IdentityRoutes(
                                                        house.identity,
                                                        House.settings(registration),
                                                        new ClientAddress(0))
                                                .endpoints())
                                .flatMap(List::stream)
                                .toList(),
                        new Authenticated(house.identity))
                .route());
    }

    private void restart(AccountSettings.Registration registration) throws Exception {
        stopHouse();
        house = house(registration);
        server = serve(registration);
    }

    /** Whom the OpenID Connect server lets in next. */
    private void next(String issuer, String subject, Map<String, Object> claims) {
        oidc.enqueueCallback(new DefaultOAuth2TokenCallback(issuer, subject, "JWT", List.of("client"), claims, 3600));
    }

    private static Map<String, Object> email(String address, Object verified) {
        return Map.of("email", address, "email_verified", verified, "name", "Anna");
    }

    /** Keeps cookies, and follows to providers, whose way back it leads to this test's server. */
    private final class Browser {
        private final HttpClient client = HttpClient.newBuilder()
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(Duration.ofSeconds(5))
                .build();
        private final Map<String, String> cookies = new HashMap<>();

        HttpResponse<String> get(URI uri) throws Exception {
            HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(20));
            if (!cookies.isEmpty()) {
                request.header(
                        "Cookie",
                        cookies.entrySet().stream()
                                .map(c -> c.getKey() + "=" + c.getValue())
                                .collect(Collectors.joining("; ")));
            }
            HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            response.headers().allValues("Set-Cookie").forEach(c -> {
                String pair = c.substring(0, c.indexOf(';'));
                cookies.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
            });
            return response;
        }

        /** As far as the address the provider sends the browser back to. */
        URI toProviderAndBack(String provider) throws Exception {
            URI away = location(get(server.uri("/api/v1/oauth/auth/" + provider)));
            return here(location(get(away)));
        }

        HttpResponse<String> login(String provider) throws Exception {
            return get(toProviderAndBack(provider));
        }
    }

    private static URI location(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isBetween(300, 399);
        return URI.create(response.headers().firstValue("Location").orElseThrow());
    }

    private URI here(URI publicAddress) {
        assertThat(publicAddress.toString()).startsWith("https://kvasir.example/");
        return server.uri(publicAddress.getRawPath() + "?" + publicAddress.getRawQuery());
    }

    private static Map<String, String> query(URI uri) {
        return Stream.of(uri.getRawQuery().split("&"))
                .collect(Collectors.toMap(
                        p -> p.substring(0, p.indexOf('=')),
                        p -> java.net.URLDecoder.decode(
                                p.substring(p.indexOf('=') + 1), java.nio.charset.StandardCharsets.UTF_8)));
    }

    private static String end(HttpResponse<String> response) {
        return location(response).toString().replace("https://kvasir.example/auth/", "");
    }

    private Principal principal(Browser browser) throws Exception {
        HttpResponse<String> refreshed = server.post(
                "/api/v1/auth/refresh",
                "{}",
                "Cookie",
                SessionCookie.NAME + "=" + browser.cookies.get(SessionCookie.NAME),
                "Origin",
                "http://" + server.uri("/").getAuthority());
        String cookie = refreshed.headers().firstValue("Set-Cookie").orElseThrow();
        browser.cookies.put(SessionCookie.NAME, cookie.substring(cookie.indexOf('=') + 1, cookie.indexOf(';')));
        return house.principal(
                Json.MAPPER.readTree(refreshed.body()).get("accessToken").asText());
    }

    @ParameterizedTest
    @ValueSource(strings = {"google", "github"})
    void whoComesForTheFirstTimeGetsAnAccountAndFindsItAgain(String provider) throws Exception {
        if (provider.equals("google")) {
            next("google", "anna-1", email("Anna@x.org", true));
        }
        Browser first = new Browser();
        HttpResponse<String> response = first.login(provider);

        assertThat(end(response)).isEqualTo(provider + "/callback");
        assertThat(response.headers().allValues("Set-Cookie").getLast())
                .contains("HttpOnly", "Secure", "SameSite=Strict", "Path=/");
        UserId user = principal(first).user();
        assertThat(principal(first).roles()).containsExactly(Role.OWNER);

        if (provider.equals("google")) {
            next("google", "anna-1", email("anna.changed@x.org", true));
        }
        Browser second = new Browser();
        second.login(provider);
        assertThat(principal(second).user()).isEqualTo(user);
        assertThat(house.text("SELECT COUNT(*) FROM users")).isEqualTo("1");
    }

    @Test
    void theWayToTheProviderCarriesStateNonceAndPkce() throws Exception {
        Browser browser = new Browser();
        HttpResponse<String> begun = browser.get(server.uri("/api/v1/oauth/auth/google"));
        Map<String, String> asked = query(location(begun));

        assertThat(asked)
                .containsEntry("response_type", "code")
                .containsEntry("code_challenge_method", "S256")
                .containsEntry("redirect_uri", "https://kvasir.example/api/v1/oauth/auth/google/callback")
                .containsKeys("state", "nonce", "code_challenge");
        assertThat(begun.headers().firstValue("Set-Cookie").orElseThrow())
                .startsWith("__Host-kvasir-oauth=")
                .contains("HttpOnly", "Secure", "SameSite=Lax", "Path=/");
        assertThat(house.text("SELECT COUNT(*) FROM oauth_flows WHERE state_hash = ?", asked.get("state")))
                .isEqualTo("0");
    }

    @Test
    void theCodeIsTradedWithTheVerifierOfTheChallenge() throws Exception {
        next("google", "anna-1", email("anna@x.org", true));
        Browser browser = new Browser();
        URI away = location(browser.get(server.uri("/api/v1/oauth/auth/google")));
        browser.get(here(location(browser.get(away))));

        String traded = "";
        while (!traded.contains("grant_type=authorization_code")) {
            traded = oidc.takeRequest(10, TimeUnit.SECONDS).getBody().readUtf8();
        }
        assertThat(GitHubDouble.s256(query(URI.create("http://x/?" + traded)).get("code_verifier")))
                .isEqualTo(query(away).get("code_challenge"));
    }

    @Test
    void aStateIsGoodOnce() throws Exception {
        next("google", "anna-1", email("anna@x.org", true));
        Browser browser = new Browser();
        URI back = browser.toProviderAndBack("google");

        assertThat(end(browser.get(back))).isEqualTo("google/callback");
        assertThat(end(browser.get(back))).isEqualTo("google/callback?error=expired");
    }

    @Test
    void aStateIsGoodForTenMinutes() throws Exception {
        Browser browser = new Browser();
        URI back = browser.toProviderAndBack("google");
        house.clock.forward(Duration.ofMinutes(10));

        assertThat(end(browser.get(back))).isEqualTo("google/callback?error=expired");
    }

    @Test
    void whatBeganInOneBrowserDoesNotEndInAnother() throws Exception {
        Browser attacker = new Browser();
        Browser victim = new Browser();
        URI attackers = attacker.toProviderAndBack("github");
        URI victims = victim.toProviderAndBack("github");

        // The attacker's whole answer, in the victim's browser; with and without a login of its own under way.
        assertThat(end(victim.get(attackers))).isEqualTo("github/callback?error=expired");
        assertThat(end(new Browser().get(attackers))).isEqualTo("github/callback?error=expired");
        // The attacker's code with the victim's state: the code was made for another PKCE challenge.
        assertThat(end(victim.get(server.uri("/api/v1/oauth/auth/github/callback?state="
                        + query(victims).get("state") + "&code="
                        + query(attackers).get("code")))))
                .isEqualTo("github/callback?error=refused");
        assertThat(victim.cookies).doesNotContainKey(SessionCookie.NAME);
        assertThat(house.text("SELECT COUNT(*) FROM users")).isEqualTo("0");
    }

    @Test
    void aStateOfOneProviderIsNoneOfAnother() throws Exception {
        Browser browser = new Browser();
        URI back = browser.toProviderAndBack("github");

        assertThat(end(browser.get(URI.create(back.toString().replace("/github/", "/google/")))))
                .isEqualTo("google/callback?error=expired");
    }

    @Test
    void anotherNonceIsRefused() throws Exception {
        Map<String, Object> claims = new HashMap<>(email("anna@x.org", true));
        claims.put("nonce", "another");
        next("google", "anna-1", claims);

        assertThat(end(new Browser().login("google"))).isEqualTo("google/callback?error=refused");
    }

    @ParameterizedTest
    @ValueSource(strings = {"iss", "aud"})
    void anIdTokenForSomebodyElseIsRefused(String claim) throws Exception {
        Map<String, Object> claims = new HashMap<>(email("anna@x.org", true));
        claims.put(claim, "https://other.example");
        next("google", "anna-1", claims);

        assertThat(end(new Browser().login("google"))).isEqualTo("google/callback?error=refused");
    }

    @Test
    void aVerifiedAddressFindsTheAccount() throws Exception {
        UserId there = house.user("anna@x.org", house.tenant("T"), Role.ADMIN);
        next("google", "anna-1", email("anna@x.org", true));
        Browser browser = new Browser();
        browser.login("google");

        assertThat(principal(browser).user()).isEqualTo(there);
        assertThat(house.seen.getFirst())
                .satisfies(seen -> assertThat(seen.event()).isEqualTo(LoginWatch.Event.ENTERED))
                .satisfies(seen -> assertThat(seen.user()).isEqualTo(there));
    }

    @Test
    void anUnverifiedAddressFindsNothing() throws Exception {
        house.user("anna@x.org", house.tenant("T"), Role.ADMIN);
        next("google", "thief", email("anna@x.org", false));
        assertThat(end(new Browser().login("google"))).isEqualTo("google/callback?error=no-verified-email");
        next("google", "thief", email("anna@x.org", "true"));
        assertThat(end(new Browser().login("google"))).doesNotEndWith("google/callback");

        GITHUB.emails = List.of(
                Map.of("email", "anna@x.org", "primary", true, "verified", false),
                Map.of("email", "other@x.org", "primary", false, "verified", true));
        assertThat(end(new Browser().login("github"))).isEqualTo("github/callback?error=no-verified-email");
        assertThat(house.text("SELECT COUNT(*) FROM provider_links")).isEqualTo("0");
    }

    @Test
    void aProviderThatIsNotTrustedWithAddressesFindsNothing() throws Exception {
        house.user("anna@x.org", house.tenant("T"), Role.ADMIN);
        next("work", "anna-1", email("anna@x.org", true));

        assertThat(end(new Browser().login("work"))).isEqualTo("work/callback?error=no-verified-email");
    }

    @Test
    void theSameSubjectElsewhereIsSomebodyElse() throws Exception {
        next("google", "4711", email("anna@x.org", true));
        Browser one = new Browser();
        one.login("google");
        Browser other = new Browser();
        other.login("github");

        assertThat(principal(other).user()).isNotEqualTo(principal(one).user());
    }

    @Test
    void byInvitationOnlyTheInvitedComeIn() throws Exception {
        restart(AccountSettings.Registration.INVITATION);
        next("google", "anna-1", email("anna@x.org", true));
        assertThat(end(new Browser().login("google"))).isEqualTo("google/callback?error=invitation-only");

        house.owner("o@x.org");
        Principal owner = house.principal(house.in("o@x.org").accessToken());
        done(house.identity.invitations().invite(owner, "anna@x.org", Role.STAFF));
        next("google", "anna-1", email("anna@x.org", true));
        Browser invited = new Browser();
        invited.login("google");

        assertThat(principal(invited).tenant()).isEqualTo(owner.tenant());
        assertThat(principal(invited).roles()).containsExactly(Role.STAFF);
        assertThat(house.text("SELECT COUNT(*) FROM invitations")).isEqualTo("0");
    }

    @Test
    void whereItIsClosedNobodyNewComesIn() throws Exception {
        restart(AccountSettings.Registration.CLOSED);
        assertThat(end(new Browser().login("github"))).isEqualTo("github/callback?error=closed");

        house.user("octo@x.org", house.tenant("T"), Role.VIEWER);
        Browser there = new Browser();
        there.login("github");
        assertThat(principal(there).roles()).containsExactly(Role.VIEWER);
    }

    @Test
    void whoIsSuspendedStaysOut() throws Exception {
        UserId there = house.user("octo@x.org", house.tenant("T"), Role.VIEWER);
        done(house.identity.suspensions().suspend(there));

        assertThat(end(new Browser().login("github"))).isEqualTo("github/callback?error=suspended");
    }

    @Test
    void aSecondFactorIsAskedForHereToo() throws Exception {
        UserId there = house.user("octo@x.org", house.tenant("T"), Role.VIEWER);
        house.sql(c -> io.kvasir.jdbc.Sql.update(
                c,
                "INSERT INTO second_factors (user_id, sealed, confirmed, last_step) VALUES (?, ?, ?, 0)",
                there.value(),
                new byte[] {1},
                true));
        Browser browser = new Browser();

        assertThat(end(browser.login("github"))).startsWith("github/callback#challenge=");
        assertThat(browser.cookies).doesNotContainKey(SessionCookie.NAME);
    }

    @Test
    void aProviderThatFailsIsNamed() throws Exception {
        GITHUB.broken = true;
        assertThat(end(new Browser().login("github"))).isEqualTo("github/callback?error=provider-unavailable");
        assertThat(end(new Browser().get(server.uri("/api/v1/oauth/auth/away"))))
                .isEqualTo("away/callback?error=provider-unavailable");
    }

    @Test
    void whoSaysNoAtTheProviderComesBackWithoutALogin() throws Exception {
        assertThat(end(new Browser().get(server.uri("/api/v1/oauth/auth/google/callback?error=access_denied&state=x"))))
                .isEqualTo("google/callback?error=denied");
    }

    @Test
    void anUnknownProviderIsNotThere() throws Exception {
        assertThat(server.get("/api/v1/oauth/auth/nobody").statusCode()).isEqualTo(404);
        assertThat(server.get("/api/v1/oauth/auth/nobody/callback?state=a&code=b")
                        .statusCode())
                .isEqualTo(404);
        assertThat(server.get("/api/v1/oauth/providers").body()).contains("google", "github", "work");
    }
}
