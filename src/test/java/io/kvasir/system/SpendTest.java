package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.bootstrap.Server;
import io.kvasir.http.Json;
import io.kvasir.load.FakeLlm;
import io.kvasir.load.FakeReply;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What answers of a model with a price cost, by day, provider and knowledge base, and where a tenant's cap stops them. */
class SpendTest {
    /** 42 tokens of a prompt for 0.15 and 30 of a reply for 0.6 dollars a million: 24.3 millionths, rounded up. */
    private static final long COST = 25;

    @TempDir
    static Path folder;

    private static final FakeLlm LLM = FakeLlm.start(0, FakeReply.DEFAULT.with("first=5,rate=0,tokens=30"));
    /** As dear as the other, and not done before it is stopped. */
    private static final String SLOW = "fake:first=5,rate=50,tokens=2000";

    private static Server server;
    private static Api api;

    @BeforeAll
    static void start() throws Exception {
        server = Server.start(ServerHere.settings(
                folder.resolve("data"),
                Map.of(
                        "kvasir.llm.providers.openai.base-url",
                        LLM.url(),
                        "kvasir.llm.providers.openai.models",
                        List.of("gpt-4o-mini", SLOW),
                        "kvasir.llm.providers.openai.prices",
                        Map.of("\"" + SLOW + "\"", Map.of("prompt-micros", 150_000, "completion-micros", 600_000)))));
        api = ServerHere.owner(server);
    }

    @AfterAll
    static void stop() {
        api.close();
        server.close();
        LLM.close();
    }

    private static String knowledgeBase(String name) throws Exception {
        String kb =
                api.made("/api/v1/knowledge-bases", Map.of("name", name, "provider", "openai", "model", "gpt-4o-mini"));
        api.taught("/api/v1/knowledge-bases/" + kb, "refunds.md", "Refunds are paid within 14 days.");
        return kb;
    }

    private static HttpResponse<String> ask(String kb) throws Exception {
        String conversation = api.made("/api/v1/chat/conversations", Map.of("kbId", kb));
        return api.client()
                .send(
                        api.request("/api/v1/chat/conversations/" + conversation + "/messages")
                                .header("Content-Type", "application/json")
                                .header("Accept", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString("{\"content\":\"When are refunds paid?\"}"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    private static long spent(JsonNode usage) {
        for (JsonNode count : usage.get("counts")) {
            if (count.get("what").asText().equals("spend-micros")) {
                return count.get("used").asLong();
            }
        }
        throw new AssertionError("nothing is said of spending: " + usage);
    }

    @Test
    void everyAnswerIsBookedWithItsCostAndACapStopsTheNext() throws Exception {
        // What other tests here have spent before, a whole answer or a part.
        long before = spent(api.get("/api/v1/usage").expect(200).body());
        long cap = before + 3 * COST;
        String one = knowledgeBase("One");
        String other = knowledgeBase("Other");
        for (String kb : new String[] {one, one, other}) {
            assertThat(ask(kb).statusCode()).isEqualTo(200);
        }

        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            JsonNode usage = api.get("/api/v1/usage").expect(200).body();
            Map<String, JsonNode> days = new HashMap<>();
            usage.get("days").forEach(day -> days.put(day.get("kbId").asText(), day));
            assertThat(days).containsKeys(one, other);
            booked(days.get(one), 2);
            booked(days.get(other), 1);
            assertThat(spent(usage)).isEqualTo(cap);
        });

        api.put("/api/v1/tenant/settings", Map.of("spendCapMicros", cap)).expect(200);
        HttpResponse<String> refused = ask(one);
        assertThat(refused.statusCode()).isEqualTo(429);
        JsonNode limit = Json.MAPPER.readTree(refused.body()).get("limit");
        assertThat(limit.get("what").asText()).isEqualTo("spend-micros");
        assertThat(limit.get("used").asLong()).isEqualTo(cap);
        assertThat(limit.get("limit").asLong()).isEqualTo(cap);
        assertThat(limit.get("until").asText()).endsWith("-01T00:00:00Z");
        assertThat(refused.headers().firstValueAsLong("Retry-After").orElse(0)).isPositive();

        api.put("/api/v1/tenant/settings", Map.of()).expect(200);
        assertThat(ask(one).statusCode()).isEqualTo(200);
    }

    @Test
    void whatIsStoppedBeforeItsEndCostsToo() throws Exception {
        String kb = api.made("/api/v1/knowledge-bases", Map.of("name", "Stopped", "provider", "openai", "model", SLOW));
        api.taught("/api/v1/knowledge-bases/" + kb, "refunds.md", "Refunds are paid within 14 days.");
        String conversation =
                "/api/v1/chat/conversations/" + api.made("/api/v1/chat/conversations", Map.of("kbId", kb));
        long before = LLM.stats().tokens();
        api.post(conversation + "/messages", Map.of("content", "When are refunds paid?"))
                .expect(202);
        await().atMost(Duration.ofSeconds(20)).until(() -> LLM.stats().tokens() > before + 100);
        api.post(conversation + "/stop", Map.of()).expect(204);

        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            JsonNode days = api.get("/api/v1/usage").expect(200).body().get("days");
            JsonNode day = StreamSupport.stream(days.spliterator(), false)
                    .filter(d -> d.get("kbId").asText().equals(kb))
                    .findFirst()
                    .orElseThrow();
            assertThat(day.get("promptTokens").asInt())
                    .as("rules, passage and question")
                    .isGreaterThan(100);
            assertThat(day.get("costMicros").asLong()).isGreaterThan(15);
        });
    }

    private static void booked(JsonNode day, int messages) {
        assertThat(day.get("day").asText())
                .isIn(
                        LocalDate.now(ZoneOffset.UTC).toString(),
                        LocalDate.now(ZoneOffset.UTC).minusDays(1).toString());
        assertThat(day.get("provider").asText()).isEqualTo("openai");
        assertThat(day.get("model").asText()).isEqualTo("gpt-4o-mini");
        assertThat(day.get("messages").asInt()).isEqualTo(messages);
        assertThat(day.get("promptTokens").asInt()).isEqualTo(42 * messages);
        assertThat(day.get("completionTokens").asInt()).isEqualTo(30 * messages);
        assertThat(day.get("costMicros").asLong()).isEqualTo(COST * messages);
    }
}
