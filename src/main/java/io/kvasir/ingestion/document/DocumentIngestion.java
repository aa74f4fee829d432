package io.kvasir.ingestion.document;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.IngestionSettings;
import io.kvasir.jdbc.BlobStore;
import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.Spaces;
import io.kvasir.retrieval.VectorSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Ingests documents, each on a virtual thread of its own. Small documents have lanes of their own, so that none waits
 * for a large one; within a lane what somebody waits for goes first, and tenants take turns. Whoever waits costs nothing
 * but memory: neither a thread nor a connection of the database, so that thousands who wait hold up nobody. Two runs of
 * the same version of a source follow one another, so that the tidy-up of one never takes what the other staged.
 */
public final class DocumentIngestion implements Ingestion, AutoCloseable {
    private static final CompletableFuture<Void> NOTHING = CompletableFuture.completedFuture(null);

    private final IngestionSettings settings;
    private final BlobStore blobs;
    private final Function<Scope, CompletionStage<Optional<Spaces.Space>>> spaces;
    private final ParserProcess parser;
    private final Path spool;
    private final Lane small;
    private final Lane large;
    private final AtomicLong tickets = new AtomicLong();
    private final Map<String, CompletableFuture<Void>> last = new ConcurrentHashMap<>();
    private final Runs runs = new Runs();

    private DocumentIngestion(
            IngestionSettings settings,
            BlobStore blobs,
            Function<Scope, CompletionStage<Optional<Spaces.Space>>> spaces,
            ParserProcess parser,
            Path spool) {
        this.settings = settings;
        this.blobs = blobs;
        this.spaces = spaces;
        this.parser = parser;
        this.spool = spool;
        this.small = new Lane(settings.smallAtOnce());
        this.large = new Lane(settings.largeAtOnce());
    }

    /** For one space alone. */
    public static DocumentIngestion open(
            IngestionSettings settings, BlobStore blobs, Embedder embedder, PassageIndex index) throws IOException {
        Optional<Spaces.Space> only =
                Optional.of(new Spaces.Space(VectorSpace.of(embedder), Optional.of(embedder), index));
        return open(settings, blobs, _ -> CompletableFuture.completedFuture(only));
    }

    /**
     * Empties the work folder and prepares the parsers; their processes start with the first document.
     *
     * @param spaces where what is read for a knowledge base is to be staged; empty where it is gone. Asked before a document
     *     is read and again once it is staged: what was staged elsewhere than it says then is staged anew
     */
    public static DocumentIngestion open(
            IngestionSettings settings,
            BlobStore blobs,
            Function<Scope, CompletionStage<Optional<Spaces.Space>>> spaces)
            throws IOException {
        Path folder = settings.workDir().toAbsolutePath();
        if (Files.exists(folder)) {
            ParserProcess.deleteAll(folder);
        }
        Path spool = Files.createDirectories(folder.resolve("spool"));
        ParserProcess parser = new ParserProcess(settings, Files.createDirectories(folder.resolve("tmp")));
        return new DocumentIngestion(settings, blobs, spaces, parser, spool);
    }

    @Override
    public Run start(Task task, Consumer<Progress> listener) {
        Cancellation cancellation = new Cancellation();
        CompletableFuture<Result> result = new CompletableFuture<>();
        Run handle = new Run() {
            @Override
            public CompletionStage<Result> result() {
                return result;
            }

            @Override
            public void cancel() {
                cancellation.ask();
            }

            @Override
            public void leave() {
                cancellation.leave();
            }
        };
        if (runs.closed()) {
            // Whoever asks now leaves with us; a result would only make them ask again.
            return handle;
        }
        DocumentRun run = new DocumentRun(task, listener, settings, blobs, spaces, parser, spool, cancellation);
        String key = task.scope().key() + "/" + task.source().key();
        CompletableFuture<Void> over = new CompletableFuture<>();
        CompletionStage<Void> before = Optional.ofNullable(last.put(key, over)).orElse(NOTHING);
        long ticket = tickets.getAndIncrement();
        runs.begun(cancellation);
        run.queued();
        Lane lane = task.size() >= settings.largeFrom() ? large : small;
        CompletionStage<Lane.Place> place =
                before.thenApply(_ -> lane.ask(task.scope().tenant(), task.urgency(), ticket));
        cancellation.either(
                place.thenCompose(Lane.Place::granted),
                () -> runs.execute(() -> {
                    try {
                        Result became = cancellation.asked() ? run.ended(new Result.Cancelled()) : run.run();
                        if (!cancellation.left()) {
                            result.complete(became);
                        }
                    } catch (RuntimeException | Error e) {
                        if (!cancellation.left()) {
                            result.completeExceptionally(e);
                        }
                    } finally {
                        place.thenAccept(Lane.Place::leave);
                        runs.ended(cancellation);
                        // One that ends in the queue is over no sooner than the one it waited for.
                        before.thenCompose(_ -> run.tidied()).whenComplete((_, _) -> {
                            last.remove(key, over);
                            over.complete(null);
                        });
                    }
                }));
        return handle;
    }

    /**
     * Leaves what runs, ends the parsers, and empties the work folder. What was not finished is to be started again,
     * which takes away first what was staged here; that may even have happened elsewhere already.
     */
    @Override
    public void close() {
        runs.close();
        parser.close();
        ParserProcess.deleteAll(settings.workDir().toAbsolutePath());
    }
}
