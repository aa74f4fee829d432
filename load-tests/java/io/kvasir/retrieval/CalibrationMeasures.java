package io.kvasir.retrieval;

/** What {@link Calibration} weighs, told to the command that fits it. */
public final class CalibrationMeasures {
    private CalibrationMeasures() {}

    /**
     * In the order of the formula: trust, score and their product; the cosine; the share of the keywords' ideal.
     *
     * @param found by a search of this mode that did not diversify
     * @param fluency of the embedder in the question
     */
    public static double[] of(SearchMode mode, Retrieval.Found found, double fluency) {
        double score = found.stages().get("fusion").score();
        return switch (mode) {
            case HYBRID -> {
                double trust = Fusion.trust(fluency);
                yield new double[] {trust, score, trust * score};
            }
            case DENSE -> new double[] {found.stages().get("dense").score()};
            case KEYWORD -> new double[] {score};
        };
    }
}
