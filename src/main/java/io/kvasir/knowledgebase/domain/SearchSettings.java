package io.kvasir.knowledgebase.domain;

/**
 * How a knowledge base is searched and cut, as its owner set it. The words are those of the outer face; what they mean
 * stands with the retrieval settings they become.
 */
public record SearchSettings(
        String mode,
        int maxResults,
        double threshold,
        int candidates,
        double denseWeight,
        String rerank,
        double mmrLambda,
        int chunkTokens,
        int chunkOverlapTokens,
        int contextTokens) {}
