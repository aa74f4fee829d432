package io.kvasir.retrieval.lucene;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.module.paramnames.ParameterNamesModule;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.MovableIndex.Kept;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.SourceVersion;
import io.kvasir.retrieval.words.Languages;
import io.kvasir.retrieval.words.PassageWords;
import java.io.IOException;
import java.util.Optional;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.util.BytesRef;

/** What a passage looks like in Lucene. */
final class PassageDocuments {
    static final String ID = "id";
    static final String SCOPE = "scope";
    static final String SOURCE = "source";
    /** Which analyses a scope's passages went through: {@code scope#language}. */
    static final String ANALYSIS = "analysis";

    static final String FROM = "from";
    static final String TO = "to";
    static final String TEXT = "text";
    static final String VECTOR = "vector";

    private static final String STORED = "passage";

    /** No revision is that late: not visible yet, and visible without end. */
    static final long NEVER = Long.MAX_VALUE;

    private static final ObjectMapper CBOR = CBORMapper.builder(CBORFactory.builder()
                    // Half a surrogate pair is no reason to lose a passage: it becomes U+FFFD.
                    .enable(CBORGenerator.Feature.LENIENT_UTF_ENCODING)
                    .build())
            .addModules(new Jdk8Module(), new ParameterNamesModule())
            .build();

    private final Languages languages;

    PassageDocuments(Languages languages) {
        this.languages = languages;
    }

    Document staged(Scope scope, EmbeddedPassage embedded) throws IOException {
        return kept(scope, new Kept(embedded, Optional.empty(), Optional.empty()));
    }

    Document kept(Scope scope, Kept kept) throws IOException {
        EmbeddedPassage embedded = kept.embedded();
        Passage passage = embedded.passage();
        String analysis = languages.analysisOf(passage.language());
        Document document = new Document();
        document.add(new StringField(ID, identity(scope, passage.id()).bytes(), Field.Store.NO));
        document.add(new StringField(SCOPE, scope.key(), Field.Store.NO));
        document.add(new StringField(SOURCE, source(scope, passage.source()).bytes(), Field.Store.NO));
        document.add(new StringField(ANALYSIS, scope.key() + "#" + analysis, Field.Store.NO));
        document.add(new NumericDocValuesField(FROM, kept.from().orElse(NEVER)));
        document.add(new NumericDocValuesField(TO, kept.to().orElse(NEVER)));
        document.add(new KnnFloatVectorField(VECTOR, embedded.vector(), VectorSimilarityFunction.DOT_PRODUCT));
        document.add(
                new TextField(TEXT, languages.analyzer(analysis).tokenStream(TEXT, PassageWords.searchable(passage))));
        document.add(new StoredField(STORED, CBOR.writeValueAsBytes(passage)));
        return document;
    }

    static Term identity(Scope scope, PassageId id) {
        return new Term(ID, scope.key() + "/" + id.value());
    }

    static Term source(Scope scope, SourceVersion source) {
        return new Term(SOURCE, scope.key() + "/" + source.key());
    }

    static Passage read(StoredFields stored, int document) throws IOException {
        BytesRef bytes = stored.document(document, java.util.Set.of(STORED)).getBinaryValue(STORED);
        return CBOR.readValue(bytes.bytes, bytes.offset, bytes.length, Passage.class);
    }
}
