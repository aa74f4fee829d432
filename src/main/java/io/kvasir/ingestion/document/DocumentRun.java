package io.kvasir.ingestion.document;

import io.kvasir.ingestion.Ingestion.Progress;
import io.kvasir.ingestion.Ingestion.Result;
import io.kvasir.ingestion.Ingestion.Stage;
import io.kvasir.ingestion.Ingestion.Task;
import io.kvasir.ingestion.IngestionSettings;
import io.kvasir.jdbc.BlobStore;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.PassageIndex;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.pekko.stream.javadsl.FileIO;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One document on its way from stored bytes to staged passages; blocking, on a thread of its own. */
final class DocumentRun {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.ingestion");
    private static final int TRIES = 4;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final long NEWS_EVERY = Duration.ofMillis(300).toNanos();
    /** Room for title and headings beside a chunk in the embedder's input, and its special tokens. */
    private static final int RESERVED_TOKENS = 62;

    private final Task task;
    private final Consumer<Progress> listener;
    private final IngestionSettings settings;
    private final BlobStore blobs;
    private final Embedder embedder;
    private final PassageIndex index;
    private final ParserProcess parser;
    private final Path spool;
    private final WhileAway whileAway = new WhileAway(() -> this.cancelled);
    private volatile boolean cancelled;
    private long lastNews;

    DocumentRun(
            Task task,
            Consumer<Progress> listener,
            IngestionSettings settings,
            BlobStore blobs,
            Embedder embedder,
            PassageIndex index,
            ParserProcess parser,
            Path spool) {
        this.task = task;
        this.listener = listener;
        this.settings = settings;
        this.blobs = blobs;
        this.embedder = embedder;
        this.index = index;
        this.parser = parser;
        this.spool = spool;
    }

    private static final class Cancelled extends IOException {
        private static final long serialVersionUID = 1L;
    }

    void cancel() {
        cancelled = true;
    }

    /** Waits for a place, unless it is cancelled while it waits; then the run itself ends at once. */
    void await(Semaphore lane) throws InterruptedException {
        listener.accept(new Progress(Stage.QUEUED, 0, Optional.empty(), 0));
        while (!lane.tryAcquire(100, TimeUnit.MILLISECONDS)) {
            if (cancelled) {
                lane.acquire();
                return;
            }
        }
    }

    Result run() {
        Duration pause = FIRST_PAUSE;
        for (int attempt = 1; ; attempt++) {
            try {
                return once();
            } catch (Cancelled e) {
                return tidied(new Result.Cancelled());
            } catch (Unreadable e) {
                return tidied(new Result.Failed(e.code(), e.detail()));
            } catch (BlobStore.Missing e) {
                return tidied(new Result.Failed("missing", "The stored file is gone"));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return new Result.Cancelled();
            } catch (IOException | CompletionException | UncheckedIOException e) {
                LOG.warn("ingestion of {} failed, attempt {}", task.source().key(), attempt, e);
                if (attempt == TRIES) {
                    return tidied(new Result.Failed(
                            "unavailable",
                            "A part that is needed to read the file was not available; try again later"));
                }
                LockSupport.parkNanos(pause.toNanos());
                pause = pause.multipliedBy(2);
            }
        }
    }

    /** Nothing of it is left waiting. */
    private Result tidied(Result result) {
        try {
            join(index.discard(task.scope(), task.source()));
            join(blobs.delete(task.scope(), task.text()));
        } catch (CompletionException e) {
            // Staged passages nobody publishes are never seen; the next run of this source clears them.
            LOG.warn("could not tidy up after {}", task.source().key(), e);
        }
        return result;
    }

    private Result once() throws IOException, InterruptedException, Unreadable {
        check();
        // An earlier attempt may have staged other passages: with other settings, or further than this one will get.
        join(whileAway.repeated(() -> index.discard(task.scope(), task.source())));
        Path original = Files.createTempFile(spool, "in", "");
        Path text = Files.createTempFile(spool, "text", "");
        try {
            long size = fetch(original);
            if (size == 0) {
                throw new Unreadable("empty", "The file is empty");
            }
            news(Stage.EXTRACTING, 0, Optional.empty(), 1);
            return ingest(original, size, text);
        } finally {
            Files.deleteIfExists(original);
            Files.deleteIfExists(text);
        }
    }

    private long fetch(Path to) throws IOException {
        try (InputStream in = blobs.open(task.scope(), task.original());
                var out = Files.newOutputStream(to)) {
            return in.transferTo(out);
        }
    }

    private Result ingest(Path original, long size, Path text) throws IOException, InterruptedException, Unreadable {
        FileKind.Detected detected = FileKind.of(original, task.fileName());
        PassageStager stager = new PassageStager(
                task,
                embedder,
                index,
                whileAway,
                (done, total) -> news(Stage.EMBEDDING, done, total, percent(done, total)));
        int target = Math.min(task.settings().chunkTokens(), embedder.maxTokens() - RESERVED_TOKENS);
        Chunker chunker = new Chunker(
                target, Math.min(task.settings().chunkOverlapTokens(), target / 2), embedder::countTokens, chunk -> {
                    check();
                    stager.take(chunk);
                });
        String mediaType = detected.mediaType();
        long characters;
        Optional<String> title = Optional.empty();
        try (CanonicalText canonical = new CanonicalText(text, chunker)) {
            BlockSink sink = canonical::append;
            switch (detected.kind()) {
                case TEXT -> PlainText.text(original, titled(sink, stager));
                case MARKDOWN -> PlainText.markdown(original, titled(sink, stager));
                case CSV -> PlainText.csv(original, titled(sink, stager));
                case DOCUMENT -> {
                    ParserProcess.Parsed parsed =
                            parser.parse(original.getFileName().toString(), task.fileName());
                    FileKind.requireDocument(parsed.mediaType());
                    mediaType = parsed.mediaType();
                    title = Optional.of(parsed.title().strip()).filter(t -> !t.isEmpty());
                    title.ifPresent(stager::title);
                    Xhtml.blocks(parsed.xhtml(), titled(sink, stager));
                }
            }
            int chunks = chunker.finish();
            if (chunks == 0) {
                throw new Unreadable(
                        "no-text",
                        "There is no text in the file"
                                + (mediaType.equals("application/pdf") ? "; is it a scan?" : ""));
            }
            stager.finish(chunks);
            title = Optional.of(stager.title());
            characters = canonical.length();
        } catch (ArithmeticException overflow) {
            throw new Unreadable("too-large", "The file holds more text than is taken from one document");
        }
        check();
        join(blobs.write(task.scope(), task.text(), task.keySubject(), FileIO.fromPath(text), Long.MAX_VALUE));
        check();
        news(Stage.STAGED, stager.staged(), Optional.of(stager.staged()), 100);
        return new Result.Staged(
                stager.staged(), title.orElse(task.fileName()), mediaType, stager.language(), characters);
    }

    /** The first heading is the title where the document names none. */
    private static BlockSink titled(BlockSink sink, PassageStager stager) {
        return block -> {
            if (block.heading()) {
                stager.heading(block.text());
            }
            sink.take(block);
        };
    }

    private static int percent(int done, Optional<Integer> total) {
        // While the text is still being read nobody knows how much there will be.
        return total.map(all -> Math.clamp(99L * done / Math.max(1, all), 1, 99))
                .orElseGet(() -> (int) Math.min(90, 1 + 89 * (1 - Math.exp(-done / 200.0))));
    }

    private void news(Stage stage, int done, Optional<Integer> total, int percent) {
        long now = System.nanoTime();
        if (now - lastNews >= NEWS_EVERY || stage == Stage.STAGED || stage == Stage.EXTRACTING) {
            lastNews = now;
            listener.accept(new Progress(stage, done, total, percent));
        }
    }

    private void check() throws Cancelled {
        if (cancelled || Thread.currentThread().isInterrupted()) {
            throw new Cancelled();
        }
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }
}
