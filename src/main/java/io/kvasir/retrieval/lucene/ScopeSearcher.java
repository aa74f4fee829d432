package io.kvasir.retrieval.lucene;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.CollectionStatistics;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TermStatistics;

/**
 * Sees one scope's word statistics instead of the whole index's: how rare a word is must not depend on, nor tell, what
 * other tenants write. Exact for scopes up to a size; for larger ones the index's shares are taken, which they dominate.
 */
final class ScopeSearcher extends IndexSearcher {
    /** Counting a word within a scope costs as many steps as the scope has passages at most. */
    private static final long EXACT_UP_TO = 20_000;

    private final Query scope;
    private final long passages;
    private final double share;
    private final Map<Term, Long> frequencies = new HashMap<>();

    ScopeSearcher(IndexSearcher all, Query scope) throws IOException {
        super(all.getIndexReader());
        setQueryCache(all.getQueryCache());
        setQueryCachingPolicy(all.getQueryCachingPolicy());
        this.scope = scope;
        this.passages = Math.max(1, count(scope));
        this.share = (double) passages / Math.max(1, getIndexReader().getDocCount(PassageDocuments.TEXT));
    }

    long passages() {
        return passages;
    }

    /** In how many of the scope's passages the word stands, published or not. */
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
                        .add(scope, Occur.FILTER)
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
        long terms = Math.max(passages, all.sumTotalTermFreq() / all.docCount() * passages);
        long distinct = Math.clamp(Math.round(all.sumDocFreq() * share), passages, terms);
        return new CollectionStatistics(field, passages, passages, terms, distinct);
    }
}
