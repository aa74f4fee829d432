package io.kvasir.answering;

import io.kvasir.kernel.TenantId;
import io.kvasir.llm.extractive.SentenceScorer;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.RememberingEmbedder;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Compares sentences to a question by the vectors of the embedder, ahead of all ingestion. Thread-safe. */
public final class EmbeddedSentences implements SentenceScorer {
    private final Embedder embedder;

    /** @param embedder one that remembers: a reply compares twice, to the question it was searched with */
    public EmbeddedSentences(RememberingEmbedder embedder) {
        this.embedder = embedder;
    }

    @Override
    public CompletionStage<double[]> similarities(Optional<TenantId> tenant, String question, List<String> texts) {
        Embedder own = tenant.map(embedder::within).orElse(embedder);
        return own.embedQuery(question)
                .thenCombine(
                        own.embedAtOnce(texts),
                        (asked, vectors) -> vectors.stream()
                                .mapToDouble(vector -> cosine(asked, vector))
                                .toArray());
    }

    private static double cosine(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
