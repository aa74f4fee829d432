package io.kvasir.retrieval;

import io.kvasir.kernel.PassageId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Maximal marginal relevance (Carbonell and Goldstein 1998): each next passage is relevant and unlike those before it. */
final class Diversity {
    private Diversity() {}

    /**
     * Chooses and orders.
     *
     * @param found best first, with calibrated scores
     * @param lambda 1: relevance alone; 0: novelty alone
     * @param most how many to choose
     */
    static List<Retrieval.Found> choose(
            List<Retrieval.Found> found, Map<PassageId, float[]> vectors, double lambda, int most) {
        List<Retrieval.Found> left = new ArrayList<>(found);
        List<Retrieval.Found> chosen = new ArrayList<>();
        while (chosen.size() < most && !left.isEmpty()) {
            Retrieval.Found best = left.getFirst();
            double bestScore = Double.NEGATIVE_INFINITY;
            for (Retrieval.Found candidate : left) {
                double score = lambda * candidate.score() - (1 - lambda) * closest(candidate, chosen, vectors);
                if (score > bestScore) {
                    best = candidate;
                    bestScore = score;
                }
            }
            left.remove(best);
            chosen.add(best.at("mmr", new Retrieval.Stage(chosen.size() + 1, bestScore)));
        }
        return chosen;
    }

    private static double closest(
            Retrieval.Found candidate, List<Retrieval.Found> chosen, Map<PassageId, float[]> vectors) {
        float[] own = vectors.get(candidate.passage().id());
        double closest = 0;
        for (Retrieval.Found other : chosen) {
            float[] vector = vectors.get(other.passage().id());
            if (own != null && vector != null) {
                closest = Math.max(closest, Vectors.cosine(own, vector));
            }
        }
        return closest;
    }
}
