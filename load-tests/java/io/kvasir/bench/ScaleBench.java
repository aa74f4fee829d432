package io.kvasir.bench;

import io.kvasir.http.Json;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.SourceVersion;
import io.kvasir.retrieval.lucene.LucenePassageIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/**
 * {@code ./dev bench retrieval --scale LARGE SMALL}: one knowledge base of LARGE passages and SMALL ones of 100 in one
 * index. Made-up words (Zipf) and vectors around made-up topics; no embedding. The control of a search in the shared index is the
 * same small knowledge base alone in an index of its own.
 */
final class ScaleBench {
    private static final int DIMENSIONS = 384;
    private static final int WORDS = 50_000;
    private static final int TOPICS = 2_000;
    private static final int SEARCHES = 300;

    private final Random random = new Random(1);
    private final float[][] topics =
            IntStream.range(0, TOPICS).mapToObj(_ -> gaussian()).toArray(float[][]::new);
    private final List<Map<String, Object>> rows = new ArrayList<>();

    static void run(int large, int small) throws IOException {
        new ScaleBench().measure(large, small);
    }

    private void measure(int large, int small) throws IOException {
        Path folder = Files.createTempDirectory("bench-scale");
        Path alone = Files.createTempDirectory("bench-scale-alone");
        System.out.printf("%-34s %10s %10s%n", "what", "p50 ms", "p99 ms");
        try (PassageIndex index = LucenePassageIndex.open(folder);
                PassageIndex control = LucenePassageIndex.open(alone)) {
            Scope big = scope();
            SourceVersion source = new SourceVersion(SourceId.next(), 1);
            long start = System.nanoTime();
            for (int i = 0; i < large; i += 1_000) {
                join(index.stage(big, passages(big, source, i, Math.min(1_000, large - i))));
            }
            List<Scope> many = new ArrayList<>();
            for (int i = 0; i < small; i++) {
                Scope each = scope();
                many.add(each);
                join(index.stage(each, passages(each, source, 0, 100)));
                join(index.publish(each, 1, Set.of(source), Set.of()));
            }
            join(index.publish(big, 1, Set.of(source), Set.of()));
            double seconds = (System.nanoTime() - start) / 1e9;
            System.out.printf("written: %,.0f passages/s%n", (large + 100.0 * small) / seconds);
            Scope one = scope();
            join(control.stage(one, passages(one, source, 0, 100)));
            join(control.publish(one, 1, Set.of(source), Set.of()));

            searches("large", index, i -> big);
            searches("small", index, i -> many.get(i % many.size()));
            searches("small, alone (control)", control, i -> one);
            publications(index, big, many.getFirst());
            long bytes;
            try (var files = Files.walk(folder)) {
                bytes = files.filter(Files::isRegularFile)
                        .mapToLong(f -> f.toFile().length())
                        .sum();
            }
            System.out.printf("on disk: %,d bytes a passage%n", bytes / (large + 100L * small));
            System.out.println(Json.write(Map.of(
                    "bench",
                    "scale",
                    "large",
                    large,
                    "small",
                    small,
                    "writtenPerSecond",
                    (large + 100.0 * small) / seconds,
                    "bytesPerPassage",
                    bytes / (large + 100L * small),
                    "rows",
                    rows)));
        } finally {
            delete(folder);
            delete(alone);
        }
    }

    private void searches(String what, PassageIndex index, java.util.function.IntFunction<Scope> scope) {
        for (SearchMode mode : SearchMode.values()) {
            double[] millis = new double[SEARCHES];
            for (int i = -SEARCHES; i < SEARCHES; i++) {
                PassageIndex.Query query = new PassageIndex.Query(words(8), vector(), mode, 50);
                Scope in = scope.apply(i + SEARCHES);
                long start = System.nanoTime();
                join(index.search(in, 1, query));
                if (i >= 0) {
                    millis[i] = (System.nanoTime() - start) / 1e6;
                }
            }
            row(what + ", " + mode.name().toLowerCase(java.util.Locale.ROOT), millis);
        }
    }

    /** A document of ten passages added, a search in the large knowledge base after each. */
    private void publications(PassageIndex index, Scope big, Scope small) {
        for (Scope scope : List.of(big, small)) {
            double[] publish = new double[30];
            double[] next = new double[30];
            for (int i = 0; i < publish.length; i++) {
                SourceVersion source = new SourceVersion(SourceId.next(), 1);
                join(index.stage(scope, passages(scope, source, 0, 10)));
                long start = System.nanoTime();
                join(index.publish(scope, i + 2, Set.of(source), Set.of()));
                publish[i] = (System.nanoTime() - start) / 1e6;
                start = System.nanoTime();
                join(index.search(big, 1, new PassageIndex.Query(words(8), vector(), SearchMode.HYBRID, 50)));
                next[i] = (System.nanoTime() - start) / 1e6;
            }
            String where = scope == big ? "large" : "small";
            row("publish into " + where, publish);
            row("first search of large after it", next);
        }
    }

    private void row(String what, double[] millis) {
        Arrays.sort(millis);
        double p50 = millis[millis.length / 2];
        double p99 = millis[(int) Math.ceil(millis.length * 0.99) - 1];
        System.out.printf("%-34s %10.2f %10.2f%n", what, p50, p99);
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("what", what);
        row.put("p50Ms", p50);
        row.put("p99Ms", p99);
        rows.add(row);
    }

    private static Scope scope() {
        return new Scope(TenantId.next(), KnowledgeBaseId.next());
    }

    private List<EmbeddedPassage> passages(Scope scope, SourceVersion source, int first, int n) {
        return IntStream.range(first, first + n)
                .mapToObj(i -> {
                    String text = words(150);
                    return new EmbeddedPassage(
                            new Passage(
                                    Passage.identity(scope, source, i),
                                    source,
                                    i,
                                    "title",
                                    Optional.empty(),
                                    text,
                                    0,
                                    text.length(),
                                    Optional.empty(),
                                    List.of(),
                                    "en"),
                            vector());
                })
                .toList();
    }

    /** Ranks after Zipf: the n-th word is n times rarer than the first. */
    private String words(int n) {
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < n; i++) {
            words.append('w').append((int) Math.pow(WORDS, random.nextDouble())).append(' ');
        }
        return words.toString();
    }

    private float[] gaussian() {
        float[] vector = new float[DIMENSIONS];
        for (int i = 0; i < DIMENSIONS; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return vector;
    }

    private float[] vector() {
        float[] vector = gaussian();
        float[] topic = topics[random.nextInt(TOPICS)];
        double squares = 0;
        for (int i = 0; i < DIMENSIONS; i++) {
            vector[i] += topic[i];
            squares += vector[i] * vector[i];
        }
        for (int i = 0; i < DIMENSIONS; i++) {
            vector[i] /= (float) Math.sqrt(squares);
        }
        return vector;
    }

    private static <T> T join(java.util.concurrent.CompletionStage<T> stage) {
        CompletableFuture<T> future = stage.toCompletableFuture();
        return future.join();
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        }
    }
}
