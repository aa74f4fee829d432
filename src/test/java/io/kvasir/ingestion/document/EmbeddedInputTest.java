package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.onnx.OnnxEmbedder;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the embedder is given: never more than it reads, counted by the model's own tokens; never half a character. */
class EmbeddedInputTest {
    /** The model's 512 less its two marks. */
    private static final int MOST_TOKENS = 510;

    private static OnnxEmbedder model;

    @TempDir
    Path folder;

    private final List<String> inputs = Collections.synchronizedList(new ArrayList<>());
    private Desk desk;

    @BeforeAll
    static void load() throws IOException {
        model = OnnxEmbedder.load(1);
    }

    @AfterAll
    static void unload() {
        model.close();
    }

    @BeforeEach
    void open() throws IOException {
        // Counts as the model does, and writes down instead of embedding.
        Embedder recording = (Embedder) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Embedder.class}, (_, method, arguments) -> {
                    if (method.getName().equals("embedPassages")) {
                        List<?> texts = (List<?>) arguments[0];
                        texts.forEach(text -> inputs.add((String) text));
                        return CompletableFuture.completedFuture(
                                texts.stream().map(_ -> new float[] {1, 0}).toList());
                    }
                    return method.invoke(model, arguments);
                });
        desk = new Desk(folder.resolve("work"), 1, 1, Duration.ofSeconds(60), Optional.of(recording));
    }

    @AfterEach
    void close() {
        desk.close();
    }

    private Desk.Sheet markdown(int chunkTokens, String text) {
        Desk.Sheet sheet = desk.sheet(
                        "a.md",
                        new RetrievalSettings(
                                SearchMode.HYBRID,
                                5,
                                0,
                                50,
                                0.7,
                                RetrievalSettings.Rerank.NONE,
                                1,
                                chunkTokens,
                                30,
                                2_000))
                .of(text);
        sheet.staged();
        return sheet;
    }

    @ParameterizedTest
    @CsvSource({"zh", "hi", "ar", "en"})
    void isNoLongerThanTheModelReadsWhateverStandsAbove(String language) throws IOException {
        Path corpus = Path.of(System.getenv().getOrDefault("KVASIR_TEST_DATA", "../shared/data"))
                .resolve("retrieval/xquad/" + language + "/corpus.jsonl");
        assumeTrue(Files.exists(corpus), "no test data at " + corpus);
        StringBuilder all = new StringBuilder();
        for (String line : Files.readAllLines(corpus).subList(0, 30)) {
            all.append(new ObjectMapper().readTree(line).get("text").asText()).append("\n\n");
        }
        String title = all.substring(0, 230).replace('\n', ' ');
        markdown(480, "# " + title + "\n\n## " + title + "\n\n" + all);

        assertThat(inputs).hasSizeGreaterThan(5);
        assertThat(inputs)
                .allSatisfy(input -> assertThat(model.countTokens(input)).isLessThanOrEqualTo(MOST_TOKENS));
        // And the room is used.
        assertThat(inputs.stream().mapToInt(model::countTokens).max().orElseThrow())
                .isGreaterThan(400);
    }

    @Test
    void hasTheTitleAndTheHeadingsBeforeThePassage() {
        markdown(100, "# Guide\n\nWelcome.\n\n## Refunds\n\nPaid soon.\n");

        assertThat(inputs).containsExactly("Guide\nWelcome.", "Guide\nRefunds\nPaid soon.");
    }

    @Test
    void isNeverCutInsideACharacter() {
        String heading = "x" + "😀".repeat(110);
        Desk.Sheet sheet = markdown(100, "# " + heading + "\n\n## " + heading + "\n\nPaid soon.\n");

        assertThat(inputs).hasSize(1).allSatisfy(input -> {
            assertThat(input)
                    .isEqualTo(new String(
                            input.getBytes(java.nio.charset.StandardCharsets.UTF_8),
                            java.nio.charset.StandardCharsets.UTF_8));
            assertThat(input).endsWith("\nPaid soon.");
        });
        assertThat(sheet.passages()).extracting(Passage::title).containsExactly(heading);
    }

    @Test
    void aTitleIsNeverCutInsideACharacter() {
        Desk.Sheet sheet = desk.sheet("a.html")
                .of("<html><head><title>x" + "😀".repeat(300) + "</title></head><body><p>Paid soon.</p></body></html>");
        sheet.staged();

        assertThat(sheet.passages()).extracting(Passage::title).containsExactly("x" + "😀".repeat(149));
    }
}
