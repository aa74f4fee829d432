package io.kvasir.retrieval;

/**
 * Where vectors can be compared with each other: those of one model. An index holds one space and refuses another; a
 * knowledge base is searched in one.
 *
 * @param model {@link Embedder#model()}
 * @param dimensions of every vector
 */
public record VectorSpace(String model, int dimensions) {
    public static VectorSpace of(Embedder embedder) {
        return new VectorSpace(embedder.model(), embedder.dimensions());
    }

    /** What is said where an index was built with another model than the one that would be used now. */
    public String refusal(String where, String builtWith) {
        return where + " was built with the embedding model " + builtWith + ", but the server embeds with " + this
                + ": their vectors can't be compared. Set the model back, or start with an empty index and read the documents again";
    }

    @Override
    public String toString() {
        return model + " (" + dimensions + " dimensions)";
    }
}
