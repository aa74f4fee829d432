package io.kvasir.retrieval;

import io.kvasir.http.Problems;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.PassageIndex.Candidates;
import io.kvasir.retrieval.PassageIndex.Query;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** Finds the passages for a question: embed, search both legs, fuse, calibrate, cut at the threshold, diversify. */
public final class Retriever {
    /** MMR looks at so many times the wanted number: enough to have a choice, few enough to stay relevant. */
    private static final int MMR_POOL = 4;

    private static final float[] NO_VECTOR = {};
    /** What is not configured comes back with a start of the server only. */
    private static final Duration AGAIN = Duration.ofSeconds(60);

    private static final Retrieval NO_PLACE = new Retrieval(List.of(), new Retrieval.Timings(0, 0, 0, 0));
    private static final Candidates NOTHING = new Candidates(List.of(), List.of(), 0, Map.of());

    private final Function<Scope, CompletionStage<Optional<Spaces.Space>>> spaces;

    /** For one space alone. */
    public Retriever(PassageIndex index, Embedder embedder) {
        this(_ -> CompletableFuture.completedFuture(
                Optional.of(new Spaces.Space(VectorSpace.of(embedder), Optional.of(embedder), index))));
    }

    /** @param spaces where a knowledge base is searched at this moment; empty where it is gone */
    public Retriever(Function<Scope, CompletionStage<Optional<Spaces.Space>>> spaces) {
        this.spaces = spaces;
    }

    /** Fails where the index or the embedder is away, or the model is not configured; an empty result is no failure. */
    public CompletionStage<Retrieval> retrieve(
            Scope scope, long revision, RetrievalSettings settings, String question) {
        long start = System.nanoTime();
        return spaces.apply(scope)
                .thenCompose(space -> space.isEmpty()
                        ? CompletableFuture.completedFuture(NO_PLACE)
                        : retrieve(space.get(), scope, revision, settings, question, start));
    }

    /** The same question will be searched for in a moment: where the embedder remembers, its vector is there then. */
    public void expect(Scope scope, RetrievalSettings settings, String question) {
        if (settings.mode() != SearchMode.KEYWORD) {
            // Whatever goes wrong is said when it is searched for.
            spaces.apply(scope)
                    .thenAccept(space -> space.flatMap(Spaces.Space::embedder)
                            .ifPresent(e -> e.within(scope.tenant()).embedQuery(question)));
        }
    }

    private CompletionStage<Retrieval> retrieve(
            Spaces.Space space, Scope scope, long revision, RetrievalSettings settings, String question, long start) {
        PassageIndex index = space.index();
        if (space.embedder().isEmpty() && settings.mode() != SearchMode.KEYWORD) {
            return CompletableFuture.failedFuture(new Problems.Unavailable(space.missing(), AGAIN));
        }
        SearchMode mode = settings.mode();
        int candidates = settings.candidates();
        // Words are looked up while the question is embedded; a revision shows both legs the same passages.
        CompletionStage<Candidates> keyword = mode == SearchMode.DENSE
                ? CompletableFuture.completedFuture(NOTHING)
                : index.search(scope, revision, new Query(question, NO_VECTOR, SearchMode.KEYWORD, candidates));
        CompletionStage<float[]> embedded = mode == SearchMode.KEYWORD
                ? CompletableFuture.completedFuture(NO_VECTOR)
                : space.embedder().orElseThrow().within(scope.tenant()).embedQuery(question);
        return embedded.thenCompose(vector -> {
            long searching = System.nanoTime();
            CompletionStage<Candidates> dense = mode == SearchMode.KEYWORD
                    ? CompletableFuture.completedFuture(NOTHING)
                    : index.search(scope, revision, new Query("", vector, SearchMode.DENSE, candidates));
            return dense.thenCombine(keyword, Retriever::both).thenApply(found -> {
                long ranking = System.nanoTime();
                List<Retrieval.Found> results = rank(found, vector, settings, trust(space, mode, question));
                long end = System.nanoTime();
                return new Retrieval(
                        results,
                        new Retrieval.Timings(
                                millis(searching - start),
                                millis(ranking - searching),
                                millis(end - ranking),
                                millis(end - start)));
            });
        });
    }

    private static Candidates both(Candidates dense, Candidates keyword) {
        Map<PassageId, float[]> vectors = new HashMap<>(dense.vectors());
        vectors.putAll(keyword.vectors());
        return new Candidates(dense.dense(), keyword.keyword(), keyword.keywordIdeal(), vectors);
    }

    private static double trust(Spaces.Space space, SearchMode mode, String question) {
        return mode == SearchMode.HYBRID
                ? Fusion.trust(space.embedder().orElseThrow().fluency(question))
                : 1;
    }

    private static List<Retrieval.Found> rank(
            Candidates candidates, float[] vector, RetrievalSettings settings, double trust) {
        SearchMode mode = settings.mode();
        List<Retrieval.Found> found = new ArrayList<>();
        int rank = 0;
        for (Fusion.Fused fused : Fusion.fuse(candidates, vector, mode, settings.denseWeight(), trust)) {
            rank++;
            double relevance = Calibration.relevance(mode, fused, trust);
            if (relevance < settings.threshold()) {
                break;
            }
            Map<String, Retrieval.Stage> stages = new LinkedHashMap<>();
            fused.denseStage().ifPresent(stage -> stages.put("dense", stage));
            fused.keywordStage().ifPresent(stage -> stages.put("keyword", stage));
            stages.put("fusion", new Retrieval.Stage(rank, fused.score()));
            found.add(new Retrieval.Found(fused.passage(), relevance, stages));
            if (found.size() >= settings.maxResults() * MMR_POOL) {
                break;
            }
        }
        return switch (settings.rerank()) {
            case NONE -> found.subList(0, Math.min(found.size(), settings.maxResults()));
            case MMR -> Diversity.choose(found, candidates.vectors(), settings.mmrLambda(), settings.maxResults());
        };
    }

    private static double millis(long nanos) {
        return Math.round(nanos / 1e3) / 1e3;
    }
}
