package io.kvasir.knowledgebase.domain;

import java.time.Instant;

/** Vectors nothing is looked for in any more. @param keptUntil questions that began before may still look */
public record Retired(Embedding embedding, Instant keptUntil) {}
