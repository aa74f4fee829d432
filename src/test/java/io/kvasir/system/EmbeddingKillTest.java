package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that is killed while a knowledge base changes its embedding model. */
class EmbeddingKillTest {
    private static final String OTHER = "nomic-embed-text";

    @TempDir
    Path folder;

    @Test
    void goesOnByItselfAfterAKillAndEmbedsNothingTwiceThatWasKept() throws Exception {
        String text = IntStream.range(0, 150)
                .mapToObj(i -> "# Chapter " + i + "\n\n" + ("Valve number " + i + " opens to the left. ").repeat(3))
                .collect(Collectors.joining("\n\n"));
        try (EmbeddingServer provider = new EmbeddingServer()) {
            Map<String, String> environment =
                    Map.of("KVASIR_COMPATIBLE_BASE_URL", provider.url(), "KVASIR_KEEP_OLD_VECTORS", "0s");
            String base;
            long passages;
            // Of what is embedded 64 at a time, the first part is kept, and the second hangs.
            provider.gate = new CompletableFuture<>();
            provider.gateAfter = 64;
            try (ServerProcess server = ServerProcess.startAsIs(folder.resolve("data"), environment, List.of());
                    Api api = Api.owner(server)) {
                base = "/api/v1/knowledge-bases/" + api.made("/api/v1/knowledge-bases", Map.of("name", "Shop"));
                api.taught(base, "valves.md", text);
                passages = api.get(base).expect(200).body().get("passages").asLong();
                assertThat(passages).isGreaterThan(140);
                api.put(base, Map.of("embeddingModel", OTHER)).expect(200);
                await().atMost(Duration.ofSeconds(120)).until(() -> provider.texts.size() > 64);
                await().atMost(Duration.ofSeconds(120))
                        .until(() -> api.get(base)
                                        .expect(200)
                                        .body()
                                        .at("/embeddingChange/passagesDone")
                                        .asLong()
                                == 64);
                server.kill();
            }
            int beforeKill = provider.texts.size();
            provider.gate.complete(null);
            provider.gateAfter = Integer.MAX_VALUE;
            try (ServerProcess server = ServerProcess.startAsIs(folder.resolve("data"), environment, List.of());
                    Api api = Api.owner(server)) {
                await().atMost(Duration.ofSeconds(120)).untilAsserted(() -> {
                    JsonNode now = api.get(base).expect(200).body();
                    assertThat(now.get("embeddingModel").asText()).isEqualTo(OTHER);
                    assertThat(now.get("embeddingChange").isNull()).isTrue();
                });
                assertThat(provider.texts.size() - beforeKill)
                        .as("what was kept before the kill is not asked for again")
                        .isEqualTo(passages - 64);
                JsonNode results = api.post(
                                base + "/knowledge/search",
                                Map.of("query", "Valve number 77 opens to the left", "mode", "dense", "limit", 3))
                        .expect(200)
                        .body()
                        .get("results");
                assertThat(results)
                        .hasSize(3)
                        .allSatisfy(
                                found -> assertThat(found.get("text").asText()).contains("Valve number"));
            }
        }
    }
}
