package io.kvasir.retrieval.lucene;

import java.io.IOException;
import java.util.Comparator;
import java.util.Optional;
import java.util.PriorityQueue;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.VectorScorer;

/** The passages nearest to a vector: exactly, by comparing all, in scopes up to a size; along the HNSW graph in larger ones. */
final class NearestPassages {
    /** Comparing so many takes well under a millisecond, what a walk through the graph of a shared index takes too. */
    private static final int COMPARE_UP_TO = 10_000;

    private NearestPassages() {}

    /** Best first, as Lucene scores: (1 + cosine) / 2. */
    static ScoreDoc[] find(IndexSearcher searcher, VisiblePassages visible, float[] vector, int most)
            throws IOException {
        return visible.size() <= COMPARE_UP_TO
                ? compared(searcher, visible, vector, most)
                : searcher.search(new KnnFloatVectorQuery(PassageDocuments.VECTOR, vector, most, visible), most)
                        .scoreDocs;
    }

    private static ScoreDoc[] compared(IndexSearcher searcher, VisiblePassages visible, float[] vector, int most)
            throws IOException {
        Comparator<ScoreDoc> worstFirst = Comparator.<ScoreDoc>comparingDouble(hit -> hit.score)
                .thenComparing(hit -> hit.doc, Comparator.reverseOrder());
        PriorityQueue<ScoreDoc> best = new PriorityQueue<>(most + 1, worstFirst);
        for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
            Optional<DocIdSetIterator> documents = visible.within(leaf);
            FloatVectorValues vectors = leaf.reader().getFloatVectorValues(PassageDocuments.VECTOR);
            if (documents.isPresent() && vectors != null) {
                compare(leaf, documents.get(), vectors.scorer(vector), most, best);
            }
        }
        ScoreDoc[] hits = best.toArray(ScoreDoc[]::new);
        java.util.Arrays.sort(hits, worstFirst.reversed());
        return hits;
    }

    private static void compare(
            LeafReaderContext leaf,
            DocIdSetIterator documents,
            VectorScorer scorer,
            int most,
            PriorityQueue<ScoreDoc> best)
            throws IOException {
        DocIdSetIterator at = scorer.iterator();
        for (int doc = documents.nextDoc(); doc != DocIdSetIterator.NO_MORE_DOCS; doc = documents.nextDoc()) {
            if (at.docID() < doc && at.advance(doc) != doc || at.docID() != doc) {
                continue;
            }
            float score = scorer.score();
            if (best.size() < most || score > best.element().score) {
                best.add(new ScoreDoc(leaf.docBase + doc, score));
                if (best.size() > most) {
                    best.remove();
                }
            }
        }
    }
}
