package io.kvasir.retrieval;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * How one knowledge base is searched (REST name: rag-config). The defaults stand in {@code conf/reference.conf}.
 *
 * @param mode which legs
 * @param maxResults passages handed to the answer, 1 to 50
 * @param threshold least calibrated score, 0 to 1
 * @param candidates per leg before fusion, 10 to 1,000
 * @param denseWeight share of the dense leg in the fusion, 0 to 1
 * @param rerank what happens after fusion
 * @param mmrLambda relevance against novelty for {@link Rerank#MMR}, 0 to 1; 1 is relevance alone
 * @param chunkTokens target length of a passage in tokens of the embedder, 32 to 450
 * @param chunkOverlapTokens shared by neighbours, 0 to half of {@code chunkTokens}
 * @param contextTokens budget of passages in a prompt, 200 to 100,000
 */
public record RetrievalSettings(
        SearchMode mode,
        int maxResults,
        double threshold,
        int candidates,
        double denseWeight,
        Rerank rerank,
        double mmrLambda,
        int chunkTokens,
        int chunkOverlapTokens,
        int contextTokens) {
    public enum Rerank {
        @JsonProperty("none")
        NONE,
        @JsonProperty("mmr")
        MMR
    }
}
