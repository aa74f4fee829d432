package io.kvasir.answering;

import io.kvasir.llm.extractive.SentenceScorer;
import io.kvasir.retrieval.Embedder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Compares sentences to a question by the vectors of the embedder, ahead of all ingestion. Thread-safe. */
public final class EmbeddedSentences implements SentenceScorer {
    /** A reply compares twice; its question is embedded once. */
    private static final int REMEMBERED = 64;

    private final Embedder embedder;
    private final Map<String, CompletableFuture<float[]>> questions = new LinkedHashMap<>();

    public EmbeddedSentences(Embedder embedder) {
        this.embedder = embedder;
    }

    @Override
    public CompletionStage<double[]> similarities(String question, List<String> texts) {
        return vector(question)
                .thenCombine(
                        embedder.embedAtOnce(texts),
                        (asked, vectors) -> vectors.stream()
                                .mapToDouble(vector -> cosine(asked, vector))
                                .toArray());
    }

    private CompletableFuture<float[]> vector(String question) {
        synchronized (questions) {
            CompletableFuture<float[]> known = questions.get(question);
            if (known != null && !known.isCompletedExceptionally()) {
                return known;
            }
            CompletableFuture<float[]> vector = embedder.embedQuery(question).toCompletableFuture();
            questions.remove(question);
            questions.put(question, vector);
            if (questions.size() > REMEMBERED) {
                questions.remove(questions.keySet().iterator().next());
            }
            return vector;
        }
    }

    private static double cosine(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
