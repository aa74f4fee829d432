package io.kvasir.load;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.HttpsConnectionContext;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.ServerBuilder;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * The servers of OpenAI, Anthropic and Gemini in one, as far as chat and embeddings go: strict about what a request must
 * hold, and saying in each provider's own words what it is told to say. The key is {@link #KEY}.
 */
public final class ProviderDouble implements AutoCloseable {
    public static final String KEY = "sk-seeded-secret-4711";

    private final ActorSystem<?> system;
    private final ServerBinding binding;
    private final List<Seen> seen = new CopyOnWriteArrayList<>();
    private volatile Saying saying = new Saying(List.of("Grüße", " aus", " Köln"), Wire.Ending.STOP);
    private volatile Optional<Refusal> refusal = Optional.empty();
    private volatile int dimensions = 8;

    private ProviderDouble(ActorSystem<?> system, Optional<HttpsConnectionContext> tls) {
        this.system = system;
        ServerBuilder server = Http.get(system).newServerAt("127.0.0.1", 0);
        binding = tls.map(server::enableHttps)
                .orElse(server)
                .bind(this::answer)
                .toCompletableFuture()
                .join();
    }

    public static ProviderDouble start(ActorSystem<?> system) {
        return new ProviderDouble(system, Optional.empty());
    }

    public static ProviderDouble startTls(ActorSystem<?> system, HttpsConnectionContext tls) {
        return new ProviderDouble(system, Optional.of(tls));
    }

    /** A request as it came. */
    public record Seen(String path, JsonNode body) {}

    private record Saying(List<String> tokens, Wire.Ending ending) {}

    private record Refusal(int status, int times, Map<String, String> headers) {}

    /** Up to and including the version. */
    public String url(Wire wire) {
        return root() + (wire == Wire.GEMINI ? "/v1beta" : "/v1");
    }

    public String root() {
        return "http://127.0.0.1:" + binding.localAddress().getPort();
    }

    public List<Seen> seen() {
        return seen;
    }

    public void says(List<String> tokens, Wire.Ending ending) {
        saying = new Saying(List.copyOf(tokens), ending);
    }

    /** Answers so many of the next calls with this status; its message repeats the key, as providers do. */
    public void refuses(int status, int times, Map<String, String> headers) {
        refusal = Optional.of(new Refusal(status, times, headers));
    }

    /** Of the embeddings, where a call does not say. */
    public void dimensions(int n) {
        dimensions = n;
    }

    @Override
    public void close() {
        binding.terminate(java.time.Duration.ofMillis(100))
                .toCompletableFuture()
                .orTimeout(5, TimeUnit.SECONDS)
                .join();
    }

    private CompletionStage<HttpResponse> answer(HttpRequest request) {
        return request.entity().toStrict(5_000, system).thenApply(strict -> {
            try {
                return respond(request, Wire.JSON.readTree(strict.getData().toArray()));
            } catch (IOException e) {
                return refused(Wire.OPENAI, 400, "not JSON");
            }
        });
    }

    private HttpResponse respond(HttpRequest request, JsonNode body) {
        String path = request.getUri().path();
        seen.add(new Seen(
                path + request.getUri().rawQueryString().map(q -> "?" + q).orElse(""), body));
        Wire wire =
                path.startsWith("/v1beta/") ? Wire.GEMINI : path.equals("/v1/messages") ? Wire.ANTHROPIC : Wire.OPENAI;
        if (!authorised(wire, request)) {
            return refused(wire, 401, "Incorrect API key provided");
        }
        Optional<Refusal> now = refusal;
        if (now.isPresent()) {
            Refusal r = now.get();
            refusal =
                    r.times() > 1 ? Optional.of(new Refusal(r.status(), r.times() - 1, r.headers())) : Optional.empty();
            HttpResponse response = refused(wire, r.status(), "Your key " + KEY + " at 127.0.0.1 did not please");
            for (Map.Entry<String, String> header : r.headers().entrySet()) {
                response = response.addHeader(HttpHeader.parse(header.getKey(), header.getValue()));
            }
            return response;
        }
        Optional<String> wrong = wrong(wire, path, request, body);
        if (wrong.isPresent()) {
            return refused(wire, 400, wrong.get());
        }
        return path.endsWith("/embeddings") || path.endsWith(":batchEmbedContents")
                ? embeddings(wire, body)
                : HttpResponse.create()
                        .withEntity(HttpEntities.create(
                                MediaTypes.TEXT_EVENT_STREAM.toContentType(),
                                Source.from(wire.events(saying.tokens(), saying.ending()))
                                        .map(ByteString::fromString)));
    }

    private static boolean authorised(Wire wire, HttpRequest request) {
        return switch (wire) {
            case OPENAI, ANTHROPIC -> header(request, "Authorization").equals("Bearer " + KEY);
            case GEMINI -> header(request, "x-goog-api-key").equals(KEY);
        };
    }

    private static String header(HttpRequest request, String name) {
        return request.getHeader(name).map(HttpHeader::value).orElse("");
    }

    /** What the provider would not take. */
    private static Optional<String> wrong(Wire wire, String path, HttpRequest request, JsonNode body) {
        List<String> wrong = new ArrayList<>();
        switch (wire) {
            case OPENAI -> {
                if (path.equals("/v1/embeddings")) {
                    need(
                            wrong,
                            body.path("input").isArray() || body.path("input").isTextual(),
                            "input");
                } else {
                    need(wrong, path.equals("/v1/chat/completions"), "path");
                    roles(wrong, body.path("messages"), List.of("system", "user", "assistant"));
                    need(wrong, body.path("stream").asBoolean(), "stream");
                }
                need(wrong, body.path("model").isTextual(), "model");
            }
            case ANTHROPIC -> {
                need(wrong, header(request, "anthropic-version").equals("2026-10-21"), "anthropic-version");
                need(wrong, body.path("max_tokens").asInt() >= 1, "max_tokens");
                need(wrong, !body.has("temperature") && !body.has("top_p") && !body.has("top_k"), "temperature");
                need(wrong, body.path("stream").asBoolean(), "stream");
                need(wrong, body.path("model").isTextual(), "model");
                roles(wrong, body.path("messages"), List.of("user", "assistant"));
            }
            case GEMINI -> {
                if (path.endsWith(":batchEmbedContents")) {
                    need(
                            wrong,
                            body.path("requests").size() >= 1
                                    && body.path("requests").size() <= 100,
                            "requests");
                    body.path("requests").forEach(each -> {
                        need(
                                wrong,
                                path.equals("/v1beta/" + each.path("model").asText() + ":batchEmbedContents"),
                                "model");
                        need(wrong, each.path("content").path("parts").size() == 1, "content");
                    });
                } else {
                    need(wrong, path.endsWith(":streamGenerateContent"), "path");
                    need(wrong, request.getUri().query().get("alt").equals(Optional.of("sse")), "alt");
                    roles(wrong, body.path("contents"), List.of("user", "model"));
                }
            }
        }
        return wrong.stream().findFirst().map(field -> "missing or wrong: " + field);
    }

    private static void roles(List<String> wrong, JsonNode messages, List<String> allowed) {
        need(wrong, !messages.isEmpty(), "messages");
        messages.forEach(message -> {
            need(wrong, allowed.contains(message.path("role").asText()), "role");
            JsonNode text = message.has("parts") ? message.path("parts").path(0).path("text") : message.path("content");
            need(wrong, !text.isTextual() || !text.asText().isBlank(), "content");
        });
    }

    private static void need(List<String> wrong, boolean there, String field) {
        if (!there) {
            wrong.add(field);
        }
    }

    private HttpResponse embeddings(Wire wire, JsonNode body) {
        List<String> texts = new ArrayList<>();
        int wanted = dimensions;
        if (wire == Wire.GEMINI) {
            for (JsonNode each : body.path("requests")) {
                texts.add(
                        each.path("content").path("parts").path(0).path("text").asText());
                wanted = each.path("outputDimensionality").asInt(dimensions);
            }
        } else {
            wanted = body.path("dimensions").asInt(dimensions);
            JsonNode input = body.path("input");
            if (input.isTextual()) {
                texts.add(input.asText());
            } else {
                input.forEach(text -> texts.add(text.asText()));
            }
        }
        int n = wanted;
        return json(
                200,
                wire.embeddings(
                        texts.stream().map(text -> vector(text, n)).toList(),
                        body.path("encoding_format").asText().equals("base64")));
    }

    /** What a text is embedded as: not of unit length, and another for another text. */
    public static float[] vector(String text, int dimensions) {
        float[] vector = new float[dimensions];
        for (int i = 0; i < dimensions; i++) {
            vector[i] = ((text.hashCode() >>> (i % 24)) & 0xff) / 64f + i + 1;
        }
        return vector;
    }

    private static HttpResponse refused(Wire wire, int status, String message) {
        return json(status, wire.error(status, message));
    }

    private static HttpResponse json(int status, String body) {
        return HttpResponse.create()
                .withStatus(StatusCodes.lookup(status).orElseGet(() -> StatusCodes.custom(status, "Custom", "Custom")))
                .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, body.getBytes(StandardCharsets.UTF_8)));
    }
}
