package io.kvasir.retrieval;

/** A passage with its unit-length vector; the array is handed over and not changed afterwards. */
public record EmbeddedPassage(Passage passage, float[] vector) {}
