package io.kvasir.llm.extractive;

/**
 * Decides whether the passages answer a question at all: a logistic regression over four measures.
 *
 * <p>The closest sentence counts, and more so what it says between its neighbours. What the title alone earns is taken
 * off, since a passage on the right topic that tells something else is the usual trap; and every word of the question
 * that the passage lacks counts against it.
 *
 * <p>Fitted by ridge regression (Newton steps, lambda 3 on standardised measures) with cosines of bge-small-en-v1.5
 * quantized on three sets: clapnq (300 questions, half of them unanswerable, weight 1), xquad en (248, for every other
 * one the gold passage was taken away, weight 1/2) and pubmedqa (247, likewise, weight 1/4). Held out by ten-fold
 * cross-validation, at the threshold below: clapnq 89 % of the answerable answered and 77 % of the others refused (area
 * under the curve 0.89), xquad en 91 % and 91 %, pubmedqa 99 % and 77 %. Sets it never saw: xquad de 74 % and 89 %,
 * stackfaq, where the withheld answer leaves near copies of the question's topic, 86 % and only 34 %. Another embedder
 * needs new numbers.
 */
final class AnswerJudge {
    private static final double INTERCEPT = -11.0545;
    private static final double WINDOW = 14.5994;
    private static final double SENTENCE = 8.4481;
    private static final double TITLE = -5.2855;
    private static final double MISSING = -0.6328;

    /** Where the log-odds say "answered": a bit below even, so that fewer good answers are held back. */
    private static final double THRESHOLD = -0.50;

    /** A long question is not refused for its length: more missing words than this say nothing more. */
    private static final int MOST_MISSING = 6;

    private AnswerJudge() {}

    /**
     * @param sentence cosine of the closest sentence
     * @param window cosine of that sentence with its neighbours, under the title
     * @param title cosine of the title
     * @param missing how many of the question's terms the passage lacks
     */
    record Measures(double sentence, double window, double title, int missing) {}

    static double logOdds(Measures measures) {
        return INTERCEPT
                + WINDOW * measures.window()
                + SENTENCE * measures.sentence()
                + TITLE * measures.title()
                + MISSING * Math.min(MOST_MISSING, measures.missing());
    }

    static boolean answers(Measures measures) {
        return logOdds(measures) > THRESHOLD;
    }
}
