package io.kvasir.kernel;

/** Marks what may travel between nodes as a message: written as CBOR by the cluster's serializer. */
public interface Wire {}
