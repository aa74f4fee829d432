package io.kvasir.retrieval.qdrant;

import static io.kvasir.retrieval.qdrant.QdrantCalls.Patience.SEARCH;

import io.kvasir.kernel.Scope;
import io.qdrant.client.grpc.Common.Filter;
import io.qdrant.client.grpc.Points.CountPoints;
import io.qdrant.client.grpc.Points.FacetCounts;
import io.qdrant.client.grpc.Points.FacetHit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The word statistics of what one revision of one scope sees: a score must not depend on, nor tell, what other tenants
 * write. A revision always sees the same, so what was counted is kept until the scope is changed from here or others are
 * asked more.
 */
final class ScopeWords {
    private static final int MOST_KEPT = 500;
    private static final int MOST_TERMS_KEPT = 20_000;

    /** Lengths are kept to a byte's precision. */
    private static final int MOST_LENGTHS = 256;

    private static final int MOST_ANALYSES = 100;

    private final QdrantCalls calls;
    private final String collection;
    private final Map<Key, Counted> kept = new LinkedHashMap<>(64, 0.75f, true);

    private record Key(Scope scope, long revision) {}

    ScopeWords(QdrantCalls calls, String collection) {
        this.calls = calls;
        this.collection = collection;
    }

    /**
     * @param passages visible ones
     * @param meanLength of them, in words
     * @param analyses those of the scope's passages
     */
    record Basis(long passages, double meanLength, Set<String> analyses) {}

    /** The statistics of one revision. */
    final class Counted {
        private final ScopeFilters filters;
        private final long revision;
        private final CompletableFuture<Basis> basis;
        private final Map<String, CompletableFuture<Long>> frequencies = new ConcurrentHashMap<>();

        private Counted(Scope scope, long revision) {
            this.filters = new ScopeFilters(scope);
            this.revision = revision;
            this.basis = facet(PassagePoints.LENGTH, filters.visible(revision), MOST_LENGTHS)
                    .thenCombine(facet(PassagePoints.ANALYSIS, filters.everything(), MOST_ANALYSES), ScopeWords::basis);
        }

        CompletableFuture<Basis> basis() {
            return basis;
        }

        /** In how many of the visible passages each term stands. */
        CompletableFuture<Map<String, Long>> frequencies(Collection<String> terms) {
            if (frequencies.size() > MOST_TERMS_KEPT) {
                frequencies.clear();
            }
            Map<String, CompletableFuture<Long>> asked = new HashMap<>();
            terms.forEach(term -> asked.put(term, frequencies.computeIfAbsent(term, this::count)));
            return CompletableFuture.allOf(asked.values().toArray(CompletableFuture[]::new))
                    .whenComplete((_, fault) -> {
                        if (fault != null) {
                            asked.forEach((term, count) -> {
                                if (count.isCompletedExceptionally()) {
                                    frequencies.remove(term, count);
                                }
                            });
                        }
                    })
                    .thenApply(_ -> {
                        Map<String, Long> counts = new HashMap<>();
                        asked.forEach((term, count) -> counts.put(term, count.join()));
                        return counts;
                    });
        }

        private CompletableFuture<Long> count(String term) {
            return calls.points(
                            SEARCH,
                            stub -> stub.count(CountPoints.newBuilder()
                                    .setCollectionName(collection)
                                    .setFilter(filters.visibleWith(revision, PassagePoints.number(term)))
                                    .setExact(true)
                                    .build()))
                    .thenApply(reply -> reply.getResult().getCount());
        }
    }

    Counted of(Scope scope, long revision) {
        Key key = new Key(scope, revision);
        synchronized (kept) {
            Counted known = kept.get(key);
            if (known != null && !known.basis().isCompletedExceptionally()) {
                return known;
            }
            Counted fresh = new Counted(scope, revision);
            kept.put(key, fresh);
            if (kept.size() > MOST_KEPT) {
                var oldest = kept.entrySet().iterator();
                oldest.next();
                oldest.remove();
            }
            return fresh;
        }
    }

    /** After a change of the scope. */
    void forget(Scope scope) {
        synchronized (kept) {
            kept.keySet().removeIf(key -> key.scope().equals(scope));
        }
    }

    private CompletableFuture<List<FacetHit>> facet(String field, Filter filter, int most) {
        return calls.points(
                        SEARCH,
                        stub -> stub.facet(FacetCounts.newBuilder()
                                .setCollectionName(collection)
                                .setKey(field)
                                .setFilter(filter)
                                .setLimit(most)
                                .setExact(true)
                                .build()))
                .thenApply(reply -> new ArrayList<>(reply.getHitsList()));
    }

    private static Basis basis(List<FacetHit> lengths, List<FacetHit> analyses) {
        long passages = 0;
        long words = 0;
        for (FacetHit length : lengths) {
            passages += length.getCount();
            words += length.getCount() * length.getValue().getIntegerValue();
        }
        Set<String> names = new HashSet<>();
        analyses.forEach(analysis -> names.add(analysis.getValue().getStringValue()));
        return new Basis(passages, (double) Math.max(passages, words) / Math.max(1, passages), names);
    }
}
