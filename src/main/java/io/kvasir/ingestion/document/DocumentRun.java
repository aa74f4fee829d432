package io.kvasir.ingestion.document;

import io.kvasir.ingestion.Ingestion.Progress;
import io.kvasir.ingestion.Ingestion.Result;
import io.kvasir.ingestion.Ingestion.Stage;
import io.kvasir.ingestion.Ingestion.Task;
import io.kvasir.ingestion.IngestionSettings;
import io.kvasir.ingestion.document.Cancellation.Cancelled;
import io.kvasir.jdbc.BlobStore;
import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.Spaces;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.stream.javadsl.FileIO;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One document on its way from stored bytes to staged passages; blocking, on a thread of its own. */
final class DocumentRun {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.ingestion");
    private static final int TRIES = 4;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final long NEWS_EVERY = Duration.ofMillis(300).toNanos();
    /** How long a result waits for the tidy-up before it. */
    private static final Duration TIDY = Duration.ofMillis(300);
    /** Room for title and headings beside a chunk in the embedder's input, and its special tokens. */
    private static final int RESERVED_TOKENS = 62;

    private final Task task;
    private final Consumer<Progress> listener;
    private final IngestionSettings settings;
    private final BlobStore blobs;
    private final Function<Scope, CompletionStage<Optional<Spaces.Space>>> spaces;
    private final ParserProcess parser;
    private final Path spool;
    private final Cancellation cancellation;
    private final WhileAway whileAway;
    /** Where it stages; empty before it was told. */
    private Optional<Spaces.Space> space = Optional.empty();

    /** What may still be staging or writing when the run has turned away from it. */
    private CompletionStage<Void> afloat = CompletableFuture.completedFuture(null);

    private CompletionStage<Void> tidied = CompletableFuture.completedFuture(null);
    private long lastNews;

    DocumentRun(
            Task task,
            Consumer<Progress> listener,
            IngestionSettings settings,
            BlobStore blobs,
            Function<Scope, CompletionStage<Optional<Spaces.Space>>> spaces,
            ParserProcess parser,
            Path spool,
            Cancellation cancellation) {
        this.task = task;
        this.listener = listener;
        this.settings = settings;
        this.blobs = blobs;
        this.spaces = spaces;
        this.parser = parser;
        this.spool = spool;
        this.cancellation = cancellation;
        this.whileAway = new WhileAway(cancellation::asked);
    }

    void queued() {
        listener.accept(new Progress(Stage.QUEUED, 0, Optional.empty(), 0));
    }

    Result run() {
        Duration pause = FIRST_PAUSE;
        for (int attempt = 1; ; attempt++) {
            try {
                try {
                    return once();
                } catch (IOException | CompletionException | UncheckedIOException e) {
                    cancellation.check();
                    LOG.warn("ingestion of {} failed, attempt {}", task.source().key(), attempt, e);
                    if (attempt == TRIES) {
                        return ended(new Result.Failed(
                                "unavailable",
                                "A part that is needed to read the file was not available; try again later"));
                    }
                    cancellation.pause(pause);
                    pause = pause.multipliedBy(2);
                }
            } catch (Cancelled e) {
                return ended(new Result.Cancelled());
            } catch (Unreadable e) {
                return ended(new Result.Failed(e.code(), e.detail()));
            } catch (BlobStore.Missing e) {
                return ended(new Result.Failed("missing", "The stored file is gone"));
            } catch (RuntimeException | Error bug) {
                ended(new Result.Cancelled());
                throw bug;
            }
        }
    }

    /**
     * Leaves nothing waiting, unless the run itself was left, and no longer waits for that than its caller may: where
     * the index or the store takes its time, the rest is done beside, see {@link #tidied()}.
     */
    Result ended(Result result) {
        CompletableFuture<Void> done = afloat.thenCompose(_ -> unlessLeft(this::discarded))
                .handle((_, fault) -> logged(fault))
                .thenCompose(_ -> unlessLeft(() -> blobs.delete(task.scope(), task.text())))
                .handle((_, fault) -> logged(fault))
                .toCompletableFuture();
        tidied = done;
        done.copy()
                .completeOnTimeout(null, TIDY.toMillis(), TimeUnit.MILLISECONDS)
                .join();
        return result;
    }

    /** Another node may have begun it anew, and published it: what is there is no longer this run's to take. */
    private CompletionStage<Void> unlessLeft(Supplier<CompletionStage<Void>> step) {
        return cancellation.left() ? CompletableFuture.completedFuture(null) : step.get();
    }

    /** Also where others may have carried what was staged: a change of the embedding model copies it as it finds it. */
    private CompletionStage<Void> discarded() {
        CompletionStage<Void> here = space.map(s -> s.index().discard(task.scope(), task.source()))
                .orElse(CompletableFuture.completedFuture(null));
        return here.thenCompose(_ -> spaces.apply(task.scope()))
                .thenCompose(now -> now.filter(s ->
                                space.filter(own -> own.name().equals(s.name())).isEmpty())
                        .map(s -> s.index().discard(task.scope(), task.source()))
                        .orElse(CompletableFuture.completedFuture(null)));
    }

    /** When nothing of this run is left that would not belong to its result; never fails. */
    CompletionStage<Void> tidied() {
        return tidied;
    }

    /** Over, well or not. */
    @SuppressWarnings("NullAway") // the value of a Void
    private static CompletionStage<Void> settled(CompletionStage<?> stage) {
        return stage.handle((_, _) -> null);
    }

    @SuppressWarnings("NullAway") // the value of a Void
    private Void logged(@Nullable Throwable fault) {
        if (fault != null) {
            // Staged passages nobody publishes are never seen; the next run of this source clears them.
            LOG.warn("could not tidy up after {}", task.source().key(), fault);
        }
        return null;
    }

    private Result once() throws IOException, Unreadable {
        Spaces.Space now = wanted();
        while (true) {
            Result result = in(now);
            Spaces.Space then = wanted();
            if (then.name().equals(now.name())) {
                return result;
            }
            // The knowledge base changed its embedding model meanwhile, and nobody looks where this was staged any
            // more.
            LOG.info(
                    "{} is read again for the embedding model {}", task.source().key(), then.name());
            now = then;
        }
    }

    /** Where the knowledge base has its passages staged at this moment. */
    private Spaces.Space wanted() throws IOException, Unreadable {
        return cancellation
                .await(whileAway.repeated(() -> spaces.apply(task.scope())))
                .orElseThrow(() -> new Unreadable("gone", "The knowledge base is gone"));
    }

    private Result in(Spaces.Space next) throws IOException, Unreadable {
        // An earlier attempt may have staged other passages: with other settings, or further than this one will get.
        cancellation.await(afloat);
        if (space.isPresent()) {
            PassageIndex before = space.get().index();
            cancellation.await(whileAway.repeated(() -> before.discard(task.scope(), task.source())));
        }
        space = Optional.of(next);
        cancellation.await(whileAway.repeated(() -> next.index().discard(task.scope(), task.source())));
        Embedder embedder =
                next.embedder().orElseThrow(() -> new Unreadable("embedding-model-missing", next.missing()));
        Path original = Files.createTempFile(spool, "in", "");
        Path blocks = Files.createTempFile(spool, "blocks", "");
        Path text = Files.createTempFile(spool, "text", "");
        try {
            long size = fetch(original);
            if (size == 0) {
                throw new Unreadable("empty", "The file is empty");
            }
            news(Stage.EXTRACTING, 0, Optional.empty(), 1);
            return ingest(original, blocks, text, embedder, next.index());
        } finally {
            Files.deleteIfExists(original);
            Files.deleteIfExists(blocks);
            Files.deleteIfExists(text);
        }
    }

    private long fetch(Path to) throws IOException {
        byte[] buffer = new byte[64 * 1024];
        long size = 0;
        try (InputStream in = blobs.open(task.scope(), task.original());
                var out = Files.newOutputStream(to)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                cancellation.check();
                out.write(buffer, 0, n);
                size += n;
            }
        }
        return size;
    }

    private Result ingest(Path original, Path blocks, Path text, Embedder embedder, PassageIndex index)
            throws IOException, Unreadable {
        FileKind.Detected detected = FileKind.of(original, task.fileName());
        PassageStager stager = new PassageStager(
                task,
                embedder,
                index,
                whileAway,
                cancellation,
                staging -> afloat = settled(staging),
                (done, total) -> news(Stage.EMBEDDING, done, total, percent(done, total)));
        int target = Math.min(task.settings().chunkTokens(), embedder.maxTokens() - RESERVED_TOKENS);
        Chunker chunker = new Chunker(
                target,
                Math.min(task.settings().chunkOverlapTokens(), target / 2),
                embedder::countTokens,
                stager::take);
        String mediaType = detected.mediaType();
        long characters;
        String title;
        try (CanonicalText canonical = new CanonicalText(text, chunker)) {
            BlockSink sink = block -> {
                cancellation.check();
                canonical.append(block);
            };
            switch (detected.kind()) {
                case TEXT -> PlainText.text(watched(original), titled(sink, stager));
                case MARKDOWN -> PlainText.markdown(watched(original), titled(sink, stager));
                case CSV -> PlainText.csv(watched(original), sink);
                case DOCUMENT -> {
                    ParserProcess.Parsed parsed = parser.parse(original, blocks, task.fileName(), cancellation);
                    mediaType = parsed.mediaType();
                    if (!parsed.title().isBlank()) {
                        stager.title(parsed.title().strip());
                    }
                    // The name of a first sheet says nothing about the file.
                    BlockFile.read(blocks, FileKind.isSpreadsheet(mediaType) ? sink : titled(sink, stager));
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
            title = stager.title();
            characters = canonical.length();
        } catch (ArithmeticException overflow) {
            throw new Unreadable("too-large", "The file holds more text than is taken from one document");
        }
        cancellation.check();
        CompletionStage<BlobStore.Blob> writing =
                blobs.write(task.scope(), task.text(), task.keySubject(), FileIO.fromPath(text), Long.MAX_VALUE);
        afloat = settled(writing);
        cancellation.await(writing);
        news(Stage.STAGED, stager.staged(), Optional.of(stager.staged()), 100);
        return new Result.Staged(stager.staged(), title, mediaType, stager.language(), characters);
    }

    /** A file that is read no further once nobody wants it. */
    private PlainText.Opener watched(Path file) {
        return () -> new FilterInputStream(Files.newInputStream(file)) {
            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                cancellation.check();
                return super.read(into, offset, length);
            }
        };
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
}
