package io.kvasir.retrieval.qdrant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.kvasir.http.Problems;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.MovableIndex;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.PassageIndexContract;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.SourceVersion;
import io.kvasir.retrieval.VectorSpace;
import io.kvasir.retrieval.qdrant.QdrantSettings.Quantization;
import io.qdrant.client.grpc.Collections.CollectionInfo;
import io.qdrant.client.grpc.Collections.VectorParams;
import io.qdrant.client.grpc.Points.CountPoints;
import io.qdrant.client.grpc.Points.QueryPoints;
import io.qdrant.client.grpc.Points.SearchParams;
import io.qdrant.client.grpc.PointsGrpc;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contract against a server in this process, and what only a server can do wrong. */
class QdrantPassageIndexTest extends PassageIndexContract {
    private static final VectorSpace SPACE = new VectorSpace("bge-small", DIMENSIONS);
    private static final String COLLECTION = "kvasir-bge-small-384";

    private final Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());
    private final SourceVersion source = new SourceVersion(SourceId.next(), 1);
    private QdrantDouble server;
    private QdrantPassageIndex index;

    @BeforeEach
    void open() throws IOException {
        server = new QdrantDouble();
        index = QdrantPassageIndex.open(settings(server.url()), SPACE);
    }

    @AfterEach
    void close() {
        index.close();
        server.close();
    }

    static QdrantSettings settings(String url) {
        return settings(url, Duration.ofSeconds(20), Duration.ofSeconds(20));
    }

    /** For servers that are away. */
    private static QdrantSettings impatient(String url) {
        return settings(url, Duration.ofMillis(1_500), Duration.ofSeconds(3));
    }

    private static QdrantSettings settings(String url, Duration search, Duration write) {
        return new QdrantSettings(
                URI.create(url),
                Optional.empty(),
                "kvasir",
                new QdrantSettings.Timeouts(search, write, Duration.ofMillis(10), Duration.ofMillis(100)),
                new QdrantSettings.Hnsw(16, 100, 16_384, 0),
                new Quantization(Quantization.Kind.NONE, 2),
                false,
                1,
                1);
    }

    private QdrantSettings with(Quantization.Kind kind, int edges, String prefix, Optional<String> key) {
        QdrantSettings s = settings(server.url());
        return new QdrantSettings(
                s.url(),
                key,
                prefix,
                s.timeouts(),
                new QdrantSettings.Hnsw(edges, 100, 16_384, 64),
                new Quantization(kind, 2),
                false,
                1,
                3);
    }

    @Override
    protected MovableIndex index() {
        return index;
    }

    @Override
    protected MovableIndex beside() {
        return QdrantPassageIndex.beside(settings(server.url()), new VectorSpace("other", 8));
    }

    @Test
    void saysOfWhichModelsThereAreCollections() throws IOException {
        try (MovableIndex beside = beside()) {
            assertThat(join(index.spaces())).containsExactly(SPACE);

            join(beside.size(scope));

            assertThat(join(index.spaces())).containsExactlyInAnyOrder(SPACE, new VectorSpace("other", 8));
        }
    }

    @Test
    void aModelBesideOthersIsNotRefused() throws IOException {
        publish(index, "alpha");

        assertThatThrownBy(() -> QdrantPassageIndex.open(settings(server.url()), new VectorSpace("other", 8)))
                .hasMessageContaining("bge-small");
        QdrantPassageIndex.openBeside(settings(server.url()), new VectorSpace("other", 8))
                .close();
    }

    @Override
    protected PassageIndex afterAKill() throws IOException {
        return QdrantPassageIndex.open(settings(server.url()), SPACE);
    }

    private void publish(PassageIndex into, String... texts) {
        join(into.stage(
                scope,
                IntStream.range(0, texts.length)
                        .mapToObj(i -> passage(scope, source, i, "en", texts[i]))
                        .toList()));
        join(into.publish(scope, 1, Set.of(source), Set.of()));
    }

    private static List<String> keyword(PassageIndex in, Scope scope, String question) {
        return join(in.search(scope, 1, new PassageIndex.Query(question, new float[0], SearchMode.KEYWORD, 10)))
                .keyword()
                .stream()
                .map(hit -> hit.passage().text())
                .toList();
    }

    // the collection

    @Test
    void makesOneCollectionForAModelWithEveryIndexItFiltersBy() {
        CollectionInfo info = server.info(COLLECTION);

        assertThat(server.names()).containsExactly(COLLECTION);
        assertThat(info.getPayloadSchemaMap())
                .containsOnlyKeys("tenant", "knowledge_base", "source", "analysis", "from", "to", "length", "terms");
        assertThat(info.getPayloadSchemaOrThrow("tenant")
                        .getParams()
                        .getKeywordIndexParams()
                        .getIsTenant())
                .isTrue();
        assertThat(info.getConfig().getMetadataOrThrow("kvasir_model").getStringValue())
                .isEqualTo("bge-small");
    }

    @Test
    void anyNumberOfServersMayStartAtOnce() {
        List<CompletableFuture<QdrantPassageIndex>> starting = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            starting.add(CompletableFuture.supplyAsync(() -> {
                try {
                    return QdrantPassageIndex.open(
                            with(Quantization.Kind.NONE, 16, "together", Optional.empty()), SPACE);
                } catch (IOException e) {
                    throw new CompletionException(e);
                }
            }));
        }
        for (CompletableFuture<QdrantPassageIndex> each : starting) {
            QdrantPassageIndex one = each.join();
            assertThat(one.health().toCompletableFuture()).succeedsWithin(Duration.ofSeconds(3));
            one.close();
        }
        assertThat(server.names()).contains("together-bge-small-384");
    }

    @Test
    void bringsACollectionUpToWhatIsConfigured() throws IOException {
        publish(index, "alpha");
        QdrantPassageIndex.open(with(Quantization.Kind.INT8, 32, "kvasir", Optional.empty()), SPACE)
                .close();
        VectorParams dense = server.info(COLLECTION)
                .getConfig()
                .getParams()
                .getVectorsConfig()
                .getParamsMap()
                .getMapOrThrow("dense");
        assertThat(dense.getHnswConfig().getPayloadM()).isEqualTo(32);
        assertThat(dense.getQuantizationConfig().hasScalar()).isTrue();

        try (QdrantPassageIndex again =
                QdrantPassageIndex.open(with(Quantization.Kind.INT8, 32, "kvasir", Optional.empty()), SPACE)) {
            assertThat(server.calls("qdrant.Collections/Update")).isEqualTo(1);
            assertThat(join(again.search(
                                    scope,
                                    1,
                                    new PassageIndex.Query("", vector("alpha".hashCode()), SearchMode.DENSE, 3)))
                            .dense())
                    .hasSize(1);
        }
        QdrantPassageIndex.open(settings(server.url()), SPACE).close();
        assertThat(server.info(COLLECTION)
                        .getConfig()
                        .getParams()
                        .getVectorsConfig()
                        .getParamsMap()
                        .getMapOrThrow("dense")
                        .hasQuantizationConfig())
                .isFalse();
    }

    @Test
    void copiesAreWaitedForByTheirMajority() throws IOException {
        QdrantPassageIndex.open(with(Quantization.Kind.NONE, 16, "copies", Optional.empty()), SPACE)
                .close();

        assertThat(server.info("copies-bge-small-384").getConfig().getParams().getReplicationFactor())
                .isEqualTo(3);
        assertThat(server.info("copies-bge-small-384").getConfig().getParams().getWriteConsistencyFactor())
                .isEqualTo(2);
    }

    @Test
    void vectorsOfAnotherModelAreRefused() {
        publish(index, "alpha");

        assertThatThrownBy(() -> QdrantPassageIndex.open(settings(server.url()), new VectorSpace("minilm", DIMENSIONS)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("bge-small (384 dimensions)")
                .hasMessageContaining("minilm (384 dimensions)");
        assertThat(server.names()).containsExactly(COLLECTION);
    }

    @Test
    void aModelNobodyWroteWithMayBeChanged() throws IOException {
        QdrantPassageIndex.open(settings(server.url()), new VectorSpace("minilm", 512))
                .close();

        assertThat(server.names()).containsExactlyInAnyOrder(COLLECTION, "kvasir-minilm-512");
    }

    @Test
    void aVectorOfOtherDimensionsIsRefused() throws IOException {
        try (QdrantPassageIndex small = QdrantPassageIndex.open(
                with(Quantization.Kind.NONE, 16, "small", Optional.empty()), new VectorSpace("bge-small", 3))) {
            assertThatThrownBy(() -> join(small.stage(scope, List.of(passage(scope, source, 0, "en", "alpha")))))
                    .hasRootCauseInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void anOldServerIsRefused() {
        server.version("1.15.4");

        assertThatThrownBy(() -> QdrantPassageIndex.open(settings(server.url()), SPACE))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("1.15.4 is too old");
    }

    @Test
    void theKeyIsSentWithEveryCallAndShownNowhere() throws IOException {
        server.requireKey("s3cr3t");
        QdrantSettings keyed = with(Quantization.Kind.NONE, 16, "keyed", Optional.of("s3cr3t"));
        try (QdrantPassageIndex open = QdrantPassageIndex.open(keyed, SPACE)) {
            assertThat(join(open.count(scope, 1))).isZero();
        }
        assertThat(keyed.toString()).doesNotContain("s3cr3t");
        assertThatThrownBy(() -> QdrantPassageIndex.open(settings(server.url()), SPACE))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("UNAUTHENTICATED");
    }

    // points

    @Test
    void aPointsIdComesFromTheScopeAndThePassage() {
        PassageId id = io.kvasir.retrieval.Passage.identity(scope, source, 0);
        String point = PassagePoints.id(scope, id).getUuid();

        assertThat(PassagePoints.id(scope, id).getUuid()).isEqualTo(point);
        assertThat(PassagePoints.id(new Scope(TenantId.next(), scope.knowledgeBase()), id)
                        .getUuid())
                .isNotEqualTo(point);
        assertThat(java.util.UUID.fromString(point).version()).isEqualTo(8);
        assertThat(java.util.UUID.fromString(point).variant()).isEqualTo(2);
    }

    @Test
    void aStoredShareGivesTheFrequencyBack() {
        for (int length : new int[] {1, 7, 40, 150, 600, 4_000}) {
            for (int frequency = 1; frequency <= 1_000; frequency += frequency < 20 ? 1 : 49) {
                assertThat(Bm25.frequency((float) Bm25.stored(frequency, length), length))
                        .isEqualTo(frequency);
            }
        }
    }

    @Test
    void bothLegsCanBeAskedAtOnce() {
        publish(index, "alpha", "beta");

        PassageIndex.Candidates found = join(index.search(
                scope, 1, new PassageIndex.Query("alpha", vector(1 + "beta".hashCode()), SearchMode.HYBRID, 10)));

        assertThat(found.dense().getFirst().passage().text()).isEqualTo("beta");
        assertThat(found.keyword()).extracting(hit -> hit.passage().text()).containsExactly("alpha");
        assertThat(found.vectors()).hasSize(2);
    }

    /** The server ranks by a usual mean length; here all passages are short, and only the exact scores decide. */
    @Test
    void theBestAreThoseOfTheExactScores() {
        publish(
                index,
                IntStream.range(0, 60)
                        .mapToObj(i -> "alpha " + "filler ".repeat(i) + (i % 7 == 0 ? "alpha" : "beta"))
                        .toArray(String[]::new));

        List<PassageIndex.Scored> all = words(100);
        List<PassageIndex.Scored> ten = words(10);

        assertThat(all).hasSize(60);
        assertThat(ten).isEqualTo(all.subList(0, 10));
    }

    private List<PassageIndex.Scored> words(int most) {
        return join(index.search(scope, 1, new PassageIndex.Query("alpha", new float[0], SearchMode.KEYWORD, most)))
                .keyword();
    }

    /** A word is counted once for a revision, and anew after a publication. */
    @Test
    void whatWasCountedIsKeptUntilTheScopeChanges() {
        publish(index, "alpha", "beta");
        keyword(index, scope, "alpha");
        int counted = server.calls("qdrant.Points/Count") + server.calls("qdrant.Points/Facet");

        keyword(index, scope, "alpha");
        assertThat(server.calls("qdrant.Points/Count") + server.calls("qdrant.Points/Facet"))
                .isEqualTo(counted);

        join(index.publish(scope, 2, Set.of(), Set.of()));
        keyword(index, scope, "alpha");
        assertThat(server.calls("qdrant.Points/Count") + server.calls("qdrant.Points/Facet"))
                .isGreaterThan(counted);
    }

    // a server that is away

    @Test
    void aLostAnswerIsAskedForAgain() {
        server.loseAnswers("qdrant.Points/Upsert", 2);
        server.loseAnswers("qdrant.Points/UpdateBatch", 1);
        publish(index, "alpha");
        server.loseAnswers("qdrant.Points/Query", 2);

        assertThat(keyword(index, scope, "alpha")).containsExactly("alpha");
        assertThat(join(index.size(scope))).isEqualTo(1);
        assertThat(server.calls("qdrant.Points/Upsert")).isEqualTo(3);
    }

    @Test
    void aServerThatIsGoneIsAwayAndIsFoundAgainWhenItIsBack() throws IOException {
        publish(index, "alpha");
        try (QdrantPassageIndex open = QdrantPassageIndex.open(impatient(server.url()), SPACE)) {
            server.stop();

            assertThatThrownBy(() -> keyword(open, scope, "beta"))
                    .hasCauseInstanceOf(Problems.Unavailable.class)
                    .hasMessageContaining("away at the moment");
            assertThatThrownBy(() -> join(open.stage(scope, List.of(passage(scope, source, 1, "en", "beta")))))
                    .hasCauseInstanceOf(Problems.Unavailable.class);
            assertThat(open.health().toCompletableFuture()).failsWithin(Duration.ofSeconds(3));

            server.start();
            Awaitility.await().ignoreExceptions().untilAsserted(() -> {
                join(open.stage(scope, List.of(passage(scope, source, 1, "en", "beta"))));
                join(open.publish(scope, 1, Set.of(source), Set.of()));
                assertThat(keyword(open, scope, "beta")).containsExactly("beta");
                assertThat(open.health().toCompletableFuture()).succeedsWithin(Duration.ofSeconds(3));
            });
        }
    }

    @Test
    void aServerThatCameLateIsWaitedFor() throws IOException {
        server.stop();
        try (QdrantPassageIndex early = QdrantPassageIndex.open(impatient(server.url()), SPACE)) {
            assertThatThrownBy(() -> join(early.count(scope, 1))).hasCauseInstanceOf(Problems.Unavailable.class);
            assertThat(early.health().toCompletableFuture()).failsWithin(Duration.ofSeconds(3));
            server.start();

            Awaitility.await().ignoreExceptions().untilAsserted(() -> {
                assertThat(early.health().toCompletableFuture()).succeedsWithin(Duration.ofSeconds(3));
                assertThat(join(early.count(scope, 1))).isZero();
            });
        }
    }

    @Test
    void aServerThatSaysNothingDoesNotHoldASearchForLong() throws IOException {
        try (QdrantPassageIndex open = QdrantPassageIndex.open(impatient(server.url()), SPACE)) {
            CountDownLatch latch = new CountDownLatch(1);
            server.stuckUntil(latch);
            long start = System.nanoTime();

            assertThatThrownBy(() -> join(open.count(scope, 1))).hasCauseInstanceOf(Problems.Unavailable.class);

            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isBetween(Duration.ofSeconds(1), Duration.ofSeconds(10));
            latch.countDown();
            Awaitility.await()
                    .ignoreExceptions()
                    .untilAsserted(() -> assertThat(join(open.count(scope, 1))).isZero());
        }
    }

    @Test
    void nobodyListening() throws IOException {
        int free;
        try (ServerSocket socket = new ServerSocket(0)) {
            free = socket.getLocalPort();
        }
        try (QdrantPassageIndex nowhere = QdrantPassageIndex.open(impatient("http://127.0.0.1:" + free), SPACE)) {
            assertThatThrownBy(() -> join(nowhere.count(scope, 1))).hasCauseInstanceOf(Problems.Unavailable.class);
        }
    }

    @Test
    void addressesThatAreNoneAreRefused() {
        for (String url : List.of("localhost:6334", "ftp://localhost:6334", "http://", "file:/tmp")) {
            assertThatThrownBy(() -> settings(url)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    // the double

    @Test
    void theDoubleRefusesWhatItWasNotToldOf() {
        ManagedChannel channel = ManagedChannelBuilder.forAddress("127.0.0.1", server.port())
                .usePlaintext()
                .build();
        try {
            PointsGrpc.PointsBlockingStub points = PointsGrpc.newBlockingStub(channel);

            assertThatThrownBy(() -> points.query(QueryPoints.newBuilder()
                            .setCollectionName(COLLECTION)
                            .setParams(SearchParams.newBuilder().setExact(true))
                            .build()))
                    .isInstanceOfSatisfying(StatusRuntimeException.class, refused -> {
                        assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
                        assertThat(refused.getStatus().getDescription()).isEqualTo("qdrant.SearchParams.exact");
                    });
            assertThatThrownBy(() -> points.count(CountPoints.newBuilder()
                            .setCollectionName(COLLECTION)
                            .setTimeout(3)
                            .build()))
                    .hasMessageContaining("UNIMPLEMENTED: qdrant.CountPoints.timeout");
        } finally {
            channel.shutdownNow();
        }
    }
}
