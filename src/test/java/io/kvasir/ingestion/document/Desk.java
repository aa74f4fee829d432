package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.Ingestion.Progress;
import io.kvasir.ingestion.Ingestion.Result;
import io.kvasir.ingestion.IngestionSettings;
import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.SourceVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.testkit.javadsl.TestKit;

/** Document ingestion with its real parser process, and doubles for embedder, index and blobs. */
final class Desk implements AutoCloseable {
    static final RetrievalSettings SETTINGS =
            new RetrievalSettings(SearchMode.HYBRID, 5, 0, 50, 0.7, RetrievalSettings.Rerank.NONE, 1, 60, 15, 2_000);

    private static final BlobId ORIGINAL = new BlobId("original");
    private static final BlobId TEXT = new BlobId("text");

    final ActorSystem system = ActorSystem.create("ingestion", com.typesafe.config.ConfigFactory.load("reference"));
    final MemoryBlobs blobs = new MemoryBlobs(Materializer.matFromSystem(system));
    final WordEmbedder words = new WordEmbedder();
    final MemoryIndex index = new MemoryIndex();
    final DocumentIngestion ingestion;
    private final Path folder;

    Desk(Path folder, int smallAtOnce, int largeAtOnce, Duration timeout) throws IOException {
        this(folder, smallAtOnce, largeAtOnce, timeout, Optional.empty());
    }

    /** @param embedder in place of {@link #words} */
    Desk(Path folder, int smallAtOnce, int largeAtOnce, Duration timeout, Optional<Embedder> embedder)
            throws IOException {
        this.folder = folder;
        ingestion = DocumentIngestion.open(
                new IngestionSettings(folder, smallAtOnce, largeAtOnce, 1_000_000, timeout, "256m", 2_000_000, 50),
                blobs,
                embedder.orElse(words),
                index);
    }

    /** A document of its own scope; nothing of it is there yet. */
    Sheet sheet(String name) {
        return new Sheet(name, SETTINGS);
    }

    Sheet sheet(String name, RetrievalSettings settings) {
        return new Sheet(name, settings);
    }

    /** One document on the desk. */
    final class Sheet {
        final Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());
        final SourceVersion source = new SourceVersion(SourceId.next(), 1);
        private final String name;
        private final RetrievalSettings settings;

        private Sheet(String name, RetrievalSettings settings) {
            this.name = name;
            this.settings = settings;
        }

        private Ingestion.Task task() {
            return new Ingestion.Task(
                    scope,
                    source,
                    ORIGINAL,
                    blobs.get(scope, ORIGINAL).map(bytes -> (long) bytes.length).orElse(0L),
                    TEXT,
                    "t/source/1",
                    name,
                    Optional.of("application/octet-stream"),
                    Optional.empty(),
                    settings);
        }

        Sheet of(byte[] bytes) {
            blobs.put(scope, ORIGINAL, bytes);
            return this;
        }

        Sheet of(String text) {
            return of(text.getBytes(StandardCharsets.UTF_8));
        }

        Ingestion.Run start() {
            return start(_ -> {});
        }

        Ingestion.Run start(Consumer<Progress> listener) {
            return ingestion.start(task(), listener);
        }

        Result result() {
            return Desk.result(start(), 90);
        }

        Result.Staged staged() {
            Result result = result();
            assertThat(result).isInstanceOf(Result.Staged.class);
            return (Result.Staged) result;
        }

        List<Passage> passages() {
            return index.staged(source);
        }

        /** The canonical text. */
        String text() {
            return new String(blobs.get(scope, TEXT).orElseThrow(), StandardCharsets.UTF_8);
        }

        void assertFailed(String code) {
            assertThat(result()).isInstanceOfSatisfying(Result.Failed.class, f -> {
                assertThat(f.code()).as(f.detail()).isEqualTo(code);
                assertThat(f.detail())
                        .isNotBlank()
                        .doesNotContain("Exception")
                        .doesNotContain("org.")
                        .doesNotContain(folder.toString());
            });
            assertNothingIsLeft();
        }

        void assertNothingIsLeft() {
            assertThat(passages()).isEmpty();
            assertThat(blobs.get(scope, TEXT)).isEmpty();
        }
    }

    static Result result(Ingestion.Run run, int seconds) {
        return run.result()
                .toCompletableFuture()
                .orTimeout(seconds, TimeUnit.SECONDS)
                .join();
    }

    @Override
    public void close() {
        ingestion.close();
        TestKit.shutdownActorSystem(system);
    }
}
