package io.kvasir.retrieval;

import io.kvasir.kernel.TenantId;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Turns texts into unit vectors. Queries overtake passages: a question never waits behind a backlog of ingestion.
 * A stage fails where the model is broken or away, or after {@link #close()}.
 */
public interface Embedder extends AutoCloseable {
    /** Stable name of the model, part of what an index is built with: {@code bge-small-en-v1.5-q}. */
    String model();

    int dimensions();

    /** Longest input in tokens, special tokens included; what is longer is cut. */
    int maxTokens();

    /** Tokens of this text without the special ones. Cheap enough to call per sentence. */
    int countTokens(String text);

    /**
     * How far this text is in a language the model knows, 0 to 1: the share of its letters that stand in words the
     * model's vocabulary holds whole. A search trusts the vector of a question as far as this. Models of many languages
     * say 1.
     */
    double fluency(String text);

    /** One unit vector per text, in order. The caller keeps the number in flight bounded. */
    CompletionStage<List<float[]>> embedPassages(List<String> texts);

    /** The same vectors, for a question someone waits for: before all passages of ingestion. A few short texts. */
    default CompletionStage<List<float[]>> embedAtOnce(List<String> texts) {
        return embedPassages(texts);
    }

    /** The vector of a question. A model that tells questions from passages is told that it is one. */
    CompletionStage<float[]> embedQuery(String question);

    /** The same, where it remembers for this tenant alone: how fast an answer is tells nobody what another tenant asked. */
    default Embedder within(TenantId tenant) {
        return this;
    }

    /** How many passages can usefully be in flight at once. */
    int parallelism();

    @Override
    void close();
}
