package io.kvasir.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.onnx.OnnxEmbedder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which index a server uses makes no difference to what is found: a part of scifact, asked of both. */
class SameAnswersTest {
    private static final int QUESTIONS = 25;
    private static final int OTHERS = 60;

    @Test
    void qdrantFindsWhatLuceneFinds() throws IOException {
        Path data = Path.of(System.getenv().getOrDefault("KVASIR_TEST_DATA", "../shared/data"), "retrieval", "scifact");
        assumeTrue(Files.isDirectory(data), "there is no scifact in KVASIR_TEST_DATA");
        Beir part = part(Beir.read(data));

        try (Embedder embedder = OnnxEmbedder.load(2)) {
            assertThat(SameAnswers.compare(part, embedder)).hasSize(3).allSatisfy(compared -> {
                assertThat(compared.questions()).isEqualTo(QUESTIONS);
                assertThat(compared.share()).as("%s", compared).isGreaterThanOrEqualTo(0.95);
                // Of hybrid scores a passage at the end of one list, by an equal score, may lack what it adds.
                assertThat(compared.scores())
                        .as("%s", compared)
                        .isLessThan(compared.mode() == SearchMode.HYBRID ? 0.01 : 1e-4);
            });
        }
    }

    private static Beir part(Beir all) {
        List<Beir.Query> questions = all.queries().stream()
                .filter(query -> !query.relevant().isEmpty())
                .limit(QUESTIONS)
                .toList();
        Set<String> relevant = questions.stream()
                .flatMap(query -> query.relevant().keySet().stream())
                .collect(Collectors.toSet());
        List<Beir.Doc> docs = Stream.concat(
                        all.docs().stream().filter(doc -> relevant.contains(doc.id())),
                        all.docs().stream()
                                .filter(doc -> !relevant.contains(doc.id()))
                                .limit(OTHERS))
                .toList();
        return new Beir("scifact-part", docs, questions);
    }
}
