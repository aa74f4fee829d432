package io.kvasir.retrieval.lucene;

import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.SourceVersion;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.store.Directory;

/**
 * Passages in one Lucene index for all tenants: HNSW over unit vectors and BM25 over language-aware terms. Every query is
 * built around the term of its scope. A revision sees a passage through two numbers that are updated in place.
 *
 * <p>Changes run on virtual threads and share commits; searches have a small pool of their own, so that neither waits
 * for the other and neither runs on the caller's thread.
 */
public final class LucenePassageIndex implements PassageIndex {
    private final LuceneStore store;
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

    @Override
    public CompletionStage<Void> stage(Scope scope, List<EmbeddedPassage> passages) {
        return change(() -> {
            for (EmbeddedPassage passage : passages) {
                store.write(w -> w.updateDocument(
                        PassageDocuments.identity(scope, passage.passage().id()), documents.staged(scope, passage)));
            }
            store.commit();
        });
    }

    @Override
    public CompletionStage<Void> publish(
            Scope scope, long revision, Set<SourceVersion> added, Set<SourceVersion> removed) {
        return change(() -> {
            store.write(w -> {
                for (SourceVersion source : added) {
                    w.updateNumericDocValue(PassageDocuments.source(scope, source), PassageDocuments.FROM, revision);
                }
                for (SourceVersion source : removed) {
                    w.updateNumericDocValue(PassageDocuments.source(scope, source), PassageDocuments.TO, revision);
                }
            });
            store.commit();
        });
    }

    @Override
    public CompletionStage<Void> discard(Scope scope, SourceVersion source) {
        return change(() -> {
            store.write(w -> w.deleteDocuments(queries.stagedOf(scope, source)));
            store.commit();
        });
    }

    @Override
    public CompletionStage<Void> purge(Scope scope, long oldestKept) {
        return change(() -> {
            store.write(w -> w.deleteDocuments(queries.unseenSince(scope, oldestKept)));
            store.commit();
        });
    }

    @Override
    public CompletionStage<Void> erase(Scope scope) {
        return change(() -> {
            store.write(w -> w.deleteDocuments(queries.scope(scope)));
            store.commit();
        });
    }

    @Override
    public CompletionStage<Candidates> search(Scope scope, long revision, Query query) {
        return look(searcher -> new PassageSearch(searcher, queries, scope, revision).candidates(query));
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
        return look(searcher -> (long) searcher.count(queries.visible(scope, revision)));
    }

    @Override
    public void close() {
        changes.close();
        searches.shutdown();
        store.close();
    }

    @FunctionalInterface
    private interface Change {
        void apply() throws IOException;
    }

    @FunctionalInterface
    private interface Look<T> {
        T at(IndexSearcher searcher) throws IOException;
    }

    private CompletionStage<Void> change(Change change) {
        return on(changes, () -> {
                    change.apply();
                    return true;
                })
                .thenAccept(_ -> {});
    }

    private <T> CompletionStage<T> look(Look<T> look) {
        return on(searches, () -> store.search(look::at));
    }

    private static <T> CompletionStage<T> on(ExecutorService threads, Callable<T> work) {
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
    }
}
