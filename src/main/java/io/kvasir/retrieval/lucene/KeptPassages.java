package io.kvasir.retrieval.lucene;

import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.MovableIndex.Kept;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.KnnVectorValues;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.util.Bits;
import org.apache.lucene.util.BytesRef;

/** The passages of a scope as they are stored, in the order of their ids. */
final class KeptPassages {
    private record At(LeafReaderContext leaf, int document) {}

    private KeptPassages() {}

    static List<Kept> after(IndexReader reader, Scope scope, Optional<PassageId> after, int limit) throws IOException {
        TreeMap<String, At> first = new TreeMap<>();
        for (LeafReaderContext leaf : reader.leaves()) {
            collect(leaf, scope, after, limit, first);
        }
        List<Kept> kept = new ArrayList<>();
        for (Map.Entry<String, At> each : first.entrySet()) {
            kept.add(read(each.getValue()));
        }
        return kept;
    }

    static Map<PassageId, Kept> of(IndexReader reader, Scope scope, Set<PassageId> ids) throws IOException {
        Map<PassageId, At> found = new HashMap<>();
        for (LeafReaderContext leaf : reader.leaves()) {
            for (PassageId id : ids) {
                PostingsEnum documents =
                        leaf.reader().postings(PassageDocuments.identity(scope, id), PostingsEnum.NONE);
                Bits live = leaf.reader().getLiveDocs();
                if (documents != null) {
                    for (int d = documents.nextDoc(); d != DocIdSetIterator.NO_MORE_DOCS; d = documents.nextDoc()) {
                        if (live == null || live.get(d)) {
                            found.put(id, new At(leaf, d));
                        }
                    }
                }
            }
        }
        Map<PassageId, Kept> kept = new HashMap<>();
        for (Map.Entry<PassageId, At> each : found.entrySet()) {
            kept.put(each.getKey(), read(each.getValue()));
        }
        return kept;
    }

    private static void collect(
            LeafReaderContext leaf, Scope scope, Optional<PassageId> after, int limit, TreeMap<String, At> first)
            throws IOException {
        Terms terms = leaf.reader().terms(PassageDocuments.ID);
        if (terms == null) {
            return;
        }
        String prefix = scope.key() + "/";
        // The smallest term behind an id is that id with a zero byte.
        String from = after.map(id -> prefix + id.value() + "\0").orElse(prefix);
        TermsEnum each = terms.iterator();
        Bits live = leaf.reader().getLiveDocs();
        TermsEnum.SeekStatus status = each.seekCeil(new BytesRef(from));
        while (status != TermsEnum.SeekStatus.END) {
            String term = each.term().utf8ToString();
            if (!term.startsWith(prefix) || first.size() >= limit && term.compareTo(first.lastKey()) > 0) {
                return;
            }
            PostingsEnum documents = each.postings(null, PostingsEnum.NONE);
            for (int d = documents.nextDoc(); d != DocIdSetIterator.NO_MORE_DOCS; d = documents.nextDoc()) {
                if (live == null || live.get(d)) {
                    first.put(term, new At(leaf, d));
                }
            }
            if (first.size() > limit) {
                first.pollLastEntry();
            }
            status = each.next() == null ? TermsEnum.SeekStatus.END : TermsEnum.SeekStatus.FOUND;
        }
    }

    private static Kept read(At at) throws IOException {
        FloatVectorValues vectors = at.leaf().reader().getFloatVectorValues(PassageDocuments.VECTOR);
        KnnVectorValues.DocIndexIterator vector = vectors == null ? null : vectors.iterator();
        if (vectors == null || vector == null || vector.advance(at.document()) != at.document()) {
            throw new IOException("a passage has no vector");
        }
        return new Kept(
                new EmbeddedPassage(
                        PassageDocuments.read(at.leaf().reader().storedFields(), at.document()),
                        vectors.vectorValue(vector.index()).clone()),
                revision(at, PassageDocuments.FROM),
                revision(at, PassageDocuments.TO));
    }

    private static Optional<Long> revision(At at, String field) throws IOException {
        NumericDocValues values = at.leaf().reader().getNumericDocValues(field);
        return values != null && values.advanceExact(at.document()) && values.longValue() != PassageDocuments.NEVER
                ? Optional.of(values.longValue())
                : Optional.empty();
    }
}
