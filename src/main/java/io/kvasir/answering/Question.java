package io.kvasir.answering;

import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TraceParent;
import io.kvasir.retrieval.RetrievalSettings;
import java.util.List;
import java.util.Optional;

/**
 * One question with all it takes to answer it.
 *
 * @param revision of the knowledge base: what it knows for this answer
 * @param history earlier turns, oldest first
 * @param trace which request it came with
 */
public record Question(
        Scope scope,
        long revision,
        Style style,
        RetrievalSettings retrieval,
        List<Exchange> history,
        String text,
        Optional<TraceParent> trace) {
    public Question {
        history = List.copyOf(history);
    }

    public Question(
            Scope scope, long revision, Style style, RetrievalSettings retrieval, List<Exchange> history, String text) {
        this(scope, revision, style, retrieval, history, text, Optional.empty());
    }

    public Question within(Optional<TraceParent> trace) {
        return new Question(scope, revision, style, retrieval, history, text, trace);
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
