package io.kvasir.retrieval;

import java.util.Optional;
import java.util.function.Function;

/**
 * The vector spaces of a server: which model embeds for each, and which index keeps what it embedded. An index stays where
 * its model is no longer configured, so that what is in it can still be deleted.
 */
public final class Spaces {
    private final Embedders embedders;
    private final Function<VectorSpace, MovableIndex> indexes;
    private final VectorSpace unpinned;

    /**
     * @param indexes the same one for the same space, opened or not; asking costs nothing
     * @param unpinned of knowledge bases from before each had a model of its own
     */
    public Spaces(Embedders embedders, Function<VectorSpace, MovableIndex> indexes, VectorSpace unpinned) {
        this.embedders = embedders;
        this.indexes = indexes;
        this.unpinned = unpinned;
    }

    /**
     * A space to work in.
     *
     * @param embedder empty where the model is not configured (any more)
     */
    public record Space(VectorSpace name, Optional<Embedder> embedder, PassageIndex index) {
        /** What is said where there is no embedder. */
        public String missing() {
            return Spaces.missing(name);
        }
    }

    private static String missing(VectorSpace space) {
        return "The embedding model " + space + " of this knowledge base is not configured on this server";
    }

    /** @return the space of what new knowledge bases are given */
    public VectorSpace preferred() {
        return VectorSpace.of(embedders.preferred());
    }

    public VectorSpace unpinned() {
        return unpinned;
    }

    /** What can be chosen. */
    public Embedders embedders() {
        return embedders;
    }

    public MovableIndex index(VectorSpace space) {
        return indexes.apply(space);
    }

    public Space in(VectorSpace space) {
        return new Space(space, embedders.find(space), index(space));
    }
}
