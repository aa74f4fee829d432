package io.kvasir.retrieval.lucene;

import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.MovableIndex;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.SourceVersion;
import io.kvasir.retrieval.VectorSpace;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.apache.lucene.index.MultiTerms;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.Directory;
import org.apache.lucene.util.BytesRef;

/**
 * Passages in one Lucene index for all tenants: HNSW over unit vectors and BM25 over language-aware terms. Every query is
 * built around the term of its scope. A revision sees a passage through two numbers that are updated in place.
 *
 * <p>Changes run on virtual threads and share commits; searches have a small pool of their own, so that neither waits
 * for the other and neither runs on the caller's thread.
 */
public final class LucenePassageIndex implements MovableIndex {
    /** A bit a passage: room for the visible passages of some hundred million, over all scopes and revisions asked. */
    private static final long VISIBILITY_BYTES = 32L << 20;

    private final LuceneStore store;
    private final VisibilityCache visibility = new VisibilityCache(VISIBILITY_BYTES);
    private final PassageQueries queries = new PassageQueries();
    private final PassageDocuments documents = new PassageDocuments(queries.languages());
    private final ExecutorService changes = Executors.newVirtualThreadPerTaskExecutor();
    private final ExecutorService searches = Executors.newFixedThreadPool(
            Math.max(2, Runtime.getRuntime().availableProcessors()),
            Thread.ofPlatform().daemon().name("passage-search-", 0).factory());

    private LucenePassageIndex(LuceneStore store) {
        this.store = store;
    }

    /** Opens or creates the index. @throws IOException where the folder can't be used or is another process's */
    public static LucenePassageIndex open(Path folder) throws IOException {
        return new LucenePassageIndex(LuceneStore.open(folder));
    }

    static LucenePassageIndex on(Directory directory) throws IOException {
        return new LucenePassageIndex(LuceneStore.open(directory));
    }

    /**
     * Says which model's vectors are kept here, or holds it to what was said before. An index from before this was
     * recorded is taken to hold these, if the dimensions agree.
     *
     * @throws IOException where it was built with another model
     */
    public void builtWith(VectorSpace space) throws IOException {
        store.builtWith(space);
    }

    /** What {@link #builtWith} said last; empty where nothing was said yet. */
    public Optional<VectorSpace> builtWith() throws IOException {
        return store.builtWith();
    }

    /** Takes one file of the index. */
    @FunctionalInterface
    public interface Copy {
        void file(String name, InputStream bytes) throws IOException;
    }

    /** Hands over all files of the index as it was last committed, on the calling thread; changes go on meanwhile. */
    public void copy(Copy copy) throws IOException {
        store.copy(copy::file);
    }

    @Override
    public CompletionStage<Void> stage(Scope scope, List<EmbeddedPassage> passages) {
        return change(writer -> {
            for (EmbeddedPassage passage : unpublished(scope, passages)) {
                writer.updateDocument(
                        PassageDocuments.identity(scope, passage.passage().id()), documents.staged(scope, passage));
            }
        });
    }

    /** Staging again what is published would hide it: a repeated job may be behind its own publication. */
    private List<EmbeddedPassage> unpublished(Scope scope, List<EmbeddedPassage> passages) throws IOException {
        return store.search(searcher -> {
            List<EmbeddedPassage> unpublished = new ArrayList<>(passages.size());
            for (EmbeddedPassage passage : passages) {
                if (searcher.count(queries.published(scope, passage.passage().id())) == 0) {
                    unpublished.add(passage);
                }
            }
            return unpublished;
        });
    }

    @Override
    public CompletionStage<Void> publish(
            Scope scope, long revision, Set<SourceVersion> added, Set<SourceVersion> removed) {
        return change(writer -> {
            for (Term each : unmarked(scope, PassageDocuments.FROM, added)) {
                writer.updateNumericDocValue(each, PassageDocuments.FROM, revision);
            }
            for (Term each : unmarked(scope, PassageDocuments.TO, removed)) {
                writer.updateNumericDocValue(each, PassageDocuments.TO, revision);
            }
        });
    }

    /**
     * The passages of these that no publication marked so yet, whole sources by one term: a second mark would take from
     * readers what the first one gave them.
     */
    private List<Term> unmarked(Scope scope, String field, Set<SourceVersion> sources) throws IOException {
        return store.search(searcher -> {
            List<Term> unmarked = new ArrayList<>(sources.size());
            for (SourceVersion source : sources) {
                if (searcher.count(queries.marked(scope, source, field)) == 0) {
                    unmarked.add(PassageDocuments.source(scope, source));
                    continue;
                }
                org.apache.lucene.search.Query rest = queries.unmarked(scope, source, field);
                int count = searcher.count(rest);
                for (ScoreDoc hit : count == 0 ? new ScoreDoc[0] : searcher.search(rest, count).scoreDocs) {
                    unmarked.add(PassageDocuments.identity(
                            scope,
                            PassageDocuments.read(searcher.storedFields(), hit.doc)
                                    .id()));
                }
            }
            return unmarked;
        });
    }

    @Override
    public CompletionStage<Void> discard(Scope scope, SourceVersion source) {
        return change(writer -> writer.deleteDocuments(queries.stagedOf(scope, source)));
    }

    @Override
    public CompletionStage<Void> purge(Scope scope, long oldestKept) {
        return change(writer -> writer.deleteDocuments(queries.unseenSince(scope, oldestKept)));
    }

    @Override
    public CompletionStage<Void> erase(Scope scope) {
        return change(writer -> writer.deleteDocuments(queries.scope(scope)));
    }

    /** Has the bytes of everything that was deleted vanish from the disk; takes as long as rewriting what shares a file with it. */
    public CompletionStage<Void> expunge() {
        return on(changes, () -> {
                    store.expunge();
                    return true;
                })
                .thenAccept(_ -> {});
    }

    /** Every scope that has a passage, visible or not. */
    public CompletionStage<Set<Scope>> scopes() {
        return look(searcher -> {
            Set<Scope> scopes = new HashSet<>();
            Terms terms = MultiTerms.getTerms(searcher.getIndexReader(), PassageDocuments.SCOPE);
            if (terms != null) {
                TermsEnum each = terms.iterator();
                for (BytesRef term = each.next(); term != null; term = each.next()) {
                    Scope scope = Scope.parse(term.utf8ToString());
                    if (searcher.count(queries.scope(scope)) > 0) {
                        scopes.add(scope);
                    }
                }
            }
            return scopes;
        });
    }

    /** How many passages a scope has, visible or not. */
    public CompletionStage<Long> all(Scope scope) {
        return look(searcher -> (long) searcher.count(queries.scope(scope)));
    }

    @Override
    public CompletionStage<Candidates> search(Scope scope, long revision, Query query) {
        return look(searcher ->
                new PassageSearch(searcher, queries, scope, visible(searcher, scope, revision)).candidates(query));
    }

    @Override
    public CompletionStage<Map<PassageId, Passage>> passages(Scope scope, Set<PassageId> ids) {
        return look(searcher -> {
            Map<PassageId, Passage> found = new HashMap<>();
            for (PassageId id : ids) {
                var hits = searcher.search(queries.passage(scope, id), 1).scoreDocs;
                if (hits.length > 0) {
                    found.put(id, PassageDocuments.read(searcher.storedFields(), hits[0].doc));
                }
            }
            return found;
        });
    }

    @Override
    public CompletionStage<Long> count(Scope scope, long revision) {
        return look(searcher -> (long) visible(searcher, scope, revision).size());
    }

    @Override
    public CompletionStage<List<Kept>> kept(Scope scope, Optional<PassageId> after, int limit) {
        return look(searcher -> KeptPassages.after(searcher.getIndexReader(), scope, after, limit));
    }

    @Override
    public CompletionStage<Map<PassageId, Kept>> kept(Scope scope, Set<PassageId> ids) {
        return look(searcher -> KeptPassages.of(searcher.getIndexReader(), scope, ids));
    }

    @Override
    public CompletionStage<Void> remove(Scope scope, Set<PassageId> ids) {
        return change(writer -> writer.deleteDocuments(
                ids.stream().map(id -> PassageDocuments.identity(scope, id)).toArray(Term[]::new)));
    }

    @Override
    public CompletionStage<Long> size(Scope scope) {
        return look(searcher -> (long) searcher.count(queries.scope(scope)));
    }

    @Override
    public CompletionStage<Void> restore(Scope scope, List<Kept> passages) {
        return change(writer -> {
            for (Kept kept : passages) {
                PassageId id = kept.embedded().passage().id();
                writer.updateDocument(PassageDocuments.identity(scope, id), documents.kept(scope, kept));
            }
        });
    }

    private VisiblePassages visible(IndexSearcher searcher, Scope scope, long revision) throws IOException {
        return VisiblePassages.in(searcher.getIndexReader(), scope, revision, visibility);
    }

    /** Waits for what is running; what comes later fails. */
    @Override
    public void close() {
        changes.close();
        searches.close();
        store.close();
    }

    private CompletionStage<Void> change(LuceneStore.Change change) {
        return on(changes, () -> {
                    store.change(change);
                    return true;
                })
                .thenAccept(_ -> {});
    }

    private <T> CompletionStage<T> look(LuceneStore.Search<T> look) {
        return on(searches, () -> store.search(look));
    }

    private static <T> CompletionStage<T> on(ExecutorService threads, Callable<T> work) {
        try {
            return CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            return work.call();
                        } catch (RuntimeException e) {
                            throw e;
                        } catch (Exception e) {
                            throw new CompletionException(e);
                        }
                    },
                    threads);
        } catch (RejectedExecutionException closed) {
            return CompletableFuture.failedFuture(closed);
        }
    }
}
