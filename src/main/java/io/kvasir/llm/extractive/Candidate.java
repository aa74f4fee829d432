package io.kvasir.llm.extractive;

import io.kvasir.llm.ChatModel.Evidence;

/**
 * A sentence that may be quoted.
 *
 * @param passage place of its passage in the evidence, from 0
 * @param position place in its passage, from 0
 * @param coverage share of the question's content it has, by rarity, 0 to 1
 * @param typed whether it has something of the kind the question asks for
 */
record Candidate(Evidence evidence, int passage, int position, String text, double coverage, boolean typed) {
    /** Share of meaning and of words; tried on clapnq's selected sentences and xquad's answers, flat around these. */
    private static final double COVERAGE = 0.15;

    private static final double TYPED = 0.02;

    /** How well it answers, given its similarity to the question. Only differences mean something. */
    double merit(double similarity) {
        return similarity + COVERAGE * coverage + (typed ? TYPED : 0);
    }
}
