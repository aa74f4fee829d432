package io.kvasir.retrieval.qdrant;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.grpc.Status;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the double was told of Qdrant's protocol: every field a request may set. Whatever else a request asks for is refused
 * by its name, so that nothing is silently ignored which a real server would act upon.
 */
final class Told {
    private static final Set<String> FIELDS = Set.of(
            "qdrant.CreateCollection.collection_name",
            "qdrant.CreateCollection.vectors_config",
            "qdrant.CreateCollection.sparse_vectors_config",
            "qdrant.CreateCollection.on_disk_payload",
            "qdrant.CreateCollection.shard_number",
            "qdrant.CreateCollection.replication_factor",
            "qdrant.CreateCollection.write_consistency_factor",
            "qdrant.CreateCollection.metadata",
            "qdrant.VectorsConfig.params_map",
            "qdrant.VectorParamsMap.map",
            "qdrant.VectorParams.size",
            "qdrant.VectorParams.distance",
            "qdrant.VectorParams.hnsw_config",
            "qdrant.VectorParams.on_disk",
            "qdrant.VectorParams.quantization_config",
            "qdrant.HnswConfigDiff.m",
            "qdrant.HnswConfigDiff.payload_m",
            "qdrant.HnswConfigDiff.ef_construct",
            "qdrant.HnswConfigDiff.full_scan_threshold",
            "qdrant.QuantizationConfig.scalar",
            "qdrant.QuantizationConfigDiff.scalar",
            "qdrant.QuantizationConfigDiff.disabled",
            "qdrant.ScalarQuantization.type",
            "qdrant.ScalarQuantization.always_ram",
            "qdrant.SparseVectorConfig.map",
            "qdrant.SparseVectorParams.index",
            "qdrant.SparseIndexConfig.on_disk",
            "qdrant.UpdateCollection.collection_name",
            "qdrant.UpdateCollection.vectors_config",
            "qdrant.VectorsConfigDiff.params_map",
            "qdrant.VectorParamsDiffMap.map",
            "qdrant.VectorParamsDiff.hnsw_config",
            "qdrant.VectorParamsDiff.quantization_config",
            "qdrant.VectorParamsDiff.on_disk",
            "qdrant.GetCollectionInfoRequest.collection_name",
            "qdrant.CreateFieldIndexCollection.collection_name",
            "qdrant.CreateFieldIndexCollection.wait",
            "qdrant.CreateFieldIndexCollection.field_name",
            "qdrant.CreateFieldIndexCollection.field_type",
            "qdrant.CreateFieldIndexCollection.field_index_params",
            "qdrant.PayloadIndexParams.keyword_index_params",
            "qdrant.PayloadIndexParams.integer_index_params",
            "qdrant.KeywordIndexParams.is_tenant",
            "qdrant.KeywordIndexParams.on_disk",
            "qdrant.KeywordIndexParams.enable_hnsw",
            "qdrant.IntegerIndexParams.lookup",
            "qdrant.IntegerIndexParams.range",
            "qdrant.IntegerIndexParams.on_disk",
            "qdrant.IntegerIndexParams.enable_hnsw",
            "qdrant.UpsertPoints.collection_name",
            "qdrant.UpsertPoints.wait",
            "qdrant.UpsertPoints.points",
            "qdrant.UpsertPoints.ordering",
            "qdrant.UpsertPoints.update_filter",
            "qdrant.WriteOrdering.type",
            "qdrant.PointStruct.id",
            "qdrant.PointStruct.payload",
            "qdrant.PointStruct.vectors",
            "qdrant.PointId.uuid",
            "qdrant.Vectors.vectors",
            "qdrant.NamedVectors.vectors",
            "qdrant.Vector.dense",
            "qdrant.Vector.sparse",
            "qdrant.DenseVector.data",
            "qdrant.SparseVector.indices",
            "qdrant.SparseVector.values",
            "qdrant.Value.integer_value",
            "qdrant.Value.string_value",
            "qdrant.Value.list_value",
            "qdrant.Value.struct_value",
            "qdrant.ListValue.values",
            "qdrant.Struct.fields",
            "qdrant.UpdateBatchPoints.collection_name",
            "qdrant.UpdateBatchPoints.wait",
            "qdrant.UpdateBatchPoints.ordering",
            "qdrant.UpdateBatchPoints.operations",
            "qdrant.PointsUpdateOperation.set_payload",
            "qdrant.PointsUpdateOperation.SetPayload.payload",
            "qdrant.PointsUpdateOperation.SetPayload.points_selector",
            "qdrant.PointsSelector.filter",
            "qdrant.DeletePoints.collection_name",
            "qdrant.DeletePoints.wait",
            "qdrant.DeletePoints.ordering",
            "qdrant.DeletePoints.points",
            "qdrant.Filter.must",
            "qdrant.Condition.field",
            "qdrant.Condition.has_id",
            "qdrant.HasIdCondition.has_id",
            "qdrant.FieldCondition.key",
            "qdrant.FieldCondition.match",
            "qdrant.FieldCondition.range",
            "qdrant.Match.keyword",
            "qdrant.Match.keywords",
            "qdrant.Match.integer",
            "qdrant.RepeatedStrings.strings",
            "qdrant.Range.lte",
            "qdrant.Range.gte",
            "qdrant.Range.gt",
            "qdrant.QueryPoints.collection_name",
            "qdrant.QueryPoints.using",
            "qdrant.QueryPoints.query",
            "qdrant.QueryPoints.filter",
            "qdrant.QueryPoints.params",
            "qdrant.QueryPoints.limit",
            "qdrant.QueryPoints.with_payload",
            "qdrant.QueryPoints.with_vectors",
            "qdrant.Query.nearest",
            "qdrant.VectorInput.dense",
            "qdrant.VectorInput.sparse",
            "qdrant.SearchParams.hnsw_ef",
            "qdrant.SearchParams.quantization",
            "qdrant.QuantizationSearchParams.rescore",
            "qdrant.QuantizationSearchParams.oversampling",
            "qdrant.WithPayloadSelector.include",
            "qdrant.PayloadIncludeSelector.fields",
            "qdrant.WithVectorsSelector.include",
            "qdrant.VectorsSelector.names",
            "qdrant.ScrollPoints.collection_name",
            "qdrant.ScrollPoints.filter",
            "qdrant.ScrollPoints.offset",
            "qdrant.ScrollPoints.limit",
            "qdrant.ScrollPoints.with_payload",
            "qdrant.ScrollPoints.with_vectors",
            "qdrant.CountPoints.collection_name",
            "qdrant.CountPoints.filter",
            "qdrant.CountPoints.exact",
            "qdrant.FacetCounts.collection_name",
            "qdrant.FacetCounts.key",
            "qdrant.FacetCounts.filter",
            "qdrant.FacetCounts.limit",
            "qdrant.FacetCounts.exact");

    private Told() {}

    /** @throws io.grpc.StatusRuntimeException UNIMPLEMENTED, naming the first feature nobody told the double of */
    static void require(Message request) {
        for (Map.Entry<FieldDescriptor, Object> set : request.getAllFields().entrySet()) {
            FieldDescriptor field = set.getKey();
            if (!field.getContainingType().getOptions().getMapEntry() && !FIELDS.contains(field.getFullName())) {
                throw unknown(field.getFullName());
            }
            if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                List<?> values = field.isRepeated() ? (List<?>) set.getValue() : List.of(set.getValue());
                values.forEach(value -> require((Message) value));
            }
        }
        if (!request.getUnknownFields().asMap().isEmpty()) {
            throw unknown(request.getDescriptorForType().getFullName() + " with unknown fields");
        }
    }

    static io.grpc.StatusRuntimeException unknown(String feature) {
        return Status.UNIMPLEMENTED.withDescription(feature).asRuntimeException();
    }
}
