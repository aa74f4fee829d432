package io.kvasir.retrieval.lucene;

import io.kvasir.kernel.Scope;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.ConstantScoreScorerSupplier;
import org.apache.lucene.search.ConstantScoreWeight;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.ScorerSupplier;
import org.apache.lucene.search.Weight;
import org.apache.lucene.util.BitSet;
import org.apache.lucene.util.BitSetIterator;
import org.apache.lucene.util.Bits;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.FixedBitSet;
import org.apache.lucene.util.SparseFixedBitSet;

/**
 * What one revision of one scope sees, in one view of the index: the filter every search runs under. Found by the term of
 * the scope, so a small scope costs what it holds, however large the index is; the sets of large ones are kept.
 */
final class VisiblePassages extends Query {
    private final List<Optional<Part>> parts;
    private final int size;

    private VisiblePassages(List<Optional<Part>> parts) {
        this.parts = parts;
        this.size =
                parts.stream().flatMap(Optional::stream).mapToInt(Part::size).sum();
    }

    /** Those within one segment. */
    record Part(BitSet documents, int size) {}

    static VisiblePassages in(IndexReader reader, Scope scope, long revision, VisibilityCache cache)
            throws IOException {
        List<Optional<Part>> parts = new ArrayList<>(reader.leaves().size());
        for (LeafReaderContext leaf : reader.leaves()) {
            parts.add(cache.get(leaf, scope, revision));
        }
        return new VisiblePassages(parts);
    }

    /** Looks through the scope's passages of a segment. @return empty where the revision sees none */
    static Optional<Part> look(LeafReaderContext leaf, PostingsEnum ofScope, int ofScopeAtMost, long revision)
            throws IOException {
        int most = leaf.reader().maxDoc();
        BitSet documents = ofScopeAtMost > most >>> 7 ? new FixedBitSet(most) : new SparseFixedBitSet(most);
        NumericDocValues from = leaf.reader().getNumericDocValues(PassageDocuments.FROM);
        NumericDocValues to = leaf.reader().getNumericDocValues(PassageDocuments.TO);
        Bits live = leaf.reader().getLiveDocs();
        int size = 0;
        for (int doc = ofScope.nextDoc(); doc != DocIdSetIterator.NO_MORE_DOCS; doc = ofScope.nextDoc()) {
            if ((live == null || live.get(doc))
                    && from.advanceExact(doc)
                    && from.longValue() <= revision
                    && to.advanceExact(doc)
                    && revision < to.longValue()) {
                documents.set(doc);
                size++;
            }
        }
        return size == 0 ? Optional.empty() : Optional.of(new Part(documents, size));
    }

    /** The scope's postings in a segment, positioned on its term. @return empty where the segment holds nothing of it */
    static Optional<TermsEnum> postings(LeafReaderContext leaf, Scope scope) throws IOException {
        Terms terms = leaf.reader().terms(PassageDocuments.SCOPE);
        if (terms == null) {
            return Optional.empty();
        }
        TermsEnum each = terms.iterator();
        return each.seekExact(new BytesRef(scope.key())) ? Optional.of(each) : Optional.empty();
    }

    /** How many passages the revision sees. */
    int size() {
        return size;
    }

    Optional<DocIdSetIterator> within(LeafReaderContext leaf) {
        return parts.get(leaf.ord).map(part -> new BitSetIterator(part.documents(), part.size()));
    }

    @Override
    public Weight createWeight(IndexSearcher searcher, ScoreMode mode, float boost) {
        return new ConstantScoreWeight(this, boost) {
            @Override
            @SuppressWarnings("NullAway") // null says "nothing here" in Lucene, which is not annotated
            public ScorerSupplier scorerSupplier(LeafReaderContext leaf) {
                return within(leaf)
                        .map(iterator -> ConstantScoreScorerSupplier.fromIterator(
                                iterator, score(), mode, leaf.reader().maxDoc()))
                        .orElse(null);
            }

            @Override
            public boolean isCacheable(LeafReaderContext leaf) {
                return false; // kept in VisibilityCache, which knows about revisions
            }
        };
    }

    @Override
    public void visit(QueryVisitor visitor) {
        visitor.visitLeaf(this);
    }

    @Override
    public String toString(String field) {
        return "visible passages: " + size;
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
