package io.kvasir.retrieval.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxEmbedderTest {
    private static OnnxEmbedder embedder;

    @BeforeAll
    static void load() throws IOException {
        embedder = OnnxEmbedder.load(2);
    }

    @AfterAll
    static void close() {
        embedder.close();
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private static double cosine(float[] a, float[] b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
    }

    @Test
    void keepsTheTokenizerLibraryFromReportingToItsMakers() {
        assertThat(ai.djl.util.Utils.isOfflineMode()).isTrue();
    }

    @Test
    void theSlowNormalizationStaysOut(@TempDir Path folder) throws Exception {
        Path optimized = folder.resolve("optimized.onnx");
        try (OrtSession.SessionOptions options = OnnxEmbedder.options();
                InputStream model = OnnxEmbedder.class.getResourceAsStream(OnnxEmbedder.MODEL)) {
            options.setOptimizedModelFilePath(optimized.toString());
            OrtEnvironment.getEnvironment()
                    .createSession(model.readAllBytes(), options)
                    .close();
        }

        // Field 4 of a node is its operation: tag and length stand before the name.
        assertThat(Files.readString(optimized, StandardCharsets.ISO_8859_1))
                .contains("\"\u0004Gelu")
                .doesNotContain("\"\u0012LayerNormalization");
    }

    @Test
    void vectorsHaveUnitLength() {
        float[] vector = join(embedder.embedPassages(List.of("Refunds are paid within 14 days.")))
                .getFirst();

        assertThat(vector).hasSize(embedder.dimensions());
        assertThat(cosine(vector, vector)).isCloseTo(1, Offset.offset(1e-5));
    }

    @Test
    void aQuestionIsNearestToThePassageThatAnswersIt() {
        List<float[]> passages = join(embedder.embedPassages(List.of(
                "Refunds are paid within 14 days after the goods came back.",
                "The museum opens at nine on weekdays.",
                "Photosynthesis turns light into chemical energy.")));
        float[] question = join(embedder.embedQuery("How long does it take to get my money back?"));

        assertThat(passages.stream().mapToDouble(p -> cosine(question, p)).toArray()[0])
                .isGreaterThan(passages.stream()
                                .skip(1)
                                .mapToDouble(p -> cosine(question, p))
                                .max()
                                .orElseThrow()
                        + 0.1);
    }

    @Test
    void aQuestionIsEmbeddedLikeAPassage() {
        String text = "How long does it take to get my money back?";

        assertThat(join(embedder.embedQuery(text)))
                .isEqualTo(join(embedder.embedPassages(List.of(text))).getFirst());
    }

    @Test
    void aVectorDoesNotDependOnItsNeighbours() {
        float[] alone = join(embedder.embedPassages(List.of("alpha"))).getFirst();
        float[] among = join(embedder.embedPassages(List.of("a much longer neighbour ".repeat(50), "alpha", "beta")))
                .get(1);

        assertThat(among).isEqualTo(alone);
    }

    @Test
    void anyTextHasAVector() {
        List<String> texts =
                List.of("", " ", "\u0000", "😀", "\uD83D", "a".repeat(100_000), "word ".repeat(20_000), "भारत", "北京");

        assertThat(join(embedder.embedPassages(texts)))
                .hasSize(texts.size())
                .allSatisfy(v -> assertThat(cosine(v, v)).isCloseTo(1, Offset.offset(1e-4)));
        assertThat(texts.stream().map(t -> join(embedder.embedQuery(t)).length)).containsOnly(embedder.dimensions());
    }

    @Test
    void countsTokensWithoutTheSpecialOnes() {
        assertThat(embedder.countTokens("")).isZero();
        assertThat(embedder.countTokens("the quick brown fox")).isEqualTo(4);
        assertThat(embedder.countTokens("word ".repeat(1_000))).isEqualTo(1_000);
    }

    @Test
    void isFluentInEnglishAlone() {
        assertThat(embedder.fluency("When is a refund paid to the customer?")).isGreaterThan(0.7);
        assertThat(embedder.fluency("Wann bekomme ich mein Geld zurückerstattet?"))
                .isLessThan(0.5);
        assertThat(embedder.fluency("भारत की राजधानी क्या है?")).isZero();
        assertThat(embedder.fluency("中国的首都是什么")).isZero();
        assertThat(embedder.fluency("")).isZero();
    }

    @Test
    void aQuestionOvertakesABacklog() {
        AtomicInteger done = new AtomicInteger();
        List<CompletableFuture<Void>> backlog = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            backlog.add(embedder.embedPassages(List.of("a passage of some length ".repeat(40) + i))
                    .thenAccept(_ -> done.incrementAndGet())
                    .toCompletableFuture());
        }
        join(embedder.embedQuery("urgent"));

        assertThat(done).hasValueLessThan(50);
        CompletableFuture.allOf(backlog.toArray(CompletableFuture[]::new)).join();
    }

    @Test
    void refusesWorkOnceClosed() throws IOException {
        OnnxEmbedder shortLived = OnnxEmbedder.load(1);
        shortLived.close();
        shortLived.close();

        assertThatThrownBy(() -> join(shortLived.embedQuery("late")))
                .hasRootCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    void closingWaitsForWhatIsBeingEmbedded() throws IOException {
        OnnxEmbedder shortLived = OnnxEmbedder.load(1);
        List<CompletableFuture<List<float[]>>> asked = IntStream.range(0, 20)
                .mapToObj(i -> shortLived
                        .embedPassages(List.of("a passage of some length ".repeat(60) + i))
                        .toCompletableFuture())
                .toList();
        asked.getFirst().join();
        shortLived.close();

        assertThat(asked)
                .allSatisfy(one -> assertThat(one)
                        .satisfiesAnyOf(
                                done -> assertThat(done).succeedsWithin(Duration.ofSeconds(5)),
                                refused -> assertThat(refused)
                                        .failsWithin(Duration.ofSeconds(5))
                                        .withThrowableThat()
                                        .havingRootCause()
                                        .isInstanceOf(IllegalStateException.class)));
    }
}
