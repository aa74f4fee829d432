package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.ConfigFactory;
import io.kvasir.bootstrap.Server;
import io.kvasir.bootstrap.Settings;
import io.kvasir.http.Json;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A plan's limits over HTTP, on the whole server. */
class LimitsTest {
    @TempDir
    static Path folder;

    private static Server server;
    private static Api api;
    private static String kb;

    @BeforeAll
    static void start() throws Exception {
        server = Server.start(Settings.of(ConfigFactory.parseString("""
                        kvasir {
                          http.port = 0
                          demo = false
                          tenancy.owner-plan = tiny
                          tenancy.plans.tiny { knowledge-bases = 2, documents = 2, storage-bytes = 2000, messages = 10 }
                        }
                        """)
                .withFallback(ConfigFactory.parseMap(Map.of(
                        "kvasir.data-dir",
                        folder.resolve("data").toString(),
                        "kvasir.owner.password",
                        ServerProcess.PASSWORD)))
                .withFallback(ConfigFactory.load())
                .resolve()));
        api = new Api(path -> URI.create("http://127.0.0.1:" + server.port() + path));
        api.login();
        kb = create("First").expect(201).body().get("id").asText();
    }

    @AfterAll
    static void stop() {
        api.close();
        server.close();
    }

    private static Api.Reply create(String name) throws Exception {
        return api.post("/api/v1/knowledge-bases", Map.of("name", name));
    }

    private static JsonNode count(String what) throws Exception {
        for (JsonNode count : api.get("/api/v1/usage").expect(200).body().get("counts")) {
            if (count.get("what").asText().equals(what)) {
                return count;
            }
        }
        throw new AssertionError("no " + what);
    }

    @Test
    void ofTwoHundredQuestionsAtOnceExactlyTenAreTaken() throws Exception {
        List<String> conversations = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            conversations.add(api.post("/api/v1/chat/conversations", Map.of("kbId", kb))
                    .expect(201)
                    .body()
                    .get("id")
                    .asText());
        }
        List<CompletableFuture<HttpResponse<String>>> asked = new ArrayList<>();
        for (String conversation : conversations) {
            HttpRequest request = api.request("/api/v1/chat/conversations/" + conversation + "/messages")
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString("{\"content\":\"When are refunds paid?\"}"))
                    .build();
            asked.add(api.client().sendAsync(request, HttpResponse.BodyHandlers.ofString()));
        }
        List<HttpResponse<String>> responses =
                asked.stream().map(CompletableFuture::join).toList();

        assertThat(responses.stream().filter(r -> r.statusCode() == 202)).hasSize(10);
        List<HttpResponse<String>> refused =
                responses.stream().filter(r -> r.statusCode() == 429).toList();
        assertThat(refused).hasSize(190);
        JsonNode problem = Json.MAPPER.readTree(refused.getFirst().body());
        assertThat(problem.get("type").asText()).isEqualTo("urn:kvasir:problem:limit-reached");
        assertThat(problem.get("limit").get("what").asText()).isEqualTo("messages");
        assertThat(problem.get("limit").get("limit").asLong()).isEqualTo(10);
        assertThat(problem.get("limit").get("until").asText()).endsWith("-01T00:00:00Z");
        assertThat(refused.getFirst().headers().firstValue("Retry-After")).isPresent();

        // Settled with what was used: nothing stays reserved, and the day's table shows it.
        await().untilAsserted(() -> {
            assertThat(count("messages").get("used").asLong()).isEqualTo(10);
            assertThat(count("messages").get("reserved").asLong()).isZero();
            JsonNode days = api.get("/api/v1/usage").body().get("days");
            assertThat(days).hasSize(1);
            assertThat(days.get(0).get("messages").asLong()).isEqualTo(10);
            assertThat(days.get(0).get("kbId").asText()).isEqualTo(kb);
        });
    }

    @Test
    void knowledgeBasesBeyondThePlanCostMore() throws Exception {
        String second = create("Second").expect(201).body().get("id").asText();
        assertThat(create("Third").expect(402).body().get("limit").get("what").asText())
                .isEqualTo("knowledge-bases");

        api.delete("/api/v1/knowledge-bases/" + second).expect(204);
        String again = create("Third").expect(201).body().get("id").asText();
        api.delete("/api/v1/knowledge-bases/" + again).expect(204);
    }

    @Test
    void documentsAndTheirBytesAreLimited() throws Exception {
        String documents = "/api/v1/knowledge-bases/" + kb + "/documents";
        byte[] large = "x ".repeat(1_500).getBytes(StandardCharsets.UTF_8);
        byte[] small = "Refunds are paid.".getBytes(StandardCharsets.UTF_8);

        assertThat(api.upload("POST", documents, "large.txt", large)
                        .expect(402)
                        .body()
                        .get("limit")
                        .get("what")
                        .asText())
                .isEqualTo("storage-bytes");
        String id = api.upload("POST", documents, "one.txt", small)
                .expect(202)
                .body()
                .get("jobs")
                .get(0)
                .get("documentId")
                .asText();
        api.upload("POST", documents, "two.txt", small).expect(202);
        assertThat(api.upload("POST", documents, "three.txt", small)
                        .expect(402)
                        .body()
                        .get("limit")
                        .get("what")
                        .asText())
                .isEqualTo("documents");
        assertThat(count("documents").get("used").asLong()).isEqualTo(2);
        assertThat(count("storage-bytes").get("used").asLong()).isEqualTo(2L * small.length);

        api.delete(documents + "/" + id).expect(204);
        api.upload("POST", documents, "three.txt", small).expect(202);
    }

    @Test
    void settingsAreReadAndChecked() throws Exception {
        api.put("/api/v1/tenant/settings", Map.of("conversationDays", 30)).expect(200);
        assertThat(api.get("/api/v1/tenant/settings")
                        .expect(200)
                        .body()
                        .get("conversationDays")
                        .asInt())
                .isEqualTo(30);
        api.put("/api/v1/tenant/settings", Map.of("conversationDays", 0)).expect(400);
        api.put("/api/v1/tenant/settings", Map.of("plan", "enterprise")).expect(400);
        api.get("/api/v1/usage?from=yesterday").expect(400);
        api.get("/api/v1/usage?from=2026-02-02&to=2026-02-01").expect(400);
        api.put("/api/v1/tenant/settings", Map.of()).expect(200);
    }
}
