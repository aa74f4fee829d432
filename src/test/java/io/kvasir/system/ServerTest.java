package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.bootstrap.Server;
import io.kvasir.http.Json;
import io.kvasir.load.FakeLlm;
import io.kvasir.load.FakeReply;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole server over HTTP, as clients use it; only the language model is a double. */
class ServerTest {
    @TempDir
    static Path folder;

    private static final FakeLlm LLM = FakeLlm.start(0, FakeReply.DEFAULT.with("first=5,rate=0,tokens=30"));
    private static Server server;
    private static Api api;
    private static String kb;

    @BeforeAll
    static void start() throws Exception {
        server = Server.start(ServerHere.settings(
                folder.resolve("data"),
                Map.of(
                        "kvasir.demo",
                        true,
                        "kvasir.knowledge-base.largest-file",
                        "300k",
                        "kvasir.llm.providers.openai.base-url",
                        "http://127.0.0.1:" + LLM.port() + "/v1",
                        "kvasir.llm.providers.openai.models",
                        List.of(),
                        "kvasir.llm.providers.openai.timeouts.first-token",
                        "1s",
                        "kvasir.llm.providers.openai.timeouts.idle",
                        "1s",
                        "kvasir.llm.providers.openai.retries.first",
                        "10ms")));
        api = new Api(ServerTest::uri);
        api.login();
        kb = knowledgeBase(Map.of("name", "Shop"));
        upload(
                "refunds.md",
                "# Refunds\n\nRefunds are paid within 14 days after the goods came back.\n\n# Parcels\n\nParcels leave the warehouse on Mondays.");
    }

    @AfterAll
    static void stop() {
        api.close();
        server.close();
        LLM.close();
    }

    @BeforeEach
    void renew() throws Exception {
        api.login();
    }

    @Test
    void theFiguresTellOfRequestsSearchesModelsAndDocuments() throws Exception {
        api.post(base() + "/knowledge/search", Map.of("query", "When are refunds paid?"))
                .expect(200);
        api.get(base()).expect(200);
        api.get("/api/v1/knowledge-bases/nothing-" + kb).expect(404);
        String figures = new String(raw("/metrics").body(), StandardCharsets.UTF_8);

        assertThat(figures)
                .contains(
                        "kvasir_http_requests_seconds_count{method=\"GET\",path=\"/api/v1/knowledge-bases/{kbId}\",status=\"200\"}")
                .contains("path=\"/api/v1/knowledge-bases/{kbId}\",status=\"404\"}")
                .contains("kvasir_retrieval_seconds_count{outcome=\"done\"}")
                .contains("kvasir_ingestion_documents_seconds_count{outcome=\"staged\"}")
                .contains("hikaricp_connections_active")
                .contains("jvm_memory_used_bytes")
                .doesNotContain(kb)
                .doesNotContain("refunds");
    }

    @Test
    void theApiDocumentTellsOfEveryEndpoint() throws Exception {
        JsonNode document = api.get("/openapi.json").expect(200).body();

        assertThat(document.at("/openapi").asText()).isEqualTo("3.1.0");
        List<String> gaps = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        document.get("paths")
                .properties()
                .forEach(path -> path.getValue().properties().forEach(method -> {
                    JsonNode operation = method.getValue();
                    String name = method.getKey() + " " + path.getKey();
                    if (operation.get("summary").asText().isBlank()
                            || operation.get("responses").size() < 2) {
                        gaps.add(name);
                    }
                    if (!ids.add(operation.get("operationId").asText())) {
                        gaps.add(name + " has the id of another");
                    }
                }));
        assertThat(gaps).isEmpty();
        assertThat(ids).hasSizeGreaterThan(30).contains("postChatConversationsByConversationIdMessages");
        assertThat(document.findValuesAsText("$ref"))
                .allSatisfy(reference -> assertThat(
                                document.at(reference.substring(1)).isMissingNode())
                        .as(reference)
                        .isFalse());
    }

    @Test
    void theApiDocumentCanBeReadInABrowser() throws Exception {
        for (String path : List.of("/docs", "/docs/start.js", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css")) {
            HttpResponse<byte[]> response = raw(path);
            assertThat(response.statusCode()).as(path).isEqualTo(200);
            assertThat(response.body().length).as(path).isGreaterThan(90);
            assertThat(response.headers().firstValue("Content-Security-Policy").orElse(""))
                    .contains("default-src 'none'");
        }
        assertThat(raw("/docs/..%2findex.html").statusCode()).isEqualTo(404);
        assertThat(raw("/docs/pom.properties").statusCode()).isEqualTo(404);
    }

    private static HttpResponse<byte[]> raw(String path) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofByteArray());
        }
    }

    private static URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private static String knowledgeBase(Map<String, ?> body) throws Exception {
        return api.post("/api/v1/knowledge-bases", body)
                .expect(201)
                .body()
                .get("id")
                .asText();
    }

    private static String base() {
        return "/api/v1/knowledge-bases/" + kb;
    }

    private static JsonNode upload(String name, String text) throws Exception {
        return uploaded(name, text.getBytes(StandardCharsets.UTF_8));
    }

    private static JsonNode uploaded(String name, byte[] bytes) throws Exception {
        JsonNode job = api.upload("POST", base() + "/documents", name, bytes)
                .expect(202)
                .body()
                .get("jobs")
                .get(0);
        String path = base() + "/jobs/" + job.get("id").asText();
        return await().atMost(Duration.ofSeconds(60))
                .until(
                        () -> api.get(path).expect(200).body(),
                        j -> !List.of("pending", "processing")
                                .contains(j.get("status").asText()));
    }

    private static String conversation(String kb) throws Exception {
        return api.post("/api/v1/chat/conversations", Map.of("kbId", kb))
                .expect(201)
                .body()
                .get("id")
                .asText();
    }

    private static HttpRequest.Builder question(String conversation, String text) {
        return api.request("/api/v1/chat/conversations/" + conversation + "/messages")
                .header("Content-Type", "application/json")
                .header("Accept", "text/event-stream")
                .POST(HttpRequest.BodyPublishers.ofByteArray(io.kvasir.http.Json.bytes(Map.of("content", text))));
    }

    @Test
    void aQuestionThatIsPutAgainWithItsKeyIsAskedOnceAndStreamedAgain() throws Exception {
        String conversation = conversation(kb);
        HttpRequest.Builder question =
                question(conversation, "When are refunds paid?").header("Idempotency-Key", "q-1");
        List<SseReader.Event> first = events(question);
        List<SseReader.Event> second = events(question);

        assertThat(second.getFirst().data().get("messageId"))
                .isEqualTo(first.getFirst().data().get("messageId"));
        assertThat(text(second)).isEqualTo(text(first)).isNotBlank();
        assertThat(second.getLast().id()).isEqualTo("1:end");
        assertThat(api.get("/api/v1/chat/conversations/" + conversation + "/messages")
                        .expect(200)
                        .body()
                        .get("items"))
                .as("one question, one reply")
                .hasSize(2);
        assertThat(api.post(
                                "/api/v1/chat/conversations/" + conversation + "/messages",
                                Map.of("content", "Another?"),
                                "Idempotency-Key",
                                "q-1",
                                "Accept",
                                "text/event-stream")
                        .status())
                .isEqualTo(409);
    }

    private static List<SseReader.Event> events(HttpRequest.Builder request) throws IOException, InterruptedException {
        List<SseReader.Event> events = new ArrayList<>();
        try (SseReader reader = SseReader.open(api, request)) {
            assertThat(reader.status()).isEqualTo(200);
            for (Optional<SseReader.Event> next = reader.next(); next.isPresent(); next = reader.next()) {
                events.add(next.get());
                if (next.get().id().endsWith(":end")) {
                    break;
                }
            }
        }
        return events;
    }

    private static String text(List<SseReader.Event> events) {
        StringBuilder text = new StringBuilder();
        events.stream()
                .filter(e -> e.name().equals("delta"))
                .forEach(e -> text.append(e.data().get("text").asText()));
        return text.toString();
    }

    // Answers.

    @Test
    void aQuestionIsAnsweredWithACitation() throws Exception {
        List<SseReader.Event> events = events(question(conversation(kb), "When are refunds paid?"));

        assertThat(events)
                .extracting(SseReader.Event::name)
                .startsWith("turn.started", "retrieval", "delta")
                .endsWith("turn.completed");
        assertThat(text(events)).contains("14 days").contains("[1]");
        assertThat(events.get(1).data().get("citations").get(0).get("title").asText())
                .isEqualTo("Refunds");
    }

    @Test
    void theBuiltInAnswererSaysThatItDoesNotKnow() throws Exception {
        List<SseReader.Event> events = events(question(conversation(kb), "Who won the chess championship of 1972?"));

        assertThat(events.getLast().data().get("finishReason").asText()).isEqualTo("refused");
        assertThat(events.getLast().data().get("citations")).isEmpty();
    }

    @Test
    void aReplyCanBeReadWholeOrLater() throws Exception {
        String conversation = conversation(kb);
        String path = "/api/v1/chat/conversations/" + conversation;
        JsonNode whole = api.post(
                        path + "/messages", Map.of("content", "When are refunds paid?"), "Accept", "application/json")
                .expect(200)
                .body();
        assertThat(whole.get("status").asText()).isEqualTo("completed");

        api.post(path + "/messages", Map.of("content", "And parcels?")).expect(202);
        assertThat(events(api.request(path + "/events").GET()))
                .last()
                .extracting(SseReader.Event::id)
                .isEqualTo("2:end");
        assertThat(api.get(path + "/messages").expect(200).body().get("items")).hasSize(4);
    }

    @Test
    void aQuestionThatArrivesInPiecesIsPutOncePerKey() throws Exception {
        String messages = "/api/v1/chat/conversations/" + conversation(kb) + "/messages";
        List<String> replies = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            HttpResponse<String> reply = api.client()
                    .send(
                            api.request(messages)
                                    .header("Content-Type", "application/json")
                                    .header("Accept", "application/json")
                                    .header("Idempotency-Key", "in-pieces-" + kb)
                                    .POST(HttpRequest.BodyPublishers.ofInputStream(
                                            () -> new ByteArrayInputStream("{\"content\":\"When are refunds paid?\"}"
                                                    .getBytes(StandardCharsets.UTF_8))))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
            replies.add(reply.body());
        }

        assertThat(replies.get(0)).isEqualTo(replies.get(1)).contains("14 days");
        assertThat(api.get(messages).expect(200).body().get("items").size()).isEqualTo(2);
    }

    @Test
    void aReaderGoesOnFromAnyPosition() throws Exception {
        String conversation = conversation(kb);
        String whole = text(events(question(conversation, "When are refunds paid?")));
        String path = "/api/v1/chat/conversations/" + conversation + "/events";

        for (int at = 0; at <= whole.length(); at++) {
            List<SseReader.Event> rest =
                    events(api.request(path).header("Last-Event-ID", "1:" + at).GET());
            assertThat(text(rest)).as("after %d", at).isEqualTo(whole.substring(at));
            assertThat(rest.getLast().name()).isEqualTo("turn.completed");
        }
    }

    @Test
    void manyWatchTheSameReply() throws Exception {
        String slow = knowledgeBase(
                Map.of("name", "Slow", "provider", "openai", "model", "fake:first=50,rate=200,tokens=100"));
        String before = kb;
        kb = slow;
        upload("refunds.md", "Refunds are paid within 14 days.");
        kb = before;
        String conversation = conversation(slow);
        List<CompletableFuture<String>> watchers = IntStream.range(0, 20)
                .mapToObj(_ -> CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                return text(events(api.request("/api/v1/chat/conversations/" + conversation + "/events")
                                        .GET()));
                            } catch (IOException | InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                        },
                        r -> Thread.ofVirtual().start(r)))
                .toList();
        String own = text(events(question(conversation, "When are refunds paid?")));

        assertThat(own).isNotEmpty();
        assertThat(watchers).allSatisfy(w -> assertThat(w.join()).isEqualTo(own));
    }

    @Test
    void stoppedInTheMiddleWhatWasSaidStays() throws Exception {
        String conversation = slow("first=5,rate=20,tokens=2000");
        try (SseReader events = SseReader.open(api, question(conversation, "When are refunds paid?"))) {
            String last = "";
            for (Optional<SseReader.Event> e = events.next(); e.isPresent(); e = events.next()) {
                last = e.get().name();
                if (last.equals("delta")) {
                    api.post("/api/v1/chat/conversations/" + conversation + "/stop", Map.of())
                            .expect(204);
                }
            }
            assertThat(last).isEqualTo("turn.stopped");
        }
        JsonNode reply = api.get("/api/v1/chat/conversations/" + conversation + "/messages")
                .body()
                .get("items")
                .get(1);
        assertThat(reply.get("status").asText()).isEqualTo("stopped");
        assertThat(reply.get("content").asText()).isNotEmpty();
    }

    @Test
    void aFailedAnswerIsAskedForAgain() throws Exception {
        String conversation = slow("mode=cut,at=5,rate=200");
        String path = "/api/v1/chat/conversations/" + conversation;
        api.post(path + "/retry", Map.of()).expect(409);
        events(question(conversation, "When are refunds paid?"));

        List<SseReader.Event> again = events(api.request(path + "/retry")
                .header("Accept", "text/event-stream")
                .POST(HttpRequest.BodyPublishers.noBody()));

        assertThat(again.getFirst().id()).isEqualTo("2:0");
        JsonNode messages = api.get(path + "/messages").expect(200).body().get("items");
        assertThat(messages.get(2).get("content").asText()).isEqualTo("When are refunds paid?");
        api.post(path + "/close", Map.of()).expect(200);
        assertThat(api.post(path + "/retry", Map.of())
                        .expect(409)
                        .body()
                        .get("type")
                        .asText())
                .isEqualTo("urn:kvasir:problem:conversation-closed");
    }

    @Test
    void aConversationChangesWithEachMessage() throws Exception {
        String conversation = conversation(kb);
        String path = "/api/v1/chat/conversations/" + conversation;
        JsonNode before = api.get(path).expect(200).body();
        assertThat(before.get("updatedAt")).isEqualTo(before.get("createdAt"));
        events(question(conversation, "When are refunds paid?"));

        String after = api.get(path).body().get("updatedAt").asText();
        assertThat(java.time.Instant.parse(after))
                .isAfter(java.time.Instant.parse(before.get("updatedAt").asText()));
        await().untilAsserted(() -> assertThat(java.time.Instant.parse(api.get("/api/v1/chat/conversations?limit=1")
                        .body()
                        .get("items")
                        .get(0)
                        .get("updatedAt")
                        .asText()))
                .isCloseTo(
                        java.time.Instant.parse(after),
                        org.assertj.core.api.Assertions.within(1, java.time.temporal.ChronoUnit.MILLIS)));
    }

    @Test
    void aReaderThatLeavesDoesNotLoseTheReply() throws Exception {
        String conversation = slow("first=5,rate=100,tokens=60");
        try (SseReader events = SseReader.open(api, question(conversation, "When are refunds paid?"))) {
            events.next();
        }

        String path = "/api/v1/chat/conversations/" + conversation + "/messages";
        await().atMost(Duration.ofSeconds(20))
                .until(() -> api.get(path)
                        .body()
                        .get("items")
                        .get(1)
                        .get("status")
                        .asText()
                        .equals("completed"));
    }

    @Test
    void aSecondQuestionDuringAReplyIsAConflict() throws Exception {
        String conversation = slow("first=5,rate=20,tokens=2000");
        api.post("/api/v1/chat/conversations/" + conversation + "/messages", Map.of("content", "When?"))
                .expect(202);

        JsonNode problem = api.post(
                        "/api/v1/chat/conversations/" + conversation + "/messages", Map.of("content", "And?"))
                .expect(409)
                .body();
        assertThat(problem.get("type").asText()).isEqualTo("urn:kvasir:problem:turn-in-progress");
        api.post("/api/v1/chat/conversations/" + conversation + "/close", Map.of())
                .expect(200);
        api.post("/api/v1/chat/conversations/" + conversation + "/messages", Map.of("content", "And?"))
                .expect(409);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mode=refuse|llm-unavailable",
                "mode=server_error|llm-unavailable",
                "mode=unauthorized|llm-rejected",
                "mode=rate_limited|llm-rate-limited",
                "mode=hang_header|llm-timeout",
                "mode=hang,at=5,rate=200|llm-timeout",
                "mode=html|llm-garbage",
                "mode=broken_json|llm-garbage",
                "mode=cut,at=5,rate=200|llm-cut-off",
                "mode=cut_clean,at=5,rate=200|llm-cut-off",
            })
    void aModelThatMisbehavesEndsInATerminalEvent(String behaviour, String code) throws Exception {
        List<SseReader.Event> events = events(question(slow(behaviour), "When are refunds paid?"));

        assertThat(events.getLast().name()).isEqualTo("turn.failed");
        assertThat(events.getLast().data().get("type").asText()).isEqualTo("urn:kvasir:problem:" + code);
    }

    private static String slow(String behaviour) throws Exception {
        String base = knowledgeBase(Map.of("name", "Slow", "provider", "openai", "model", "fake:" + behaviour));
        String before = kb;
        kb = base;
        upload("refunds.md", "Refunds are paid within 14 days.");
        kb = before;
        return conversation(base);
    }

    @Test
    void questionsOfOneAndOfAHundredThousandCharacters() throws Exception {
        assertThat(events(question(conversation(kb), "?")).getLast().name()).isEqualTo("turn.completed");
        assertThat(events(question(conversation(kb), "refunds ".repeat(12_500)))
                        .getLast()
                        .name())
                .isEqualTo("turn.completed");
        api.post("/api/v1/chat/conversations/" + conversation(kb) + "/messages", Map.of("content", "x".repeat(100_001)))
                .expect(400);
    }

    @Test
    void naughtyQuestionsAreAnswered() throws Exception {
        Path blns = Path.of(System.getenv().getOrDefault("KVASIR_TEST_DATA", "../shared/data"))
                .resolve("security/blns/blns.json");
        org.junit.jupiter.api.Assumptions.assumeTrue(Files.exists(blns), "no test data at " + blns);
        String conversation = conversation(kb);
        for (JsonNode text : io.kvasir.http.Json.MAPPER.readTree(blns.toFile())) {
            int status = api.post(
                            "/api/v1/chat/conversations/" + conversation + "/messages",
                            Map.of("content", text.asText()),
                            "Accept",
                            "application/json")
                    .status();
            assertThat(status).as(text.asText()).isEqualTo(text.asText().isBlank() ? 400 : 200);
        }
    }

    // Documents.

    @Test
    void aReplacedDocumentIsFoundInItsNewVersionOnly() throws Exception {
        JsonNode job = upload("hours.md", "The museum opens at nineoclock every day.");
        String path = base() + "/documents/" + job.get("documentId").asText();
        api.upload("PUT", path, "hours.md", "The museum opens at tenoclock every day.".getBytes(StandardCharsets.UTF_8))
                .expect(202);

        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(found("tenoclock")).isEqualTo(1));
        assertThat(found("nineoclock")).isZero();
    }

    @Test
    void twoWhoReplaceOneDocumentAtOnceDoNotWriteOverEachOther() throws Exception {
        JsonNode job = upload("rules.md", "The rule is firstrulexq.");
        String path = base() + "/documents/" + job.get("documentId").asText();
        PipedInputStream slow = new PipedInputStream();
        PipedOutputStream pen = new PipedOutputStream(slow);
        CompletableFuture<Integer> early = CompletableFuture.supplyAsync(() -> {
            try (Api other = new Api(ServerTest::uri)) {
                other.token(api.token());
                return other.upload("PUT", path, "rules.md", slow).status();
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        pen.write("The rule is slowrulexq.".getBytes(StandardCharsets.UTF_8));
        pen.flush();

        api.upload("PUT", path, "rules.md", "The rule is quickrulexq.".getBytes(StandardCharsets.UTF_8))
                .expect(202);
        pen.close();

        assertThat(early.get(30, TimeUnit.SECONDS)).isEqualTo(202);
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(found("slowrulexq")).isEqualTo(1));
        assertThat(found("quickrulexq") + found("firstrulexq")).isZero();
        assertThat(api.client()
                        .send(api.request(path + "/content").build(), HttpResponse.BodyHandlers.ofString())
                        .body())
                .isEqualTo("The rule is slowrulexq.");
    }

    @Test
    void aDeletedDocumentIsGone() throws Exception {
        JsonNode job = upload("secret.md", "The vault code is swordfishxyz.");
        String path = base() + "/documents/" + job.get("documentId").asText();
        assertThat(found("swordfishxyz")).isEqualTo(1);
        api.delete(path).expect(204);

        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(found("swordfishxyz")).isZero());
        api.get(path).expect(404);
        api.get(path + "/content").expect(404);
    }

    @Test
    void givesBackTheFileAsItCame() throws Exception {
        JsonNode job = upload("über uns, 2.md", "The original bytes.");
        HttpResponse<String> response = api.client()
                .send(
                        api.request(base() + "/documents/"
                                        + job.get("documentId").asText() + "/content")
                                .build(),
                        HttpResponse.BodyHandlers.ofString());

        assertThat(response.body()).isEqualTo("The original bytes.");
        assertThat(response.headers().firstValue("Content-Disposition"))
                .hasValueSatisfying(d -> assertThat(d).startsWith("attachment;"));
        assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
    }

    @Test
    void aBadFileFailsWithItsReasonAndCanBeRetried() throws Exception {
        JsonNode job = upload("empty.pdf", "");
        assertThat(job.get("error").get("code").asText()).isEqualTo("empty");

        api.post(base() + "/documents/" + job.get("documentId").asText() + "/retry", Map.of())
                .expect(202);
    }

    @Test
    void aFileOverTheLimitIsTooLarge() throws Exception {
        api.upload("POST", base() + "/documents", "large.txt", new byte[400_000])
                .expect(413);
    }

    @Test
    void anUploadWithoutAFileIsInvalid() throws Exception {
        HttpRequest.Builder request = api.request(base() + "/documents")
                .header("Content-Type", "multipart/form-data; boundary=x")
                .POST(HttpRequest.BodyPublishers.ofString(
                        "--x\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nv\r\n--x--\r\n"));
        assertThat(api.client()
                        .send(request.build(), HttpResponse.BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(400);
        HttpRequest.Builder broken = api.request(base() + "/documents")
                .header("Content-Type", "multipart/form-data; boundary=x")
                .POST(HttpRequest.BodyPublishers.ofString("this is no multipart"));
        assertThat(api.client()
                        .send(broken.build(), HttpResponse.BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../etc/passwd", "C:\\evil.md", "a\u202Egpj.md", "a/b/c.md"})
    void hostileFileNamesAreMadeHarmless(String name) throws Exception {
        JsonNode jobs = api.upload("POST", base() + "/documents", name, "text".getBytes(StandardCharsets.UTF_8))
                .expect(202)
                .body();
        assertThat(jobs.get("jobs").get(0).get("fileName").asText())
                .doesNotContain("/", "\\", "..", "\u202E", "\u0000");
    }

    @Test
    void aFileNameThatBreaksTheHeaderIsInvalid() throws Exception {
        api.upload("POST", base() + "/documents", "a\u0000.md", new byte[1]).expect(400);
        api.upload("POST", base() + "/documents", "a\".md", new byte[1]).expect(400);
        api.upload("POST", base() + "/documents", "", new byte[1]).expect(400);
    }

    /** Whatever a sender calls a file travels with it from server to server. */
    @Test
    void ofADeclaredMediaTypeTheTypeIsKeptWhereItCouldBeOne() throws Exception {
        String longest = "application/" + "x".repeat(188);
        assertThat(declared("text/markdown; charset=iso-8859-1; note=" + "x".repeat(6_000)))
                .isEqualTo("text/markdown");
        assertThat(declared(longest)).isEqualTo(longest);
        assertThat(declared(longest + "x")).isEqualTo("application/octet-stream");
    }

    /** As the job of a file shows it that is not read yet. */
    private static String declared(String mediaType) throws Exception {
        HttpRequest.Builder request = api.request(base() + "/documents")
                .header("Content-Type", "multipart/form-data; boundary=x")
                .POST(HttpRequest.BodyPublishers.ofString(
                        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"declared.md\"\r\nContent-Type: "
                                + mediaType + "\r\n\r\nDeclared.\r\n--x--\r\n"));
        HttpResponse<String> response = api.client().send(request.build(), HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
        return Json.MAPPER.readTree(response.body()).at("/jobs/0/mediaType").asText();
    }

    @Test
    void progressComesAsEvents() throws Exception {
        CompletableFuture<List<String>> names = CompletableFuture.supplyAsync(() -> {
            List<String> seen = new ArrayList<>();
            try (SseReader reader =
                    SseReader.open(api, api.request(base() + "/events").GET())) {
                for (Optional<SseReader.Event> e = reader.next(); e.isPresent(); e = reader.next()) {
                    seen.add(e.get().name());
                    if (e.get().data().path("fileName").asText().equals("watched.md")
                            && e.get().name().equals("job.completed")) {
                        return seen;
                    }
                }
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return seen;
        });
        upload("watched.md", "Watched words. ".repeat(200));

        assertThat(names.orTimeout(30, java.util.concurrent.TimeUnit.SECONDS).join())
                .contains("job.completed", "source.changed");
    }

    private static int found(String word) throws Exception {
        return api.post(base() + "/knowledge/search", Map.of("query", word, "mode", "keyword"))
                .expect(200)
                .body()
                .get("results")
                .size();
    }

    // Walls and bad input.

    @Test
    void withoutATokenNothingIsGiven() throws Exception {
        try (Api nobody = new Api(ServerTest::uri)) {
            for (String path : List.of(
                    "/api/v1/knowledge-bases",
                    base(),
                    base() + "/documents",
                    "/api/v1/chat/conversations",
                    "/api/v1/auth/me")) {
                nobody.get(path).expect(401);
            }
        }
    }

    @Test
    void aVisitorTouchesItsOwnConversationAlone() throws Exception {
        try (Api visitor = new Api(ServerTest::uri)) {
            JsonNode admission = await().atMost(Duration.ofSeconds(30))
                    .until(() -> visitor.post("/api/v1/public/demo/conversations", Map.of()), r -> r.status() == 201)
                    .body();
            visitor.token(admission.get("accessToken").asText());
            String own = "/api/v1/chat/conversations/" + admission.get("id").asText();

            visitor.get(own).expect(200);
            visitor.post(
                            "/api/v1/public/demo/conversations/"
                                    + admission.get("id").asText() + "/token",
                            Map.of())
                    .expect(200);
            String foreign = "/api/v1/chat/conversations/" + conversation(kb);
            visitor.get(foreign).expect(404);
            visitor.post(foreign + "/messages", Map.of("content", "hi")).expect(404);
            visitor.get(foreign + "/events").expect(404);
            visitor.get("/api/v1/chat/conversations").expect(404);
            visitor.get("/api/v1/knowledge-bases").expect(404);
            visitor.get(base()).expect(404);
            visitor.post("/api/v1/knowledge-bases", Map.of("name", "x")).expect(404);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{}|/name",
                "{'name':''}|/name",
                "{'name':5}|/name",
                "{'name':'a','tenantId':'x'}|/tenantId",
                "{'name':'a','temperature':3}|/temperature",
                "{'name':'a','maxTokens':0}|/maxTokens",
                "{'name':'a','maxTokens':'1'}|/maxTokens",
            })
    void aBadKnowledgeBaseNamesTheField(String body, String pointer) throws Exception {
        JsonNode problem = api.post(
                        "/api/v1/knowledge-bases", io.kvasir.http.Json.MAPPER.readTree(body.replace('\'', '"')))
                .expect(400)
                .body();
        assertThat(problem.get("errors").get(0).get("pointer").asText()).isEqualTo(pointer);
    }

    @Test
    void unknownIdsAreNotFound() throws Exception {
        for (String id :
                List.of("nope", "01a1fb6ddb36a65455b67e6535d99b83", "..%2F..%2Fetc", "a".repeat(500), "%F0%9F%98%80")) {
            Stream.of(
                            "/api/v1/knowledge-bases/" + id,
                            base() + "/documents/" + id,
                            base() + "/jobs/" + id,
                            "/api/v1/chat/conversations/" + id)
                    .forEach(path -> {
                        try {
                            assertThat(api.get(path).status()).as(path).isEqualTo(404);
                        } catch (IOException | InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                    });
        }
    }

    @Test
    void settingsAreKeptAndChecked() throws Exception {
        JsonNode before = api.get(base() + "/rag-config").expect(200).body();
        assertThat(before.get("mode").asText()).isEqualTo("hybrid");
        JsonNode after = api.put(base() + "/rag-config", Map.of("maxResults", 7, "rerank", "mmr"))
                .expect(200)
                .body();
        assertThat(after.get("maxResults").asInt()).isEqualTo(7);
        assertThat(after.get("threshold")).isEqualTo(before.get("threshold"));
        api.put(base() + "/rag-config", Map.of("chunkTokens", 5_000)).expect(400);
        api.put(base() + "/rag-config", Map.of("mode", "magic")).expect(400);
    }

    @Test
    void sharedAndUnsharedAtOnce() throws Exception {
        String own = knowledgeBase(Map.of("name", "Shared"));
        String slug = api.post("/api/v1/knowledge-bases/" + own + "/share", Map.of())
                .expect(200)
                .body()
                .get("slug")
                .asText();
        api.get("/api/v1/public/" + slug).expect(200);
        api.delete("/api/v1/knowledge-bases/" + own + "/share").expect(204);
        api.get("/api/v1/public/" + slug).expect(404);
    }

    @Test
    void aDeletedKnowledgeBaseTakesItsConversationsWithIt() throws Exception {
        String own = knowledgeBase(Map.of("name", "Short-lived"));
        String conversation = conversation(own);
        api.delete("/api/v1/knowledge-bases/" + own).expect(204);

        api.get("/api/v1/knowledge-bases/" + own).expect(404);
        api.post("/api/v1/chat/conversations/" + conversation + "/messages", Map.of("content", "hi"))
                .expect(404);
        await().atMost(Duration.ofSeconds(30))
                .until(() -> api.get("/api/v1/chat/conversations?kbId=" + own)
                        .body()
                        .get("items")
                        .isEmpty());
    }

    @Test
    void theSamePostTwiceCreatesOnce() throws Exception {
        JsonNode first = api.post("/api/v1/knowledge-bases", Map.of("name", "Once"), "Idempotency-Key", "k1")
                .expect(201)
                .body();
        JsonNode second = api.post("/api/v1/knowledge-bases", Map.of("name", "Once"), "Idempotency-Key", "k1")
                .expect(201)
                .body();

        assertThat(second.get("id")).isEqualTo(first.get("id"));
    }

    @Test
    void nothingAPersonWroteStandsPlainInTheDatabase() throws Exception {
        String marker = "markerofthetestqwxz";
        String own = knowledgeBase(Map.of("name", marker, "systemPrompt", marker, "description", marker));
        String before = kb;
        kb = own;
        upload(marker + ".md", "The word is " + marker + ".");
        kb = before;
        events(question(conversation(own), "What is " + marker + "?"));

        try (Stream<Path> files = Files.walk(folder.resolve("data"))) {
            for (Path file : files.filter(f -> f.getFileName().toString().startsWith("kvasir."))
                    .toList()) {
                assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                        .as(file.toString())
                        .doesNotContain(marker);
            }
        }
    }

    @Test
    void feedbackIsKept() throws Exception {
        String conversation = conversation(kb);
        events(question(conversation, "When are refunds paid?"));
        api.post("/api/v1/chat/messages/" + conversation + "-1-a/feedback", Map.of("rating", "up"))
                .expect(204);

        assertThat(api.get("/api/v1/chat/conversations/" + conversation + "/messages")
                        .body()
                        .get("items")
                        .get(1)
                        .get("feedback")
                        .asText())
                .isEqualTo("up");
        api.post("/api/v1/chat/messages/" + conversation + "-1-a/feedback", Map.of("rating", "sideways"))
                .expect(400);
        api.post("/api/v1/chat/messages/nope-1-a/feedback", Map.of("rating", "up"))
                .expect(404);
    }
}
