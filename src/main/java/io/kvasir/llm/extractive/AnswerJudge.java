package io.kvasir.llm.extractive;

/**
 * Decides whether the passages answer a question at all: a logistic regression over four measures.
 *
 * <p>The closest sentence counts, and more so what it says between its neighbours. What the title alone earns is taken
 * off, since a passage on the right topic that tells something else is the usual trap; and every word of the question
 * that the passage lacks counts against it.
 *
 * <p>Fitted by ridge regression (Newton steps, lambda 3 on standardised measures) with cosines of bge-small-en-v1.5
 * quantized on three sets: clapnq (300 questions, half of them unanswerable, weight 1), xquad en (632, for every other
 * one the gold passage was taken away, weight 1/2) and pubmedqa (500, likewise, weight 1/4). Held out by ten-fold
 * cross-validation, at the threshold below: clapnq 88 % of the answerable answered with the gold passage and 78 % of the
 * others refused (area under the curve 0.88), xquad en 90 % and 90 %, pubmedqa 99 % and 82 %. Sets it never saw: xquad de
 * 81 % and 70 %, stackfaq, where the withheld answer leaves near copies of the question's topic, 71 % and 59 %. Another
 * embedder needs new numbers: {@code ./dev bench fit} makes them.
 */
final class AnswerJudge {
    private static final double INTERCEPT = -12.1834;
    private static final double WINDOW = 15.3513;
    private static final double SENTENCE = 10.0387;
    private static final double TITLE = -6.1236;
    private static final double MISSING = -0.7686;

    /** Where the log-odds say "answered": a bit below even, so that fewer good answers are held back. */
    static final double THRESHOLD = -0.55;

    /** A long question is not refused for its length: more missing words than this say nothing more. */
    private static final int MOST_MISSING = 6;

    private AnswerJudge() {}

    /**
     * @param sentence cosine of the closest sentence
     * @param window cosine of that sentence with its neighbours, under the title
     * @param title cosine of the title
     * @param missing how many of the question's terms the passage lacks, as far as they are counted
     */
    record Measures(double sentence, double window, double title, int missing) {
        Measures {
            missing = Math.min(MOST_MISSING, missing);
        }
    }

    static double logOdds(Measures measures) {
        return INTERCEPT
                + WINDOW * measures.window()
                + SENTENCE * measures.sentence()
                + TITLE * measures.title()
                + MISSING * measures.missing();
    }

    static boolean answers(Measures measures) {
        return logOdds(measures) > THRESHOLD;
    }
}
