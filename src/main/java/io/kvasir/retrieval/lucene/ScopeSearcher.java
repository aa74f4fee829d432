package io.kvasir.retrieval.lucene;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.CollectionStatistics;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TermStatistics;
import org.apache.lucene.util.SmallFloat;

/**
 * Sees the word statistics of what one revision of one scope sees instead of the whole index's: a score must not depend on,
 * nor tell, what other tenants write, and asking as of a revision gives what it gave then. Exact up to a size; larger
 * scopes take their share of the index's, which they dominate.
 */
final class ScopeSearcher extends IndexSearcher {
    /** Counting a word costs as many steps as there are visible passages at most. */
    private static final int EXACT_UP_TO = 20_000;

    private final VisiblePassages visible;
    private final long passages;
    private final double share;
    private final Map<Term, Long> frequencies = new HashMap<>();

    ScopeSearcher(IndexSearcher all, VisiblePassages visible) throws IOException {
        super(all.getIndexReader());
        setQueryCache(null);
        this.visible = visible;
        this.passages = Math.max(1, visible.size());
        this.share = (double) passages / Math.max(1, getIndexReader().getDocCount(PassageDocuments.TEXT));
    }

    long passages() {
        return passages;
    }

    /** In how many of the visible passages the word stands. */
    long frequency(Term term) throws IOException {
        Long known = frequencies.get(term);
        if (known == null) {
            known = count(term);
            frequencies.put(term, known);
        }
        return known;
    }

    private long count(Term term) throws IOException {
        int everywhere = getIndexReader().docFreq(term);
        if (everywhere == 0) {
            return 0;
        }
        return passages <= EXACT_UP_TO
                ? count(new BooleanQuery.Builder()
                        .add(new TermQuery(term), Occur.FILTER)
                        .add(visible, Occur.FILTER)
                        .build())
                : Math.clamp(Math.round(everywhere * share), 1, passages);
    }

    @Override
    public TermStatistics termStatistics(Term term, int docFreq, long totalTermFreq) throws IOException {
        long inScope = Math.max(1, frequency(term));
        return new TermStatistics(term.bytes(), inScope, Math.max(inScope, Math.round(totalTermFreq * share)));
    }

    @Override
    public CollectionStatistics collectionStatistics(String field) throws IOException {
        CollectionStatistics all = super.collectionStatistics(field);
        if (all == null) {
            return all;
        }
        long words = passages <= EXACT_UP_TO ? words(field) : Math.round(all.sumTotalTermFreq() * share);
        long terms = Math.max(passages, words);
        return new CollectionStatistics(
                field, passages, passages, terms, Math.clamp(Math.round(all.sumDocFreq() * share), passages, terms));
    }

    /** How long the visible passages are together, to the precision BM25 itself has. */
    private long words(String field) throws IOException {
        long words = 0;
        for (LeafReaderContext leaf : getIndexReader().leaves()) {
            Optional<DocIdSetIterator> documents = visible.within(leaf);
            NumericDocValues lengths = leaf.reader().getNormValues(field);
            if (documents.isEmpty() || lengths == null) {
                continue;
            }
            DocIdSetIterator each = documents.get();
            for (int doc = each.nextDoc(); doc != DocIdSetIterator.NO_MORE_DOCS; doc = each.nextDoc()) {
                if (lengths.advanceExact(doc)) {
                    words += SmallFloat.byte4ToInt((byte) lengths.longValue());
                }
            }
        }
        return words;
    }
}
