package io.kvasir.answering;

import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.SourceId;
import io.kvasir.llm.ChatModel;
import java.util.List;
import java.util.Optional;

/** What happens while a question is answered: one {@code Retrieved}, any number of {@code Text}, one {@code Finished} or {@code Failed}. */
public sealed interface AnswerEvent {
    /** @param promptTokens an estimate of what is put before the model now; 0 where none is asked */
    record Retrieved(List<Citation> citations, double tookMs, int promptTokens) implements AnswerEvent {
        public Retrieved {
            citations = List.copyOf(citations);
        }
    }

    /** Citation marks in it are whole, and each was announced in {@link Retrieved}. Never splits a surrogate pair. */
    record Text(String text) implements AnswerEvent {}

    /** @param cited the numbers that stand in the text, ascending */
    record Finished(ChatModel.FinishReason reason, List<Integer> cited, ChatModel.Usage usage, Timings timings)
            implements AnswerEvent {
        public Finished {
            cited = List.copyOf(cited);
        }
    }

    /** The stream ends normally after this. @param code stable, kebab-case; @param detail for the asker */
    record Failed(String code, String detail) implements AnswerEvent {}

    /**
     * @param n from 1, the number of the mark {@code [n]}
     * @param snippet the passage, cut for display
     */
    record Citation(
            int n,
            PassageId passageId,
            SourceId sourceId,
            String title,
            Optional<String> url,
            Optional<Integer> page,
            String snippet,
            double score) {}

    /** Milliseconds since the question was taken. */
    record Timings(double retrievalMs, double firstTokenMs, double totalMs) {}
}
