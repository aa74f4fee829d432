package io.kvasir.retrieval.qdrant;

import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.MovableIndex.Kept;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.SourceVersion;
import io.kvasir.retrieval.words.Languages;
import io.kvasir.retrieval.words.PassageWords;
import io.qdrant.client.VectorOutputHelper;
import io.qdrant.client.grpc.Common.PointId;
import io.qdrant.client.grpc.JsonWithInt.ListValue;
import io.qdrant.client.grpc.JsonWithInt.Struct;
import io.qdrant.client.grpc.JsonWithInt.Value;
import io.qdrant.client.grpc.Points.DenseVector;
import io.qdrant.client.grpc.Points.NamedVectors;
import io.qdrant.client.grpc.Points.PointStruct;
import io.qdrant.client.grpc.Points.SparseVector;
import io.qdrant.client.grpc.Points.Vector;
import io.qdrant.client.grpc.Points.Vectors;
import io.qdrant.client.grpc.Points.VectorsOutput;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.lucene.util.StringHelper;

/** What a passage looks like in Qdrant. */
final class PassagePoints {
    static final String DENSE = "dense";
    static final String WORDS = "words";

    static final String TENANT = "tenant";
    static final String KNOWLEDGE_BASE = "knowledge_base";
    static final String SOURCE = "source";
    static final String FROM = "from";
    static final String TO = "to";
    /** Hashes of the terms that stand in it: counted to know how rare a word is among what a revision sees. */
    static final String TERMS = "terms";
    /** In words; counted to know how long the passages are that a revision sees. */
    static final String LENGTH = "length";

    static final String ANALYSIS = "analysis";
    static final String PASSAGE = "passage";

    /** No revision is that late. Ranges are doubles: above 2^53 neighbours could not be told apart. */
    static final long NEVER = 1L << 53;

    private final Languages languages;

    PassagePoints(Languages languages) {
        this.languages = languages;
    }

    /** Name-based (SHA-256, UUID version 8), of scope and passage: the same passage in two scopes is two points. */
    static PointId id(Scope scope, PassageId id) {
        try {
            ByteBuffer digest = ByteBuffer.wrap(MessageDigest.getInstance("SHA-256")
                    .digest((scope.key() + "/" + id.value()).getBytes(StandardCharsets.UTF_8)));
            long high = digest.getLong() & ~0xF000L | 0x8000L;
            long low = digest.getLong() & 0x3FFF_FFFF_FFFF_FFFFL | 0x8000_0000_0000_0000L;
            return PointId.newBuilder().setUuid(new UUID(high, low).toString()).build();
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** The number of a term in the sparse vector and among {@link #TERMS}: MurmurHash3, 32 bits, unsigned. */
    static long number(String term) {
        byte[] bytes = term.getBytes(StandardCharsets.UTF_8);
        return Integer.toUnsignedLong(StringHelper.murmurhash3_x86_32(bytes, 0, bytes.length, 0));
    }

    PointStruct point(Scope scope, Kept kept) {
        Passage passage = kept.embedded().passage();
        PassageWords words = PassageWords.of(passage, languages);
        TreeMap<Long, Integer> frequencies = new TreeMap<>();
        words.frequencies().forEach((term, times) -> frequencies.merge(number(term), times, Integer::sum));
        NamedVectors.Builder vectors = NamedVectors.newBuilder()
                .putVectors(
                        DENSE,
                        Vector.newBuilder()
                                .setDense(dense(kept.embedded().vector()))
                                .build());
        if (!frequencies.isEmpty()) {
            vectors.putVectors(
                    WORDS,
                    Vector.newBuilder()
                            .setSparse(sparse(frequencies, words.length()))
                            .build());
        }
        ListValue.Builder terms = ListValue.newBuilder();
        frequencies.keySet().forEach(number -> terms.addValues(value(number)));
        return PointStruct.newBuilder()
                .setId(id(scope, passage.id()))
                .setVectors(Vectors.newBuilder().setVectors(vectors))
                .putPayload(TENANT, value(scope.tenant().value()))
                .putPayload(KNOWLEDGE_BASE, value(scope.key()))
                .putPayload(SOURCE, value(passage.source().key()))
                .putPayload(FROM, value(kept.from().orElse(NEVER)))
                .putPayload(TO, value(kept.to().orElse(NEVER)))
                .putPayload(TERMS, Value.newBuilder().setListValue(terms).build())
                .putPayload(LENGTH, value(words.length()))
                .putPayload(ANALYSIS, value(languages.analysisOf(passage.language())))
                .putPayload(PASSAGE, written(passage))
                .build();
    }

    private static DenseVector dense(float[] vector) {
        DenseVector.Builder dense = DenseVector.newBuilder();
        for (float x : vector) {
            dense.addData(x);
        }
        return dense.build();
    }

    private static SparseVector sparse(Map<Long, Integer> frequencies, int length) {
        SparseVector.Builder sparse = SparseVector.newBuilder();
        frequencies.forEach((number, times) ->
                sparse.addIndices((int) (long) number).addValues((float) Bm25.stored(times, length)));
        return sparse.build();
    }

    private static Value written(Passage passage) {
        ListValue.Builder headings = ListValue.newBuilder();
        passage.headings().forEach(heading -> headings.addValues(value(heading)));
        Struct.Builder all = Struct.newBuilder()
                .putFields("id", value(passage.id().value()))
                .putFields("source", value(passage.source().source().value()))
                .putFields("version", value(passage.source().version()))
                .putFields("ordinal", value(passage.ordinal()))
                .putFields("title", value(passage.title()))
                .putFields("text", value(passage.text()))
                .putFields("start", value(passage.start()))
                .putFields("end", value(passage.end()))
                .putFields("headings", Value.newBuilder().setListValue(headings).build())
                .putFields("language", value(passage.language()));
        passage.url().ifPresent(url -> all.putFields("url", value(url)));
        passage.page().ifPresent(page -> all.putFields("page", value(page)));
        return Value.newBuilder().setStructValue(all).build();
    }

    static Passage passage(Map<String, Value> payload) {
        Map<String, Value> all = field(payload, PASSAGE).getStructValue().getFieldsMap();
        List<String> headings = new ArrayList<>();
        field(all, "headings")
                .getListValue()
                .getValuesList()
                .forEach(heading -> headings.add(heading.getStringValue()));
        return new Passage(
                new PassageId(text(all, "id")),
                new SourceVersion(
                        new SourceId(text(all, "source")), field(all, "version").getIntegerValue()),
                number(all, "ordinal"),
                text(all, "title"),
                Optional.ofNullable(all.get("url")).map(Value::getStringValue),
                text(all, "text"),
                number(all, "start"),
                number(all, "end"),
                Optional.ofNullable(all.get("page")).map(page -> (int) page.getIntegerValue()),
                headings,
                text(all, "language"));
    }

    static Kept kept(Map<String, Value> payload, VectorsOutput vectors) {
        return new Kept(
                new EmbeddedPassage(passage(payload), dense(vectors)),
                revision(field(payload, FROM)),
                revision(field(payload, TO)));
    }

    private static Optional<Long> revision(Value value) {
        return value.getIntegerValue() == NEVER ? Optional.empty() : Optional.of(value.getIntegerValue());
    }

    static float[] dense(VectorsOutput vectors) {
        List<Float> data = VectorOutputHelper.getDenseVector(
                        vectors.getVectors().getVectorsOrThrow(DENSE))
                .getDataList();
        float[] vector = new float[data.size()];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = data.get(i);
        }
        return vector;
    }

    static int length(Map<String, Value> payload) {
        return number(payload, LENGTH);
    }

    private static int number(Map<String, Value> fields, String name) {
        return (int) field(fields, name).getIntegerValue();
    }

    private static String text(Map<String, Value> fields, String name) {
        return field(fields, name).getStringValue();
    }

    private static Value field(Map<String, Value> fields, String name) {
        Value value = fields.get(name);
        if (value == null) {
            throw new IllegalStateException("a stored passage has no " + name);
        }
        return value;
    }

    static Value value(long number) {
        return Value.newBuilder().setIntegerValue(number).build();
    }

    /** Half a surrogate pair is no reason to lose a passage: it becomes U+FFFD. */
    static Value value(String text) {
        return Value.newBuilder().setStringValue(wellFormed(text)).build();
    }

    private static String wellFormed(String text) {
        StringBuilder mended = new StringBuilder(text.length());
        text.codePoints().forEach(c -> mended.appendCodePoint(c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c));
        return mended.toString();
    }
}
