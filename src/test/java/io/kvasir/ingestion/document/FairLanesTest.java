package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.Ingestion.Result;
import io.kvasir.ingestion.Ingestion.Urgency;
import io.kvasir.ingestion.IngestionSettings;
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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A tenant that has 20,000 pages waiting, and another that has one. */
class FairLanesTest {
    private static final int MANY = 20_000;
    private static final Duration EACH = Duration.ofMillis(25);

    @TempDir
    Path folder;

    private static Ingestion.Task task(Scope scope, Urgency urgency) {
        return new Ingestion.Task(
                scope,
                new SourceVersion(SourceId.next(), 1),
                new BlobId("page"),
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

    @ParameterizedTest
    @EnumSource(Urgency.class)
    void twentyThousandPagesOfOneTenantDelayAnotherByLessThanTwoSeconds(Urgency urgency) throws Exception {
        ActorSystem system = ActorSystem.create("lanes", com.typesafe.config.ConfigFactory.load("reference"));
        MemoryBlobs blobs = new MemoryBlobs(Materializer.matFromSystem(system));
        Scope many = new Scope(TenantId.next(), KnowledgeBaseId.next());
        Scope one = new Scope(TenantId.next(), KnowledgeBaseId.next());
        byte[] page = "# A page\n\nOne sentence of it.\n".getBytes(StandardCharsets.UTF_8);
        blobs.put(many, new BlobId("page"), page);
        blobs.put(one, new BlobId("page"), page);
        try (DocumentIngestion ingestion = DocumentIngestion.open(
                new IngestionSettings(
                        folder.resolve("work"), 2, 1, 1_000_000, Duration.ofSeconds(20), "256m", 2_000_000, 50),
                blobs,
                slow(),
                new MemoryIndex())) {
            CountDownLatch queued = new CountDownLatch(MANY);
            for (int i = 0; i < MANY; i++) {
                AtomicBoolean first = new AtomicBoolean(true);
                ingestion.start(task(many, urgency), _ -> {
                    if (first.getAndSet(false)) {
                        queued.countDown();
                    }
                });
            }
            assertThat(queued.await(60, TimeUnit.SECONDS)).isTrue();
            long began = System.nanoTime();
            Result result = ingestion
                    .start(task(one, Urgency.INTERACTIVE), _ -> {})
                    .result()
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);
            assertThat(result).isInstanceOf(Result.Staged.class);
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(2));
        } finally {
            TestKit.shutdownActorSystem(system);
        }
    }
}
