package io.kvasir.llm.extractive;

import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * How close texts are to a question in meaning. The weights of {@link AnswerJudge} were fitted to the cosines of
 * bge-small-en-v1.5.
 */
@FunctionalInterface
public interface SentenceScorer {
    /** One cosine per text, -1 to 1, in order. */
    CompletionStage<double[]> similarities(String question, List<String> texts);
}
