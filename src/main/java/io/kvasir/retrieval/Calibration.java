package io.kvasir.retrieval;

/**
 * Turns fused scores into the chance that a passage is relevant, 0 to 1, which is what thresholds are set on.
 *
 * <p>Logistic regressions (C = 100, {@code ./dev bench fit}) of "judged relevant" on the scores of the ten best passages of every
 * question of scifact, stackfaq, clapnq and xquad in six languages, each set with the same total weight, embedder
 * bge-small-en-v1.5 quantized, BM25 with k1 = 1.2 and b = 0.75. The hybrid one also sees the trust in the dense leg,
 * since with less trust the same passage gets a lower fused score. Rising in the fused score, so it never changes ranks.
 */
final class Calibration {
    private Calibration() {}

    static double relevance(SearchMode mode, Fusion.Fused fused, double trust) {
        return switch (mode) {
            case HYBRID -> logistic(-6.31 - 16.49 * trust + fused.score() * (17.67 + 0.82 * trust));
            case DENSE -> logistic(-9.44 + 9.32 * fused.cosine());
            case KEYWORD -> logistic(-5.04 + 11.82 * fused.keyword());
        };
    }

    private static double logistic(double x) {
        return 1 / (1 + Math.exp(-x));
    }
}
