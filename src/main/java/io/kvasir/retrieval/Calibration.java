package io.kvasir.retrieval;

/**
 * Turns fused scores into the chance that a passage is relevant, 0 to 1, which is what thresholds are set on.
 *
 * <p>Logistic regressions of "judged relevant" on the scores of the ten best passages of every question of scifact,
 * stackfaq, clapnq and xquad in six languages, each set with the same total weight, made by {@code ./dev bench fit}:
 * embedder bge-small-en-v1.5 quantized, questions without an instruction, BM25 with k1 = 1.2 and b = 0.75. The hybrid one
 * also sees the trust in the dense leg, since with less trust the same passage gets a lower fused score. Rising in the
 * fused score, so it never changes ranks.
 *
 * <p>Mean logarithmic loss on those passages: hybrid 0.166, keyword 0.205, dense 0.229, where always saying how many are
 * relevant would lose 0.25 to 0.31. A cosine alone says little: in scripts the model does not know, all are high.
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
