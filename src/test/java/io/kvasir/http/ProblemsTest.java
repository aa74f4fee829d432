package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.post;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.http.javadsl.server.Route;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProblemsTest {
    private static final Map<String, Rejection> REFUSALS = Map.of(
            "not-found", new Rejection.NotFound("gone"),
            "invalid", Rejection.Invalid.field("/name", "is required"),
            "conflict", new Rejection.Conflict("turn-in-progress", "wait"),
            "too-large", new Rejection.TooLarge("big"),
            "unsupported", new Rejection.Unsupported("kind"),
            "forbidden", new Rejection.Forbidden("no"),
            "unauthenticated", new Rejection.Unauthenticated("who"),
            "too-many", new Rejection.TooMany("slow", Duration.ofSeconds(7)),
            "limit", new Rejection.LimitReached("documents", 3, 1, 3, Optional.empty()),
            "unavailable", new Rejection.Unavailable("away", Duration.ofMillis(1)));

    record Body(String name) {}

    private static HttpServerForTests server;

    @BeforeAll
    static void serve() {
        Route refusals = REFUSALS.entrySet().stream()
                .map(e -> path(
                        e.getKey(),
                        () -> Problems.answer(
                                CompletableFuture.completedFuture(Outcome.<String>refused(e.getValue())), Json::ok)))
                .reduce((one, other) -> concat(one, other))
                .orElseThrow();
        server = HttpServerForTests.serving(concat(
                refusals,
                path("bug", () -> {
                    throw new IllegalStateException("secret detail");
                }),
                path(
                        "late-bug",
                        () -> Problems.answer(
                                CompletableFuture.<Outcome<String>>failedFuture(
                                        new IllegalStateException("secret detail")),
                                Json::ok)),
                path(
                        "slow",
                        () -> Problems.answer(
                                CompletableFuture.<Outcome<String>>failedFuture(new TimeoutException("ask timed out")),
                                Json::ok)),
                path("fine", () -> get(() -> complete("fine"))),
                path("json", () -> post(() -> entity(Json.body(Body.class), body -> complete(Json.ok(body)))))));
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    private static JsonNode problem(HttpResponse<String> response) throws Exception {
        assertThat(response.headers().firstValue("Content-Type"))
                .hasValueSatisfying(t -> assertThat(t).startsWith("application/problem+json"));
        JsonNode problem = Json.MAPPER.readTree(response.body());
        assertThat(problem.get("status").asInt()).isEqualTo(response.statusCode());
        assertThat(problem.get("requestId").asText())
                .isEqualTo(response.headers().firstValue("X-Request-Id").orElseThrow());
        return problem;
    }

    @ParameterizedTest
    @CsvSource({
        "not-found,404,not-found",
        "invalid,400,invalid-request",
        "conflict,409,turn-in-progress",
        "too-large,413,too-large",
        "unsupported,415,unsupported-type",
        "forbidden,403,forbidden",
        "unauthenticated,401,unauthenticated",
        "too-many,429,too-many-requests",
        "unavailable,503,unavailable",
        "slow,503,unavailable",
    })
    void everyRefusalHasItsStatusAndType(String path, int status, String type) throws Exception {
        HttpResponse<String> response = server.get("/" + path);

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(problem(response).get("type").asText()).isEqualTo("urn:kvasir:problem:" + type);
    }

    @Test
    void saysWhenToComeBack() throws Exception {
        assertThat(server.get("/too-many").headers().firstValue("Retry-After")).hasValue("7");
        assertThat(server.get("/unavailable").headers().firstValue("Retry-After"))
                .hasValue("1");
    }

    @ParameterizedTest
    @CsvSource({"bug", "late-bug"})
    void aBugLeaksNothing(String path) throws Exception {
        HttpResponse<String> response = server.get("/" + path);

        assertThat(problem(response).get("type").asText()).isEqualTo("urn:kvasir:problem:internal-error");
        assertThat(response.body()).doesNotContain("secret").doesNotContain("Exception");
    }

    @Test
    void anUnknownAddressIsAProblemToo() throws Exception {
        assertThat(problem(server.get("/nowhere")).get("status").asInt()).isEqualTo(404);
    }

    @Test
    void aWrongMethodIsAProblemToo() throws Exception {
        assertThat(problem(server.post("/fine", "{}")).get("status").asInt()).isEqualTo(405);
    }

    @Test
    void aBrokenBodyNamesTheField() throws Exception {
        JsonNode errors = problem(server.post("/json", "{\"name\":1}")).get("errors");

        assertThat(errors.get(0).get("pointer").asText()).isEqualTo("/name");
    }

    @Test
    void anotherContentTypeIsUnsupported() throws Exception {
        HttpResponse<String> response = server.send(HttpRequest.newBuilder(server.uri("/json"))
                .header("Content-Type", "text/plain")
                .POST(HttpRequest.BodyPublishers.ofString("{}")));

        assertThat(problem(response).get("status").asInt()).isEqualTo(415);
    }

    @Test
    void aBodyOverTheLimitIsTooLarge() throws Exception {
        // Asks first: an answer given while the body is still on its way can be lost with the connection.
        HttpResponse<String> response = server.send(HttpRequest.newBuilder(server.uri("/json"))
                .expectContinue(true)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"name\":\"" + "x".repeat(9_000_000) + "\"}")));

        assertThat(problem(response).get("status").asInt()).isEqualTo(413);
    }

    @Test
    void everyAnswerHasARequestId() throws Exception {
        assertThat(List.of(server.get("/fine"), server.get("/fine")).stream()
                        .map(r -> r.headers().firstValue("X-Request-Id").orElseThrow())
                        .distinct())
                .hasSize(2);
    }
}
