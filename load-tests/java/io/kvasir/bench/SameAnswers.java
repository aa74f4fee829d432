package io.kvasir.bench;

import io.kvasir.http.Json;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.Retriever;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.VectorSpace;
import io.kvasir.retrieval.lucene.LucenePassageIndex;
import io.kvasir.retrieval.onnx.OnnxEmbedder;
import io.kvasir.retrieval.qdrant.QdrantDouble;
import io.kvasir.retrieval.qdrant.QdrantPassageIndex;
import io.kvasir.retrieval.qdrant.QdrantSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * {@code ./dev bench retrieval --qdrant FOLDER…}: how many questions get the same ten passages from Qdrant as from Lucene.
 * Qdrant is the server named by {@code QDRANT_URL}, or else one in this process that searches exactly.
 */
final class SameAnswers {
    private static final int TEN = 10;

    private SameAnswers() {}

    /**
     * @param questions asked
     * @param same of them with the same ten passages, in any order
     * @param inOrder of them with the same ten in the same order
     * @param scores largest difference of the calibrated scores of a passage both found
     */
    record Compared(SearchMode mode, int questions, int same, int inOrder, double scores) {
        double share() {
            return (double) same / questions;
        }
    }

    static void run(List<String> folders) throws IOException {
        System.out.printf(
                "%-12s %-8s %10s %10s %10s %12s%n", "set", "mode", "questions", "same ten", "in order", "scores ±");
        List<Map<String, Object>> rows = new ArrayList<>();
        try (Embedder embedder = OnnxEmbedder.load(Runtime.getRuntime().availableProcessors())) {
            for (String folder : folders) {
                Beir beir = Beir.read(Path.of(folder));
                for (Compared c : compare(beir, embedder)) {
                    System.out.printf(
                            "%-12s %-8s %10d %9.1f%% %9.1f%% %12.2g%n",
                            beir.name(),
                            c.mode(),
                            c.questions(),
                            100 * c.share(),
                            100.0 * c.inOrder() / c.questions(),
                            c.scores());
                    rows.add(Map.of(
                            "set", beir.name(), "mode", c.mode(), "questions", c.questions(), "same", c.share()));
                }
            }
        }
        System.out.println(Json.write(Map.of("bench", "retrieval-qdrant", "rows", rows)));
    }

    static List<Compared> compare(Beir beir, Embedder embedder) throws IOException {
        Path scratch = Files.createTempDirectory("bench-same");
        Optional<String> url = Optional.ofNullable(System.getenv("QDRANT_URL"));
        try (QdrantDouble server = new QdrantDouble();
                PassageIndex lucene = LucenePassageIndex.open(scratch);
                PassageIndex qdrant =
                        QdrantPassageIndex.open(settings(url.orElse(server.url())), VectorSpace.of(embedder))) {
            Corpus one = Corpus.index(beir, "en", embedder, lucene);
            Corpus other = Corpus.index(beir, "en", embedder, qdrant);
            Retriever here = new Retriever(lucene, embedder);
            Retriever there = new Retriever(qdrant, embedder);
            List<Compared> compared = new ArrayList<>();
            for (SearchMode mode : SearchMode.values()) {
                compared.add(compared(mode, beir, here, one, there, other));
            }
            qdrant.erase(other.scope()).toCompletableFuture().join();
            return compared;
        } finally {
            try (Stream<Path> files = Files.walk(scratch)) {
                files.sorted(java.util.Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            }
        }
    }

    private static QdrantSettings settings(String url) {
        return new QdrantSettings(
                URI.create(url),
                Optional.ofNullable(System.getenv("QDRANT_API_KEY")),
                "kvasir-bench",
                new QdrantSettings.Timeouts(
                        Duration.ofSeconds(30), Duration.ofSeconds(60), Duration.ofMillis(50), Duration.ofSeconds(1)),
                new QdrantSettings.Hnsw(16, 100, 16_384, 0),
                new QdrantSettings.Quantization(QdrantSettings.Quantization.Kind.NONE, 2),
                false,
                1,
                1);
    }

    private static Compared compared(
            SearchMode mode, Beir beir, Retriever here, Corpus one, Retriever there, Corpus other) {
        int questions = 0;
        int same = 0;
        int inOrder = 0;
        double scores = 0;
        for (Beir.Query query : beir.queries()) {
            if (query.relevant().isEmpty()) {
                continue;
            }
            Map<String, Double> first = search(here, one, mode, query);
            Map<String, Double> second = search(there, other, mode, query);
            questions++;
            same += first.keySet().equals(second.keySet()) ? 1 : 0;
            inOrder += List.copyOf(first.keySet()).equals(List.copyOf(second.keySet())) ? 1 : 0;
            Set<String> both = new HashSet<>(first.keySet());
            both.retainAll(second.keySet());
            for (String document : both) {
                scores = Math.max(scores, Math.abs(first.get(document) - second.get(document)));
            }
        }
        return new Compared(mode, questions, same, inOrder, scores);
    }

    private static Map<String, Double> search(Retriever retriever, Corpus corpus, SearchMode mode, Beir.Query query) {
        RetrievalSettings settings =
                new RetrievalSettings(mode, TEN, 0, 100, 0.7, RetrievalSettings.Rerank.NONE, 1, 400, 50, 2_000);
        Map<String, Double> found = new java.util.LinkedHashMap<>();
        retriever
                .retrieve(corpus.scope(), corpus.revision(), settings, query.text())
                .toCompletableFuture()
                .join()
                .results()
                .forEach(f -> found.put(corpus.documentOf().get(f.passage().id().value()), f.score()));
        return found;
    }
}
