package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.bootstrap.Server;
import io.kvasir.http.Json;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A wave of logins on the whole server: it is bounded, says so, and those who are in do not notice. */
class LoginFloodTest {
    /** More than are hashed and may wait to be. */
    private static final int FLOOD = 400;

    @TempDir
    Path folder;

    private Server server;
    private Api api;

    @BeforeEach
    void start() throws Exception {
        server = Server.start(ServerHere.settings(
                folder.resolve("data"),
                // Each of the many comes from elsewhere.
                Map.of("kvasir.http.proxies", 1, "kvasir.http.rate-limits.on", false)));
        api = ServerHere.owner(server);
    }

    @AfterEach
    void stop() {
        api.close();
        server.close();
    }

    private CompletableFuture<HttpResponse<String>> login(String address, String password) {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.port() + "/api/v1/auth/login"))
                .header("Content-Type", "application/json")
                .header("X-Forwarded-For", address)
                .POST(HttpRequest.BodyPublishers.ofString(
                        Json.write(Map.of("email", ServerProcess.EMAIL, "password", password))))
                .build();
        return api.client().sendAsync(request, HttpResponse.BodyHandlers.ofString());
    }

    private void ask(String conversation) throws Exception {
        api.post(
                        "/api/v1/chat/conversations/" + conversation + "/messages",
                        Map.of("content", "When are refunds paid?"),
                        "Accept",
                        "application/json")
                .expect(200);
    }

    @Test
    void thoseWhoAreInGoOnAndWhoComesTooManyIsToldWhenToComeAgain() throws Exception {
        String kb = api.post("/api/v1/knowledge-bases", Map.of("name", "Shop"))
                .expect(201)
                .body()
                .get("id")
                .asText();
        String conversation = api.post("/api/v1/chat/conversations", Map.of("kbId", kb))
                .expect(201)
                .body()
                .get("id")
                .asText();
        // The first one finds everything cold.
        ask(conversation);
        List<CompletableFuture<HttpResponse<String>>> flood = new ArrayList<>();
        for (int i = 0; i < FLOOD; i++) {
            flood.add(login("198.18." + i / 200 + "." + i % 200, ServerProcess.PASSWORD));
        }
        CompletableFuture<HttpResponse<String>> full = new CompletableFuture<>();
        flood.forEach(login -> login.thenAccept(answer -> {
            if (answer.statusCode() == 503) {
                full.complete(answer);
            }
        }));
        HttpResponse<String> refused = full.get(60, TimeUnit.SECONDS);

        ask(conversation);

        assertThat(flood.stream().filter(f -> !f.isDone()))
                .as("logins that still wait when the answer is there")
                .isNotEmpty();
        List<HttpResponse<String>> answers =
                flood.stream().map(CompletableFuture::join).toList();
        assertThat(answers.stream().map(HttpResponse::statusCode)).containsOnly(200, 503);
        assertThat(refused.headers().firstValueAsLong("Retry-After")).hasValue(2);
        JsonNode problem = Json.MAPPER.readTree(refused.body());
        assertThat(problem.get("type").asText()).isEqualTo("urn:kvasir:problem:unavailable");
        assertThat(problem.get("requestId").asText()).isNotEmpty();
        // And afterwards all is as before.
        assertThat(login("198.18.9.9", ServerProcess.PASSWORD).join().statusCode())
                .isEqualTo(200);
        assertThat(login("198.18.9.9", "wrong").join().statusCode()).isEqualTo(401);
    }
}
