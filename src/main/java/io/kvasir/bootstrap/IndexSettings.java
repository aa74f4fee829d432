package io.kvasir.bootstrap;

import com.typesafe.config.Config;
import io.kvasir.retrieval.qdrant.QdrantSettings;
import java.net.URI;
import java.util.Optional;

/**
 * Which passage index the server uses.
 *
 * @param qdrant how a Qdrant server would be used, whichever kind it is
 */
public record IndexSettings(Kind kind, QdrantSettings qdrant) {
    public enum Kind {
        /** In the data directory, of one server. */
        LUCENE,
        /** On a Qdrant server, shared by all servers. */
        QDRANT;

        /** @throws IllegalArgumentException naming the kinds there are */
        static Kind of(String name) {
            return switch (name) {
                case "lucene" -> LUCENE;
                case "qdrant" -> QDRANT;
                default ->
                    throw new IllegalArgumentException("kvasir.index.kind must be lucene or qdrant, not " + name);
            };
        }

        @Override
        public String toString() {
            return switch (this) {
                case LUCENE -> "lucene";
                case QDRANT -> "qdrant";
            };
        }
    }

    static IndexSettings of(Config index) {
        Config q = index.getConfig("qdrant");
        return new IndexSettings(
                Kind.of(index.getString("kind")),
                new QdrantSettings(
                        URI.create(q.getString("url")),
                        Optional.of(q.getString("api-key")).filter(key -> !key.isBlank()),
                        q.getString("collection-prefix"),
                        new QdrantSettings.Timeouts(
                                q.getDuration("timeouts.search"),
                                q.getDuration("timeouts.write"),
                                q.getDuration("retries.first"),
                                q.getDuration("retries.longest")),
                        new QdrantSettings.Hnsw(
                                q.getInt("hnsw.edges"),
                                q.getInt("hnsw.construct"),
                                q.getInt("hnsw.compare-up-to-kilobytes"),
                                q.getInt("hnsw.search-width")),
                        new QdrantSettings.Quantization(
                                q.getEnum(QdrantSettings.Quantization.Kind.class, "quantization.kind"),
                                q.getDouble("quantization.oversampling")),
                        q.getBoolean("on-disk"),
                        q.getInt("shards"),
                        q.getInt("replicas")));
    }
}
