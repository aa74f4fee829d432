package io.kvasir.retrieval.qdrant;

import static io.kvasir.retrieval.qdrant.QdrantCalls.Patience.WRITE;

import io.kvasir.retrieval.VectorSpace;
import io.qdrant.client.grpc.Collections.BinaryQuantization;
import io.qdrant.client.grpc.Collections.CollectionConfig;
import io.qdrant.client.grpc.Collections.CollectionDescription;
import io.qdrant.client.grpc.Collections.CollectionInfo;
import io.qdrant.client.grpc.Collections.CreateCollection;
import io.qdrant.client.grpc.Collections.Disabled;
import io.qdrant.client.grpc.Collections.Distance;
import io.qdrant.client.grpc.Collections.GetCollectionInfoRequest;
import io.qdrant.client.grpc.Collections.HnswConfigDiff;
import io.qdrant.client.grpc.Collections.IntegerIndexParams;
import io.qdrant.client.grpc.Collections.KeywordIndexParams;
import io.qdrant.client.grpc.Collections.ListCollectionsRequest;
import io.qdrant.client.grpc.Collections.PayloadIndexParams;
import io.qdrant.client.grpc.Collections.QuantizationConfig;
import io.qdrant.client.grpc.Collections.QuantizationConfigDiff;
import io.qdrant.client.grpc.Collections.QuantizationType;
import io.qdrant.client.grpc.Collections.ScalarQuantization;
import io.qdrant.client.grpc.Collections.SparseIndexConfig;
import io.qdrant.client.grpc.Collections.SparseVectorConfig;
import io.qdrant.client.grpc.Collections.SparseVectorParams;
import io.qdrant.client.grpc.Collections.UpdateCollection;
import io.qdrant.client.grpc.Collections.VectorParams;
import io.qdrant.client.grpc.Collections.VectorParamsDiff;
import io.qdrant.client.grpc.Collections.VectorParamsDiffMap;
import io.qdrant.client.grpc.Collections.VectorParamsMap;
import io.qdrant.client.grpc.Collections.VectorsConfig;
import io.qdrant.client.grpc.Collections.VectorsConfigDiff;
import io.qdrant.client.grpc.JsonWithInt.Value;
import io.qdrant.client.grpc.Points.CreateFieldIndexCollection;
import io.qdrant.client.grpc.Points.FieldType;
import io.qdrant.client.grpc.QdrantOuterClass.HealthCheckRequest;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The collection of one embedding model: makes it, checks it, and brings its indexes and settings up to what is configured.
 * Every step may be repeated, and several servers may take it at once.
 */
final class QdrantCollection {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.retrieval");

    /** What is stored in a point, and how; raised where older points could not be read any more. */
    private static final long LAYOUT = 1;

    /** Conditional upserts, which keep a repeated job from hiding what is published, are known from here on. */
    private static final int LEAST_MINOR = 16;

    private static final CompletableFuture<Void> NOTHING_TO_CHECK = CompletableFuture.completedFuture(null);
    private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+).*");
    private static final String PREFIX = "kvasir_prefix";
    private static final String MODEL = "kvasir_model";
    private static final String DIMENSIONS = "kvasir_dimensions";
    private static final String LAYOUT_KEY = "kvasir_layout";

    private final QdrantCalls calls;
    private final QdrantSettings settings;
    private final VectorSpace space;
    private final boolean alone;
    private final String name;

    /** @param alone there is to be no other model's collection with passages in it */
    QdrantCollection(QdrantCalls calls, QdrantSettings settings, VectorSpace space, boolean alone) {
        this.alone = alone;
        this.calls = calls;
        this.settings = settings;
        this.space = space;
        this.name = settings.collectionPrefix() + "-" + space.model().replaceAll("[^A-Za-z0-9._-]", "_") + "-"
                + space.dimensions();
    }

    String name() {
        return name;
    }

    /** It can't be worked with as it is, and waiting does not help. */
    static final class Unusable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unusable(String message) {
            super(message);
        }
    }

    /** Completes once the collection is there as configured. Fails with {@link Unusable} where it belongs to something else. */
    CompletionStage<Void> prepare() {
        return calls.server(WRITE, stub -> stub.healthCheck(HealthCheckRequest.getDefaultInstance()))
                .thenAccept(reply -> requireVersion(reply.getVersion()))
                .thenCompose(_ -> found(name))
                .thenCompose(found -> found.isPresent() && found.get().getPointsCount() > 0
                        ? CompletableFuture.completedFuture(found.get())
                        : (alone ? noOther() : NOTHING_TO_CHECK)
                                .thenCompose(_ -> found.map(CompletableFuture::completedFuture)
                                        .orElseGet(this::made)))
                .thenCompose(this::upgraded);
    }

    private static void requireVersion(String version) {
        Matcher parts = VERSION.matcher(version);
        if (parts.matches()) {
            int major = Integer.parseInt(parts.group(1));
            if (major > 1 || major == 1 && Integer.parseInt(parts.group(2)) >= LEAST_MINOR) {
                return;
            }
        }
        throw new Unusable("Qdrant " + version + " is too old: 1." + LEAST_MINOR + " or newer is needed");
    }

    private CompletableFuture<Optional<CollectionInfo>> found(String collection) {
        return calls.collections(WRITE, stub -> stub.list(ListCollectionsRequest.getDefaultInstance()))
                .thenCompose(all -> all.getCollectionsList().stream()
                                .map(CollectionDescription::getName)
                                .noneMatch(collection::equals)
                        ? CompletableFuture.completedFuture(Optional.empty())
                        : info(collection).thenApply(Optional::of));
    }

    private CompletableFuture<CollectionInfo> info(String collection) {
        return calls.collections(
                        WRITE,
                        stub -> stub.get(GetCollectionInfoRequest.newBuilder()
                                .setCollectionName(collection)
                                .build()))
                .thenApply(reply -> reply.getResult());
    }

    /** Of which models there are collections of ours. */
    CompletableFuture<Set<VectorSpace>> spaces() {
        return calls.collections(WRITE, stub -> stub.list(ListCollectionsRequest.getDefaultInstance()))
                .thenCompose(all -> {
                    CompletableFuture<Set<VectorSpace>> found = CompletableFuture.completedFuture(new HashSet<>());
                    for (CollectionDescription each : all.getCollectionsList()) {
                        if (each.getName().startsWith(settings.collectionPrefix() + "-")) {
                            found = found.thenCombine(info(each.getName()), this::with);
                        }
                    }
                    return found;
                });
    }

    private Set<VectorSpace> with(Set<VectorSpace> found, CollectionInfo info) {
        Map<String, Value> told = info.getConfig().getMetadataMap();
        if (text(told, PREFIX).equals(settings.collectionPrefix())) {
            found.add(new VectorSpace(text(told, MODEL), (int) number(told, DIMENSIONS)));
        }
        return found;
    }

    /** Passages of another model under our name would never be found again: better to say so than to answer nothing. */
    private CompletableFuture<Void> noOther() {
        return calls.collections(WRITE, stub -> stub.list(ListCollectionsRequest.getDefaultInstance()))
                .thenCompose(all -> {
                    CompletableFuture<Void> checked = CompletableFuture.completedFuture(null);
                    for (CollectionDescription other : all.getCollectionsList()) {
                        if (other.getName().startsWith(settings.collectionPrefix() + "-")
                                && !other.getName().equals(name)) {
                            checked = checked.thenCompose(_ -> info(other.getName()))
                                    .thenAccept(info -> requireEmpty(other.getName(), info));
                        }
                    }
                    return checked;
                });
    }

    private void requireEmpty(String other, CollectionInfo info) {
        Map<String, Value> told = info.getConfig().getMetadataMap();
        if (info.getPointsCount() > 0 && text(told, PREFIX).equals(settings.collectionPrefix())) {
            throw new Unusable(space.refusal("The Qdrant collection " + other, model(told)));
        }
    }

    private CompletableFuture<CollectionInfo> made() {
        return calls.collections(WRITE, stub -> stub.create(creation()))
                .handle((_, fault) -> {
                    if (fault != null) {
                        // Another server may have been quicker; whether it is there, and right, is looked at next.
                        LOG.info("the collection {} was not made here: {}", name, fault.toString());
                    }
                    return fault;
                })
                .thenCompose(fault -> found(name)
                        .thenCompose(found -> found.map(CompletableFuture::completedFuture)
                                .orElseGet(() -> CompletableFuture.failedFuture(
                                        fault == null ? new IllegalStateException("no collection " + name) : fault))));
    }

    private CreateCollection creation() {
        return CreateCollection.newBuilder()
                .setCollectionName(name)
                .setVectorsConfig(VectorsConfig.newBuilder()
                        .setParamsMap(VectorParamsMap.newBuilder().putMap(PassagePoints.DENSE, vectors())))
                .setSparseVectorsConfig(SparseVectorConfig.newBuilder()
                        .putMap(
                                PassagePoints.WORDS,
                                SparseVectorParams.newBuilder()
                                        .setIndex(SparseIndexConfig.newBuilder().setOnDisk(settings.onDisk()))
                                        .build()))
                .setOnDiskPayload(true)
                .setShardNumber(settings.shards())
                .setReplicationFactor(settings.replicas())
                .setWriteConsistencyFactor(settings.replicas() / 2 + 1)
                .putMetadata(PREFIX, PassagePoints.value(settings.collectionPrefix()))
                .putMetadata(MODEL, PassagePoints.value(space.model()))
                .putMetadata(DIMENSIONS, PassagePoints.value(space.dimensions()))
                .putMetadata(LAYOUT_KEY, PassagePoints.value(LAYOUT))
                .build();
    }

    private VectorParams vectors() {
        VectorParams.Builder vectors = VectorParams.newBuilder()
                .setSize(space.dimensions())
                // Of unit vectors that is the cosine, and they are kept as they were given.
                .setDistance(Distance.Dot)
                .setHnswConfig(hnsw())
                .setOnDisk(settings.onDisk());
        quantization().ifPresent(vectors::setQuantizationConfig);
        return vectors.build();
    }

    /** No graph over all tenants, one for each large knowledge base: every search stays within one. */
    private HnswConfigDiff hnsw() {
        return HnswConfigDiff.newBuilder()
                .setM(0)
                .setPayloadM(settings.hnsw().edges())
                .setEfConstruct(settings.hnsw().construct())
                .setFullScanThreshold(settings.hnsw().compareUpToKilobytes())
                .build();
    }

    private Optional<QuantizationConfig> quantization() {
        return switch (settings.quantization().kind()) {
            case NONE -> Optional.empty();
            case INT8 ->
                Optional.of(QuantizationConfig.newBuilder().setScalar(int8()).build());
            case BINARY ->
                Optional.of(QuantizationConfig.newBuilder().setBinary(binary()).build());
        };
    }

    private static ScalarQuantization.Builder int8() {
        return ScalarQuantization.newBuilder().setType(QuantizationType.Int8).setAlwaysRam(true);
    }

    private static BinaryQuantization.Builder binary() {
        return BinaryQuantization.newBuilder().setAlwaysRam(true);
    }

    private CompletionStage<Void> upgraded(CollectionInfo info) {
        VectorParams vectors = require(info.getConfig());
        CompletableFuture<Void> all = CompletableFuture.completedFuture(null);
        for (Map.Entry<String, CreateFieldIndexCollection> index : indexes().entrySet()) {
            if (!info.containsPayloadSchema(index.getKey())) {
                all = all.thenCompose(_ -> calls.points(WRITE, stub -> stub.createFieldIndex(index.getValue())))
                        .thenAccept(_ -> {});
            }
        }
        boolean asConfigured = same(vectors.getHnswConfig())
                && quantization()
                        .map(wanted ->
                                vectors.hasQuantizationConfig() && wanted.equals(vectors.getQuantizationConfig()))
                        .orElse(!vectors.hasQuantizationConfig())
                && vectors.getOnDisk() == settings.onDisk();
        return asConfigured
                ? all
                : all.thenCompose(_ -> calls.collections(WRITE, stub -> stub.update(changes())))
                        .thenAccept(_ -> LOG.info("the collection {} is laid out anew, as configured", name));
    }

    private boolean same(HnswConfigDiff now) {
        HnswConfigDiff wanted = hnsw();
        return now.getM() == wanted.getM()
                && now.getPayloadM() == wanted.getPayloadM()
                && now.getEfConstruct() == wanted.getEfConstruct()
                && now.getFullScanThreshold() == wanted.getFullScanThreshold();
    }

    private UpdateCollection changes() {
        QuantizationConfigDiff.Builder quantization = QuantizationConfigDiff.newBuilder();
        switch (settings.quantization().kind()) {
            case NONE -> quantization.setDisabled(Disabled.getDefaultInstance());
            case INT8 -> quantization.setScalar(int8());
            case BINARY -> quantization.setBinary(binary());
        }
        return UpdateCollection.newBuilder()
                .setCollectionName(name)
                .setVectorsConfig(VectorsConfigDiff.newBuilder()
                        .setParamsMap(VectorParamsDiffMap.newBuilder()
                                .putMap(
                                        PassagePoints.DENSE,
                                        VectorParamsDiff.newBuilder()
                                                .setHnswConfig(hnsw())
                                                .setQuantizationConfig(quantization)
                                                .setOnDisk(settings.onDisk())
                                                .build())))
                .build();
    }

    private VectorParams require(CollectionConfig config) {
        Map<String, Value> told = config.getMetadataMap();
        if (text(told, MODEL).isEmpty()) {
            throw new Unusable("The Qdrant collection " + name
                    + " was not made by Kvasir: set another kvasir.index.qdrant.collection-prefix");
        }
        VectorParams vectors = config.getParams()
                .getVectorsConfig()
                .getParamsMap()
                .getMapOrDefault(PassagePoints.DENSE, VectorParams.getDefaultInstance());
        if (!text(told, MODEL).equals(space.model())
                || number(told, DIMENSIONS) != space.dimensions()
                || vectors.getSize() != space.dimensions()
                || vectors.getDistance() != Distance.Dot) {
            throw new Unusable(space.refusal("The Qdrant collection " + name, model(told)));
        }
        if (number(told, LAYOUT_KEY) != LAYOUT) {
            throw new Unusable("The Qdrant collection " + name + " has the layout " + number(told, LAYOUT_KEY)
                    + " of another version of Kvasir; this one reads " + LAYOUT);
        }
        return vectors;
    }

    private static String model(Map<String, Value> told) {
        return new VectorSpace(text(told, MODEL), (int) number(told, DIMENSIONS)).toString();
    }

    private static String text(Map<String, Value> told, String key) {
        return told.getOrDefault(key, Value.getDefaultInstance()).getStringValue();
    }

    private static long number(Map<String, Value> told, String key) {
        return told.getOrDefault(key, Value.getDefaultInstance()).getIntegerValue();
    }

    private Map<String, CreateFieldIndexCollection> indexes() {
        Map<String, CreateFieldIndexCollection> indexes = new LinkedHashMap<>();
        keyword(indexes, PassagePoints.TENANT, KeywordIndexParams.newBuilder().setIsTenant(true), false);
        // The one graph a search walks on is that of its knowledge base.
        keyword(indexes, PassagePoints.KNOWLEDGE_BASE, KeywordIndexParams.newBuilder(), true);
        keyword(indexes, PassagePoints.SOURCE, KeywordIndexParams.newBuilder(), false);
        keyword(indexes, PassagePoints.ANALYSIS, KeywordIndexParams.newBuilder(), false);
        integer(indexes, PassagePoints.FROM, false, true);
        integer(indexes, PassagePoints.TO, false, true);
        integer(indexes, PassagePoints.LENGTH, true, false);
        integer(indexes, PassagePoints.TERMS, true, false);
        return indexes;
    }

    private void keyword(
            Map<String, CreateFieldIndexCollection> into,
            String field,
            KeywordIndexParams.Builder params,
            boolean graph) {
        into.put(
                field,
                index(field, FieldType.FieldTypeKeyword)
                        .setFieldIndexParams(PayloadIndexParams.newBuilder()
                                .setKeywordIndexParams(
                                        params.setOnDisk(settings.onDisk()).setEnableHnsw(graph)))
                        .build());
    }

    private void integer(Map<String, CreateFieldIndexCollection> into, String field, boolean lookup, boolean range) {
        into.put(
                field,
                index(field, FieldType.FieldTypeInteger)
                        .setFieldIndexParams(PayloadIndexParams.newBuilder()
                                .setIntegerIndexParams(IntegerIndexParams.newBuilder()
                                        .setLookup(lookup)
                                        .setRange(range)
                                        .setOnDisk(settings.onDisk())
                                        .setEnableHnsw(false)))
                        .build());
    }

    private CreateFieldIndexCollection.Builder index(String field, FieldType type) {
        return CreateFieldIndexCollection.newBuilder()
                .setCollectionName(name)
                .setWait(true)
                .setFieldName(field)
                .setFieldType(type);
    }
}
