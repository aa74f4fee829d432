package io.kvasir.ingestion.source;

import io.kvasir.http.Json;
import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.Kept;
import io.kvasir.ingestion.source.ItemRows.Phase;
import io.kvasir.ingestion.source.RunRows.Count;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.SourceId;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SourceVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The second half of a reading, beside the first: passages of what was fetched, shown and hidden in batches. What it has
 * to do stands in the rows, so it begins wherever the last one stopped.
 */
final class Shelving {
    /** Most versions of one publication. */
    private static final int BATCH = 200;

    private static final long LOOK_MILLIS = 250;

    private final VisitRun run;
    private final BlockingQueue<Runnable> news = new LinkedBlockingQueue<>();
    private final Map<SourceId, Ingestion.Run> inHand = new HashMap<>();
    private final CompletableFuture<Boolean> over = new CompletableFuture<>();
    private volatile boolean allFetched;
    private volatile boolean abandoned;
    private long published = System.nanoTime();

    Shelving(VisitRun run) {
        this.run = run;
        Thread.ofVirtual().name("shelving-" + run.id()).start(this::work);
    }

    /** Something may have been fetched. */
    void look() {
        if (news.isEmpty()) {
            news.add(() -> {});
        }
    }

    /** Nobody waits for the rest. */
    void abandon() {
        abandoned = true;
        look();
        over.handle((_, _) -> true).join();
    }

    /** Waits until everything fetched is on the shelf. */
    void finish() {
        allFetched = true;
        look();
        try {
            over.join();
        } catch (java.util.concurrent.CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    private void work() {
        try {
            boolean all;
            try {
                all = shelve();
            } finally {
                // Before anybody hears of the end: then the source is the next one's, maybe on another node.
                letGo();
            }
            over.complete(all);
        } catch (RuntimeException | Error e) {
            over.completeExceptionally(e);
        }
    }

    /** @return whether all is on the shelf; otherwise nobody waits for the rest */
    private boolean shelve() {
        while (!abandoned) {
            run.check();
            boolean last = allFetched;
            boolean idle = begin();
            if (last && idle) {
                publishAll();
                return true;
            }
            publishNow();
            Runnable one = next();
            if (one != null) {
                one.run();
            }
        }
        return false;
    }

    /**
     * Whoever reads the source next makes passages of the same versions, and takes away first what was left of them.
     * That may be another node, and it may have staged or even shown them already: none of them is ours to take. Only
     * where nobody reads it again nothing may be left, not even what lands in the index after it was swept there.
     */
    private void letGo() {
        if (inHand.isEmpty()) {
            return;
        }
        boolean forGood = run.readNoMore();
        inHand.values().forEach(forGood ? Ingestion.Run::cancel : Ingestion.Run::leave);
    }

    private @Nullable Runnable next() {
        try {
            return news.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw new Opened.VisitEnded();
        }
    }

    /** Has passages made of what waits, a few at once. @return whether there is nothing to make */
    private boolean begin() {
        int most = run.tools().settings().itemsInHand();
        if (inHand.size() >= most) {
            return false;
        }
        for (ItemRows.Row row : run.db(c -> ItemRows.in(c, run.key(), Phase.FETCHED, Optional.empty(), most + 1))) {
            if (inHand.size() < most && !inHand.containsKey(row.id())) {
                start(row);
            }
        }
        return inHand.isEmpty();
    }

    private void start(ItemRows.Row row) {
        Fetching.Card card = Json.read(run.open(row.card().orElseThrow()), Fetching.Card.class);
        Ingestion.Run started = run.tools()
                .ingestion()
                .start(
                        new Ingestion.Task(
                                run.scope(),
                                row.newest(),
                                Kept.file(row.id(), row.version()),
                                row.size(),
                                Kept.text(row.id(), row.version()),
                                Kept.subject(run.scope(), run.id()),
                                card.name(),
                                Optional.ofNullable(card.mediaType()),
                                Optional.ofNullable(card.url()),
                                retrieval(),
                                run.interactive() ? Ingestion.Urgency.INTERACTIVE : Ingestion.Urgency.BACKFILL),
                        _ -> {});
        inHand.put(row.id(), started);
        started.result()
                .whenComplete((result, bug) -> news.add(() -> {
                    inHand.remove(row.id());
                    if (bug != null) {
                        throw new IllegalStateException("ingestion broke", bug);
                    }
                    settle(row, result);
                }));
    }

    private Optional<RetrievalSettings> retrieval = Optional.empty();

    private RetrievalSettings retrieval() {
        if (retrieval.isEmpty()) {
            retrieval = switch (run.patiently(() -> run.tools().shelf().retrieval(run.scope()))) {
                case Outcome.Done<RetrievalSettings>(RetrievalSettings settings) -> Optional.of(settings);
                case Outcome.Refused<RetrievalSettings> _ -> {
                    run.forget();
                    throw new Opened.VisitEnded();
                }
            };
        }
        return retrieval.get();
    }

    private void settle(ItemRows.Row row, Ingestion.Result result) {
        switch (result) {
            case Ingestion.Result.Staged _ ->
                run.db(c -> {
                    ItemRows.staged(c, run.key(), row.newest());
                    return true;
                });
            case Ingestion.Result.Failed failed ->
                run.db(c -> {
                    ItemRows.unreadable(c, run.key(), row.id(), failed.code(), run.seal(failed.detail()));
                    RunRows.add(c, run.key(), run.run(), Map.of(Count.FAILED, 1));
                    return true;
                });
            // Nobody cancels one alone: the whole visit is over.
            case Ingestion.Result.Cancelled _ -> run.check();
        }
    }

    private void publishNow() {
        Duration since = Duration.ofNanos(System.nanoTime() - published);
        if (since.compareTo(run.tools().settings().publishEvery()) >= 0) {
            publish();
        }
    }

    private void publishAll() {
        boolean more = true;
        while (more) {
            more = publish();
        }
    }

    /** @return whether there was something */
    private boolean publish() {
        published = System.nanoTime();
        List<ItemRows.Row> rows = run.db(c -> ItemRows.waiting(c, run.key(), BATCH));
        if (rows.isEmpty()) {
            return false;
        }
        List<SourceVersion> added = new ArrayList<>();
        List<SourceVersion> removed = new ArrayList<>();
        for (ItemRows.Row row : rows) {
            if (row.phase() == Phase.STAGED) {
                added.add(row.newest());
                removed.addAll(row.older());
            } else {
                removed.addAll(row.all());
            }
        }
        Shelf.Holdings kept = run.db(c -> ItemRows.kept(c, run.scope()));
        Outcome<Boolean> told = run.patiently(() -> run.tools().shelf().stage(run.scope(), added, removed, kept));
        if (told instanceof Outcome.Refused<Boolean>) {
            run.forget();
            throw new Opened.VisitEnded();
        }
        run.db(c -> {
            for (ItemRows.Row row : rows) {
                ItemRows.settled(c, run.key(), row);
            }
            if (!run.run().isEmpty() && !added.isEmpty()) {
                RunRows.add(c, run.key(), run.run(), Map.of(Count.CHANGED, added.size()));
            }
            return true;
        });
        return true;
    }
}
