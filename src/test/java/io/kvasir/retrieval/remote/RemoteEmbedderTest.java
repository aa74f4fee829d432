package io.kvasir.retrieval.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatFailure.Kind;
import io.kvasir.llm.TokenEstimate;
import io.kvasir.llm.provider.ProviderSettings;
import io.kvasir.llm.provider.Upstream;
import io.kvasir.load.ProviderDouble;
import io.kvasir.load.ScriptedPeer;
import io.kvasir.load.Wire;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.Embedders;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class RemoteEmbedderTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final int DIMENSIONS = 8;

    private ProviderDouble twin;

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @BeforeEach
    void start() {
        twin = ProviderDouble.start(KIT.system());
    }

    @AfterEach
    void close() {
        twin.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = Wire.class,
            names = {"OPENAI", "GEMINI"})
    void gives_unit_vectors_in_the_order_of_the_texts(Wire wire) throws Exception {
        Embedder embedder = embedder(wire, twin.url(wire));
        List<float[]> vectors = get(embedder.embedPassages(List.of("one", "two")));
        assertThat(vectors.get(0)).containsExactly(unit("one"), Offset.offset(1e-6f));
        assertThat(vectors.get(1)).containsExactly(unit("two"), Offset.offset(1e-6f));
        assertThat(get(embedder.embedQuery("one"))).containsExactly(unit("one"), Offset.offset(1e-6f));
        assertThat(get(embedder.embedAtOnce(List.of("a", "b", "c", "d", "e"))).get(4))
                .containsExactly(unit("e"), Offset.offset(1e-6f));
        assertThat(embedder.dimensions()).isEqualTo(DIMENSIONS);
        assertThat(embedder.fluency("irgendwas")).isEqualTo(1);
        String question = twin.seen().get(wire == Wire.OPENAI ? 1 : 1).body().toString();
        assertThat(question.contains("RETRIEVAL_QUERY")).isEqualTo(wire == Wire.GEMINI);
    }

    @ParameterizedTest
    @EnumSource(
            value = Wire.class,
            names = {"OPENAI", "GEMINI"})
    void passages_that_wait_travel_together_within_the_limits_of_a_call(Wire wire) throws Exception {
        Embedder embedder = embedder(wire, twin.url(wire));
        List<CompletionStage<List<float[]>>> all = IntStream.range(0, 60)
                .mapToObj(i -> embedder.embedPassages(List.of("text " + i)))
                .toList();
        for (int i = 0; i < all.size(); i++) {
            assertThat(get(all.get(i)).getFirst()).containsExactly(unit("text " + i), Offset.offset(1e-6f));
        }
        assertThat(twin.seen())
                .hasSizeBetween(15, 20)
                .allSatisfy(call -> assertThat(texts(call.body())).hasSizeBetween(1, 4));
        twin.seen().clear();
        // 40 tokens each, 100 tokens a call.
        get(embedder.embedPassages(IntStream.range(0, 9)
                .mapToObj(i -> "long " + i + "x".repeat(150))
                .toList()));
        assertThat(twin.seen())
                .allSatisfy(call -> assertThat(texts(call.body())).hasSizeBetween(1, 2));
    }

    @Test
    void a_text_that_is_too_long_is_cut_and_a_pair_is_not() throws Exception {
        Embedder embedder = embedder(Wire.OPENAI, twin.url(Wire.OPENAI));
        get(embedder.embedPassages(List.of("🙂".repeat(200))));
        String sent = texts(twin.seen().getFirst().body()).getFirst();
        assertThat(TokenEstimate.of(sent)).isBetween(49, 50);
        assertThat(sent).matches("(🙂)+");
        assertThat(embedder.countTokens("four char")).isEqualTo(3);
    }

    @Test
    void a_number_of_dimensions_that_was_not_configured_is_refused() {
        Embedder embedder = new RemoteEmbedder(
                upstream(Wire.OPENAI, twin.url(Wire.OPENAI)), new OpenAiEmbeddings(false), settings());
        twin.dimensions(5);
        assertThat(failure(embedder.embedQuery("q")))
                .hasMessage("The provider's vectors have 5 dimensions where 8 are configured");
    }

    @ParameterizedTest
    @CsvSource({
        "400, REJECTED, 1",
        "401, REJECTED, 1",
        "429, RATE_LIMITED, 3",
        "500, UNAVAILABLE, 3",
        "529, UNAVAILABLE, 3"
    })
    void a_refusal_has_its_kind_and_is_tried_again_where_that_may_help(int status, Kind kind, int calls) {
        twin.refuses(status, 10, Map.of());
        ChatFailure failure =
                failure(embedder(Wire.OPENAI, twin.url(Wire.OPENAI)).embedQuery("q"));
        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure).hasMessageNotContaining(ProviderDouble.KEY);
        assertThat(twin.seen()).hasSize(calls);
    }

    @Test
    void what_passes_is_tried_again() throws Exception {
        twin.refuses(503, 2, Map.of());
        assertThat(get(embedder(Wire.OPENAI, twin.url(Wire.OPENAI)).embedQuery("q")))
                .hasSize(DIMENSIONS);
    }

    @ParameterizedTest
    @EnumSource(
            value = Wire.class,
            names = {"OPENAI", "GEMINI"})
    void wherever_an_answer_is_cut_it_is_a_failure(Wire wire) {
        byte[] body = (wire == Wire.OPENAI
                        ? "{\"object\":\"list\",\"data\":[{\"index\":0,\"embedding\":[1,0,0,0,0,0,0,1.5]}],\"usage\":{}}"
                        : "{\"embeddings\":[{\"values\":[1,0,0,0,0,0,0,1.5]}]}")
                .getBytes(StandardCharsets.UTF_8);
        for (int length = 0; length < body.length; length += 3) {
            try (ScriptedPeer ended = ScriptedPeer.start(ScriptedPeer.ended(body, length), ScriptedPeer.Then.CLOSE);
                    ScriptedPeer cut = ScriptedPeer.start(ScriptedPeer.cut(body, length), ScriptedPeer.Then.RESET)) {
                assertThat(failure(embedder(wire, ended.root() + "/v1").embedQuery("q"))
                                .kind())
                        .isEqualTo(Kind.GARBAGE);
                assertThat(failure(embedder(wire, cut.root() + "/v1").embedQuery("q"))
                                .kind())
                        .isIn(Kind.UNAVAILABLE, Kind.CUT_OFF);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"data\":[]}",
                "{\"data\":[{\"embedding\":[0,0,0,0,0,0,0,0]}]}",
                "{\"data\":[{\"embedding\":[1,2,3,4,5,6,7,\"8\"]}]}",
                "{\"data\":[{\"embedding\":[1,2,3,4,5,6,7,1e99]}]}",
                "{\"data\":[{\"embedding\":\"AAAA\"}]}",
                "[]",
                "hello"
            })
    void an_answer_that_makes_no_sense_is_garbage(String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        try (ScriptedPeer peer = ScriptedPeer.start(ScriptedPeer.ended(bytes, bytes.length), ScriptedPeer.Then.CLOSE)) {
            assertThat(failure(embedder(Wire.OPENAI, peer.root() + "/v1").embedQuery("q"))
                            .kind())
                    .isEqualTo(Kind.GARBAGE);
        }
    }

    @Test
    void silence_is_a_time_out_and_an_endless_answer_ends() {
        byte[] endless = "[".repeat(500_000).getBytes(StandardCharsets.US_ASCII);
        for (byte[] bytes : List.of(new byte[0], ScriptedPeer.cut(new byte[9], 3))) {
            try (ScriptedPeer peer = ScriptedPeer.start(bytes, ScriptedPeer.Then.HANG)) {
                assertThat(failure(embedder(Wire.OPENAI, peer.root() + "/v1").embedQuery("q"))
                                .kind())
                        .isEqualTo(Kind.TIMEOUT);
                await().until(() -> peer.left() == peer.calls());
            }
        }
        try (ScriptedPeer peer =
                ScriptedPeer.start(ScriptedPeer.cut(endless, endless.length), ScriptedPeer.Then.HANG)) {
            assertThat(failure(embedder(Wire.OPENAI, peer.root() + "/v1").embedQuery("q"))
                            .kind())
                    .isEqualTo(Kind.GARBAGE);
        }
    }

    @Test
    void a_question_does_not_wait_for_passages_and_closing_refuses_those_that_wait() throws Exception {
        try (ScriptedPeer peer = ScriptedPeer.start(new byte[0], ScriptedPeer.Then.HANG)) {
            Embedder embedder = embedder(Wire.OPENAI, peer.root() + "/v1");
            List<CompletionStage<?>> passages = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                passages.add(embedder.embedPassages(List.of("p" + i)));
            }
            await().until(() -> peer.calls() == 2);
            embedder.embedQuery("q");
            await().until(() -> peer.calls() == 3);
            embedder.close();
            assertThat(passages.get(19).toCompletableFuture()).isCompletedExceptionally();
            assertThatThrownBy(() -> get(embedder.embedPassages(List.of("x"))))
                    .hasCauseInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void a_registry_knows_its_models_by_name() {
        Embedder embedder = embedder(Wire.OPENAI, twin.url(Wire.OPENAI));
        try (Embedders embedders = new Embedders(List.of(embedder), "e")) {
            assertThat(embedders.find("e")).contains(embedder);
            assertThat(embedders.find("other")).isEmpty();
            assertThat(embedders.preferred()).isSameAs(embedder);
            assertThat(embedders.offers()).containsExactly(new Embedders.Offer("e", DIMENSIONS, 50, true));
        }
        assertThatThrownBy(() -> new Embedders(List.of(embedder, embedder), "e"))
                .hasMessageContaining("twice");
        assertThatThrownBy(() -> new Embedders(List.of(embedder), "x")).hasMessageContaining("not offered");
        assertThatThrownBy(() -> new RemoteEmbedderSettings("e", "m", 1025, 50, 4, 100, 2))
                .hasMessageContaining("dimensions");
    }

    private static List<String> texts(JsonNode body) {
        List<String> texts = new ArrayList<>();
        body.path("input").forEach(text -> texts.add(text.asText()));
        body.path("requests")
                .forEach(each -> texts.add(
                        each.path("content").path("parts").path(0).path("text").asText()));
        return texts;
    }

    private static float[] unit(String text) {
        float[] vector = ProviderDouble.vector(text, DIMENSIONS);
        double squares = 0;
        for (float x : vector) {
            squares += (double) x * x;
        }
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) (vector[i] / Math.sqrt(squares));
        }
        return vector;
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private static ChatFailure failure(CompletionStage<?> stage) {
        CompletableFuture<?> future = stage.toCompletableFuture();
        try {
            future.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            assertThat(e.getCause()).isInstanceOf(ChatFailure.class);
            return (ChatFailure) e.getCause();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        throw new AssertionError("it did not fail");
    }

    private static RemoteEmbedderSettings settings() {
        return new RemoteEmbedderSettings("e", "m", DIMENSIONS, 50, 4, 100, 2);
    }

    private static Embedder embedder(Wire wire, String url) {
        return new RemoteEmbedder(
                upstream(wire, url),
                wire == Wire.GEMINI ? new GeminiEmbeddings() : new OpenAiEmbeddings(true),
                settings());
    }

    private static Upstream upstream(Wire wire, String url) {
        return new Upstream(
                KIT.system(),
                new ProviderSettings(
                        "paid",
                        URI.create(url),
                        Optional.of(ProviderDouble.KEY),
                        new ProviderSettings.Timeouts(
                                Duration.ofSeconds(1),
                                Duration.ofMillis(1_500),
                                Duration.ofSeconds(1),
                                Duration.ofSeconds(6)),
                        new ProviderSettings.Retries(3, Duration.ofMillis(5), Duration.ofMillis(500)),
                        new ProviderSettings.Pool(8, 8),
                        new ProviderSettings.Limits(0),
                        new ProviderSettings.Pause(1000, Duration.ofSeconds(1))),
                Clock.systemUTC());
    }
}
