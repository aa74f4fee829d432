package io.kvasir.retrieval.qdrant;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * Where the Qdrant server is and how its collection is laid out.
 *
 * @param url {@code http://host:6334} or {@code https://host:6334}: the gRPC port
 * @param apiKey sent with every call
 * @param collectionPrefix first part of the collection's name; servers that share a Qdrant need different ones
 * @param timeouts how long calls are tried
 * @param hnsw the graph of the vectors
 * @param quantization how vectors are compressed in memory
 * @param onDisk vectors, words and payloads stay on disk and are read as needed
 * @param shards of a new collection
 * @param replicas of each shard in a new collection; a change waits for most of them
 */
public record QdrantSettings(
        URI url,
        Optional<String> apiKey,
        String collectionPrefix,
        Timeouts timeouts,
        Hnsw hnsw,
        Quantization quantization,
        boolean onDisk,
        int shards,
        int replicas) {
    private static final int GRPC_PORT = 6334;

    public QdrantSettings {
        boolean web = "http".equals(url.getScheme()) || "https".equals(url.getScheme());
        if (!web || url.getHost() == null) {
            throw new IllegalArgumentException(
                    "kvasir.index.qdrant.url must look like http://host:6334 or https://host:6334");
        }
        if (!collectionPrefix.matches("[A-Za-z0-9_-]{1,64}")) {
            throw new IllegalArgumentException(
                    "kvasir.index.qdrant.collection-prefix must be 1 to 64 letters, digits, hyphens or underscores");
        }
        if (shards < 1 || replicas < 1) {
            throw new IllegalArgumentException("kvasir.index.qdrant.shards and replicas must be at least 1");
        }
    }

    /**
     * @param search the longest a search may take, repeats included
     * @param write the longest a change may take, repeats included
     * @param firstPause before a call is repeated; each next one is twice as long
     * @param longestPause what the pauses grow to
     */
    public record Timeouts(Duration search, Duration write, Duration firstPause, Duration longestPause) {}

    /**
     * @param edges of each passage in the graph of its knowledge base
     * @param construct candidates looked at while an edge is chosen
     * @param compareUpToKilobytes vectors of so many kilobytes in a knowledge base are compared one by one, exactly
     * @param searchWidth candidates kept while the graph is walked; 0: as wide as what is asked for, at least {@code construct}
     */
    public record Hnsw(int edges, int construct, int compareUpToKilobytes, int searchWidth) {}

    /**
     * @param kind of compression
     * @param oversampling so many times the wanted number is compared by compressed vectors, then again by whole ones
     */
    public record Quantization(Kind kind, double oversampling) {
        /** None; a byte a number (a quarter of the memory); a bit a number (for models of 1,000 dimensions and more). */
        public enum Kind {
            NONE,
            INT8,
            BINARY
        }
    }

    String host() {
        return url.getHost();
    }

    int port() {
        return url.getPort() < 0 ? GRPC_PORT : url.getPort();
    }

    boolean tls() {
        return "https".equals(url.getScheme());
    }

    @Override
    public String toString() {
        return "QdrantSettings[url=" + url + ", collectionPrefix=" + collectionPrefix + "]";
    }
}
