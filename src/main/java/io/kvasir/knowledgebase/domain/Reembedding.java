package io.kvasir.knowledgebase.domain;

import java.time.Instant;

/** On its way to another embedding model; the one before is in service until all passages are there. */
public record Reembedding(Embedding to, Instant startedAt) {}
