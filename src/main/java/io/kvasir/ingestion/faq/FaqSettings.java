package io.kvasir.ingestion.faq;

/**
 * Bounds of a list of questions.
 *
 * @param mostEntries of one knowledge base
 * @param largestImport bytes of one CSV file
 */
public record FaqSettings(int mostEntries, long largestImport) {
    public FaqSettings {
        if (mostEntries < 1 || largestImport < 1) {
            throw new IllegalArgumentException("faq: most-entries and largest-import must be 1 or more");
        }
    }
}
