package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.bootstrap.Server;
import io.kvasir.http.Json;
import io.kvasir.load.FakeLlm;
import io.kvasir.load.FakeReply;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A streamed reply, byte by byte, as it leaves a real server. */
class StreamTest {
    private static final Pattern EVENT =
            Pattern.compile("event: ([a-z.]+)\\nid: ([0-9]+:(?:[0-9]+|end))\\ndata: (\\{[^\\n]*\\})\\n\\n");

    @TempDir
    static Path folder;

    private static final FakeLlm LLM = FakeLlm.start(0, FakeReply.DEFAULT.with("first=5,rate=0,tokens=30"));
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
                        List.of(),
                        // Some kernels would take a whole reply for a reader that does not read.
                        "pekko.http.server.socket-options.so-send-buffer-size",
                        "64k")));
        api = new Api(StreamTest::uri);
    }

    @AfterAll
    static void stop() {
        api.close();
        server.close();
        LLM.close();
    }

    @BeforeEach
    void logIn() throws Exception {
        api.login();
    }

    private static URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    /** A conversation whose model behaves so. */
    private static String conversation(Api api, String behaviour) throws Exception {
        String kb = api.post(
                        "/api/v1/knowledge-bases",
                        Map.of("name", "Shop", "provider", "openai", "model", "fake:" + behaviour))
                .expect(201)
                .body()
                .get("id")
                .asText();
        String base = "/api/v1/knowledge-bases/" + kb;
        api.upload(
                        "POST",
                        base + "/documents",
                        "refunds.md",
                        "Refunds are paid within 14 days.".getBytes(StandardCharsets.UTF_8))
                .expect(202);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> api.get(base).expect(200).body().get("passages").asInt() > 0);
        return "/api/v1/chat/conversations/"
                + api.post("/api/v1/chat/conversations", Map.of("kbId", kb))
                        .expect(201)
                        .body()
                        .get("id")
                        .asText();
    }

    private record Event(String name, String id, JsonNode data) {}

    /** Takes a whole body apart; there may be nothing in it but its beginning, events, and comments. */
    private static List<Event> events(String body) throws IOException {
        assertThat(body).startsWith("retry: 1000\n\n");
        String left = body.substring("retry: 1000\n\n".length()).replace(": keep-alive\n\n", "");
        List<Event> events = new ArrayList<>();
        Matcher matcher = EVENT.matcher(left);
        int at = 0;
        while (matcher.find()) {
            assertThat(matcher.start()).as("nothing between events").isEqualTo(at);
            at = matcher.end();
            events.add(new Event(matcher.group(1), matcher.group(2), Json.MAPPER.readTree(matcher.group(3))));
        }
        assertThat(at).as("nothing after events").isEqualTo(left.length());
        return events;
    }

    private static String text(List<Event> events) {
        StringBuilder text = new StringBuilder();
        events.stream()
                .filter(e -> e.name().equals("delta"))
                .forEach(e -> text.append(e.data().get("text").asText()));
        return text.toString();
    }

    private static List<Event> from(String conversation, String position) throws IOException {
        try (RawStream stream =
                RawStream.get(uri(conversation + "/events"), api.token(), 0, "Last-Event-ID: " + position)) {
            StringBuilder body = new StringBuilder();
            // A reader stays for the following turns: the end of this one is where it stops.
            while (body.indexOf(":end\n") < 0 || !body.toString().endsWith("\n\n")) {
                body.append(new String(stream.read(1), StandardCharsets.ISO_8859_1));
            }
            return events(RawStream.utf8(body.toString().getBytes(StandardCharsets.ISO_8859_1)));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tokens=60,rate=400|turn.completed",
                "tokens=60|turn.completed",
                "mode=cut,at=9,rate=400|turn.failed",
                "mode=unauthorized|turn.failed",
            })
    void isWrittenAsTheStandardAndOurPagesSay(String behaviour, String end) throws Exception {
        try (RawStream stream =
                RawStream.ask(uri(conversation(api, behaviour) + "/messages"), api.token(), "When are refunds paid?")) {
            assertThat(stream.status()).isEqualTo("HTTP/1.1 200 OK");
            assertThat(stream.headers())
                    .containsEntry("content-type", "text/event-stream")
                    .containsEntry("cache-control", "no-store")
                    .containsEntry("x-accel-buffering", "no")
                    .containsEntry("transfer-encoding", "chunked")
                    .doesNotContainKey("content-length")
                    .doesNotContainKey("content-encoding");
            List<Event> events = events(stream.rest());

            assertThat(events.getFirst().name()).isEqualTo("turn.started");
            assertThat(events.getFirst().id()).isEqualTo("1:0");
            int said = 0;
            for (Event event : events) {
                switch (event.name()) {
                    case "turn.started", "retrieval" -> assertThat(event.id()).isEqualTo("1:0");
                    case "delta" -> {
                        String piece = event.data().get("text").asText();
                        said += piece.length();
                        assertThat(piece).isNotEmpty();
                        assertThat(event.id()).isEqualTo("1:" + said);
                    }
                    default -> {
                        assertThat(event.name()).isEqualTo(end);
                        assertThat(event.id()).isEqualTo("1:end");
                        assertThat(event).isSameAs(events.getLast());
                    }
                }
            }
            assertThat(events.getLast().name()).isEqualTo(end);
        }
    }

    @Test
    void goesOnFromEveryPositionAndNeverSplitsAnEmoji() throws Exception {
        String conversation = conversation(api, "tokens=26");
        String whole;
        try (RawStream stream = RawStream.ask(uri(conversation + "/messages"), api.token(), "When are refunds paid?")) {
            whole = text(events(stream.rest()));
        }
        assertThat(whole).contains("\uD83D\uDE42");

        for (int at = 0; at <= whole.length(); at++) {
            boolean inside = at < whole.length() && Character.isLowSurrogate(whole.charAt(at));
            List<Event> rest = from(conversation, "1:" + at);
            assertThat(text(rest)).as("after %d", at).isEqualTo(whole.substring(inside ? at - 1 : at));
            assertThat(rest.getLast().id()).isEqualTo("1:end");
        }
    }

    @Test
    void goesOnFromAPositionWhileTheReplyIsGiven() throws Exception {
        String conversation = conversation(api, "tokens=120,rate=60");
        List<CompletableFuture<String>> joiners = new ArrayList<>();
        String whole;
        try (RawStream stream = RawStream.ask(uri(conversation + "/messages"), api.token(), "When are refunds paid?")) {
            StringBuilder body = new StringBuilder();
            for (byte[] piece = stream.read(700); piece.length > 0; piece = stream.read(700)) {
                body.append(new String(piece, StandardCharsets.ISO_8859_1));
                int at = joiners.size() * 3;
                joiners.add(CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                return at + "|" + text(from(conversation, "1:" + at));
                            } catch (IOException e) {
                                throw new java.io.UncheckedIOException(e);
                            }
                        },
                        task -> Thread.ofVirtual().start(task)));
            }
            whole = text(events(RawStream.utf8(body.toString().getBytes(StandardCharsets.ISO_8859_1))));
        }

        assertThat(joiners).hasSizeGreaterThan(5);
        for (CompletableFuture<String> joiner : joiners) {
            String[] heard = joiner.get(30, TimeUnit.SECONDS).split("\\|", 2);
            assertThat(heard[1]).as("from %s", heard[0]).isEqualTo(whole.substring(Integer.parseInt(heard[0])));
        }
    }

    @Test
    void afterTheLastWordOnlyTheEndIsLeft() throws Exception {
        String conversation = conversation(api, "tokens=10");
        String whole;
        try (RawStream stream = RawStream.ask(uri(conversation + "/messages"), api.token(), "When are refunds paid?")) {
            whole = text(events(stream.rest()));
        }

        for (int beyond : new int[] {0, 1, 5_000}) {
            assertThat(from(conversation, "1:" + (whole.length() + beyond)))
                    .singleElement()
                    .satisfies(e -> assertThat(e.name()).isEqualTo("turn.completed"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"abc", "1:", "0:0", "-1:0", "1:1:1", "9:0", "99999999999:1", "1:0x10", "\u00e9", "{}"})
    void aPositionThatIsNoneIsAProblem(String garbage) throws Exception {
        String conversation = conversation(api, "tokens=10");
        try (RawStream stream =
                RawStream.get(uri(conversation + "/events"), api.token(), 0, "Last-Event-ID: " + garbage)) {
            assertThat(stream.status()).startsWith("HTTP/1.1 400 ");
            assertThat(stream.headers()).containsEntry("content-type", "application/problem+json");
        }
    }

    @Test
    void readersThatDoNotReadCostNothingAndDisturbNobody() throws Exception {
        int stalled = 100;
        String conversation = conversation(api, "tokens=40000");
        List<RawStream> slow = new ArrayList<>();
        try {
            for (int i = 0; i < stalled; i++) {
                slow.add(RawStream.get(uri(conversation + "/events"), api.token(), 16_384));
            }
            String whole;
            try (RawStream stream =
                    RawStream.ask(uri(conversation + "/messages"), api.token(), "When are refunds paid?")) {
                whole = text(events(stream.rest()));
            }
            assertThat(whole.length()).as("the one that reads has all").isGreaterThan(150_000);
            long before = used();

            // All of them move on a little: each asks for what it has missed, and again stops reading.
            List<CompletableFuture<StringBuilder>> bodies = slow.stream()
                    .map(stream -> CompletableFuture.supplyAsync(
                            () -> some(stream), task -> Thread.ofVirtual().start(task)))
                    .toList();
            for (CompletableFuture<StringBuilder> body : bodies) {
                body.get(60, TimeUnit.SECONDS);
            }
            await().pollDelay(Duration.ofMillis(300)).until(() -> true);
            assertThat(used() - before)
                    .as("bytes held for %d readers that each miss %d characters", stalled, whole.length())
                    .isLessThan(10_000_000);

            RawStream one = slow.getFirst();
            StringBuilder body = bodies.getFirst().join();
            // One by one: more would wait for what comes after the end.
            while (!body.substring(body.length() - 2).equals("\n\n") || body.indexOf("id: 1:end\n") < 0) {
                body.append((char) (one.read(1)[0] & 0xff));
            }
            List<Event> events = events(RawStream.utf8(body.toString().getBytes(StandardCharsets.ISO_8859_1)));
            assertThat(text(events)).isEqualTo(whole);
            assertThat(events.stream()
                            .mapToInt(e -> e.data().path("text").asText().length()))
                    .as("large pieces, for it was slow")
                    .anyMatch(length -> length > 10_000);
        } finally {
            for (RawStream stream : slow) {
                stream.close();
            }
        }
    }

    private static StringBuilder some(RawStream stream) {
        try {
            return new StringBuilder(new String(stream.read(60_000), StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Bytes on the heap that something still holds. */
    private static long used() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            least = Math.min(
                    least,
                    Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }

    @Test
    void aReplyCutByAKillIsMarkedAndCanBeAskedForAgain() throws Exception {
        Path settings = folder.resolve("killed.conf");
        Files.writeString(settings, "kvasir.llm.providers.openai { base-url = \"" + LLM.url() + "\", models = [] }");
        Map<String, String> environment = Map.of("KVASIR_CONFIG", settings.toString());
        Path data = folder.resolve("killed");
        String conversation;
        String seen;
        String last;
        try (ServerProcess first = ServerProcess.start(data, environment);
                Api client = Api.owner(first)) {
            conversation = conversation(client, "mode=hang,at=20,tokens=40,fails=1");
            try (SseReader reader = SseReader.open(
                    client,
                    client.request(conversation + "/messages")
                            .header("Content-Type", "application/json")
                            .header("Accept", "text/event-stream")
                            .POST(java.net.http.HttpRequest.BodyPublishers.ofByteArray(
                                    Json.bytes(Map.of("content", "When are refunds paid?")))))) {
                SseReader.Event event = reader.next().orElseThrow();
                while (!event.name().equals("delta")) {
                    event = reader.next().orElseThrow();
                }
                seen = event.data().get("text").asText();
                last = event.id();
            }
            first.kill();
        }
        try (ServerProcess second = ServerProcess.start(data, environment);
                Api client = Api.owner(second)) {
            // The reader comes back with the last it saw, and hears how it ended.
            try (SseReader reader = SseReader.open(
                    client, client.request(conversation + "/events").header("Last-Event-ID", last))) {
                SseReader.Event end = reader.next().orElseThrow();
                assertThat(end.name()).isEqualTo("turn.failed");
                assertThat(end.id()).isEqualTo("1:end");
                assertThat(end.data().get("type").asText()).isEqualTo("urn:kvasir:problem:interrupted");
            }
            JsonNode cut = messages(client, conversation).get(1);
            assertThat(cut.get("status").asText()).isEqualTo("failed");
            assertThat(cut.get("error").get("code").asText()).isEqualTo("interrupted");
            assertThat(seen).startsWith(cut.get("content").asText());

            JsonNode again = client.post(conversation + "/retry", Map.of(), "Accept", "application/json")
                    .expect(200)
                    .body();
            assertThat(again.get("status").asText()).isEqualTo("completed");
            assertThat(again.get("content").asText()).startsWith(seen);
            assertThat(messages(client, conversation)).hasSize(4);
            assertThat(second.stop()).isIn(0, 143);
        }
    }

    private static JsonNode messages(Api client, String conversation) throws Exception {
        return client.get(conversation + "/messages").expect(200).body().get("items");
    }
}
