package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.pekko.http.javadsl.server.Route;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class EndpointsTest {
    private static final Authenticator BY_ROLE =
            bearer -> CompletableFuture.completedFuture(Arrays.stream(Role.values())
                    .filter(role -> role.name().equals(bearer))
                    .findFirst()
                    .map(EndpointsTest::somebody));

    private static final Queue<String> SERVED = new ConcurrentLinkedQueue<>();

    private static HttpServerForTests server;

    @BeforeAll
    static void serve() {
        server = HttpServerForTests.serving(new Endpoints(
                        List.of(
                                Endpoint.get("/", Access.PUBLIC, _ -> complete("root")),
                                Endpoint.get("/things", Access.READ, _ -> complete("all")),
                                Endpoint.post("/things", Access.MANAGE, _ -> complete("made")),
                                Endpoint.get("/things/{thingId}", Access.READ, call -> said("one", call)),
                                Endpoint.put("/things/{thingId}", Access.MANAGE, call -> said("put", call)),
                                Endpoint.get("/things/newest", Access.READ, _ -> complete("newest")),
                                Endpoint.get(
                                        "/things/{thingId}/parts/{partId}",
                                        Access.CONVERSE,
                                        call -> complete(call.id("thingId") + "+" + call.id("partId"))),
                                Endpoint.get("/raw/{text}", Access.PUBLIC, call -> complete(call.text("text"))),
                                Endpoint.get("/nobody", Access.PUBLIC, call -> complete(String.valueOf(call.caller()))),
                                Endpoint.get("/own", Access.OWN, _ -> complete("own")),
                                Endpoint.get("/operate", Access.OPERATE, _ -> complete("operate"))),
                        new Authenticated(BY_ROLE),
                        RateLimits.none(),
                        new ClientAddress(0),
                        new OpenStreams(),
                        new Origins(java.util.Optional.empty()),
                        (endpoint, _) -> (status, _) -> SERVED.add(endpoint.path() + " " + status))
                .route());
    }

    @AfterAll
    static void close() throws Exception {
        server.close();
    }

    private static Route said(String what, Call call) {
        return complete(
                what + " " + call.id("thingId") + " for " + call.caller().user());
    }

    private static Principal somebody(Role role) {
        return new Principal(
                new UserId("u"),
                new TenantId("t"),
                Set.of(role),
                role == Role.END_USER ? Optional.of(new ConversationId("c")) : Optional.empty());
    }

    private static HttpResponse<String> send(String method, String path, String role) throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(server.uri(path)).method(method, HttpRequest.BodyPublishers.noBody());
        return server.send(role.isEmpty() ? request : request.header("Authorization", "Bearer " + role));
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /, '', 200, root",
        "GET, /things, VIEWER, 200, all",
        "GET, /things/, VIEWER, 200, all",
        "POST, /things, ADMIN, 200, made",
        "GET, /things/abc, STAFF, 200, one abc for u",
        "PUT, /things/abc, OWNER, 200, put abc for u",
        "GET, /things/newest, VIEWER, 200, newest",
        "PUT, /things/newest, ADMIN, 200, put newest for u",
        "GET, /things/a/parts/b, END_USER, 200, a+b",
        "GET, /raw/%2e%2e%2fx, '', 200, ../x"
    })
    void findsTheEndpointOfAPath(String method, String path, String role, int status, String body) throws Exception {
        HttpResponse<String> response = send(method, path, role);

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.body()).isEqualTo(body);
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /nothing, VIEWER, 404",
        "GET, /things/a/parts, VIEWER, 404",
        "GET, /things//parts/b, VIEWER, 404",
        "GET, /things/..%2f..%2fx, VIEWER, 404",
        "GET, /things/a%00b, VIEWER, 404",
        "GET, /things, '', 401",
        "GET, /things, FORGED, 401",
        "POST, /things, VIEWER, 403",
        "POST, /things, STAFF, 403",
        "GET, /things, END_USER, 404",
        "POST, /things, END_USER, 404",
        "GET, /own, ADMIN, 403",
        "GET, /operate, OWNER, 403"
    })
    void keepsOut(String method, String path, String role, int status) throws Exception {
        assertThat(send(method, path, role).statusCode()).isEqualTo(status);
    }

    @Test
    void aMethodThatIsNotOfferedIsToldWhatIs() throws Exception {
        HttpResponse<String> response = send("DELETE", "/things/abc", "OWNER");

        assertThat(response.statusCode()).isEqualTo(405);
        assertThat(response.headers().firstValue("Allow")).contains("GET, PUT");
        assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
    }

    @Test
    void aPublicEndpointThatAsksForItsCallerIsABug() throws Exception {
        assertThat(send("GET", "/nobody", "OWNER").statusCode()).isEqualTo(500);
    }

    @Test
    void everyAnswerIsToldByTheTemplateOfItsPath() throws Exception {
        SERVED.clear();
        send("GET", "/things/secret", "VIEWER");
        send("PUT", "/things/secret", "VIEWER");
        send("GET", "/nobody", "OWNER");
        send("GET", "/nothing", "OWNER");

        assertThat(SERVED).containsExactly("/things/{thingId} 200", "/things/{thingId} 403", "/nobody 500");
    }

    @ParameterizedTest
    @EnumSource(Access.class)
    void everyAccessButThePublicOneNeedsARole(Access access) {
        assertThat(access.roles().isEmpty()).isEqualTo(access == Access.PUBLIC);
        assertThat(EnumSet.complementOf(EnumSet.of(Role.SUPER_ADMIN)).stream()
                        .map(EndpointsTest::somebody)
                        .filter(access::allows))
                .allMatch(caller -> access.roles().containsAll(caller.roles()));
    }

    @Test
    void twoEndpointsWithOneAddressAreRefused() {
        Endpoint one = Endpoint.get("/a/{id}", Access.READ, _ -> complete("1"));

        assertThatThrownBy(() -> new Endpoints(List.of(one, one), new Authenticated(BY_ROLE)))
                .hasMessageContaining("declared twice");
        assertThatThrownBy(() -> new Endpoints(
                        List.of(one, Endpoint.get("/a/{other}/b", Access.READ, _ -> complete("2"))),
                        new Authenticated(BY_ROLE)))
                .hasMessageContaining("{id} is called {other}");
    }
}
