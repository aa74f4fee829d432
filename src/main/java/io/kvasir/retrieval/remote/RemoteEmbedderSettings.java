package io.kvasir.retrieval.remote;

/**
 * One embedding model behind HTTP.
 *
 * @param name as knowledge bases and indexes name it; another model or number of dimensions wants another name
 * @param model as the provider names it
 * @param dimensions of its vectors, 1 to {@value #MOST_DIMENSIONS}
 * @param maxTokens longest text, from 32; what is longer is cut
 * @param batchTexts most texts of one call, from 1
 * @param batchTokens most tokens of one call, at least {@code maxTokens}
 * @param callsAtOnce calls for passages at a time, from 1; questions never wait for them
 */
public record RemoteEmbedderSettings(
        String name, String model, int dimensions, int maxTokens, int batchTexts, int batchTokens, int callsAtOnce) {
    /** What the embedded index can keep. */
    public static final int MOST_DIMENSIONS = 1024;

    public RemoteEmbedderSettings {
        if (name.isBlank() || model.isBlank()) {
            throw new IllegalArgumentException("an embedder needs a name and a model");
        }
        if (dimensions < 1 || dimensions > MOST_DIMENSIONS) {
            throw new IllegalArgumentException("dimensions of embedder " + name + " must be 1 to " + MOST_DIMENSIONS
                    + ", which the index can keep");
        }
        if (maxTokens < 32 || batchTexts < 1 || batchTokens < maxTokens || callsAtOnce < 1) {
            throw new IllegalArgumentException("embedder " + name
                    + " needs max-tokens >= 32, batch-texts >= 1, batch-tokens >= max-tokens and calls-at-once >= 1");
        }
    }
}
