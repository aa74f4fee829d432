package io.kvasir.ingestion.source;

/** A kind of source in which there is nothing to read. */
public record NothingThere(String name) implements SourceKind, Visit {
    @Override
    public String shown(String settings) {
        return settings;
    }

    @Override
    public Visit visit(Opened source) {
        return this;
    }

    @Override
    public void list(Listing listing) {}

    @Override
    public Read read(Found item) {
        throw new UnsupportedOperationException();
    }
}
