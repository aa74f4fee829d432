package io.kvasir.retrieval;

import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Embeds what someone waits for once, however often it is asked for in a while: the question a search and the answer's
 * sentences are compared to, one that many visitors ask, sentences of passages that are quoted again and again. Passages
 * of ingestion go straight on. Thread-safe.
 */
public final class RememberingEmbedder implements Embedder {
    private final Embedder embedder;
    private final RememberedVectors questions;
    private final RememberedVectors sentences;

    /** @param most of each, from 0 */
    public record Size(int questions, int sentences) {}

    /** Closes the embedder when it is closed. */
    public RememberingEmbedder(Embedder embedder, Size most) {
        this.embedder = embedder;
        this.questions = new RememberedVectors(most.questions());
        this.sentences = new RememberedVectors(most.sentences());
    }

    @Override
    public String model() {
        return embedder.model();
    }

    @Override
    public int dimensions() {
        return embedder.dimensions();
    }

    @Override
    public int maxTokens() {
        return embedder.maxTokens();
    }

    @Override
    public int countTokens(String text) {
        return embedder.countTokens(text);
    }

    @Override
    public double fluency(String text) {
        return embedder.fluency(text);
    }

    @Override
    public CompletionStage<List<float[]>> embedPassages(List<String> texts) {
        return embedder.embedPassages(texts);
    }

    @Override
    public CompletionStage<List<float[]>> embedAtOnce(List<String> texts) {
        return sentences.of(texts, embedder::embedAtOnce);
    }

    @Override
    public CompletionStage<float[]> embedQuery(String question) {
        return questions
                .of(
                        List.of(question),
                        one -> embedder.embedQuery(one.getFirst()).thenApply(List::of))
                .thenApply(List::getFirst);
    }

    @Override
    public int parallelism() {
        return embedder.parallelism();
    }

    @Override
    public void close() {
        embedder.close();
    }
}
