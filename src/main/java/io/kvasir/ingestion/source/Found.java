package io.kvasir.ingestion.source;

import java.util.Optional;

/**
 * A thing to read.
 *
 * @param key what it is known by for ever: an address, a message id
 * @param note what whoever found it had to say to whoever reads it
 * @param marks what the kind wanted to remember when it was read last
 * @param known searches find a version of it
 */
public record Found(String key, String note, Optional<String> marks, boolean known) {}
