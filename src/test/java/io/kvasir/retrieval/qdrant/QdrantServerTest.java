package io.kvasir.retrieval.qdrant;

import io.kvasir.kernel.Ids;
import io.kvasir.retrieval.MovableIndex;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.PassageIndexContract;
import io.kvasir.retrieval.VectorSpace;
import io.qdrant.client.QdrantClient;
import io.qdrant.client.QdrantGrpcClient;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** The contract against a real server; its collection is dropped afterwards. */
@EnabledIfEnvironmentVariable(
        named = "QDRANT_URL",
        matches = ".+",
        disabledReason = "set QDRANT_URL (http://host:6334, and QDRANT_API_KEY) to run the contract on a real Qdrant")
class QdrantServerTest extends PassageIndexContract {
    private static final String PREFIX = "contract-" + Ids.next();
    private static final VectorSpace SPACE = new VectorSpace("contract", DIMENSIONS);

    private QdrantPassageIndex index;

    private static QdrantSettings settings() {
        return new QdrantSettings(
                URI.create(System.getenv("QDRANT_URL")),
                Optional.ofNullable(System.getenv("QDRANT_API_KEY")),
                PREFIX,
                new QdrantSettings.Timeouts(
                        Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofMillis(50), Duration.ofSeconds(1)),
                new QdrantSettings.Hnsw(16, 100, 16_384, 0),
                new QdrantSettings.Quantization(QdrantSettings.Quantization.Kind.NONE, 2),
                false,
                1,
                1);
    }

    @BeforeEach
    void open() throws IOException {
        index = QdrantPassageIndex.open(settings(), SPACE);
    }

    @AfterEach
    void close() {
        index.close();
    }

    @AfterAll
    static void drop() throws Exception {
        QdrantSettings s = settings();
        QdrantGrpcClient.Builder grpc = QdrantGrpcClient.newBuilder(s.host(), s.port(), s.tls());
        s.apiKey().ifPresent(grpc::withApiKey);
        try (QdrantClient client = new QdrantClient(grpc.build())) {
            client.deleteCollectionAsync(PREFIX + "-contract-" + DIMENSIONS).get();
            client.deleteCollectionAsync(PREFIX + "-beside-8").get();
        }
    }

    @Override
    protected MovableIndex index() {
        return index;
    }

    @Override
    protected MovableIndex beside() {
        return QdrantPassageIndex.beside(settings(), new VectorSpace("beside", 8));
    }

    @Override
    protected PassageIndex afterAKill() throws IOException {
        return QdrantPassageIndex.open(settings(), SPACE);
    }
}
