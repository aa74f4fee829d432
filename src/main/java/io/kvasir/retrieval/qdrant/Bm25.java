package io.kvasir.retrieval.qdrant;

/**
 * BM25 with k1 = 1.2 and b = 0.75, as Lucene counts it: idf · tf / (tf + k1 · (1 - b + b · length / mean length)).
 *
 * <p>The mean length belongs to a revision of a scope and is not known when a passage is written. So what is stored is the
 * share at a usual mean, which brings the candidates; the exact score is counted from the term frequency, which the stored
 * share and the length of the passage give back.
 */
final class Bm25 {
    private static final double K1 = 1.2;
    private static final double B = 0.75;

    /** Words in a passage of 256 tokens with its title twice, stop words away. */
    private static final double USUAL_LENGTH = 150;

    private Bm25() {}

    /** What stands in the sparse vector for a term. */
    static double stored(int frequency, int length) {
        return share(frequency, length, USUAL_LENGTH);
    }

    /** The frequency that was stored. */
    static long frequency(float stored, int length) {
        double share = Math.min(stored, Math.nextDown(1f));
        return Math.round(share / (1 - share) * damping(length, USUAL_LENGTH));
    }

    /** 0 to 1: of the most a word can add to a score. */
    static double share(double frequency, int length, double meanLength) {
        return frequency / (frequency + damping(length, meanLength));
    }

    private static double damping(int length, double meanLength) {
        return K1 * (1 - B + B * length / meanLength);
    }
}
