package io.kvasir.kernel;

/** Marks what the journal or a snapshot keeps. Its logical name comes from {@link StoredAs} and never changes. */
public interface Stored {}
