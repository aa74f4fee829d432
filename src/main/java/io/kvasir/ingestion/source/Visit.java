package io.kvasir.ingestion.source;

/** One reading of a source. After a crash another visit goes on where this one stood, with what was not read yet. */
public interface Visit extends AutoCloseable {
    /**
     * Names what there is to read. Called once at the beginning; again only where a crash came before its end.
     *
     * @throws SourceFault where the source can't be read: nothing of it changes then
     */
    void list(Listing listing) throws SourceFault;

    /**
     * Reads one thing; called from as many threads as {@link #atOnce()} says.
     *
     * @throws SourceFault where the whole visit has to end
     */
    Read read(Found item) throws SourceFault;

    /** Threads that read. */
    default int atOnce() {
        return 1;
    }

    /** Most items; what is found beyond is passed over. */
    default int mostItems() {
        return Integer.MAX_VALUE;
    }

    @Override
    default void close() {}
}
