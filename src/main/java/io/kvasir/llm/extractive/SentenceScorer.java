package io.kvasir.llm.extractive;

import io.kvasir.kernel.TenantId;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * How close texts are to a question in meaning. The weights of {@link AnswerJudge} were fitted to the cosines of
 * bge-small-en-v1.5, questions and texts embedded alike.
 */
@FunctionalInterface
public interface SentenceScorer {
    /** One cosine per text, -1 to 1, in order. @param tenant whose question and texts they are */
    CompletionStage<double[]> similarities(Optional<TenantId> tenant, String question, List<String> texts);
}
