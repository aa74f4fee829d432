package io.kvasir.bench;

import io.kvasir.http.Json;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.Retrieval;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.Retriever;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.lucene.LucenePassageIndex;
import io.kvasir.retrieval.onnx.OnnxEmbedder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code ./dev bench retrieval FOLDER…}: how well and how fast passages are found in sets of the BEIR layout. The control
 * is reciprocal rank fusion (Cormack et al. 2009, k = 60) of the very same two legs.
 */
public final class RetrievalBench {
    private static final int MOST = 100;

    private RetrievalBench() {}

    public static void main(String[] folders) throws IOException {
        if (folders.length == 3 && folders[0].equals("--scale")) {
            ScaleBench.run(Integer.parseInt(folders[1]), Integer.parseInt(folders[2]));
            System.exit(0);
        }
        if (folders.length > 1 && folders[0].equals("--qdrant")) {
            SameAnswers.run(List.of(folders).subList(1, folders.length));
            System.exit(0);
        }
        if (folders.length == 0) {
            System.err.println("usage: bench retrieval FOLDER… (BEIR layout: corpus.jsonl, queries.jsonl, qrels/)");
            System.err.println("       bench retrieval --qdrant FOLDER…");
            System.err.println("       bench retrieval --scale PASSAGES-OF-ONE NUMBER-OF-SMALL-ONES");
            System.exit(2);
        }
        System.out.printf(
                "%-12s %-8s %8s %8s %8s %9s %9s%n", "set", "mode", "nDCG@10", "R@100", "MRR@10", "p50 ms", "p99 ms");
        List<Map<String, Object>> rows = new ArrayList<>();
        Path scratch = Files.createTempDirectory("bench-retrieval");
        try (Embedder embedder = OnnxEmbedder.load(Runtime.getRuntime().availableProcessors());
                PassageIndex index = LucenePassageIndex.open(scratch)) {
            for (String folder : folders) {
                Beir beir = Beir.read(Path.of(folder));
                String language = beir.name().contains("/")
                        ? beir.name().substring(beir.name().indexOf('/') + 1)
                        : "en";
                Corpus corpus = Corpus.index(beir, language, embedder, index);
                rows.addAll(measure(beir, corpus, new Retriever(index, embedder)));
            }
        } finally {
            try (var files = Files.walk(scratch)) {
                files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
            }
        }
        System.out.println(Json.write(Map.of("bench", "retrieval", "rows", rows)));
        System.exit(0);
    }

    private static List<Map<String, Object>> measure(Beir beir, Corpus corpus, Retriever retriever) {
        List<Beir.Query> judged =
                beir.queries().stream().filter(q -> !q.relevant().isEmpty()).toList();
        // Warm: every code path and every page of the index once.
        judged.stream().limit(200).forEach(q -> search(retriever, corpus, SearchMode.HYBRID, q));
        Map<String, Map<String, List<String>>> ranked = new HashMap<>();
        List<Map<String, Object>> rows = new ArrayList<>();
        for (SearchMode mode : List.of(SearchMode.KEYWORD, SearchMode.DENSE, SearchMode.HYBRID)) {
            Map<String, List<String>> runs = new HashMap<>();
            double[] millis = new double[judged.size()];
            for (int i = 0; i < judged.size(); i++) {
                long start = System.nanoTime();
                runs.put(judged.get(i).id(), search(retriever, corpus, mode, judged.get(i)));
                millis[i] = (System.nanoTime() - start) / 1e6;
            }
            String name = mode.name().toLowerCase(java.util.Locale.ROOT);
            ranked.put(name, runs);
            rows.add(row(beir.name(), name, judged, runs, millis));
        }
        Map<String, List<String>> control = new HashMap<>();
        for (Beir.Query query : judged) {
            control.put(
                    query.id(),
                    reciprocal(
                            ranked.get("keyword").get(query.id()),
                            ranked.get("dense").get(query.id())));
        }
        rows.add(row(beir.name(), "rrf", judged, control, new double[] {0}));
        return rows;
    }

    private static List<String> search(Retriever retriever, Corpus corpus, SearchMode mode, Beir.Query query) {
        RetrievalSettings settings =
                new RetrievalSettings(mode, MOST, 0, MOST, 0.7, RetrievalSettings.Rerank.NONE, 1, 400, 50, 2_000);
        Retrieval retrieval = retriever
                .retrieve(corpus.scope(), corpus.revision(), settings, query.text())
                .toCompletableFuture()
                .join();
        return retrieval.results().stream()
                .map(found -> corpus.documentOf().get(found.passage().id().value()))
                .toList();
    }

    private static List<String> reciprocal(List<String> one, List<String> other) {
        Map<String, Double> scores = new HashMap<>();
        for (List<String> leg : List.of(one, other)) {
            for (int i = 0; i < leg.size(); i++) {
                scores.merge(leg.get(i), 1.0 / (60 + i + 1), Double::sum);
            }
        }
        return scores.entrySet().stream()
                .sorted(Map.Entry.<String, Double>comparingByValue()
                        .reversed()
                        .thenComparing(Map.Entry.comparingByKey()))
                .map(Map.Entry::getKey)
                .toList();
    }

    private static Map<String, Object> row(
            String set, String mode, List<Beir.Query> judged, Map<String, List<String>> runs, double[] millis) {
        double ndcg = judged.stream()
                .mapToDouble(q -> Beir.ndcg10(runs.get(q.id()), q.relevant()))
                .average()
                .orElse(0);
        double recall = judged.stream()
                .mapToDouble(q -> Beir.recall100(runs.get(q.id()), q.relevant()))
                .average()
                .orElse(0);
        double mrr = judged.stream()
                .mapToDouble(q -> Beir.mrr10(runs.get(q.id()), q.relevant()))
                .average()
                .orElse(0);
        Arrays.sort(millis);
        double p50 = millis[millis.length / 2];
        double p99 = millis[(int) Math.min(millis.length - 1, Math.ceil(millis.length * 0.99) - 1)];
        System.out.printf("%-12s %-8s %8.4f %8.4f %8.4f %9.2f %9.2f%n", set, mode, ndcg, recall, mrr, p50, p99);
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("set", set);
        row.put("mode", mode);
        row.put("ndcg10", ndcg);
        row.put("recall100", recall);
        row.put("mrr10", mrr);
        row.put("p50Ms", p50);
        row.put("p99Ms", p99);
        return row;
    }
}
