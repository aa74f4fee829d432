package io.kvasir.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A folder in the layout of the BEIR benchmark: corpus.jsonl, queries.jsonl, qrels/*.tsv. */
record Beir(String name, List<Doc> docs, List<Query> queries) {
    private static final ObjectMapper JSON = new ObjectMapper();

    record Doc(String id, String title, String text) {}

    /** @param relevant grades by document id, empty where nothing answers; @param metadata as given */
    record Query(String id, String text, Map<String, Integer> relevant, JsonNode metadata) {}

    static Beir read(Path folder) throws IOException {
        Map<String, Map<String, Integer>> judged = judgements(folder);
        List<Doc> docs = new ArrayList<>();
        for (JsonNode line : lines(folder.resolve("corpus.jsonl"))) {
            docs.add(new Doc(
                    line.get("_id").asText(),
                    line.path("title").asText(""),
                    line.get("text").asText()));
        }
        List<Query> queries = new ArrayList<>();
        for (JsonNode line : lines(folder.resolve("queries.jsonl"))) {
            String id = line.get("_id").asText();
            queries.add(
                    new Query(id, line.get("text").asText(), judged.getOrDefault(id, Map.of()), line.path("metadata")));
        }
        Path parent = folder.toAbsolutePath().normalize().getParent();
        String name = folder.getFileName().toString();
        return new Beir(parent != null && name.length() == 2 ? parent.getFileName() + "/" + name : name, docs, queries);
    }

    private static List<JsonNode> lines(Path file) throws IOException {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> !line.isBlank())
                    .map(line -> {
                        try {
                            return JSON.readTree(line);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    })
                    .toList();
        }
    }

    private static Map<String, Map<String, Integer>> judgements(Path folder) throws IOException {
        Map<String, Map<String, Integer>> judged = new HashMap<>();
        try (Stream<Path> files = Files.list(folder.resolve("qrels"))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".tsv")).toList()) {
                for (String line : Files.readAllLines(file)) {
                    String[] cell = line.split("\t");
                    String grade = cell[cell.length - 1];
                    if (cell.length >= 3 && grade.matches("\\d+") && !grade.equals("0")) {
                        judged.computeIfAbsent(cell[0], _ -> new HashMap<>())
                                .put(cell[cell.length - 2], Integer.parseInt(grade));
                    }
                }
            }
        }
        return judged;
    }

    /** Normalised discounted cumulative gain of the first ten, as trec_eval counts it (gain = grade). */
    static double ndcg10(List<String> ranked, Map<String, Integer> relevant) {
        double gain = 0;
        for (int i = 0; i < Math.min(10, ranked.size()); i++) {
            gain += relevant.getOrDefault(ranked.get(i), 0) / log2(i + 2);
        }
        List<Integer> ideal = relevant.values().stream()
                .sorted(Comparator.reverseOrder())
                .limit(10)
                .toList();
        double best = 0;
        for (int i = 0; i < ideal.size(); i++) {
            best += ideal.get(i) / log2(i + 2);
        }
        return gain / best;
    }

    static double recall100(List<String> ranked, Map<String, Integer> relevant) {
        return (double) ranked.stream().limit(100).filter(relevant::containsKey).count() / relevant.size();
    }

    static double mrr10(List<String> ranked, Map<String, Integer> relevant) {
        for (int i = 0; i < Math.min(10, ranked.size()); i++) {
            if (relevant.containsKey(ranked.get(i))) {
                return 1.0 / (i + 1);
            }
        }
        return 0;
    }

    private static double log2(double x) {
        return Math.log(x) / Math.log(2);
    }
}
