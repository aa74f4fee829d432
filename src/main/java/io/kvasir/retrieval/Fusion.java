package io.kvasir.retrieval;

import io.kvasir.kernel.PassageId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Brings the two legs onto one scale and adds them, as a convex combination with theoretical bounds (Bruch, Gai and
 * Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval"): the dense leg by cosine, the keyword leg by its
 * share of the most this question could score. Unlike ranks (RRF), both keep how much better one passage is than the
 * next; unlike min-max over the list found, neither depends on what else was found, so scores of different questions
 * can be compared and calibrated.
 */
final class Fusion {
    /** Dense weight for a question the embedder does not know the language of: enough to break ties among keyword hits. */
    private static final double LEAST_DENSE = 0.05;

    /** Fluency from which a question counts as none, and as all, in the model's language. Set on xquad de, es against en. */
    private static final double FOREIGN = 0.3;

    private static final double FLUENT = 0.7;

    /** Cosines of a sentence embedder use the upper half of their range; this brings them onto the keyword leg's. */
    private static final double DENSE_SCALE = 2.0;

    private Fusion() {}

    /**
     * @param cosine exact where the passage's vector is known, also when the dense leg did not bring it
     * @param keyword share of the ideal, 0 to 1; 0 where the keyword leg did not bring it
     */
    record Fused(
            Passage passage,
            double cosine,
            double keyword,
            double score,
            Optional<Retrieval.Stage> denseStage,
            Optional<Retrieval.Stage> keywordStage) {}

    /** Trust in the dense leg, 0 to 1, from the embedder's fluency in the question. */
    static double trust(double fluency) {
        return Math.clamp((fluency - FOREIGN) / (FLUENT - FOREIGN), 0, 1);
    }

    /**
     * All candidates, best first.
     *
     * @param vector of the question; empty in keyword mode
     * @param denseWeight the knowledge base's setting, 0 to 1, reached at full trust
     */
    static List<Fused> fuse(
            PassageIndex.Candidates candidates, float[] vector, SearchMode mode, double denseWeight, double trust) {
        double dense =
                switch (mode) {
                    case HYBRID ->
                        candidates.keyword().isEmpty()
                                ? 1
                                : Math.min(denseWeight, LEAST_DENSE + (denseWeight - LEAST_DENSE) * trust);
                    case DENSE -> 1;
                    case KEYWORD -> 0;
                };
        Map<PassageId, Retrieval.Stage> denseStages = stages(candidates.dense());
        Map<PassageId, Retrieval.Stage> keywordStages = stages(candidates.keyword());
        Map<PassageId, Passage> passages = new LinkedHashMap<>();
        candidates.dense().forEach(s -> passages.put(s.passage().id(), s.passage()));
        candidates.keyword().forEach(s -> passages.put(s.passage().id(), s.passage()));

        List<Fused> fused = new ArrayList<>(passages.size());
        passages.forEach((id, passage) -> {
            Optional<Retrieval.Stage> denseStage = Optional.ofNullable(denseStages.get(id));
            Optional<Retrieval.Stage> keywordStage = Optional.ofNullable(keywordStages.get(id));
            float[] stored = candidates.vectors().get(id);
            double cosine = denseStage
                    .map(Retrieval.Stage::score)
                    .orElseGet(() -> stored == null || vector.length == 0 ? 0 : Vectors.cosine(vector, stored));
            double keyword = candidates.keywordIdeal() <= 0
                    ? 0
                    : keywordStage.map(Retrieval.Stage::score).orElse(0.0) / candidates.keywordIdeal();
            fused.add(new Fused(
                    passage,
                    cosine,
                    keyword,
                    dense * DENSE_SCALE * cosine + (1 - dense) * keyword,
                    denseStage,
                    keywordStage));
        });
        // Ties by id, so that the same question always gives the same order.
        fused.sort(Comparator.comparingDouble(Fused::score)
                .reversed()
                .thenComparing(f -> f.passage().id().value()));
        return fused;
    }

    private static Map<PassageId, Retrieval.Stage> stages(List<PassageIndex.Scored> leg) {
        Map<PassageId, Retrieval.Stage> stages = new LinkedHashMap<>();
        for (PassageIndex.Scored scored : leg) {
            stages.putIfAbsent(scored.passage().id(), new Retrieval.Stage(stages.size() + 1, scored.score()));
        }
        return stages;
    }
}
