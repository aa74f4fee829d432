package io.kvasir.system;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.kvasir.http.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A server of OpenAI's {@code /v1/embeddings} that can be held and broken. The same words give near vectors: each word turns
 * on a few of the dimensions.
 */
final class EmbeddingServer implements AutoCloseable {
    private static final int DIMENSIONS = 768;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer server;
    final List<String> texts = new CopyOnWriteArrayList<>();
    /** What calls of more than one text, or of one that is told, wait for. */
    volatile CompletableFuture<Void> gate = CompletableFuture.completedFuture(null);
    /** From which text on. */
    volatile int gateAfter;

    volatile int refusing;

    EmbeddingServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/v1/embeddings", this::answer);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1";
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            JsonNode body = Json.MAPPER.readTree(exchange.getRequestBody().readAllBytes());
            if (refusing != 0) {
                exchange.sendResponseHeaders(refusing, -1);
                return;
            }
            ObjectNode reply = Json.MAPPER.createObjectNode();
            ArrayNode data = reply.putArray("data");
            boolean held = texts.size() >= gateAfter;
            for (JsonNode text : body.get("input")) {
                texts.add(text.asText());
                ArrayNode numbers =
                        data.addObject().put("index", data.size() - 1).putArray("embedding");
                for (float x : vector(text.asText())) {
                    numbers.add(x);
                }
            }
            if (held) {
                gate.join();
            }
            byte[] bytes = Json.bytes(reply);
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private static float[] vector(String text) {
        float[] vector = new float[DIMENSIONS];
        // Any two texts have something in common, as with real models.
        vector[0] = 8;
        for (String word : text.toLowerCase(Locale.ROOT).split("\\W+")) {
            for (int i = 1; i <= 3; i++) {
                vector[Math.floorMod(word.hashCode() * 31 * i, DIMENSIONS)] += 1;
            }
        }
        return vector;
    }

    @Override
    public void close() {
        gate.complete(null);
        server.stop(0);
        threads.shutdownNow();
    }
}
