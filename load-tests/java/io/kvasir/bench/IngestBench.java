package io.kvasir.bench;

import io.kvasir.http.Json;
import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.IngestionSettings;
import io.kvasir.ingestion.document.DocumentIngestion;
import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.DatabaseSettings;
import io.kvasir.jdbc.JdbcBlobStore;
import io.kvasir.jdbc.MasterKey;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.SourceVersion;
import io.kvasir.retrieval.lucene.LucenePassageIndex;
import io.kvasir.retrieval.onnx.OnnxEmbedder;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.FileIO;

/**
 * {@code ./dev bench ingest FOLDER [ROUNDS]}: every file of a folder through store, parser, chunker, embedder and index,
 * against the bare embedder on the very same inputs, in turn.
 */
public final class IngestBench {
    private static final RetrievalSettings SETTINGS =
            new RetrievalSettings(SearchMode.HYBRID, 5, 0, 100, 0.7, RetrievalSettings.Rerank.NONE, 1, 256, 32, 3_000);

    private IngestBench() {}

    public static void main(String[] args) throws Exception {
        if (args.length < 1) {
            System.err.println("usage: bench ingest FOLDER [ROUNDS]");
            System.exit(2);
        }
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 3;
        List<Path> files;
        try (var all = Files.walk(Path.of(args[0]))) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        Path scratch = Files.createTempDirectory("bench-ingest");
        ActorSystem system = ActorSystem.create("bench", com.typesafe.config.ConfigFactory.load("reference"));
        Database database = Database.open(new DatabaseSettings(
                "jdbc:h2:file:" + scratch.resolve("db") + ";WRITE_DELAY=0",
                "sa",
                "",
                10,
                Duration.ofSeconds(10),
                Duration.ofSeconds(60),
                true));
        Transactor transactor = new Transactor(database.dataSource(), 8);
        SubjectKeys keys = new SubjectKeys(transactor, MasterKey.load(Optional.empty(), scratch.resolve("key")));
        JdbcBlobStore blobs = new JdbcBlobStore(transactor, keys, Materializer.matFromSystem(system));
        Embedder embedder = OnnxEmbedder.load(Runtime.getRuntime().availableProcessors());
        List<String> inputs = java.util.Collections.synchronizedList(new ArrayList<>());
        // The same embedder, with its inputs written down for the control.
        Embedder recording = (Embedder) Proxy.newProxyInstance(
                IngestBench.class.getClassLoader(), new Class<?>[] {Embedder.class}, (_, method, arguments) -> {
                    if (method.getName().equals("embedPassages")) {
                        ((List<?>) arguments[0]).forEach(text -> inputs.add((String) text));
                    }
                    return method.invoke(embedder, arguments);
                });
        LucenePassageIndex index = LucenePassageIndex.open(scratch.resolve("index"));
        DocumentIngestion ingestion = DocumentIngestion.open(
                new IngestionSettings(
                        scratch.resolve("work"), 2, 1, 1 << 20, Duration.ofSeconds(120), "512m", 20_000_000, 200),
                blobs,
                recording,
                index);
        System.out.printf(
                "%-6s %10s %8s %12s %14s %8s%n", "round", "documents", "chunks", "chunks/s", "bare chunks/s", "ratio");
        double[] ratios = new double[rounds];
        double[] speeds = new double[rounds];
        double[] documents = new double[rounds];
        for (int round = -1; round < rounds; round++) {
            inputs.clear();
            long start = System.nanoTime();
            long read = run(files, blobs, ingestion);
            double whole = (System.nanoTime() - start) / 1e9;
            List<String> same = List.copyOf(inputs);
            start = System.nanoTime();
            List<CompletableFuture<List<float[]>>> asked = same.stream()
                    .map(text -> embedder.embedPassages(List.of(text)).toCompletableFuture())
                    .toList();
            CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)).join();
            double bare = (System.nanoTime() - start) / 1e9;
            if (round >= 0) { // the first only warms
                speeds[round] = same.size() / whole;
                documents[round] = read / whole;
                ratios[round] = bare / whole;
                System.out.printf(
                        "%-6d %10d %8d %12.1f %14.1f %8.2f%n",
                        round + 1, read, same.size(), speeds[round], same.size() / bare, ratios[round]);
            }
        }
        System.out.println(Json.write(Map.of(
                "bench",
                "ingest",
                "documentsPerSecond",
                median(documents),
                "chunksPerSecond",
                median(speeds),
                "ratioToBare",
                median(ratios))));
        try (var all = Files.walk(scratch)) {
            all.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        }
        System.exit(0);
    }

    private static long run(List<Path> files, JdbcBlobStore blobs, DocumentIngestion ingestion) throws Exception {
        Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());
        List<CompletableFuture<Ingestion.Result>> runs = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            Path file = files.get(i);
            SourceVersion source = new SourceVersion(new SourceId("d" + i), 1);
            BlobId id = new BlobId("d" + i);
            blobs.write(scope, id, "bench", FileIO.fromPath(file), Long.MAX_VALUE)
                    .toCompletableFuture()
                    .join();
            runs.add(ingestion
                    .start(
                            new Ingestion.Task(
                                    scope,
                                    source,
                                    id,
                                    Files.size(file),
                                    new BlobId("d" + i + "-text"),
                                    "bench",
                                    file.getFileName().toString(),
                                    Optional.empty(),
                                    Optional.empty(),
                                    SETTINGS),
                            _ -> {})
                    .result()
                    .toCompletableFuture());
        }
        CompletableFuture.allOf(runs.toArray(CompletableFuture[]::new)).join();
        return runs.stream()
                .filter(run -> run.join() instanceof Ingestion.Result.Staged)
                .count();
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
