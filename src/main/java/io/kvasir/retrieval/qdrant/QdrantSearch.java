package io.kvasir.retrieval.qdrant;

import static io.kvasir.retrieval.qdrant.QdrantCalls.Patience.SEARCH;

import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.PassageIndex.Candidates;
import io.kvasir.retrieval.PassageIndex.Scored;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.words.Languages;
import io.kvasir.retrieval.words.QuestionWords;
import io.kvasir.retrieval.words.QuestionWords.Word;
import io.qdrant.client.VectorOutputHelper;
import io.qdrant.client.grpc.Points.DenseVector;
import io.qdrant.client.grpc.Points.PayloadIncludeSelector;
import io.qdrant.client.grpc.Points.QuantizationSearchParams;
import io.qdrant.client.grpc.Points.Query;
import io.qdrant.client.grpc.Points.QueryPoints;
import io.qdrant.client.grpc.Points.ScoredPoint;
import io.qdrant.client.grpc.Points.SearchParams;
import io.qdrant.client.grpc.Points.SparseVector;
import io.qdrant.client.grpc.Points.VectorInput;
import io.qdrant.client.grpc.Points.VectorsSelector;
import io.qdrant.client.grpc.Points.WithPayloadSelector;
import io.qdrant.client.grpc.Points.WithVectorsSelector;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** One search of one scope at one revision. */
final class QdrantSearch {
    /**
     * The server ranks by scores at a usual mean length; so many times the wanted number is scored again, exactly. What is
     * not among them could only have been among the last.
     */
    private static final int SCORED_AGAIN = 2;

    private final QdrantCalls calls;
    private final QdrantSettings settings;
    private final String collection;
    private final Languages languages;
    private final ScopeWords words;
    private final Scope scope;
    private final long revision;

    QdrantSearch(
            QdrantCalls calls,
            QdrantSettings settings,
            String collection,
            Languages languages,
            ScopeWords words,
            Scope scope,
            long revision) {
        this.calls = calls;
        this.settings = settings;
        this.collection = collection;
        this.languages = languages;
        this.words = words;
        this.scope = scope;
        this.revision = revision;
    }

    /** @param ideal the most that could be scored */
    private record Leg(List<Scored> hits, double ideal, Map<PassageId, float[]> vectors) {
        static final Leg NONE = new Leg(List.of(), 0, Map.of());
    }

    CompletableFuture<Candidates> candidates(PassageIndex.Query query) {
        CompletableFuture<Leg> dense = query.mode() == SearchMode.KEYWORD
                ? CompletableFuture.completedFuture(Leg.NONE)
                : nearest(query.vector(), query.candidates());
        CompletableFuture<Leg> keyword = query.mode() == SearchMode.DENSE
                ? CompletableFuture.completedFuture(Leg.NONE)
                : byWords(query.text(), query.candidates());
        return dense.thenCombine(keyword, (d, k) -> {
            Map<PassageId, float[]> vectors = new HashMap<>(d.vectors());
            vectors.putAll(k.vectors());
            return new Candidates(d.hits(), k.hits(), k.ideal(), vectors);
        });
    }

    private CompletableFuture<Leg> nearest(float[] vector, int most) {
        DenseVector.Builder wanted = DenseVector.newBuilder();
        for (float x : vector) {
            wanted.addData(x);
        }
        return query(
                        PassagePoints.DENSE,
                        VectorInput.newBuilder().setDense(wanted),
                        most,
                        List.of(PassagePoints.PASSAGE),
                        List.of(PassagePoints.DENSE))
                .thenApply(points -> {
                    List<Scored> hits = new ArrayList<>();
                    Map<PassageId, float[]> vectors = new HashMap<>();
                    for (ScoredPoint point : points) {
                        Passage passage = PassagePoints.passage(point.getPayloadMap());
                        hits.add(new Scored(passage, point.getScore()));
                        vectors.put(passage.id(), PassagePoints.dense(point.getVectors()));
                    }
                    return new Leg(hits, 0, vectors);
                });
    }

    private CompletableFuture<Leg> byWords(String text, int most) {
        ScopeWords.Counted counted = words.of(scope, revision);
        return counted.basis().thenCompose(basis -> {
            if (basis.passages() == 0) {
                return CompletableFuture.completedFuture(Leg.NONE);
            }
            Set<Set<String>> asked = QuestionWords.of(text, languages, basis.analyses());
            Set<String> terms = new HashSet<>();
            asked.forEach(terms::addAll);
            return counted.frequencies(terms).thenCompose(frequencies -> {
                List<Word> rarest = rarest(asked, basis.passages(), frequencies);
                double ideal = rarest.stream().mapToDouble(Word::idf).sum();
                SparseVector sparse = weights(rarest, frequencies);
                return sparse.getIndicesCount() == 0
                        ? CompletableFuture.completedFuture(new Leg(List.of(), ideal, Map.of()))
                        : query(
                                        PassagePoints.WORDS,
                                        VectorInput.newBuilder().setSparse(sparse),
                                        SCORED_AGAIN * most,
                                        List.of(PassagePoints.PASSAGE, PassagePoints.LENGTH),
                                        List.of(PassagePoints.DENSE, PassagePoints.WORDS))
                                .thenApply(points -> scored(points, rarest, basis.meanLength(), ideal, most));
            });
        });
    }

    private static List<Word> rarest(Set<Set<String>> asked, long passages, Map<String, Long> frequencies) {
        try {
            return QuestionWords.rarest(asked, passages, term -> frequencies.getOrDefault(term, 0L));
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /** Each term weighs what its word can add; terms that stand nowhere are left out. */
    private static SparseVector weights(List<Word> words, Map<String, Long> frequencies) {
        Map<Long, Double> weights = new HashMap<>();
        for (Word word : words) {
            for (String term : word.terms()) {
                if (frequencies.getOrDefault(term, 0L) > 0) {
                    weights.merge(PassagePoints.number(term), word.idf(), Double::sum);
                }
            }
        }
        SparseVector.Builder sparse = SparseVector.newBuilder();
        weights.forEach(
                (number, weight) -> sparse.addIndices((int) (long) number).addValues((float) (double) weight));
        return sparse.build();
    }

    private static Leg scored(List<ScoredPoint> points, List<Word> words, double meanLength, double ideal, int most) {
        List<Scored> hits = new ArrayList<>(points.size());
        Map<PassageId, float[]> vectors = new HashMap<>();
        for (ScoredPoint point : points) {
            Passage passage = PassagePoints.passage(point.getPayloadMap());
            hits.add(new Scored(passage, score(point, words, meanLength)));
            vectors.put(passage.id(), PassagePoints.dense(point.getVectors()));
        }
        hits.sort(Comparator.comparingDouble(Scored::score)
                .reversed()
                .thenComparing(hit -> hit.passage().id().value()));
        List<Scored> best = hits.size() > most ? List.copyOf(hits.subList(0, most)) : hits;
        Set<PassageId> among = new HashSet<>();
        best.forEach(hit -> among.add(hit.passage().id()));
        vectors.keySet().retainAll(among);
        return new Leg(best, ideal, vectors);
    }

    /** Alternatives of one word count together, as one word that stands as often as all of them. */
    private static double score(ScoredPoint point, List<Word> words, double meanLength) {
        int length = PassagePoints.length(point.getPayloadMap());
        SparseVector stored = VectorOutputHelper.getSparseVector(
                point.getVectors().getVectors().getVectorsOrThrow(PassagePoints.WORDS));
        Map<Long, Float> shares = new HashMap<>();
        for (int i = 0; i < stored.getIndicesCount(); i++) {
            shares.put(Integer.toUnsignedLong(stored.getIndices(i)), stored.getValues(i));
        }
        double score = 0;
        for (Word word : words) {
            long frequency = 0;
            for (String term : word.terms()) {
                Float share = shares.get(PassagePoints.number(term));
                frequency += share == null ? 0 : Bm25.frequency(share, length);
            }
            score += word.idf() * Bm25.share(frequency, length, meanLength);
        }
        return score;
    }

    private CompletableFuture<List<ScoredPoint>> query(
            String vector, VectorInput.Builder nearest, int most, List<String> payload, List<String> vectors) {
        QueryPoints.Builder query = QueryPoints.newBuilder()
                .setCollectionName(collection)
                .setUsing(vector)
                .setQuery(Query.newBuilder().setNearest(nearest))
                .setFilter(new ScopeFilters(scope).visible(revision))
                .setLimit(most)
                .setWithPayload(WithPayloadSelector.newBuilder()
                        .setInclude(PayloadIncludeSelector.newBuilder().addAllFields(payload)))
                .setWithVectors(WithVectorsSelector.newBuilder()
                        .setInclude(VectorsSelector.newBuilder().addAllNames(vectors)));
        if (vector.equals(PassagePoints.DENSE)) {
            params(most).ifPresent(query::setParams);
        }
        return calls.points(SEARCH, stub -> stub.query(query.build()))
                .thenApply(reply -> new ArrayList<>(reply.getResultList()));
    }

    private Optional<SearchParams> params(int most) {
        SearchParams.Builder params = SearchParams.newBuilder();
        if (settings.hnsw().searchWidth() > 0) {
            params.setHnswEf(Math.max(most, settings.hnsw().searchWidth()));
        }
        if (settings.quantization().kind() != QdrantSettings.Quantization.Kind.NONE) {
            params.setQuantization(QuantizationSearchParams.newBuilder()
                    .setRescore(true)
                    .setOversampling(settings.quantization().oversampling()));
        }
        return params.hasHnswEf() || params.hasQuantization() ? Optional.of(params.build()) : Optional.empty();
    }
}
