package io.kvasir.ingestion.document;

import java.util.Optional;

/**
 * One block of a document's text, in reading order.
 *
 * @param level of a heading, from 1; 0 for all other text
 * @param page page, slide or sheet it stands on, from 1
 */
record Block(int level, String text, Optional<Integer> page) {
    static Block text(String text, Optional<Integer> page) {
        return new Block(0, text, page);
    }

    boolean heading() {
        return level > 0;
    }
}
