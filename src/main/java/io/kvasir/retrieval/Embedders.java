package io.kvasir.retrieval;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The embedders this server was configured with, by the name of their model. Vectors of different models are never compared. */
public final class Embedders implements AutoCloseable {
    private final Map<String, Embedder> embedders = new LinkedHashMap<>();
    private final Embedder preferred;

    /**
     * @param preferred the model new knowledge bases are given
     * @throws IllegalArgumentException where a name stands twice or the preferred one is not among them
     */
    public Embedders(List<? extends Embedder> all, String preferred) {
        for (Embedder embedder : all) {
            if (embedders.put(embedder.model(), embedder) != null) {
                throw new IllegalArgumentException("embedder " + embedder.model() + " is configured twice");
            }
        }
        Embedder found = embedders.get(preferred);
        if (found == null) {
            throw new IllegalArgumentException(
                    "embedder " + preferred + " is not offered; there are " + String.join(", ", embedders.keySet()));
        }
        this.preferred = found;
    }

    /** Empty where it is not configured (any more). */
    public Optional<Embedder> find(String model) {
        return Optional.ofNullable(embedders.get(model));
    }

    /** Empty where it is not configured (any more), or now gives vectors of another length. */
    public Optional<Embedder> find(VectorSpace space) {
        return find(space.model()).filter(e -> VectorSpace.of(e).equals(space));
    }

    /** What new knowledge bases are given. */
    public Embedder preferred() {
        return preferred;
    }

    /** In the order of the configuration, what a person may choose from. */
    public List<Offer> offers() {
        return embedders.values().stream()
                .map(e -> new Offer(e.model(), e.dimensions(), e.maxTokens(), e == preferred))
                .toList();
    }

    /** @param maxTokens longest text that is read whole */
    public record Offer(String model, int dimensions, int maxTokens, boolean preferred) {}

    @Override
    public void close() {
        embedders.values().forEach(Embedder::close);
    }
}
