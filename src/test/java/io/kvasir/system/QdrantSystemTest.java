package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.bootstrap.MoveIndex;
import io.kvasir.bootstrap.Server;
import io.kvasir.bootstrap.Settings;
import io.kvasir.http.Json;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.VectorSpace;
import io.kvasir.retrieval.qdrant.QdrantDouble;
import io.kvasir.retrieval.qdrant.QdrantPassageIndex;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole server with its passages in Qdrant, which goes away and comes back. */
class QdrantSystemTest {
    @TempDir
    Path folder;

    private QdrantDouble qdrant;
    private EmbeddingServer provider;
    private Server server;
    private Api api;

    @BeforeEach
    void start() throws Exception {
        qdrant = new QdrantDouble();
        provider = new EmbeddingServer();
        open("qdrant");
    }

    private void open(String kind) throws Exception {
        server = Server.start(settings(kind));
        api = new Api(this::uri);
        api.login();
    }

    private Settings settings(String kind) {
        return ServerHere.settings(
                folder.resolve("data"),
                Map.of(
                        "kvasir.index.kind",
                        kind,
                        "kvasir.index.qdrant.url",
                        qdrant.url(),
                        "kvasir.index.qdrant.timeouts.search",
                        "2s",
                        "kvasir.index.qdrant.timeouts.write",
                        "1s",
                        "kvasir.index.qdrant.retries.first",
                        "10ms",
                        "kvasir.llm.providers.compatible.base-url",
                        provider.url(),
                        "kvasir.knowledge-base.reembedding.keep-old",
                        "0s"));
    }

    @AfterEach
    void stop() {
        api.close();
        server.close();
        qdrant.close();
        provider.close();
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private String base(String name) throws Exception {
        return "/api/v1/knowledge-bases/"
                + api.post("/api/v1/knowledge-bases", Map.of("name", name))
                        .expect(201)
                        .body()
                        .get("id")
                        .asText();
    }

    private String upload(String base, String name, String text) throws Exception {
        return base + "/jobs/"
                + api.upload("POST", base + "/documents", name, text.getBytes(StandardCharsets.UTF_8))
                        .expect(202)
                        .body()
                        .get("jobs")
                        .get(0)
                        .get("id")
                        .asText();
    }

    private void awaitCompleted(String job) {
        await().atMost(Duration.ofSeconds(60))
                .until(() -> api.get(job).expect(200).body().get("status").asText(), "completed"::equals);
    }

    private HttpResponse<byte[]> search(String base, String question) throws IOException, InterruptedException {
        return api.client()
                .send(
                        api.request(base + "/knowledge/search")
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(Map.of("query", question))))
                                .build(),
                        HttpResponse.BodyHandlers.ofByteArray());
    }

    private String firstFound(String base, String question) throws Exception {
        HttpResponse<byte[]> reply = search(base, question);
        assertThat(reply.statusCode()).isEqualTo(200);
        JsonNode results = Json.MAPPER.readTree(reply.body()).get("results");
        return results.isEmpty() ? "" : results.get(0).get("text").asText();
    }

    private JsonNode lastEvent(String base, String question) throws Exception {
        String conversation = api.post(
                        "/api/v1/chat/conversations", Map.of("kbId", base.substring(base.lastIndexOf('/') + 1)))
                .expect(201)
                .body()
                .get("id")
                .asText();
        JsonNode last = Json.MAPPER.createObjectNode();
        try (SseReader events = SseReader.open(
                api,
                api.request("/api/v1/chat/conversations/" + conversation + "/messages")
                        .header("Content-Type", "application/json")
                        .header("Accept", "text/event-stream")
                        .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(Map.of("content", question)))))) {
            for (Optional<SseReader.Event> next = events.next(); next.isPresent(); next = events.next()) {
                last = next.get().data();
                if (next.get().name().equals("turn.failed") || next.get().name().equals("turn.completed")) {
                    break;
                }
            }
        }
        return last;
    }

    @Test
    void answersFromQdrant() throws Exception {
        String shop = base("Shop");
        awaitCompleted(upload(shop, "refunds.md", "# Refunds\n\nRefunds are paid within 14 days."));

        assertThat(firstFound(shop, "When are refunds paid?")).contains("within 14 days");
        assertThat(lastEvent(shop, "When are refunds paid?").get("finishReason").asText())
                .isEqualTo("stop");
        assertThat(api.get("/health/ready")
                        .expect(200)
                        .body()
                        .get("parts")
                        .get("index")
                        .asText())
                .isEqualTo("up");
    }

    @Test
    void whileQdrantIsAwayItSaysSoAndAfterwardsAllIsThere() throws Exception {
        String shop = base("Shop");
        awaitCompleted(upload(shop, "refunds.md", "# Refunds\n\nRefunds are paid within 14 days."));
        qdrant.stop();

        HttpResponse<byte[]> refused = search(shop, "When are refunds paid?");
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.headers().firstValue("Retry-After")).contains("5");
        assertThat(Json.MAPPER.readTree(refused.body()).get("detail").asText()).contains("away");
        assertThat(lastEvent(shop, "When are refunds paid?").toString()).contains("index-unavailable");
        assertThat(api.get("/health/ready")
                        .expect(503)
                        .body()
                        .get("parts")
                        .get("index")
                        .asText())
                .isEqualTo("down");

        // Longer than a run that failed for any other reason is repeated: it waits, and does not give up.
        String job = upload(shop, "parcels.md", "# Parcels\n\nParcels leave the warehouse on Mondays.");
        await().during(Duration.ofSeconds(10))
                .atMost(Duration.ofSeconds(30))
                .until(() -> List.of("pending", "processing")
                        .contains(api.get(job).expect(200).body().get("status").asText()));

        qdrant.start();
        awaitCompleted(job);
        assertThat(firstFound(shop, "When do parcels leave the warehouse?")).contains("Mondays");
        await().until(() -> api.get("/health/ready").status() == 200);
    }

    @Test
    void aServerStartsWithoutQdrantAndFindsItLater() throws Exception {
        String shop = base("Shop");
        awaitCompleted(upload(shop, "refunds.md", "# Refunds\n\nRefunds are paid within 14 days."));
        api.close();
        server.close();
        qdrant.stop();

        open("qdrant");
        assertThat(search(shop, "refunds").statusCode()).isEqualTo(503);
        qdrant.start();

        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() ->
                        assertThat(firstFound(shop, "When are refunds paid?")).contains("14 days"));
    }

    @Test
    void anotherEmbeddingModelGetsACollectionOfItsOwn() throws Exception {
        String shop = base("Shop");
        awaitCompleted(upload(shop, "refunds.md", "# Refunds\n\nRefunds are paid within 14 days."));
        api.put(shop, Map.of("embeddingModel", "nomic-embed-text")).expect(200);
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            JsonNode now = api.get(shop).expect(200).body();
            assertThat(now.get("embeddingModel").asText()).isEqualTo("nomic-embed-text");
            assertThat(now.get("embeddingChange").isNull()).isTrue();
        });

        assertThat(firstFound(shop, "When are refunds paid?")).contains("14 days");
        Scope scope = new Scope(
                new TenantId(api.get("/api/v1/auth/me")
                        .expect(200)
                        .body()
                        .get("tenantId")
                        .asText()),
                new KnowledgeBaseId(shop.substring(shop.lastIndexOf('/') + 1)));
        try (QdrantPassageIndex old = collection("bge-small-en-v1.5-q", 384);
                QdrantPassageIndex next = collection("nomic-embed-text", 768)) {
            await().untilAsserted(() ->
                    assertThat(old.size(scope).toCompletableFuture().join()).isZero());
            assertThat(next.size(scope).toCompletableFuture().join()).isEqualTo(1);
        }
    }

    private QdrantPassageIndex collection(String model, int dimensions) throws IOException {
        return QdrantPassageIndex.openBeside(settings("qdrant").index().qdrant(), new VectorSpace(model, dimensions));
    }

    @Test
    void movesFromLuceneByCommand() throws Exception {
        api.close();
        server.close();
        open("lucene");
        String shop = base("Shop");
        awaitCompleted(upload(shop, "refunds.md", "# Refunds\n\nRefunds are paid within 14 days."));
        api.close();
        server.close();

        List<String> said = new ArrayList<>();
        MoveIndex.run(settings("lucene"), "lucene", "qdrant", said::add);
        assertThat(said.getLast()).startsWith("1 passages of 1 knowledge bases moved from lucene to qdrant, bge-small");

        open("qdrant");
        assertThat(firstFound(shop, "When are refunds paid?")).contains("within 14 days");
    }
}
