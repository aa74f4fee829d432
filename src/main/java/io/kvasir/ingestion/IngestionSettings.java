package io.kvasir.ingestion;

import java.nio.file.Path;
import java.time.Duration;

/**
 * How documents are read.
 *
 * @param workDir for temporary files; emptied at start
 * @param smallAtOnce small documents worked on at once
 * @param largeAtOnce large ones; they have lanes of their own, so that a small one never waits for them
 * @param largeFrom bytes from which a document is large
 * @param parserTimeout wall time a parser may take for one document
 * @param parserHeap heap of the parser's process, as for {@code -Xmx}
 * @param mostCharacters longest text taken from one parsed document, UTF-16 units
 * @param mostEmbedded most documents within a document (attachments, embedded objects)
 */
public record IngestionSettings(
        Path workDir,
        int smallAtOnce,
        int largeAtOnce,
        long largeFrom,
        Duration parserTimeout,
        String parserHeap,
        int mostCharacters,
        int mostEmbedded) {}
