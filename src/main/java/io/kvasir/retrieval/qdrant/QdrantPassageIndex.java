package io.kvasir.retrieval.qdrant;

import static io.kvasir.retrieval.qdrant.QdrantCalls.Patience.SEARCH;
import static io.kvasir.retrieval.qdrant.QdrantCalls.Patience.WRITE;

import com.google.common.util.concurrent.ListenableFuture;
import io.kvasir.http.Problems;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.MovableIndex;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.SourceVersion;
import io.kvasir.retrieval.VectorSpace;
import io.kvasir.retrieval.words.Languages;
import io.qdrant.client.grpc.Common.Filter;
import io.qdrant.client.grpc.Common.PointId;
import io.qdrant.client.grpc.Points.CountPoints;
import io.qdrant.client.grpc.Points.DeletePoints;
import io.qdrant.client.grpc.Points.PayloadIncludeSelector;
import io.qdrant.client.grpc.Points.PointStruct;
import io.qdrant.client.grpc.Points.PointsSelector;
import io.qdrant.client.grpc.Points.PointsUpdateOperation;
import io.qdrant.client.grpc.Points.RetrievedPoint;
import io.qdrant.client.grpc.Points.ScrollPoints;
import io.qdrant.client.grpc.Points.UpdateBatchPoints;
import io.qdrant.client.grpc.Points.UpdateResult;
import io.qdrant.client.grpc.Points.UpdateStatus;
import io.qdrant.client.grpc.Points.UpsertPoints;
import io.qdrant.client.grpc.Points.VectorsSelector;
import io.qdrant.client.grpc.Points.WithPayloadSelector;
import io.qdrant.client.grpc.Points.WithVectorsSelector;
import io.qdrant.client.grpc.Points.WriteOrdering;
import io.qdrant.client.grpc.Points.WriteOrderingType;
import io.qdrant.client.grpc.PointsGrpc.PointsFutureStub;
import io.qdrant.client.grpc.QdrantOuterClass.HealthCheckRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passages in one Qdrant collection for all tenants: a graph of unit vectors for each large knowledge base, and the words of
 * each passage as a sparse vector. A revision sees a passage through two numbers of its payload.
 *
 * <p>While the server is away every call fails as {@link Problems.Unavailable} once its time is over; the next call finds a
 * server that came back by itself, also one that was away when this was opened.
 */
public final class QdrantPassageIndex implements MovableIndex {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.retrieval");
    private static final int POINTS_AT_ONCE = 100;
    private static final int SOURCES_AT_ONCE = 200;
    private static final Duration HEALTH_WITHIN = Duration.ofSeconds(1);

    /** Changes of one point take place in the order they were sent in, on every replica. */
    private static final WriteOrdering IN_ORDER =
            WriteOrdering.newBuilder().setType(WriteOrderingType.Medium).build();

    private final QdrantSettings settings;
    private final VectorSpace space;
    private final QdrantCalls calls;
    private final QdrantCollection collection;
    private final Languages languages = new Languages();
    private final PassagePoints points = new PassagePoints(languages);
    private final ScopeWords words;
    /** The last preparation; to begin with one that has yet to be made. */
    private CompletableFuture<Void> prepared = CompletableFuture.failedFuture(QdrantCalls.away());

    private volatile boolean closed;

    private QdrantPassageIndex(QdrantSettings settings, VectorSpace space, boolean alone) {
        this.settings = settings;
        this.space = space;
        this.calls = new QdrantCalls(settings);
        this.collection = new QdrantCollection(calls, settings, space, alone);
        this.words = new ScopeWords(calls, collection.name());
    }

    /**
     * Makes the collection, or brings it up to date. A server that is away is waited for in the background.
     *
     * @throws IOException where the server refuses us, is too old, or holds vectors of another model
     */
    public static QdrantPassageIndex open(QdrantSettings settings, VectorSpace space) throws IOException {
        return opened(new QdrantPassageIndex(settings, space, true), settings);
    }

    /**
     * The same where collections of other models may stand beside it.
     *
     * @throws IOException where the server refuses us or is too old
     */
    public static QdrantPassageIndex openBeside(QdrantSettings settings, VectorSpace space) throws IOException {
        return opened(beside(settings, space), settings);
    }

    /** Contacts the server, and makes the collection, with the first call only. */
    public static QdrantPassageIndex beside(QdrantSettings settings, VectorSpace space) {
        return new QdrantPassageIndex(settings, space, false);
    }

    /** Of which models there are collections under our name. */
    public CompletionStage<Set<VectorSpace>> spaces() {
        return ready(SEARCH, collection::spaces);
    }

    private static QdrantPassageIndex opened(QdrantPassageIndex index, QdrantSettings settings) throws IOException {
        try {
            index.ready().get(index.calls.limit(SEARCH).toMillis(), TimeUnit.MILLISECONDS);
            return index;
        } catch (TimeoutException slow) {
            LOG.warn("Qdrant at {} does not answer yet; the index is away until it does", settings.url());
            return index;
        } catch (java.util.concurrent.ExecutionException refused) {
            if (cause(refused) instanceof Problems.Unavailable) {
                LOG.warn("Qdrant at {} is away; the index is away until it is back", settings.url());
                return index;
            }
            index.close();
            throw new IOException(
                    "Qdrant at " + settings.url() + " can't be used: "
                            + cause(refused).getMessage(),
                    refused);
        } catch (InterruptedException e) {
            index.close();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static Throwable cause(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null
                && (cause instanceof CompletionException || cause instanceof java.util.concurrent.ExecutionException)) {
            cause = cause.getCause();
        }
        return cause;
    }

    /** Completes soon where the server answers and the collection is as it should be; fails soon where not. */
    public CompletionStage<Void> health() {
        CompletableFuture<Void> ready = ready();
        return calls.once(HEALTH_WITHIN, stub -> stub.healthCheck(HealthCheckRequest.getDefaultInstance()))
                .thenCompose(_ -> ready.isDone() ? ready : CompletableFuture.failedFuture(QdrantCalls.away()));
    }

    @Override
    public CompletionStage<Void> stage(Scope scope, List<EmbeddedPassage> passages) {
        // What is published stays as it is: a repeated job may be behind its own publication.
        return upserted(
                scope,
                passages.stream()
                        .map(passage -> new Kept(passage, Optional.empty(), Optional.empty()))
                        .toList(),
                Optional.of(new ScopeFilters(scope).staged()));
    }

    @Override
    public CompletionStage<Void> restore(Scope scope, List<Kept> passages) {
        return changed(scope, () -> upserted(scope, passages, Optional.empty()));
    }

    /** @param over which points may be replaced; new ones are written anyway */
    private CompletionStage<Void> upserted(Scope scope, List<Kept> passages, Optional<Filter> over) {
        return ready(WRITE, () -> {
            CompletableFuture<Void> all = CompletableFuture.completedFuture(null);
            for (int i = 0; i < passages.size(); i += POINTS_AT_ONCE) {
                List<Kept> some = passages.subList(i, Math.min(passages.size(), i + POINTS_AT_ONCE));
                all = all.thenCompose(_ -> {
                    UpsertPoints.Builder upsert = UpsertPoints.newBuilder()
                            .setCollectionName(collection.name())
                            .setWait(true)
                            .setOrdering(IN_ORDER);
                    over.ifPresent(upsert::setUpdateFilter);
                    for (Kept kept : some) {
                        upsert.addPoints(point(scope, kept));
                    }
                    return change(stub -> stub.upsert(upsert.build()), reply -> List.of(reply.getResult()));
                });
            }
            return all;
        });
    }

    private PointStruct point(Scope scope, Kept kept) {
        if (kept.embedded().vector().length != space.dimensions()) {
            throw new IllegalArgumentException("a vector of " + kept.embedded().vector().length
                    + " dimensions does not belong to the model " + space);
        }
        return points.point(scope, kept);
    }

    @Override
    public CompletionStage<Void> publish(
            Scope scope, long revision, Set<SourceVersion> added, Set<SourceVersion> removed) {
        List<PointsUpdateOperation> operations = new ArrayList<>();
        marks(operations, scope, PassagePoints.FROM, revision, added);
        marks(operations, scope, PassagePoints.TO, revision, removed);
        return changed(
                scope,
                () -> operations.isEmpty()
                        ? ready(WRITE, () -> CompletableFuture.completedFuture(null))
                        : updated(operations));
    }

    /** Only where no publication left a mark: a second one would take from readers what the first gave them. */
    private static void marks(
            List<PointsUpdateOperation> into, Scope scope, String field, long revision, Set<SourceVersion> sources) {
        List<SourceVersion> all = List.copyOf(sources);
        for (int i = 0; i < all.size(); i += SOURCES_AT_ONCE) {
            List<SourceVersion> some = all.subList(i, Math.min(all.size(), i + SOURCES_AT_ONCE));
            into.add(PointsUpdateOperation.newBuilder()
                    .setSetPayload(PointsUpdateOperation.SetPayload.newBuilder()
                            .putPayload(field, PassagePoints.value(revision))
                            .setPointsSelector(PointsSelector.newBuilder()
                                    .setFilter(new ScopeFilters(scope).unmarked(some, field))))
                    .build());
        }
    }

    private CompletionStage<Void> updated(List<PointsUpdateOperation> operations) {
        UpdateBatchPoints batch = UpdateBatchPoints.newBuilder()
                .setCollectionName(collection.name())
                .setWait(true)
                .setOrdering(IN_ORDER)
                .addAllOperations(operations)
                .build();
        return ready(WRITE, () -> change(stub -> stub.updateBatch(batch), reply -> reply.getResultList()));
    }

    @Override
    public CompletionStage<Void> discard(Scope scope, SourceVersion source) {
        return deleted(scope, new ScopeFilters(scope).stagedOf(source));
    }

    @Override
    public CompletionStage<Void> purge(Scope scope, long oldestKept) {
        return deleted(scope, new ScopeFilters(scope).unseenSince(oldestKept));
    }

    @Override
    public CompletionStage<Void> erase(Scope scope) {
        return deleted(scope, new ScopeFilters(scope).everything());
    }

    private CompletionStage<Void> deleted(Scope scope, Filter filter) {
        DeletePoints delete = DeletePoints.newBuilder()
                .setCollectionName(collection.name())
                .setWait(true)
                .setOrdering(IN_ORDER)
                .setPoints(PointsSelector.newBuilder().setFilter(filter))
                .build();
        return changed(
                scope,
                () -> ready(WRITE, () -> change(stub -> stub.delete(delete), reply -> List.of(reply.getResult()))));
    }

    @Override
    public CompletionStage<Candidates> search(Scope scope, long revision, PassageIndex.Query query) {
        return ready(
                SEARCH,
                () -> new QdrantSearch(calls, settings, collection.name(), languages, words, scope, revision)
                        .candidates(query));
    }

    @Override
    public CompletionStage<Map<PassageId, Passage>> passages(Scope scope, Set<PassageId> ids) {
        List<PointId> wanted = points(scope, ids);
        if (wanted.isEmpty() && !closed) {
            return CompletableFuture.completedFuture(Map.of());
        }
        ScrollPoints scroll = ScrollPoints.newBuilder()
                .setCollectionName(collection.name())
                .setFilter(new ScopeFilters(scope).ids(wanted))
                .setLimit(wanted.size())
                .setWithPayload(include(PassagePoints.PASSAGE))
                .build();
        return ready(
                SEARCH,
                () -> calls.points(SEARCH, stub -> stub.scroll(scroll)).thenApply(reply -> {
                    Map<PassageId, Passage> found = new HashMap<>();
                    for (RetrievedPoint point : reply.getResultList()) {
                        Passage passage = PassagePoints.passage(point.getPayloadMap());
                        found.put(passage.id(), passage);
                    }
                    return found;
                }));
    }

    @Override
    public CompletionStage<Long> count(Scope scope, long revision) {
        return counted(new ScopeFilters(scope).visible(revision));
    }

    @Override
    public CompletionStage<Long> size(Scope scope) {
        return counted(new ScopeFilters(scope).everything());
    }

    private CompletionStage<Long> counted(Filter filter) {
        CountPoints count = CountPoints.newBuilder()
                .setCollectionName(collection.name())
                .setFilter(filter)
                .setExact(true)
                .build();
        return ready(
                SEARCH,
                () -> calls.points(SEARCH, stub -> stub.count(count))
                        .thenApply(reply -> reply.getResult().getCount()));
    }

    @Override
    public CompletionStage<List<Kept>> kept(Scope scope, Optional<PassageId> after, int limit) {
        ScrollPoints.Builder scroll = ScrollPoints.newBuilder()
                .setCollectionName(collection.name())
                .setFilter(new ScopeFilters(scope).everything())
                // The page begins with the point it is asked to begin at.
                .setLimit(after.isPresent() ? limit + 1 : limit)
                .setWithPayload(include(PassagePoints.PASSAGE, PassagePoints.FROM, PassagePoints.TO))
                .setWithVectors(WithVectorsSelector.newBuilder()
                        .setInclude(VectorsSelector.newBuilder().addNames(PassagePoints.DENSE)));
        Optional<PointId> last = after.map(id -> PassagePoints.id(scope, id));
        last.ifPresent(scroll::setOffset);
        return ready(
                SEARCH,
                () -> calls.points(SEARCH, stub -> stub.scroll(scroll.build()))
                        .thenApply(reply -> reply.getResultList().stream()
                                .filter(point ->
                                        last.filter(point.getId()::equals).isEmpty())
                                .limit(limit)
                                .map(point -> PassagePoints.kept(point.getPayloadMap(), point.getVectors()))
                                .toList()));
    }

    @Override
    public CompletionStage<Map<PassageId, Kept>> kept(Scope scope, Set<PassageId> ids) {
        if (ids.isEmpty() && !closed) {
            return CompletableFuture.completedFuture(Map.of());
        }
        ScrollPoints scroll = ScrollPoints.newBuilder()
                .setCollectionName(collection.name())
                .setFilter(new ScopeFilters(scope).ids(points(scope, ids)))
                .setLimit(ids.size())
                .setWithPayload(include(PassagePoints.PASSAGE, PassagePoints.FROM, PassagePoints.TO))
                .setWithVectors(WithVectorsSelector.newBuilder()
                        .setInclude(VectorsSelector.newBuilder().addNames(PassagePoints.DENSE)))
                .build();
        return ready(
                SEARCH,
                () -> calls.points(SEARCH, stub -> stub.scroll(scroll)).thenApply(reply -> {
                    Map<PassageId, Kept> found = new HashMap<>();
                    for (RetrievedPoint point : reply.getResultList()) {
                        Kept kept = PassagePoints.kept(point.getPayloadMap(), point.getVectors());
                        found.put(kept.embedded().passage().id(), kept);
                    }
                    return found;
                }));
    }

    @Override
    public CompletionStage<Void> remove(Scope scope, Set<PassageId> ids) {
        return ids.isEmpty() && !closed
                ? CompletableFuture.completedFuture(null)
                : deleted(scope, new ScopeFilters(scope).ids(points(scope, ids)));
    }

    private static List<PointId> points(Scope scope, Set<PassageId> ids) {
        return ids.stream().map(id -> PassagePoints.id(scope, id)).toList();
    }

    private static WithPayloadSelector include(String... fields) {
        return WithPayloadSelector.newBuilder()
                .setInclude(PayloadIncludeSelector.newBuilder().addAllFields(List.of(fields)))
                .build();
    }

    /** Gives running calls a moment; what comes later fails. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            calls.close();
        }
    }

    // calls

    /** Once the collection is prepared; as patient with that as with the call itself. */
    private <T> CompletionStage<T> ready(QdrantCalls.Patience patience, Supplier<? extends CompletionStage<T>> call) {
        if (closed) {
            return CompletableFuture.failedFuture(new IllegalStateException("the index is closed"));
        }
        CompletableFuture<Void> ready = ready();
        CompletableFuture<Void> inTime = ready.isDone()
                ? ready
                : ready.copy().orTimeout(calls.limit(patience).toMillis(), TimeUnit.MILLISECONDS);
        return inTime.exceptionallyCompose(fault -> CompletableFuture.failedFuture(
                        cause(fault) instanceof TimeoutException ? QdrantCalls.away() : cause(fault)))
                .thenCompose(_ -> call.get());
    }

    /** The preparation at work, or done; a failed one is begun again. */
    private CompletableFuture<Void> ready() {
        CompletableFuture<Void> next;
        synchronized (this) {
            if (!prepared.isCompletedExceptionally()) {
                return prepared;
            }
            next = new CompletableFuture<>();
            prepared = next;
        }
        collection.prepare().whenComplete((_, fault) -> {
            if (fault == null) {
                LOG.info("passages are kept in the Qdrant collection {}", collection.name());
                next.complete(null);
            } else {
                next.completeExceptionally(cause(fault));
            }
        });
        return next;
    }

    private <R> CompletableFuture<Void> change(
            Function<PointsFutureStub, ListenableFuture<R>> call, Function<R, List<UpdateResult>> results) {
        return calls.points(WRITE, call).thenAccept(reply -> {
            for (UpdateResult result : results.apply(reply)) {
                if (result.getStatus() != UpdateStatus.Completed) {
                    LOG.warn("Qdrant did not finish a change: {}", result.getStatus());
                    throw QdrantCalls.away();
                }
            }
        });
    }

    /** What was counted in the scope is counted anew after a change of it, also one that failed half-way. */
    private <T> CompletionStage<T> changed(Scope scope, Supplier<CompletionStage<T>> change) {
        return change.get().whenComplete((_, _) -> words.forget(scope));
    }
}
