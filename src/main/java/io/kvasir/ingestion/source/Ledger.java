package io.kvasir.ingestion.source;

import com.fasterxml.jackson.annotation.JsonRawValue;
import io.kvasir.http.Page;
import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.Kept;
import io.kvasir.ingestion.source.SourceEntry.Problem;
import io.kvasir.ingestion.source.SourceEntry.State;
import io.kvasir.ingestion.source.SourceRows.Key;
import io.kvasir.ingestion.source.SourceRun.Cause;
import io.kvasir.jdbc.BlobStore;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.SourceId;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SourceVersion;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * All sources of all knowledge bases, whatever their kind: what the kinds' routes and the rest of the house see. What is
 * due is read by one of the nodes; see {@link Rounds}.
 */
public final class Ledger implements AutoCloseable {
    private final VisitRun.Tools tools;
    private final Rounds rounds;

    private Ledger(VisitRun.Tools tools, Rounds rounds) {
        this.tools = tools;
        this.rounds = rounds;
    }

    /**
     * Reads nothing before {@link #start}.
     *
     * @param alone there is no other node: what is still leased was leased by the dead
     */
    public static Ledger open(
            SourceSettings settings,
            List<SourceKind> kinds,
            Transactor transactor,
            SubjectKeys keys,
            BlobStore blobs,
            Ingestion ingestion,
            Shelf shelf,
            Clock clock,
            boolean alone) {
        VisitRun.Tools tools = new VisitRun.Tools(transactor, keys, blobs, ingestion, shelf, settings, clock);
        return new Ledger(tools, new Rounds(tools, kinds, alone));
    }

    /** From now on what is due is read. */
    public void start() {
        rounds.start();
    }

    /** Visits end where they stand; what they had not finished goes on elsewhere, or after the next start. */
    @Override
    public void close() {
        rounds.close();
    }

    /**
     * What a source is to be.
     *
     * @param settings JSON of its kind
     * @param every how often it is read; empty: only when asked
     */
    public record Wish(String settings, Optional<Duration> every) {}

    /** Adds a source; it is read at once. Refused where it is there. */
    public CompletionStage<Outcome<SourceEntry>> add(Scope scope, String kind, SourceId id, Wish wish) {
        return add(scope, kind, id, Optional.empty(), wish);
    }

    /**
     * The same for a request, which may ask again where nobody heard what came of it: it is given what it added, as that is
     * now.
     *
     * @param request what no other request has
     */
    public CompletionStage<Outcome<SourceEntry>> add(Scope scope, String kind, SourceId id, String request, Wish wish) {
        return add(scope, kind, id, Optional.of(request), wish);
    }

    private CompletionStage<Outcome<SourceEntry>> add(
            Scope scope, String kind, SourceId id, Optional<String> request, Wish wish) {
        return in(
                scope,
                () -> tools.keys()
                        .obtain(Kept.subject(scope, id))
                        .thenCompose(key -> tools.transactor().run(c -> {
                            Key one = new Key(scope, id);
                            Optional<SourceRows.Row> there = SourceRows.find(c, one);
                            if (there.isPresent()) {
                                return there.filter(row -> row.state() != State.REMOVED
                                                && row.addedBy().isPresent()
                                                && row.addedBy().equals(request))
                                        .map(Outcome::done)
                                        .orElseGet(() -> Outcome.refused(new Rejection.Conflict(
                                                "already-exists", "There is such a source already")));
                            }
                            if (SourceRows.count(c, scope) >= tools.settings().mostSources()) {
                                return Outcome.<SourceRows.Row>refused(new Rejection.Conflict(
                                        "too-many-sources",
                                        "A knowledge base may have "
                                                + tools.settings().mostSources() + " sources at most"));
                            }
                            Instant now = now();
                            SourceRows.insert(
                                    c,
                                    one,
                                    kind,
                                    key.seal(wish.settings()).bytes(),
                                    wish.every(),
                                    Optional.of(now),
                                    now,
                                    request);
                            return Outcome.done(SourceRows.find(c, one).orElseThrow());
                        }))
                        .thenCompose(outcome -> outcome.then(row -> {
                            rounds.nudge();
                            return entry(row).thenApply(Outcome::done);
                        })));
    }

    /** In the order of their ids, those being removed left out. */
    public CompletionStage<Outcome<Page<SourceEntry>>> list(Scope scope, String kind, Page.Request request) {
        return in(
                scope,
                () -> tools.transactor()
                        .run(c ->
                                SourceRows.list(c, scope, kind, request.after().orElse(""), request.limit() + 1))
                        .thenCompose(rows -> {
                            Page<SourceRows.Row> page = Page.of(
                                    rows, request.limit(), row -> row.key().id().value());
                            return entries(page.items().stream()
                                            .filter(row -> row.state() != State.REMOVED)
                                            .toList())
                                    .thenApply(entries -> Outcome.done(new Page<>(entries, page.nextCursor())));
                        }));
    }

    public CompletionStage<Outcome<SourceEntry>> one(Scope scope, String kind, SourceId id) {
        return found(scope, kind, id, row -> entry(row).thenApply(Outcome::done));
    }

    /** What is changed holds from the next reading on, which comes at once. */
    public CompletionStage<Outcome<SourceEntry>> change(Scope scope, String kind, SourceId id, Wish wish) {
        return found(
                scope,
                kind,
                id,
                row -> tools.keys()
                        .obtain(Kept.subject(scope, id))
                        .thenCompose(key -> tools.transactor().change(c -> {
                            String before = open(key, row.settings());
                            if (rounds.kind(kind)
                                    .filter(k -> k.readsAnew(before, wish.settings()))
                                    .isPresent()) {
                                ItemRows.unmark(c, row.key());
                            }
                            SourceRows.change(
                                    c, row.key(), key.seal(wish.settings()).bytes(), wish.every(), Optional.of(now()));
                            SourceRows.ask(c, row.key(), now(), Cause.ASKED);
                        }))
                        .thenCompose(_ -> again(row.key())));
    }

    /** What it brought leaves the index; by and by, but nobody sees the source any more. */
    public CompletionStage<Outcome<Boolean>> remove(Scope scope, String kind, SourceId id) {
        return found(
                scope,
                kind,
                id,
                row -> tools.transactor()
                        .change(c -> SourceRows.remove(c, row.key(), now()))
                        .thenApply(_ -> {
                            rounds.cancel(row.key());
                            rounds.nudge();
                            return Outcome.done(true);
                        }));
    }

    /** Has it read now; while it is being read, once more afterwards. */
    public CompletionStage<Outcome<SourceEntry>> ask(Scope scope, String kind, SourceId id) {
        return found(
                scope,
                kind,
                id,
                row -> tools.transactor()
                        .change(c -> SourceRows.ask(c, row.key(), now(), Cause.ASKED))
                        .thenCompose(_ -> again(row.key())));
    }

    /** Ends the reading that goes on; what it brought stays. */
    public CompletionStage<Outcome<SourceEntry>> cancel(Scope scope, String kind, SourceId id) {
        return found(scope, kind, id, row -> {
            if (row.run().isEmpty()) {
                return CompletableFuture.completedFuture(
                        Outcome.refused(new Rejection.Conflict("not-running", "The source is not being read")));
            }
            return tools.transactor()
                    .change(c -> SourceRows.cancel(c, row.key()))
                    .thenCompose(_ -> {
                        rounds.cancel(row.key());
                        return again(row.key());
                    });
        });
    }

    /** Readings, the newest first. */
    public CompletionStage<Outcome<Page<SourceRun>>> history(
            Scope scope, String kind, SourceId id, Page.Request request) {
        return found(
                scope,
                kind,
                id,
                row -> tools.transactor()
                        .run(c -> RunRows.list(c, row.key(), request.after().orElse(""), request.limit() + 1))
                        .thenCombine(
                                key(row.key()),
                                (rows, key) -> Outcome.done(Page.of(rows, request.limit(), RunRows.Row::id)
                                        .map(run -> run(run, key)))));
    }

    /** What the source holds. @param failed only what could not be read, or of which nothing is kept */
    public CompletionStage<Outcome<Page<SourceItem>>> items(
            Scope scope, String kind, SourceId id, boolean failed, Page.Request request) {
        return found(
                scope,
                kind,
                id,
                row -> tools.transactor()
                        .run(c -> ItemRows.list(
                                c, row.key(), failed, request.after().orElse(""), request.limit() + 1))
                        .thenCombine(
                                key(row.key()),
                                (rows, key) -> Outcome.done(Page.of(
                                                rows,
                                                request.limit(),
                                                item -> item.id().value())
                                        .map(item -> item(kind, item, key)))));
    }

    /** Everything of a knowledge base is read and embedded again, whether it changed or not. */
    public CompletionStage<Void> reread(Scope scope) {
        return tools.transactor()
                .change(c -> {
                    ItemRows.forget(c, scope);
                    for (SourceRows.Row row : SourceRows.list(c, scope, "", "", Integer.MAX_VALUE)) {
                        SourceRows.ask(c, row.key(), now(), Cause.ASKED);
                    }
                })
                .thenAccept(_ -> rounds.nudge());
    }

    /** Whether there is such a knowledge base. */
    public CompletionStage<Outcome<Boolean>> exists(Scope scope) {
        return in(scope, () -> CompletableFuture.completedFuture(Outcome.done(true)));
    }

    /** The version of an item that searches find; empty for none. @param key as in {@link Found} */
    public CompletionStage<Optional<SourceVersion>> searchable(Scope scope, SourceId source, String key) {
        SourceId item = ItemRows.identity(source, key);
        return tools.transactor()
                .run(c -> ItemRows.find(c, new Key(scope, source), item))
                .thenApply(row -> row.filter(r -> r.published() > 0).map(r -> new SourceVersion(item, r.published())));
    }

    /** A deleted knowledge base leaves nothing here; its passages and files are its own to erase. */
    public CompletionStage<Void> eraseOf(Scope scope) {
        return rounds.forget(scope)
                .thenCompose(_ -> tools.transactor().change(c -> SourceRows.deleteAll(c, scope)))
                .thenCompose(_ -> tools.keys().destroyAll(Kept.subjects(scope)))
                .thenAccept(_ -> {});
    }

    /** All sources of a knowledge base as they are now, those being removed among them. */
    public CompletionStage<List<SourceEntry>> now(Scope scope) {
        return tools.transactor()
                .run(c -> SourceRows.list(c, scope, "", "", tools.settings().mostSources() * 2))
                .thenCompose(this::entries);
    }

    /**
     * A source as its owner may take it away.
     *
     * @param settings JSON of its kind, without what is secret
     */
    public record Shown(
            SourceId id,
            String kind,
            @JsonRawValue String settings,
            State state,
            Instant createdAt,
            Optional<Instant> readAt) {}

    /** What feeds a knowledge base. */
    public CompletionStage<List<Shown>> shown(Scope scope) {
        return now(scope)
                .thenApply(entries -> entries.stream()
                        .filter(entry -> entry.state() != State.REMOVED)
                        .flatMap(entry -> rounds.kind(entry.kind()).stream()
                                .map(kind -> new Shown(
                                        entry.id(),
                                        entry.kind(),
                                        kind.shown(entry.settings()),
                                        entry.state(),
                                        entry.createdAt(),
                                        entry.readAt())))
                        .toList());
    }

    // how it is told

    private Instant now() {
        return tools.clock().instant();
    }

    private <T> CompletionStage<Outcome<T>> in(
            Scope scope, java.util.function.Supplier<CompletionStage<Outcome<T>>> work) {
        return tools.shelf().retrieval(scope).thenCompose(outcome -> switch (outcome) {
            case Outcome.Done<RetrievalSettings> _ -> work.get();
            case Outcome.Refused<RetrievalSettings>(Rejection reason) ->
                CompletableFuture.completedFuture(Outcome.<T>refused(reason));
        });
    }

    private <T> CompletionStage<Outcome<T>> found(
            Scope scope, String kind, SourceId id, Function<SourceRows.Row, CompletionStage<Outcome<T>>> next) {
        return in(
                scope,
                () -> tools.transactor()
                        .run(c -> SourceRows.find(c, new Key(scope, id)))
                        .thenCompose(row -> row.filter(r -> r.kind().equals(kind) && r.state() != State.REMOVED)
                                .map(next)
                                .orElseGet(() -> CompletableFuture.completedFuture(
                                        Outcome.refused(new Rejection.NotFound("No such source"))))));
    }

    private CompletionStage<Outcome<SourceEntry>> again(Key key) {
        rounds.nudge();
        return tools.transactor()
                .run(c -> SourceRows.find(c, key))
                .thenCompose(row -> row.map(r -> entry(r).thenApply(Outcome::done))
                        .orElseGet(() -> CompletableFuture.completedFuture(
                                Outcome.refused(new Rejection.NotFound("No such source")))));
    }

    private CompletionStage<SubjectKey> key(Key key) {
        return tools.keys().obtain(Kept.subject(key.scope(), key.id()));
    }

    private CompletionStage<List<SourceEntry>> entries(List<SourceRows.Row> rows) {
        CompletionStage<List<SourceEntry>> all = CompletableFuture.completedFuture(new ArrayList<>());
        for (SourceRows.Row row : rows) {
            all = all.thenCombine(entry(row), (sofar, entry) -> {
                sofar.add(entry);
                return sofar;
            });
        }
        return all;
    }

    private record Counted(SourceEntry.Items items, Optional<RunRows.Row> run) {}

    private CompletionStage<SourceEntry> entry(SourceRows.Row row) {
        return tools.transactor()
                .run(c -> new Counted(ItemRows.count(c, row.key()), RunRows.newest(c, row.key())))
                .thenCombine(
                        key(row.key()),
                        (counted, key) -> new SourceEntry(
                                row.key().scope(),
                                row.key().id(),
                                row.kind(),
                                open(key, row.settings()),
                                overdue(row) ? State.STALE : row.state(),
                                row.every(),
                                row.dueAt(),
                                row.createdAt(),
                                row.readAt(),
                                problem(row.errorCode(), row.errorDetail(), key),
                                counted.items(),
                                counted.run().map(run -> run(run, key))));
    }

    private boolean overdue(SourceRows.Row row) {
        return row.state() == State.FRESH
                && row.dueAt().filter(due -> due.isBefore(now())).isPresent();
    }

    private static SourceRun run(RunRows.Row run, SubjectKey key) {
        return new SourceRun(
                run.id(),
                run.cause(),
                run.status(),
                run.startedAt(),
                run.endedAt(),
                run.of(RunRows.Count.FOUND),
                run.of(RunRows.Count.FETCHED),
                run.of(RunRows.Count.CHANGED),
                run.of(RunRows.Count.UNCHANGED),
                run.of(RunRows.Count.REMOVED),
                run.of(RunRows.Count.SKIPPED),
                run.of(RunRows.Count.FAILED),
                problem(run.errorCode(), run.errorDetail(), key));
    }

    private SourceItem item(String kind, ItemRows.Row item, SubjectKey key) {
        return new SourceItem(
                item.id(),
                open(key, item.name()),
                rounds.kind(kind).flatMap(k -> item.marks().flatMap(marks -> k.thread(open(key, marks)))),
                item.published() > 0,
                item.size(),
                problem(item.code(), item.detail(), key),
                item.changedAt());
    }

    private static Optional<Problem> problem(Optional<String> code, Optional<byte[]> detail, SubjectKey key) {
        return code.map(word ->
                new Problem(word, detail.map(bytes -> open(key, bytes)).orElse("")));
    }

    private static String open(SubjectKey key, byte[] sealed) {
        return sealed.length == 0 ? "" : key.open(new Sealed(key.subject(), sealed));
    }
}
