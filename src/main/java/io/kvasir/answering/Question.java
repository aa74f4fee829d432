package io.kvasir.answering;

import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.RetrievalSettings;
import java.util.List;

/**
 * One question with all it takes to answer it.
 *
 * @param revision of the knowledge base: what it knows for this answer
 * @param history earlier turns, oldest first
 */
public record Question(
        Scope scope, long revision, Style style, RetrievalSettings retrieval, List<Exchange> history, String text) {
    public Question {
        history = List.copyOf(history);
    }

    /** Earlier question and answer. */
    public record Exchange(String question, String answer) {}

    /**
     * How a knowledge base speaks.
     *
     * @param provider configured name of a provider, {@code extractive} for the built-in one
     * @param systemPrompt the owner's own instructions; empty for none
     */
    public record Style(String provider, String model, String systemPrompt, double temperature, int maxTokens) {}
}
