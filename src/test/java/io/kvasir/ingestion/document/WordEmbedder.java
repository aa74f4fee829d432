package io.kvasir.ingestion.document;

import io.kvasir.retrieval.Embedder;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/** A token is a word, or four characters of a long one; all vectors are the same. As quick as one can be. */
final class WordEmbedder implements Embedder {
    /** What embedding waits for. */
    volatile CompletableFuture<Void> gate = CompletableFuture.completedFuture(null);
    /** From which passage on. */
    volatile int gateAfter;

    /** How many were asked for. */
    final AtomicInteger embedded = new AtomicInteger();

    @Override
    public String model() {
        return "words";
    }

    @Override
    public int dimensions() {
        return 2;
    }

    @Override
    public int maxTokens() {
        return 512;
    }

    @Override
    public int countTokens(String text) {
        int tokens = 0;
        int run = 0;
        for (int i = 0; i < text.length(); i++) {
            if (Character.isWhitespace(text.charAt(i))) {
                run = 0;
            } else if (run++ % 8 == 0) {
                tokens++;
            }
        }
        return tokens;
    }

    @Override
    public double fluency(String text) {
        return 1;
    }

    @Override
    public CompletionStage<List<float[]>> embedPassages(List<String> texts) {
        CompletableFuture<Void> first =
                embedded.getAndAdd(texts.size()) < gateAfter ? CompletableFuture.completedFuture(null) : gate;
        return first.thenApply(_ -> texts.stream().map(_ -> new float[] {1, 0}).toList());
    }

    @Override
    public CompletionStage<float[]> embedQuery(String question) {
        return CompletableFuture.completedFuture(new float[] {1, 0});
    }

    @Override
    public int parallelism() {
        return 4;
    }

    @Override
    public void close() {}
}
