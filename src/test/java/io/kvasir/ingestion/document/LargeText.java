package io.kvasir.ingestion.document;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.IngestionSettings;
import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.SourceVersion;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.Materializer;

/** Ingests a text of so many bytes, made as it is read, in a JVM whose heap the caller chose. The embedder is a double: the real one would take an hour. */
final class LargeText {
    private LargeText() {}

    public static void main(String[] args) throws Exception {
        long size = Long.parseLong(args[0]);
        byte[] line =
                "Refunds are paid within fourteen days after the goods came back to the warehouse. Parcels leave on Mondays.\n\n"
                        .getBytes(StandardCharsets.UTF_8);
        ActorSystem system = ActorSystem.create("large", com.typesafe.config.ConfigFactory.load("reference"));
        MemoryBlobs blobs = new MemoryBlobs(Materializer.matFromSystem(system));
        MemoryIndex index = new MemoryIndex();
        index.onlyCount = true;
        Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());
        BlobId original = new BlobId("original");
        blobs.put(scope, original, () -> new InputStream() {
            private long at;

            @Override
            public int read() {
                return at == size ? -1 : line[(int) (at++ % line.length)] & 0xFF;
            }

            @Override
            public int read(byte[] target, int offset, int length) {
                if (at == size) {
                    return -1;
                }
                int n = (int) Math.min(Math.min(length, size - at), line.length - at % line.length);
                System.arraycopy(line, (int) (at % line.length), target, offset, n);
                at += n;
                return n;
            }
        });
        try (DocumentIngestion ingestion = DocumentIngestion.open(
                new IngestionSettings(Path.of(args[1]), 1, 1, 1_000_000, Duration.ofSeconds(60), "256m", 2_000_000, 10),
                blobs,
                new WordEmbedder(),
                index)) {
            Ingestion.Result result = ingestion
                    .start(
                            new Ingestion.Task(
                                    scope,
                                    new SourceVersion(SourceId.next(), 1),
                                    original,
                                    Long.MAX_VALUE,
                                    new BlobId("text"),
                                    "s",
                                    "large.txt",
                                    Optional.empty(),
                                    Optional.empty(),
                                    new RetrievalSettings(
                                            SearchMode.HYBRID,
                                            5,
                                            0,
                                            50,
                                            0.7,
                                            RetrievalSettings.Rerank.NONE,
                                            1,
                                            256,
                                            32,
                                            2_000)),
                            _ -> {})
                    .result()
                    .toCompletableFuture()
                    .join();
            System.out.println(result);
        }
        System.exit(0);
    }
}
