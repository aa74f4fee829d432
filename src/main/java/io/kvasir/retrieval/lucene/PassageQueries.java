package io.kvasir.retrieval.lucene;

import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.SourceVersion;
import io.kvasir.retrieval.words.Languages;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;

/** The walls: each of these starts from one scope and can be built in no other way. */
final class PassageQueries {
    private final Languages languages = new Languages();

    Languages languages() {
        return languages;
    }

    Query scope(Scope scope) {
        return new TermQuery(new Term(PassageDocuments.SCOPE, scope.key()));
    }

    Query passage(Scope scope, PassageId id) {
        return new TermQuery(PassageDocuments.identity(scope, id));
    }

    /** The passage with this id, if any revision sees or saw it. */
    Query published(Scope scope, PassageId id) {
        return new BooleanQuery.Builder()
                .add(passage(scope, id), Occur.FILTER)
                .add(range(PassageDocuments.FROM, Long.MIN_VALUE, PassageDocuments.NEVER - 1), Occur.FILTER)
                .build();
    }

    /** The passages of a source in whose field, {@code FROM} or {@code TO}, stands a revision. */
    Query marked(Scope scope, SourceVersion source, String field) {
        return of(scope, source, range(field, Long.MIN_VALUE, PassageDocuments.NEVER - 1));
    }

    /** Those in whose field stands none yet. */
    Query unmarked(Scope scope, SourceVersion source, String field) {
        return of(scope, source, range(field, PassageDocuments.NEVER, PassageDocuments.NEVER));
    }

    private static Query of(Scope scope, SourceVersion source, Query condition) {
        return new BooleanQuery.Builder()
                .add(new TermQuery(PassageDocuments.source(scope, source)), Occur.FILTER)
                .add(condition, Occur.FILTER)
                .build();
    }

    Query stagedOf(Scope scope, SourceVersion source) {
        return unmarked(scope, source, PassageDocuments.FROM);
    }

    /** What no revision from {@code oldestKept} on sees. */
    Query unseenSince(Scope scope, long oldestKept) {
        return new BooleanQuery.Builder()
                .add(scope(scope), Occur.FILTER)
                .add(range(PassageDocuments.TO, Long.MIN_VALUE, oldestKept), Occur.FILTER)
                .build();
    }

    private static Query range(String field, long least, long most) {
        return NumericDocValuesField.newSlowRangeQuery(field, least, most);
    }
}
