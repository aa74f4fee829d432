package io.kvasir.retrieval;

import io.kvasir.kernel.TenantId;
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
    private final String realm;

    /** Most that are remembered of each, from 1. */
    public record Size(int questions, int sentences) {
        public Size {
            if (questions < 1 || sentences < 1) {
                throw new IllegalArgumentException("at least one question and one sentence are remembered");
            }
        }
    }

    /** Closes the embedder when it is closed. */
    public RememberingEmbedder(Embedder embedder, Size most) {
        this(embedder, new RememberedVectors(most.questions()), new RememberedVectors(most.sentences()), "");
    }

    private RememberingEmbedder(
            Embedder embedder, RememberedVectors questions, RememberedVectors sentences, String realm) {
        this.embedder = embedder;
        this.questions = questions;
        this.sentences = sentences;
        this.realm = realm;
    }

    @Override
    public Embedder within(TenantId tenant) {
        return new RememberingEmbedder(embedder, questions, sentences, tenant.value());
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
        return sentences.of(realm, texts, embedder::embedAtOnce);
    }

    @Override
    public CompletionStage<float[]> embedQuery(String question) {
        return questions
                .of(
                        realm,
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
