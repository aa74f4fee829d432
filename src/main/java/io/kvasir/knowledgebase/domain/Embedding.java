package io.kvasir.knowledgebase.domain;

/** What a knowledge base's passages are embedded with. @param model as the server names it; @param dimensions of its vectors */
public record Embedding(String model, int dimensions) {}
