package io.kvasir.retrieval.qdrant;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.qdrant.client.grpc.Collections.CollectionConfig;
import io.qdrant.client.grpc.Collections.CollectionInfo;
import io.qdrant.client.grpc.Collections.CollectionParams;
import io.qdrant.client.grpc.Collections.CreateCollection;
import io.qdrant.client.grpc.Collections.PayloadSchemaInfo;
import io.qdrant.client.grpc.Collections.PayloadSchemaType;
import io.qdrant.client.grpc.Collections.UpdateCollection;
import io.qdrant.client.grpc.Collections.VectorParams;
import io.qdrant.client.grpc.Collections.VectorParamsDiff;
import io.qdrant.client.grpc.Common.Condition;
import io.qdrant.client.grpc.Common.FieldCondition;
import io.qdrant.client.grpc.Common.Filter;
import io.qdrant.client.grpc.Common.Match;
import io.qdrant.client.grpc.Common.PointId;
import io.qdrant.client.grpc.Common.Range;
import io.qdrant.client.grpc.JsonWithInt.Value;
import io.qdrant.client.grpc.Points.CreateFieldIndexCollection;
import io.qdrant.client.grpc.Points.FacetHit;
import io.qdrant.client.grpc.Points.FacetValue;
import io.qdrant.client.grpc.Points.FieldType;
import io.qdrant.client.grpc.Points.PointStruct;
import io.qdrant.client.grpc.Points.QueryPoints;
import io.qdrant.client.grpc.Points.SparseVector;
import io.qdrant.client.grpc.Points.Vector;
import io.qdrant.client.grpc.Points.VectorInput;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** One collection of the double: points in memory, searched exactly. Fields are filtered by only where they are indexed. */
final class DoubleCollection {
    private CollectionConfig config;
    private final Map<String, CreateFieldIndexCollection> indexes = new LinkedHashMap<>();
    /** In the order of their ids, as Qdrant scrolls. */
    private final TreeMap<String, Point> points = new TreeMap<>();

    /** A point with what filters and searches look at taken out. */
    record Point(PointStruct struct, Map<String, Set<Object>> fields, float[] dense, Map<Integer, Float> sparse) {
        static Point of(PointStruct struct) {
            Map<String, Set<Object>> fields = new HashMap<>();
            struct.getPayloadMap().forEach((key, value) -> fields.put(key, values(value)));
            Map<String, Vector> vectors = struct.getVectors().getVectors().getVectorsMap();
            List<Float> data = vectors.get("dense").getDense().getDataList();
            float[] dense = new float[data.size()];
            for (int i = 0; i < dense.length; i++) {
                dense[i] = data.get(i);
            }
            Map<Integer, Float> sparse = new HashMap<>();
            SparseVector words = Optional.ofNullable(vectors.get("words"))
                    .map(Vector::getSparse)
                    .orElse(SparseVector.getDefaultInstance());
            for (int i = 0; i < words.getIndicesCount(); i++) {
                if (sparse.put(words.getIndices(i), words.getValues(i)) != null) {
                    throw invalid("sparse indices must be unique");
                }
            }
            return new Point(struct, fields, dense, sparse);
        }

        private static Set<Object> values(Value value) {
            return switch (value.getKindCase()) {
                case STRING_VALUE -> Set.of(value.getStringValue());
                case INTEGER_VALUE -> Set.of(value.getIntegerValue());
                case LIST_VALUE -> {
                    Set<Object> all = new HashSet<>();
                    value.getListValue().getValuesList().forEach(each -> all.addAll(values(each)));
                    yield all;
                }
                default -> Set.of();
            };
        }

        String id() {
            return struct.getId().getUuid();
        }
    }

    record Hit(Point point, double score) {}

    DoubleCollection(CreateCollection creation) {
        VectorParams dense = creation.getVectorsConfig().getParamsMap().getMapOrThrow("dense");
        creation.getSparseVectorsConfig().getMapOrThrow("words");
        if (dense.getDistance() != io.qdrant.client.grpc.Collections.Distance.Dot) {
            throw Told.unknown("a distance other than Dot");
        }
        config = CollectionConfig.newBuilder()
                .setParams(CollectionParams.newBuilder()
                        .setVectorsConfig(creation.getVectorsConfig())
                        .setSparseVectorsConfig(creation.getSparseVectorsConfig())
                        .setShardNumber(creation.getShardNumber())
                        .setReplicationFactor(creation.getReplicationFactor())
                        .setWriteConsistencyFactor(creation.getWriteConsistencyFactor()))
                .putAllMetadata(creation.getMetadataMap())
                .build();
    }

    static StatusRuntimeException invalid(String why) {
        return Status.INVALID_ARGUMENT.withDescription(why).asRuntimeException();
    }

    CollectionInfo info() {
        CollectionInfo.Builder info =
                CollectionInfo.newBuilder().setConfig(config).setPointsCount(points.size());
        indexes.forEach((field, index) -> info.putPayloadSchema(
                field,
                PayloadSchemaInfo.newBuilder()
                        .setDataType(
                                index.getFieldType() == FieldType.FieldTypeKeyword
                                        ? PayloadSchemaType.Keyword
                                        : PayloadSchemaType.Integer)
                        .setParams(index.getFieldIndexParams())
                        .build()));
        return info.build();
    }

    void change(UpdateCollection update) {
        VectorParamsDiff diff = update.getVectorsConfig().getParamsMap().getMapOrThrow("dense");
        CollectionConfig.Builder next = config.toBuilder();
        VectorParams.Builder dense =
                next.getParams().getVectorsConfig().getParamsMap().getMapOrThrow("dense").toBuilder()
                        .setHnswConfig(diff.getHnswConfig())
                        .setOnDisk(diff.getOnDisk());
        if (diff.getQuantizationConfig().hasScalar()) {
            dense.getQuantizationConfigBuilder()
                    .setScalar(diff.getQuantizationConfig().getScalar());
        } else {
            dense.clearQuantizationConfig();
        }
        next.getParamsBuilder().getVectorsConfigBuilder().getParamsMapBuilder().putMap("dense", dense.build());
        config = next.build();
    }

    void index(CreateFieldIndexCollection index) {
        indexes.put(index.getFieldName(), index);
    }

    // points

    private int size() {
        return (int) config.getParams()
                .getVectorsConfig()
                .getParamsMap()
                .getMapOrThrow("dense")
                .getSize();
    }

    void upsert(List<PointStruct> structs, Optional<Filter> over) {
        Predicate<Point> replaceable = over.map(this::matching).orElse(_ -> true);
        for (PointStruct struct : structs) {
            Point next = Point.of(struct);
            if (next.dense().length != size()) {
                throw invalid("expected a vector of " + size() + " dimensions");
            }
            Point before = points.get(next.id());
            if (before == null || replaceable.test(before)) {
                points.put(next.id(), next);
            }
        }
    }

    void setPayload(Filter filter, Map<String, Value> payload) {
        for (Point point : matched(filter).toList()) {
            points.put(
                    point.id(),
                    Point.of(point.struct().toBuilder().putAllPayload(payload).build()));
        }
    }

    void delete(Filter filter) {
        matched(filter).toList().forEach(point -> points.remove(point.id()));
    }

    long count(Filter filter) {
        return matched(filter).count();
    }

    List<Point> scroll(Filter filter, String from, int limit) {
        Predicate<Point> matching = matching(filter);
        return points.tailMap(from, true).values().stream()
                .filter(matching)
                .limit(limit)
                .toList();
    }

    List<FacetHit> facet(String key, Filter filter, long limit) {
        indexed(key);
        Map<Object, Long> counts = new HashMap<>();
        matched(filter)
                .forEach(point -> point.fields()
                        .getOrDefault(key, Set.of())
                        .forEach(value -> counts.merge(value, 1L, Long::sum)));
        return counts.entrySet().stream()
                .sorted(Map.Entry.<Object, Long>comparingByValue()
                        .reversed()
                        .thenComparing(entry -> entry.getKey().toString()))
                .limit(limit)
                .map(entry -> FacetHit.newBuilder()
                        .setCount(entry.getValue())
                        .setValue(
                                entry.getKey() instanceof Long number
                                        ? FacetValue.newBuilder().setIntegerValue(number)
                                        : FacetValue.newBuilder()
                                                .setStringValue(entry.getKey().toString()))
                        .build())
                .toList();
    }

    List<Hit> nearest(QueryPoints query) {
        VectorInput wanted = query.getQuery().getNearest();
        Stream<Hit> hits =
                switch (query.getUsing()) {
                    case "dense" -> dense(wanted, query.getFilter());
                    case "words" -> sparse(wanted.getSparse(), query.getFilter());
                    default -> throw invalid("no vector " + query.getUsing());
                };
        return hits.sorted(Comparator.comparingDouble(Hit::score)
                        .reversed()
                        .thenComparing(hit -> hit.point().id()))
                .limit(query.getLimit())
                .toList();
    }

    private Stream<Hit> dense(VectorInput wanted, Filter filter) {
        if (wanted.getDense().getDataCount() != size()) {
            throw invalid("expected a vector of " + size() + " dimensions");
        }
        float[] vector = new float[size()];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = wanted.getDense().getData(i);
        }
        return matched(filter).map(point -> {
            float sum = 0;
            for (int i = 0; i < vector.length; i++) {
                sum += vector[i] * point.dense()[i];
            }
            return new Hit(point, sum);
        });
    }

    private Stream<Hit> sparse(SparseVector wanted, Filter filter) {
        return matched(filter)
                .map(point -> {
                    double sum = 0;
                    for (int i = 0; i < wanted.getIndicesCount(); i++) {
                        sum += wanted.getValues(i) * point.sparse().getOrDefault(wanted.getIndices(i), 0f);
                    }
                    return new Hit(point, sum);
                })
                .filter(hit -> hit.score() > 0);
    }

    // filters

    private Stream<Point> matched(Filter filter) {
        return points.values().stream().filter(matching(filter));
    }

    private Predicate<Point> matching(Filter filter) {
        List<Predicate<Point>> all = new ArrayList<>();
        filter.getMustList().forEach(condition -> all.add(condition(condition)));
        return point -> all.stream().allMatch(each -> each.test(point));
    }

    private Predicate<Point> condition(Condition condition) {
        return switch (condition.getConditionOneOfCase()) {
            case FIELD -> field(condition.getField());
            case HAS_ID -> {
                Set<String> ids = new HashSet<>();
                for (PointId id : condition.getHasId().getHasIdList()) {
                    ids.add(id.getUuid());
                }
                yield point -> ids.contains(point.id());
            }
            default -> throw Told.unknown(condition.getConditionOneOfCase().name());
        };
    }

    private CreateFieldIndexCollection indexed(String key) {
        CreateFieldIndexCollection index = indexes.get(key);
        if (index == null) {
            throw invalid("Index required but not found for \"" + key + "\"");
        }
        return index;
    }

    private Predicate<Point> field(FieldCondition field) {
        String key = field.getKey();
        CreateFieldIndexCollection index = indexed(key);
        if (field.hasRange()) {
            if (!index.getFieldIndexParams().getIntegerIndexParams().getRange()) {
                throw invalid("\"" + key + "\" has no range index");
            }
            return point -> point.fields().getOrDefault(key, Set.of()).stream()
                    .anyMatch(value -> value instanceof Long number && within(field.getRange(), number));
        }
        Set<Object> wanted = wanted(field.getMatch());
        if (wanted.iterator().next() instanceof Long
                && !index.getFieldIndexParams().getIntegerIndexParams().getLookup()) {
            throw invalid("\"" + key + "\" has no lookup index");
        }
        return point -> point.fields().getOrDefault(key, Set.of()).stream().anyMatch(wanted::contains);
    }

    private static Set<Object> wanted(Match match) {
        return switch (match.getMatchValueCase()) {
            case KEYWORD -> Set.of(match.getKeyword());
            case KEYWORDS -> new HashSet<>(match.getKeywords().getStringsList());
            case INTEGER -> Set.of(match.getInteger());
            default -> throw Told.unknown(match.getMatchValueCase().name());
        };
    }

    private static boolean within(Range range, double number) {
        return (!range.hasGt() || number > range.getGt())
                && (!range.hasGte() || number >= range.getGte())
                && (!range.hasLte() || number <= range.getLte());
    }
}
