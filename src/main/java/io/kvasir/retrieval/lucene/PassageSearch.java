package io.kvasir.retrieval.lucene;

import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.PassageIndex.Candidates;
import io.kvasir.retrieval.PassageIndex.Scored;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.words.QuestionWords;
import io.kvasir.retrieval.words.QuestionWords.Word;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.KnnVectorValues;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.SynonymQuery;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.util.BytesRef;

/** One search of one scope at one revision, on one point-in-time view of the index. */
final class PassageSearch {
    private final ScopeSearcher searcher;
    private final PassageQueries queries;
    private final Scope scope;
    private final VisiblePassages visible;

    PassageSearch(IndexSearcher all, PassageQueries queries, Scope scope, VisiblePassages visible) throws IOException {
        this.searcher = new ScopeSearcher(all, visible);
        this.queries = queries;
        this.scope = scope;
        this.visible = visible;
    }

    Candidates candidates(PassageIndex.Query query) throws IOException {
        if (visible.size() == 0) {
            return new Candidates(List.of(), List.of(), 0, Map.of());
        }
        ScoreDoc[] dense = query.mode() == SearchMode.KEYWORD
                ? new ScoreDoc[0]
                : NearestPassages.find(searcher, visible, query.vector(), query.candidates());
        List<Word> words = query.mode() == SearchMode.DENSE ? List.of() : words(query.text());
        ScoreDoc[] keyword =
                words.isEmpty() ? new ScoreDoc[0] : searcher.search(any(words), query.candidates()).scoreDocs;
        Map<Integer, Passage> passages = new HashMap<>();
        Map<PassageId, float[]> vectors = new HashMap<>();
        read(dense, keyword, passages, vectors);
        return new Candidates(
                // Lucene scores a dot product of unit vectors as (1 + cosine) / 2.
                scored(dense, passages, score -> 2 * score - 1),
                scored(keyword, passages, score -> score),
                words.stream().mapToDouble(Word::idf).sum(),
                vectors);
    }

    private static List<Scored> scored(ScoreDoc[] hits, Map<Integer, Passage> passages, DoubleUnaryOperator scale) {
        List<Scored> scored = new ArrayList<>(hits.length);
        for (ScoreDoc hit : hits) {
            Passage passage = passages.get(hit.doc);
            if (passage != null) {
                scored.add(new Scored(passage, scale.applyAsDouble(hit.score)));
            }
        }
        return scored;
    }

    private List<Word> words(String question) throws IOException {
        return QuestionWords.rarest(
                QuestionWords.of(question, queries.languages(), analyses()),
                searcher.passages(),
                term -> searcher.frequency(new Term(PassageDocuments.TEXT, term)));
    }

    private Query any(List<Word> words) {
        BooleanQuery.Builder any = new BooleanQuery.Builder();
        for (Word word : words) {
            any.add(query(word.terms()), Occur.SHOULD);
        }
        return new BooleanQuery.Builder()
                .add(any.build(), Occur.MUST)
                .add(visible, Occur.FILTER)
                .build();
    }

    private static Query query(Set<String> terms) {
        if (terms.size() == 1) {
            return new TermQuery(
                    new Term(PassageDocuments.TEXT, terms.iterator().next()));
        }
        SynonymQuery.Builder alternatives = new SynonymQuery.Builder(PassageDocuments.TEXT);
        terms.forEach(term -> alternatives.addTerm(new Term(PassageDocuments.TEXT, term)));
        return alternatives.build();
    }

    /** The analyses this scope's passages went through: what other tenants write changes nothing here. */
    private Set<String> analyses() throws IOException {
        String prefix = scope.key() + "#";
        Set<String> analyses = new LinkedHashSet<>();
        for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
            Terms terms = leaf.reader().terms(PassageDocuments.ANALYSIS);
            if (terms == null) {
                continue;
            }
            TermsEnum each = terms.iterator();
            TermsEnum.SeekStatus status = each.seekCeil(new BytesRef(prefix));
            while (status != TermsEnum.SeekStatus.END) {
                String term = each.term().utf8ToString();
                if (!term.startsWith(prefix)) {
                    break;
                }
                analyses.add(term.substring(prefix.length()));
                status = each.next() == null ? TermsEnum.SeekStatus.END : TermsEnum.SeekStatus.FOUND;
            }
        }
        return analyses;
    }

    /** Reads passages and vectors in document order, which is how they lie on disk. */
    private void read(
            ScoreDoc[] dense, ScoreDoc[] keyword, Map<Integer, Passage> passages, Map<PassageId, float[]> vectors)
            throws IOException {
        int[] hits = java.util.stream.Stream.of(dense, keyword)
                .flatMap(Arrays::stream)
                .mapToInt(hit -> hit.doc)
                .distinct()
                .sorted()
                .toArray();
        StoredFields stored = searcher.storedFields();
        List<LeafReaderContext> leaves = searcher.getIndexReader().leaves();
        FloatVectorValues values = null;
        KnnVectorValues.DocIndexIterator at = null;
        int leaf = -1;
        for (int hit : hits) {
            Passage passage = PassageDocuments.read(stored, hit);
            passages.put(hit, passage);
            int in = ReaderUtil.subIndex(hit, leaves);
            if (in != leaf) {
                leaf = in;
                values = leaves.get(in).reader().getFloatVectorValues(PassageDocuments.VECTOR);
                at = values == null ? null : values.iterator();
            }
            int target = hit - leaves.get(in).docBase;
            if (values != null && at != null && at.advance(target) == target) {
                vectors.put(passage.id(), values.vectorValue(at.index()).clone());
            }
        }
    }
}
