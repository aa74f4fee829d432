package io.kvasir.identity;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.http.Authenticated;
import io.kvasir.http.ClientAddress;
import io.kvasir.http.Endpoints;
import io.kvasir.http.HttpServerForTests;
import io.kvasir.http.Json;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.UserId;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdentityRoutesTest {
    private final House house = new House();
    private final HttpServerForTests server = HttpServerForTests.serving(new Endpoints(
                    new IdentityRoutes(
                                    house.identity,
                                    House.settings(AccountSettings.Registration.INVITATION),
                                    new ClientAddress(1))
                            .endpoints(),
                    new Authenticated(house.identity))
            .route());
    private Identity.Owner owner;

    @BeforeEach
    void owner() {
        owner = house.owner("o@x");
    }

    @AfterEach
    void close() throws Exception {
        server.close();
        house.close();
    }

    private HttpResponse<String> login(Map<String, Object> more, String... headers) throws Exception {
        Map<String, Object> body = new java.util.HashMap<>(Map.of("email", "o@x", "password", House.PASSWORD));
        body.putAll(more);
        return server.post("/api/v1/auth/login", Json.write(body), headers);
    }

    private static JsonNode json(HttpResponse<String> response) throws Exception {
        return Json.MAPPER.readTree(response.body());
    }

    private HttpResponse<String> send(String method, String path, String token) throws Exception {
        return server.send(HttpRequest.newBuilder(server.uri(path))
                .header("Authorization", "Bearer " + token)
                .method(method, HttpRequest.BodyPublishers.noBody()));
    }

    private String origin() {
        return "http://" + server.uri("/").getAuthority();
    }

    private String cookie(HttpResponse<String> response) {
        return response.headers().firstValue("Set-Cookie").orElseThrow();
    }

    @Test
    void aMachineKeepsItsRefreshTokenItself() throws Exception {
        JsonNode in = json(login(Map.of()));
        assertThat(in.get("tenantId").asText()).isEqualTo(owner.tenant().value());
        assertThat(in.get("tenants").get(0).get("name").asText()).isEqualTo("Home");

        HttpResponse<String> next = server.post(
                "/api/v1/auth/refresh",
                Json.write(Map.of("refreshToken", in.get("refreshToken").asText())));

        assertThat(next.statusCode()).isEqualTo(200);
        assertThat(json(next).get("refreshToken").asText())
                .isNotEqualTo(in.get("refreshToken").asText());
        assertThat(next.headers().firstValue("Set-Cookie")).isEmpty();
    }

    @Test
    void aBrowserKeepsItInACookieNoScriptReads() throws Exception {
        HttpResponse<String> in = login(Map.of("cookie", true), "Origin", origin());

        assertThat(json(in).get("refreshToken").isNull()).isTrue();
        assertThat(cookie(in))
                .startsWith("__Host-kvasir-session=")
                .contains("Path=/", "Secure", "HttpOnly", "SameSite=Strict", "Max-Age=604800")
                .doesNotContain("Domain");

        String pair = cookie(in).split(";")[0];
        HttpResponse<String> next = server.post("/api/v1/auth/refresh", "{}", "Cookie", pair, "Origin", origin());
        assertThat(next.statusCode()).isEqualTo(200);
        assertThat(cookie(next).split(";")[0]).isNotEqualTo(pair);

        HttpResponse<String> out =
                server.post("/api/v1/auth/logout", "", "Cookie", cookie(next).split(";")[0], "Origin", origin());
        assertThat(out.statusCode()).isEqualTo(204);
        assertThat(cookie(out)).contains("Max-Age=0");
        assertThat(send("GET", "/api/v1/auth/me", json(next).get("accessToken").asText())
                        .statusCode())
                .isEqualTo(401);
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://evil.example", "null", "http://127.0.0.1:1", ""})
    void aForeignPageGetsNothingByCookie(String foreign) throws Exception {
        String pair = cookie(login(Map.of("cookie", true), "Origin", origin())).split(";")[0];
        String[] headers =
                foreign.isEmpty() ? new String[] {"Cookie", pair} : new String[] {"Cookie", pair, "Origin", foreign};

        assertThat(server.post("/api/v1/auth/refresh", "{}", headers).statusCode())
                .isEqualTo(403);
        assertThat(server.post("/api/v1/auth/logout", "{}", headers).statusCode())
                .isEqualTo(403);
        assertThat(login(Map.of("cookie", true), headers).statusCode()).isEqualTo(403);
        assertThat(server.post("/api/v1/auth/refresh", "{}", "Cookie", pair, "Origin", origin())
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void withoutATokenThereIsNothingToRefresh() throws Exception {
        assertThat(server.post("/api/v1/auth/refresh", "{}").statusCode()).isEqualTo(401);
        assertThat(server.post("/api/v1/auth/refresh", "{\"refreshToken\":\"x\"}")
                        .statusCode())
                .isEqualTo(401);
        assertThat(server.post("/api/v1/auth/refresh", "{\"refreshToken\":7}").statusCode())
                .isEqualTo(400);
        assertThat(server.post("/api/v1/auth/refresh", "{\"other\":\"x\"}").statusCode())
                .isEqualTo(400);
        assertThat(server.post("/api/v1/auth/logout", "").statusCode()).isEqualTo(401);
    }

    @Test
    void oneLogsOutWithEitherToken() throws Exception {
        JsonNode first = json(login(Map.of()));
        assertThat(server.post(
                                "/api/v1/auth/logout",
                                Json.write(Map.of(
                                        "refreshToken",
                                        first.get("refreshToken").asText())))
                        .statusCode())
                .isEqualTo(204);
        JsonNode second = json(login(Map.of()));
        String token = second.get("accessToken").asText();
        assertThat(send("POST", "/api/v1/auth/logout", token).statusCode()).isEqualTo(204);

        assertThat(send("GET", "/api/v1/auth/me", first.get("accessToken").asText())
                        .statusCode())
                .isEqualTo(401);
        assertThat(send("GET", "/api/v1/auth/me", token).statusCode()).isEqualTo(401);
    }

    @Test
    void sessionsAreListedAndEnded() throws Exception {
        login(Map.of(), "X-Forwarded-For", "203.0.113.9, 198.51.100.4");
        String token = json(login(Map.of())).get("accessToken").asText();

        JsonNode sessions = json(send("GET", "/api/v1/auth/sessions", token)).get("items");
        assertThat(sessions).hasSize(2);
        assertThat(sessions.findValuesAsText("address")).contains("198.51.100.4", "unknown");
        String id = sessions.get(0).get("id").asText();

        assertThat(send("DELETE", "/api/v1/auth/sessions/" + id, token).statusCode())
                .isEqualTo(204);
        assertThat(send("DELETE", "/api/v1/auth/sessions/..%2fx", token).statusCode())
                .isEqualTo(404);
    }

    @Test
    void onlyWhoRunsTheServerSuspends() throws Exception {
        UserId admin = house.user("a@x", owner.tenant(), Role.OWNER);
        String path = "/api/v1/operations/users/" + admin.value() + "/suspend";
        String other = house.in("a@x").accessToken();
        String run = house.in("o@x").accessToken();

        assertThat(send("POST", path, other).statusCode()).isEqualTo(403);
        assertThat(send("POST", path, run).statusCode()).isEqualTo(204);
        assertThat(send("GET", "/api/v1/auth/me", other).statusCode()).isEqualTo(401);
        assertThat(send("POST", path.replace("suspend", "resume"), run).statusCode())
                .isEqualTo(204);
        assertThat(send("POST", "/api/v1/operations/tenants/nowhere/suspend", run)
                        .statusCode())
                .isEqualTo(404);
        house.user("b@x", house.tenant("Other"), Role.OWNER);
        Sessions.LoggedIn there = house.in("b@x");
        assertThat(send("POST", "/api/v1/operations/tenants/" + there.tenantId() + "/suspend", run)
                        .statusCode())
                .isEqualTo(204);
        assertThat(send("GET", "/api/v1/auth/me", there.accessToken()).statusCode())
                .isEqualTo(401);
    }

    @Test
    void switchingWantsATenant() throws Exception {
        String token = house.in("o@x").accessToken();

        assertThat(server.post("/api/v1/auth/switch", "{}", "Authorization", "Bearer " + token)
                        .statusCode())
                .isEqualTo(400);
        assertThat(server.post(
                                "/api/v1/auth/switch",
                                Json.write(Map.of("tenantId", owner.tenant().value())),
                                "Authorization",
                                "Bearer " + token)
                        .statusCode())
                .isEqualTo(200);
        assertThat(server.post("/api/v1/auth/switch", "{\"tenantId\":\"other\"}", "Authorization", "Bearer " + token)
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void theKeysAreThereForAnybody() throws Exception {
        HttpResponse<String> keys = server.get("/.well-known/jwks.json");

        assertThat(json(keys).get("keys").get(0).get("kty").asText()).isEqualTo("EC");
        assertThat(json(keys).get("keys").get(0).has("d")).isFalse();
    }

    @Test
    void whoFailsTooOftenIsToldWhenToComeAgain() throws Exception {
        for (int i = 0; i < 3; i++) {
            assertThat(login(Map.of("password", "wrong")).statusCode()).isEqualTo(401);
        }

        HttpResponse<String> refused = login(Map.of());
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue("Retry-After")).contains("1");
        assertThat(login(Map.of(), "X-Forwarded-For", "203.0.113.77").statusCode())
                .isEqualTo(200);
    }
}
