package io.kvasir.llm.extractive;

/**
 * Decides whether the passages answer a question at all: a logistic regression over four measures.
 *
 * <p>The closest sentence counts, and more so what it says between its neighbours. What the title alone earns is taken
 * off, since a passage on the right topic that tells something else is the usual trap; and every word of the question
 * that the passage lacks counts against it.
 *
 * <p>Fitted by {@code ./dev bench fit} to whether an answer would cite a right passage: a ridge regression (Newton steps,
 * lambda 3 on standardised measures) with cosines of bge-small-en-v1.5 quantized, the question without an instruction. On
 * clapnq (300 questions, half of them unanswerable, weight 1), xquad en (632, for every other one the gold passage was
 * taken away, weight 1/2), pubmedqa (500, likewise, weight 1/4) and xquad de, es, zh, ar and hi (likewise, weight 1/20).
 * At the threshold below clapnq has 87 % of the answerable answered from the gold passage and 79 % of the others refused;
 * held out by ten-fold cross-validation both stay two points above what is asked of it, 85 and 75. Of a script the model
 * does not know all texts look alike to it: xquad de 75 % and 79 %, es 85 and 80, zh 44 and 83, ar 77 and 33, hi 88 and
 * 27. Another embedder needs new numbers.
 */
final class AnswerJudge {
    private static final double INTERCEPT = -10.50;
    private static final double WINDOW = 14.49;
    private static final double SENTENCE = 7.31;
    private static final double TITLE = -4.96;
    private static final double MISSING = -0.76;

    /** Where the log-odds say "answered": as far above 85 % of clapnq answered from gold as above 75 % refused. */
    static final double THRESHOLD = -0.41;

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
