package io.kvasir.ingestion.document;

import java.io.IOException;

/** Takes a document block by block. */
@FunctionalInterface
interface BlockSink {
    void take(Block block) throws IOException;
}
