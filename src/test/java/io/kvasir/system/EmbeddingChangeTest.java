package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.bootstrap.Server;
import io.kvasir.bootstrap.Settings;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.lucene.LucenePassageIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole server, with knowledge bases that change from the built-in embedding model to one of a provider. */
class EmbeddingChangeTest {
    private static final String BUILT_IN = "bge-small-en-v1.5-q";
    private static final String OTHER = "nomic-embed-text";

    @TempDir
    Path folder;

    private EmbeddingServer provider;
    private Optional<Server> server = Optional.empty();
    private Optional<Api> api = Optional.empty();

    @BeforeEach
    void start() throws Exception {
        provider = new EmbeddingServer();
        open(Map.of());
    }

    @AfterEach
    void stop() {
        provider.close();
        shut();
    }

    private void open(Map<String, ?> more) throws Exception {
        server = Optional.of(Server.start(settings(more)));
        api = Optional.of(ServerHere.owner(server.get()));
    }

    private void shut() {
        api.ifPresent(Api::close);
        server.ifPresent(Server::close);
        api = Optional.empty();
        server = Optional.empty();
    }

    private Settings settings(Map<String, ?> more) {
        Map<String, Object> all = new HashMap<>(Map.of(
                "kvasir.llm.providers.compatible.base-url",
                provider.url(),
                "kvasir.knowledge-base.reembedding.keep-old",
                "0s",
                "kvasir.knowledge-base.reembedding.first-pause",
                "200ms"));
        all.putAll(more);
        return ServerHere.settings(folder.resolve("data"), all);
    }

    private Api api() {
        return api.orElseThrow();
    }

    private String base() throws Exception {
        return "/api/v1/knowledge-bases/" + api().made("/api/v1/knowledge-bases", Map.of("name", "Shop"));
    }

    private JsonNode read(String base) throws IOException, InterruptedException {
        return api().get(base).expect(200).body();
    }

    private JsonNode want(String base, String model) throws Exception {
        return api().put(base, Map.of("embeddingModel", model)).expect(200).body();
    }

    private void awaitSettled(String base, String model) {
        await().atMost(Duration.ofSeconds(90)).untilAsserted(() -> {
            JsonNode now = read(base);
            assertThat(now.get("embeddingModel").asText()).isEqualTo(model);
            assertThat(now.get("embeddingChange").isNull()).isTrue();
        });
    }

    private String found(String base, String question, String mode) throws Exception {
        JsonNode results = api().post(base + "/knowledge/search", Map.of("query", question, "mode", mode))
                .expect(200)
                .body()
                .get("results");
        return results.isEmpty() ? "" : results.get(0).get("text").asText();
    }

    /** Ten passages and more, each of its own section. */
    private static String manual(String subject) {
        return IntStream.range(0, 12)
                .mapToObj(i -> "# " + subject + " chapter " + i + "\n\n"
                        + ("The " + subject + " of number " + i + " is described here in a few words. ").repeat(12))
                .collect(Collectors.joining("\n\n"));
    }

    /** What the indexes on the disk hold of a knowledge base; for a stopped server. @return passages by the model's folder */
    private Map<String, Long> onDisk(Scope scope) throws IOException {
        Map<String, Long> held = new HashMap<>();
        held.put("index", size(folder.resolve("data/index"), scope));
        Path spaces = folder.resolve("data/spaces");
        if (Files.isDirectory(spaces)) {
            try (Stream<Path> all = Files.list(spaces)) {
                for (Path each : all.toList()) {
                    held.put(each.getFileName().toString().replaceAll("-\\d.*", ""), size(each, scope));
                }
            }
        }
        return held;
    }

    private static long size(Path folder, Scope scope) throws IOException {
        try (LucenePassageIndex index = LucenePassageIndex.open(folder)) {
            return index.size(scope).toCompletableFuture().join();
        }
    }

    private Scope scope(String base) throws Exception {
        String tenant =
                api().get("/api/v1/auth/me").expect(200).body().get("tenantId").asText();
        return new Scope(new TenantId(tenant), new KnowledgeBaseId(base.substring(base.lastIndexOf('/') + 1)));
    }

    @Test
    void questionsGoOnWithTheOldModelUntilAllIsThereAndThenWithTheNew() throws Exception {
        String base = base();
        assertThat(read(base).get("embeddingModel").asText()).isEqualTo(BUILT_IN);
        api().taught(base, "refunds.md", "# Refunds\n\nRefunds are paid within 14 days.");
        api().taught(base, "manual.md", manual("turbine"));
        Scope scope = scope(base);
        long passages = read(base).get("passages").asLong();
        assertThat(passages).isGreaterThan(10);
        provider.gate = new CompletableFuture<>();
        Set<String> told = new LinkedHashSet<>();
        try (SseReader events = SseReader.open(api(), api().request(base + "/events"))) {
            assertThat(want(base, OTHER).at("/embeddingChange/model").asText()).isEqualTo(OTHER);

            await().until(() -> !provider.texts.isEmpty());
            JsonNode change = read(base).get("embeddingChange");
            assertThat(change.get("passagesTotal").asLong()).isEqualTo(passages);
            assertThat(read(base).get("embeddingModel").asText()).isEqualTo(BUILT_IN);
            assertThat(found(base, "When are refunds paid?", "dense")).contains("14 days");
            // What comes meanwhile is found at once with the old model, and is there after the change too.
            api().taught(base, "parcels.md", "# Parcels\n\nParcels leave the warehouse on Mondays.");
            assertThat(found(base, "When do parcels leave the warehouse?", "dense"))
                    .contains("Mondays");

            provider.gate.complete(null);
            for (Optional<SseReader.Event> next = events.next(); next.isPresent(); next = events.next()) {
                told.add(next.get().name());
                if (next.get().name().equals("embedding.settled")) {
                    assertThat(next.get().data().get("embeddingModel").asText()).isEqualTo(OTHER);
                    break;
                }
            }
        }
        assertThat(told).contains("embedding.progress", "embedding.settled");
        awaitSettled(base, OTHER);
        assertThat(provider.texts)
                .as("each passage once")
                .doesNotHaveDuplicates()
                .hasSize((int) passages + 1);
        int asked = provider.texts.size();
        assertThat(found(base, "When are refunds paid?", "dense")).contains("14 days");
        assertThat(found(base, "When do parcels leave the warehouse?", "hybrid"))
                .contains("Mondays");
        assertThat(provider.texts.subList(asked, provider.texts.size()))
                .as("questions go to the new model")
                .containsExactly("When are refunds paid?", "When do parcels leave the warehouse?");
        api().taught(base, "hours.md", "# Hours\n\nThe shop opens at nine.");
        assertThat(found(base, "When does the shop open?", "dense")).contains("nine");

        // The built-in model's vectors are gone; what another knowledge base has of them stays.
        String second = base();
        api().taught(second, "refunds.md", "# Refunds\n\nRefunds are paid within 30 days.");
        assertThat(found(second, "When are refunds paid?", "dense")).contains("30 days");
        Scope other = scope(second);
        shut();
        assertThat(onDisk(scope)).isEqualTo(Map.of("index", 0L, OTHER, passages + 2));
        assertThat(onDisk(other)).isEqualTo(Map.of("index", 1L, OTHER, 0L));
    }

    @Test
    void aProviderThatIsAwayLeavesTheOldModelInServiceAndSaysWhy() throws Exception {
        String base = base();
        api().taught(base, "refunds.md", "# Refunds\n\nRefunds are paid within 14 days.");
        provider.refusing = 500;
        want(base, OTHER);

        await().atMost(Duration.ofSeconds(60))
                .until(() -> read(base).at("/embeddingChange/error").isTextual());
        JsonNode change = read(base).get("embeddingChange");
        assertThat(change.get("status").asText()).isIn("paused", "waiting", "embedding");
        assertThat(change.toString()).doesNotContain("127.0.0.1");
        assertThat(found(base, "When are refunds paid?", "dense")).contains("14 days");
        api().taught(base, "hours.md", "# Hours\n\nThe shop opens at nine.");
        assertThat(found(base, "When does the shop open?", "dense")).contains("nine");

        provider.refusing = 0;
        awaitSettled(base, OTHER);
        assertThat(found(base, "When does the shop open?", "dense")).contains("nine");
    }

    @Test
    void aChangeIsCancelledAndLeavesNothing() throws Exception {
        String base = base();
        api().taught(base, "manual.md", manual("pump"));
        Scope scope = scope(base);
        provider.gate = new CompletableFuture<>();
        want(base, OTHER);
        await().until(() -> !provider.texts.isEmpty());

        JsonNode after = api().delete(base + "/embedding-change").expect(200).body();

        assertThat(after.get("embeddingModel").asText()).isEqualTo(BUILT_IN);
        assertThat(after.get("embeddingChange").isNull()).isTrue();
        api().delete(base + "/embedding-change").expect(200);
        assertThat(found(base, "pump of number 3", "dense")).contains("pump");
        // Wanting what is in service cancels too.
        want(base, OTHER);
        assertThat(want(base, BUILT_IN).get("embeddingChange").isNull()).isTrue();
        provider.gate.complete(null);
        awaitOnDisk(scope, held -> assertThat(held.getOrDefault(OTHER, 0L)).isZero());
    }

    /** Looks into the indexes of a server that was stopped for it, and started again where they are not so yet. */
    private void awaitOnDisk(Scope scope, Consumer<Map<String, Long>> so) {
        await().atMost(Duration.ofSeconds(120)).untilAsserted(() -> {
            if (server.isEmpty()) {
                open(Map.of());
            }
            shut();
            so.accept(onDisk(scope));
        });
    }

    @Test
    void deletedInTheMiddleItLeavesNothing() throws Exception {
        String base = base();
        api().taught(base, "manual.md", manual("valve"));
        Scope scope = scope(base);
        provider.gate = new CompletableFuture<>();
        want(base, OTHER);
        await().until(() -> !provider.texts.isEmpty());

        api().delete(base).expect(204);
        provider.gate.complete(null);

        awaitOnDisk(scope, held -> assertThat(held.values()).containsOnly(0L));
    }

    @Test
    void aModelThatIsNotOfferedIsSaidPrecisely() throws Exception {
        String base = base();

        for (JsonNode problem : List.of(
                api().put(base, Map.of("embeddingModel", "no-such-model"))
                        .expect(400)
                        .body(),
                api().post("/api/v1/knowledge-bases", Map.of("name", "x", "embeddingModel", "no-such-model"))
                        .expect(400)
                        .body())) {
            assertThat(problem.at("/errors/0/pointer").asText()).isEqualTo("/embeddingModel");
            assertThat(problem.at("/errors/0/detail").asText()).contains(BUILT_IN, OTHER);
        }
        assertThat(read(base).get("embeddingChange").isNull()).isTrue();
        JsonNode offers = api().get("/api/v1/models").expect(200).body().get("embedders");
        assertThat(offers.findValuesAsText("model")).contains(BUILT_IN, OTHER);
        String second = "/api/v1/knowledge-bases/"
                + api().made("/api/v1/knowledge-bases", Map.of("name", "x", "embeddingModel", OTHER));
        assertThat(read(second).get("embeddingModel").asText()).isEqualTo(OTHER);
    }

    @Test
    void anotherModelForNewKnowledgeBasesLeavesThoseThereAreAlone() throws Exception {
        String base = base();
        api().taught(base, "refunds.md", "# Refunds\n\nRefunds are paid within 14 days.");
        shut();

        open(Map.of("kvasir.retrieval.embedder", OTHER));

        assertThat(read(base).get("embeddingModel").asText()).isEqualTo(BUILT_IN);
        assertThat(found(base, "When are refunds paid?", "dense")).contains("14 days");
        assertThat(provider.texts).isEmpty();
        String second = base();
        assertThat(read(second).get("embeddingModel").asText()).isEqualTo(OTHER);
        api().taught(second, "hours.md", "# Hours\n\nThe shop opens at nine.");
        assertThat(found(second, "When does the shop open?", "dense")).contains("nine");
        assertThat(provider.texts).hasSize(2);
        shut();

        // Without its provider it says what is missing, and what is not touched by that goes on.
        open(Map.of("kvasir.llm.providers.compatible.base-url", ""));
        JsonNode problem = api().post(second + "/knowledge/search", Map.of("query", "When does the shop open?"))
                .expect(503)
                .body();
        assertThat(problem.get("detail").asText()).contains(OTHER).contains("not configured");
        assertThat(found(second, "shop opens", "keyword")).contains("nine");
        assertThat(found(base, "When are refunds paid?", "dense")).contains("14 days");
    }
}
