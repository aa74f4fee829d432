package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.sun.net.httpserver.HttpServer;
import io.kvasir.bootstrap.Server;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The way of a question through the whole server, as a collector sees it. */
class TracingTest {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String CALLER = "b7ad6b7169203331";
    private static final String SECRET_WORD = "rhododendron";

    @TempDir
    Path folder;

    /** What OTLP's {@code Span} says: trace 1, id 2, parent 4, name 5. */
    private record Seen(String trace, String id, String parent, String name, String raw) {
        static Seen of(ByteString bytes) {
            UnknownFieldSet span = parsed(bytes);
            return new Seen(
                    hex(span, 1),
                    hex(span, 2),
                    span.hasField(4) ? hex(span, 4) : "",
                    first(span, 5).toStringUtf8(),
                    bytes.toString(StandardCharsets.ISO_8859_1));
        }

        private static String hex(UnknownFieldSet span, int field) {
            return HexFormat.of().formatHex(first(span, field).toByteArray());
        }

        private static ByteString first(UnknownFieldSet span, int field) {
            return span.getField(field).getLengthDelimitedList().getFirst();
        }
    }

    private static UnknownFieldSet parsed(ByteString bytes) {
        try {
            return UnknownFieldSet.parseFrom(bytes);
        } catch (IOException e) {
            throw new AssertionError("not protobuf", e);
        }
    }

    /** {@code ExportTraceServiceRequest}: resource spans 1, of them scope spans 2, of them spans 2. */
    private static List<Seen> spans(byte[] export) {
        return parsed(ByteString.copyFrom(export)).getField(1).getLengthDelimitedList().stream()
                .flatMap(resource -> parsed(resource).getField(2).getLengthDelimitedList().stream())
                .flatMap(scope -> parsed(scope).getField(2).getLengthDelimitedList().stream())
                .map(Seen::of)
                .toList();
    }

    private static void ask(Server server, Api api, String kb) throws Exception {
        String conversation = api.made("/api/v1/chat/conversations", Map.of("kbId", kb));
        HttpRequest question = api.request("/api/v1/chat/conversations/" + conversation + "/messages")
                .header("Content-Type", "application/json")
                .header("Accept", "text/event-stream")
                .header("traceparent", "00-" + TRACE + "-" + CALLER + "-01")
                .POST(HttpRequest.BodyPublishers.ofString("{\"content\":\"What colour has the " + SECRET_WORD + "?\"}"))
                .build();
        HttpResponse<String> answer = api.client().send(question, HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("event: turn.completed");
    }

    private static String knowledgeBase(Api api) throws Exception {
        String kb = api.made("/api/v1/knowledge-bases", Map.of("name", "Garden"));
        api.taught(
                "/api/v1/knowledge-bases/" + kb,
                "garden.md",
                "The " + SECRET_WORD + " has the colour of purple velvet.");
        return kb;
    }

    @Test
    void aCollectorSeesTheWayOfAQuestionAndNotItsWords() throws Exception {
        List<Seen> seen = new CopyOnWriteArrayList<>();
        HttpServer collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", exchange -> {
            seen.addAll(spans(exchange.getRequestBody().readAllBytes()));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        collector.start();
        try (Server server = Server.start(ServerHere.settings(
                        folder.resolve("data"),
                        Map.of(
                                "kvasir.traces.endpoint",
                                "http://127.0.0.1:" + collector.getAddress().getPort() + "/v1/traces",
                                // Who sends a traceparent has decided; nobody else is traced.
                                "kvasir.traces.share",
                                0.0)));
                Api api = ServerHere.owner(server)) {
            ask(server, api, knowledgeBase(api));

            Awaitility.await().untilAsserted(() -> assertThat(seen).hasSizeGreaterThanOrEqualTo(4));
        } finally {
            collector.stop(0);
        }
        Map<String, Seen> named = seen.stream().collect(Collectors.toMap(Seen::name, span -> span));
        assertThat(named.keySet())
                .containsExactlyInAnyOrder(
                        "POST /api/v1/chat/conversations/{conversationId}/messages",
                        "answer",
                        "retrieve",
                        "chat extractive");
        assertThat(seen).extracting(Seen::trace).containsOnly(TRACE);
        Seen request = named.get("POST /api/v1/chat/conversations/{conversationId}/messages");
        Seen answer = named.get("answer");
        assertThat(request.parent()).isEqualTo(CALLER);
        assertThat(answer.parent()).isEqualTo(request.id());
        assertThat(named.get("retrieve").parent()).isEqualTo(answer.id());
        assertThat(named.get("chat extractive").parent()).isEqualTo(answer.id());
        assertThat(answer.raw()).contains("kvasir.outcome", "stop");
        assertThat(seen).allSatisfy(span -> assertThat(span.raw()).doesNotContain(SECRET_WORD));
    }

    @Test
    void aCollectorThatIsAwayIsNobodysBusiness() throws Exception {
        try (Server server = Server.start(ServerHere.settings(
                        folder.resolve("away"), Map.of("kvasir.traces.endpoint", "http://127.0.0.1:1/v1/traces")));
                Api api = ServerHere.owner(server)) {
            ask(server, api, knowledgeBase(api));
        }
    }
}
