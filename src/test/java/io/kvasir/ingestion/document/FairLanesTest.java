package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.Ingestion.Result;
import io.kvasir.ingestion.Ingestion.Urgency;
import io.kvasir.ingestion.IngestionSettings;
import io.kvasir.jdbc.BlobStore;
import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.SourceVersion;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A tenant that has 20,000 pages waiting, and another that has one. The store has four connections, of which every use
 * takes two milliseconds: whoever asks it something for each of the 20,000 keeps all others from it for ten seconds.
 */
class FairLanesTest {
    private static final int MANY = 20_000;
    private static final Duration EACH = Duration.ofMillis(25);
    private static final Duration BAR = Duration.ofSeconds(2);

    private final Semaphore connections = new Semaphore(4, true);
    private final Scope many = new Scope(TenantId.next(), KnowledgeBaseId.next());
    private final Scope one = new Scope(TenantId.next(), KnowledgeBaseId.next());

    @TempDir
    Path folder;

    private static Ingestion.Task task(Scope scope, Urgency urgency) {
        return new Ingestion.Task(
                scope,
                new SourceVersion(SourceId.next(), 1),
                new BlobId("page"),
                30,
                new BlobId("text"),
                "t/source/1",
                "page.md",
                Optional.empty(),
                Optional.empty(),
                new RetrievalSettings(
                        SearchMode.HYBRID, 5, 0, 50, 0.7, RetrievalSettings.Rerank.NONE, 1, 60, 15, 2_000),
                urgency);
    }

    /** Words whose embedding takes its time. */
    private static Embedder slow() {
        WordEmbedder words = new WordEmbedder();
        return (Embedder) Proxy.newProxyInstance(
                Embedder.class.getClassLoader(), new Class<?>[] {Embedder.class}, (_, method, arguments) -> {
                    Object result = method.invoke(words, arguments);
                    return method.getName().equals("embedPassages")
                            ? ((CompletionStage<?>) result)
                                    .thenApplyAsync(
                                            vectors -> vectors,
                                            CompletableFuture.delayedExecutor(EACH.toMillis(), TimeUnit.MILLISECONDS))
                            : result;
                });
    }

    /** Files behind few connections, in the order in which they are asked for, as with the database. */
    private BlobStore narrow(BlobStore blobs) {
        return (BlobStore) Proxy.newProxyInstance(
                BlobStore.class.getClassLoader(), new Class<?>[] {BlobStore.class}, (_, method, arguments) -> {
                    connections.acquireUninterruptibly();
                    try {
                        LockSupport.parkNanos(2_000_000);
                        return method.invoke(blobs, arguments);
                    } finally {
                        connections.release();
                    }
                });
    }

    private Duration upload(DocumentIngestion ingestion) throws Exception {
        long began = System.nanoTime();
        Result result = ingestion
                .start(task(one, Urgency.INTERACTIVE), _ -> {})
                .result()
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        assertThat(result).isInstanceOf(Result.Staged.class);
        return Duration.ofNanos(System.nanoTime() - began);
    }

    @ParameterizedTest
    @EnumSource(Urgency.class)
    void twentyThousandPagesOfOneTenantDelayAnotherByLessThanTwoSeconds(Urgency urgency) throws Exception {
        ActorSystem system = ActorSystem.create("lanes", com.typesafe.config.ConfigFactory.load("reference"));
        MemoryBlobs blobs = new MemoryBlobs(Materializer.matFromSystem(system));
        byte[] page = "# A page\n\nOne sentence of it.\n".getBytes(StandardCharsets.UTF_8);
        blobs.put(many, new BlobId("page"), page);
        blobs.put(one, new BlobId("page"), page);
        try (DocumentIngestion ingestion = DocumentIngestion.open(
                new IngestionSettings(
                        folder.resolve("work"), 2, 1, 1_000_000, Duration.ofSeconds(20), "256m", 2_000_000, 50),
                narrow(blobs),
                slow(),
                new MemoryIndex())) {
            upload(ingestion);
            Duration alone = upload(ingestion);

            AtomicInteger queued = new AtomicInteger();
            CompletableFuture<Void> all = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < MANY; i++) {
                    ingestion.start(task(many, urgency), _ -> {});
                    queued.incrementAndGet();
                }
            });
            while (queued.get() < MANY / 100) {
                Thread.onSpinWait();
            }
            Duration meanwhile = upload(ingestion);
            all.get(60, TimeUnit.SECONDS);
            for (int i = 0; i < 5; i++) {
                assertThat(upload(ingestion).minus(alone))
                        .as("with 20,000 waiting")
                        .isLessThan(BAR);
            }
            assertThat(meanwhile.minus(alone)).as("while they are queued").isLessThan(BAR);
        } finally {
            TestKit.shutdownActorSystem(system);
        }
    }
}
