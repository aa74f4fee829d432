package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A marker is planted wherever a person can write; after the erasure no file of the server holds it. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ErasureTest {
    private static final String MARKER = "Quetzalcoatlus";

    @TempDir
    static Path folder;

    private static ServerProcess server;
    private static Api api;
    private static String me;
    private static String tenant;
    private static String kb;
    private static String conversation;

    @BeforeAll
    static void plant() throws Exception {
        server = ServerProcess.start(folder.resolve("data"), Map.of());
        api = Api.owner(server);
        JsonNode who = api.get("/api/v1/auth/me").expect(200).body();
        me = who.get("id").asText();
        tenant = who.get("tenantId").asText();
        kb = api.post(
                        "/api/v1/knowledge-bases",
                        Map.of("name", MARKER + " base", "description", MARKER, "systemPrompt", "Speak of " + MARKER),
                        "Idempotency-Key",
                        "once")
                .expect(201)
                .body()
                .get("id")
                .asText();
        String base = "/api/v1/knowledge-bases/" + kb;
        for (int i = 0; i < 3; i++) {
            api.upload(
                            "POST",
                            base + "/documents",
                            MARKER + i + ".md",
                            ("# " + MARKER + "\n\nThe " + MARKER + " was found in Texas in the year " + (1971 + i)
                                            + ".")
                                    .getBytes(StandardCharsets.UTF_8))
                    .expect(202);
        }
        await().atMost(Duration.ofSeconds(60))
                .until(() -> api.get(base).body().get("passages").asInt() >= 3);
        conversation = api.post(
                        "/api/v1/chat/conversations",
                        Map.of("kbId", kb, "endUser", Map.of("name", MARKER, "email", MARKER + "@example.org")))
                .expect(201)
                .body()
                .get("id")
                .asText();
        JsonNode reply = api.post(
                        "/api/v1/chat/conversations/" + conversation + "/messages",
                        Map.of("content", "Where was the " + MARKER + " found?"),
                        "Accept",
                        "application/json",
                        "Idempotency-Key",
                        "twice")
                .expect(200)
                .body();
        assertThat(reply.get("content").asText()).contains(MARKER);
    }

    @AfterAll
    static void stop() throws Exception {
        api.close();
        server.close();
    }

    /** Files of the data folder, and the log beside it, in which the marker stands in any encoding that is used here. */
    private static List<String> holding(String marker) throws IOException {
        List<String> found = new ArrayList<>();
        List<String> needles = List.of(marker, marker.toLowerCase(java.util.Locale.ROOT));
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                byte[] bytes = Files.readAllBytes(file);
                String narrow = new String(bytes, StandardCharsets.ISO_8859_1);
                String wide = narrow.replace("\0", "");
                if (needles.stream().anyMatch(n -> narrow.contains(n) || wide.contains(n))) {
                    found.add(folder.relativize(file).toString());
                }
            }
        }
        return found;
    }

    @Test
    @Order(1)
    void aPersonTakesTheirDataAway() throws Exception {
        HttpResponse<byte[]> zip = api.client()
                .send(
                        api.request("/api/v1/privacy/export")
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                                .build(),
                        HttpResponse.BodyHandlers.ofByteArray());
        assertThat(zip.statusCode()).isEqualTo(200);
        assertThat(zip.headers().firstValue("Content-Type")).hasValue("application/zip");
        Map<String, String> files = new HashMap<>();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip.body()))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                files.put(entry.getName(), new String(in.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        assertThat(files.get("account.json")).contains(ServerProcess.EMAIL);
        assertThat(files.get("conversations/" + conversation + ".json"))
                .contains("Where was the " + MARKER)
                .contains("assistant");
        assertThat(files.get("knowledge-bases/" + kb + "/knowledge-base.json")).contains(MARKER + " base");
        assertThat(files.keySet()).anyMatch(name -> name.endsWith("/" + MARKER + "0.md"));
        assertThat(files.keySet()).anyMatch(name -> name.startsWith("record/"));
    }

    @Test
    @Order(2)
    void whatIsNotOnesOwnIsRefused() throws Exception {
        api.post("/api/v1/privacy/erase", Map.of()).expect(400);
        api.post("/api/v1/privacy/erase", Map.of("tenantId", "other")).expect(400);
        api.post("/api/v1/privacy/erase", Map.of("knowledgeBaseId", "none")).expect(404);
        assertThat(api.post("/api/v1/privacy/erase", Map.of("userId", me))
                        .expect(409)
                        .body()
                        .get("type")
                        .asText())
                .endsWith("last-owner");
        api.get("/api/v1/knowledge-bases/" + kb).expect(200);
    }

    @Test
    @Order(3)
    void theIndexHoldsTheMarkerBefore() throws Exception {
        assertThat(holding(MARKER)).anyMatch(file -> file.contains("index"));
    }

    @Test
    @Order(4)
    void anErasedKnowledgeBaseIsProvedGoneFromEveryStore() throws Exception {
        // Another one shares the index: its passages stay.
        String other = api.post("/api/v1/knowledge-bases", Map.of("name", "Other"))
                .expect(201)
                .body()
                .get("id")
                .asText();
        api.upload(
                        "POST",
                        "/api/v1/knowledge-bases/" + other + "/documents",
                        "other.md",
                        "Parcels leave on Mondays.".getBytes(StandardCharsets.UTF_8))
                .expect(202);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> api.get("/api/v1/knowledge-bases/" + other)
                                .body()
                                .get("passages")
                                .asInt()
                        >= 1);

        JsonNode receipt = api.post("/api/v1/privacy/erase", Map.of("knowledgeBaseId", kb))
                .expect(200)
                .body();

        assertThat(receipt.get("complete").asBoolean()).as(receipt.toString()).isTrue();
        Map<String, Long> erased = new HashMap<>();
        receipt.get("stores")
                .forEach(
                        s -> erased.put(s.get("store").asText(), s.get("erased").asLong()));
        assertThat(erased.get("index")).isGreaterThanOrEqualTo(3);
        assertThat(erased.get("files")).isGreaterThanOrEqualTo(3);
        assertThat(erased.get("journal")).isGreaterThanOrEqualTo(4);
        assertThat(erased.get("conversations")).isEqualTo(1);
        assertThat(holding(MARKER)).isEmpty();
        assertThat(api.post("/api/v1/knowledge-bases/" + other + "/knowledge/search", Map.of("query", "parcels"))
                        .expect(200)
                        .body()
                        .get("results"))
                .isNotEmpty();
    }

    @Test
    @Order(5)
    void anErasedTenantIsGoneAndStaysGoneAfterAStop() throws Exception {
        JsonNode receipt = api.post("/api/v1/privacy/erase", Map.of("tenantId", tenant))
                .expect(200)
                .body();

        assertThat(receipt.get("complete").asBoolean()).as(receipt.toString()).isTrue();
        server.stop();
        assertThat(holding(MARKER)).isEmpty();
    }
}
