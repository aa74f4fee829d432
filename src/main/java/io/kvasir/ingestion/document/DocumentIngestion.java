package io.kvasir.ingestion.document;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.IngestionSettings;
import io.kvasir.jdbc.BlobStore;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.PassageIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Ingests documents, each on a virtual thread of its own. Small documents have lanes of their own, so that none waits
 * for a large one; within a lane first come, first served.
 */
public final class DocumentIngestion implements Ingestion, AutoCloseable {
    private final IngestionSettings settings;
    private final BlobStore blobs;
    private final Embedder embedder;
    private final PassageIndex index;
    private final ParserProcess parser;
    private final Path spool;
    private final Semaphore small;
    private final Semaphore large;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    private DocumentIngestion(
            IngestionSettings settings,
            BlobStore blobs,
            Embedder embedder,
            PassageIndex index,
            ParserProcess parser,
            Path spool) {
        this.settings = settings;
        this.blobs = blobs;
        this.embedder = embedder;
        this.index = index;
        this.parser = parser;
        this.spool = spool;
        this.small = new Semaphore(settings.smallAtOnce(), true);
        this.large = new Semaphore(settings.largeAtOnce(), true);
    }

    /** Empties the work folder and prepares the parsers; their processes start with the first document. */
    public static DocumentIngestion open(
            IngestionSettings settings, BlobStore blobs, Embedder embedder, PassageIndex index) throws IOException {
        Path folder = settings.workDir();
        if (Files.exists(folder)) {
            try (Stream<Path> old = Files.walk(folder)) {
                for (Path path : old.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(path);
                }
            }
        }
        Path spool = Files.createDirectories(folder.resolve("spool"));
        ParserProcess parser = ParserProcess.start(settings, spool, settings.smallAtOnce() + settings.largeAtOnce());
        return new DocumentIngestion(settings, blobs, embedder, index, parser, spool);
    }

    @Override
    public Run start(Task task, Consumer<Progress> listener) {
        DocumentRun run = new DocumentRun(task, listener, settings, blobs, embedder, index, parser, spool);
        CompletableFuture<Result> result = new CompletableFuture<>();
        threads.execute(() -> {
            try {
                result.complete(inLane(task, run));
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
        });
        return new Run() {
            @Override
            public CompletionStage<Result> result() {
                return result;
            }

            @Override
            public void cancel() {
                run.cancel();
            }
        };
    }

    private Result inLane(Task task, DocumentRun run) {
        Semaphore lane = sizeOf(task) >= settings.largeFrom() ? large : small;
        try {
            run.await(lane);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Result.Cancelled();
        }
        try {
            return run.run();
        } finally {
            lane.release();
        }
    }

    private long sizeOf(Task task) {
        try {
            return blobs.find(task.scope(), task.original())
                    .toCompletableFuture()
                    .join()
                    .map(BlobStore.Blob::size)
                    .orElse(0L);
        } catch (java.util.concurrent.CompletionException unavailable) {
            // The run itself will say so, with retries.
            return 0;
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        parser.close();
    }
}
