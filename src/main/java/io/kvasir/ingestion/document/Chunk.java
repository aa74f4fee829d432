package io.kvasir.ingestion.document;

import java.util.List;
import java.util.Optional;

/**
 * A slice of the canonical text.
 *
 * @param start offset in the canonical text, UTF-16 units; {@code text} is exactly what stands from there to {@code end}
 * @param tokens at most so many has the text
 */
record Chunk(int ordinal, String text, int start, int end, int tokens, Optional<Integer> page, List<String> headings) {
    Chunk {
        headings = List.copyOf(headings);
    }
}
