package io.kvasir.knowledgebase;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.Reembedding;
import io.kvasir.jdbc.BlobStore;
import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.knowledgebase.domain.Embedding;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.SourceVersion;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** What a knowledge base works with, in the hands of a test: it sees what was begun and says what came of it. */
final class Surroundings implements AutoCloseable {
    static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

    private final Database database = TestDatabase.inMemory();
    private final Transactor transactor = new Transactor(database.dataSource(), 4);
    final SubjectKeys keys = new SubjectKeys(transactor, TestDatabase.masterKey());
    final Catalogue catalogue = new Catalogue(transactor);
    final List<Run> runs = new CopyOnWriteArrayList<>();
    static final Embedding UNPINNED = new Embedding("bge", 384);

    final Index index = new Index();
    /** Those of other models than {@link #UNPINNED}. */
    final Map<Embedding, Index> others = new ConcurrentHashMap<>();

    final List<Pass> passes = new CopyOnWriteArrayList<>();
    Duration keepOld = Duration.ZERO;
    final Blobs blobs = new Blobs();
    final List<String> held = new CopyOnWriteArrayList<>();
    final List<Scope> erased = new CopyOnWriteArrayList<>();

    static KnowledgeBaseSettings settings(
            long largestFile, int mostDocuments, Duration answerWithin, Duration idle, Duration keepOld) {
        return new KnowledgeBaseSettings(
                largestFile,
                10,
                mostDocuments,
                3,
                answerWithin,
                idle,
                100,
                "extractive",
                "extractive",
                0.2,
                800,
                new RetrievalSettings(
                        SearchMode.HYBRID, 5, 0.1, 100, 0.7, RetrievalSettings.Rerank.NONE, 0.7, 256, 32, 3_000),
                new KnowledgeBaseSettings.Reembedding(1, Duration.ofMillis(50), Duration.ofMillis(100), keepOld));
    }

    KnowledgeBaseEntity.Surroundings forEntity(int mostDocuments, Duration idle) {
        return new KnowledgeBaseEntity.Surroundings(
                settings(1_000, mostDocuments, Duration.ofSeconds(5), idle, keepOld),
                Clock.fixed(NOW, ZoneOffset.UTC),
                new KnowledgeBaseWork.Tools(
                        this::ingest,
                        this::reembed,
                        UNPINNED,
                        this::index,
                        (embedding, scope) -> index(embedding).erase(scope),
                        blobs,
                        keys,
                        catalogue,
                        new Endless(),
                        scope -> {
                            erased.add(scope);
                            return CompletableFuture.completedFuture(null);
                        }));
    }

    Index index(Embedding embedding) {
        return embedding.equals(UNPINNED) ? index : others.computeIfAbsent(embedding, _ -> new Index());
    }

    /** A pass of a change of the embedding model that was begun. */
    static final class Pass implements Reembedding.Run {
        final Reembedding.Task task;
        final Consumer<Reembedding.Progress> listener;
        final CompletableFuture<Reembedding.Result> result = new CompletableFuture<>();
        /** Takes its time to stop. */
        volatile boolean stubborn;

        volatile boolean cancelled;

        Pass(Reembedding.Task task, Consumer<Reembedding.Progress> listener) {
            this.task = task;
            this.listener = listener;
        }

        void carries(long embedded) {
            result.complete(new Reembedding.Result.Carried(1_000, embedded));
        }

        void fails(String why) {
            result.complete(new Reembedding.Result.Failed(why));
        }

        @Override
        public CompletionStage<Reembedding.Result> result() {
            return result;
        }

        @Override
        public void cancel() {
            cancelled = true;
            if (!stubborn) {
                result.complete(new Reembedding.Result.Cancelled());
            }
        }
    }

    private Reembedding.Run reembed(Reembedding.Task task, Consumer<Reembedding.Progress> listener) {
        Pass pass = new Pass(task, listener);
        passes.add(pass);
        return pass;
    }

    /** Room without end, that remembers what it was told. */
    final class Endless implements Room {
        @Override
        public CompletionStage<Outcome<Place>> forKnowledgeBase(Scope scope) {
            return CompletableFuture.completedFuture(Outcome.done(() -> CompletableFuture.completedFuture(null)));
        }

        @Override
        public CompletionStage<Outcome<Place>> forDocuments(Scope scope, String place, long documents, long bytes) {
            return forKnowledgeBase(scope);
        }

        @Override
        public CompletionStage<Void> holds(Scope scope, long documents, long bytes) {
            held.add(documents + " documents, " + bytes + " bytes");
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<Void> gone(Scope scope) {
            held.add("gone");
            return CompletableFuture.completedFuture(null);
        }
    }

    /** A task that was begun. */
    static final class Run implements Ingestion.Run {
        final Ingestion.Task task;
        final Consumer<Ingestion.Progress> listener;
        final CompletableFuture<Ingestion.Result> result = new CompletableFuture<>();
        /** Takes its time to stop. */
        volatile boolean stubborn;

        volatile boolean left;

        Run(Ingestion.Task task, Consumer<Ingestion.Progress> listener) {
            this.task = task;
            this.listener = listener;
        }

        @Override
        public void leave() {
            left = true;
        }

        void stages(int passages) {
            result.complete(new Ingestion.Result.Staged(passages, "Title", "text/plain", "en", 100));
        }

        @Override
        public CompletionStage<Ingestion.Result> result() {
            return result;
        }

        @Override
        public void cancel() {
            if (!stubborn) {
                result.complete(new Ingestion.Result.Cancelled());
            }
        }
    }

    private Ingestion.Run ingest(Ingestion.Task task, Consumer<Ingestion.Progress> listener) {
        Run run = new Run(task, listener);
        runs.add(run);
        return run;
    }

    @Override
    public void close() {
        transactor.close();
        database.close();
    }

    /** Remembers what it was told; away for a while where a test says so. */
    static class Index implements PassageIndex {
        record Publication(long revision, Set<SourceVersion> added, Set<SourceVersion> removed) {}

        final List<Publication> publications = new CopyOnWriteArrayList<>();
        final List<SourceVersion> discarded = new CopyOnWriteArrayList<>();
        final List<Scope> erased = new CopyOnWriteArrayList<>();
        final List<Long> purged = new CopyOnWriteArrayList<>();
        /** How many calls fail before the next works. */
        final AtomicInteger failures = new AtomicInteger();
        /** A publication that is not confirmed before a test says so. */
        volatile CompletableFuture<Void> gate = CompletableFuture.completedFuture(null);

        private CompletionStage<Void> done() {
            return failures.getAndUpdate(n -> Math.max(0, n - 1)) > 0
                    ? CompletableFuture.failedFuture(new IOException("index away"))
                    : CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<Void> publish(
                Scope scope, long revision, Set<SourceVersion> added, Set<SourceVersion> removed) {
            publications.add(new Publication(revision, added, removed));
            return gate.thenCompose(_ -> done());
        }

        @Override
        public CompletionStage<Void> discard(Scope scope, SourceVersion source) {
            discarded.add(source);
            return done();
        }

        @Override
        public CompletionStage<Void> purge(Scope scope, long oldestKept) {
            purged.add(oldestKept);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<Void> erase(Scope scope) {
            erased.add(scope);
            return done();
        }

        @Override
        public CompletionStage<Void> stage(Scope scope, List<EmbeddedPassage> passages) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Candidates> search(Scope scope, long revision, Query query) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Map<PassageId, Passage>> passages(Scope scope, Set<PassageId> ids) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Long> count(Scope scope, long revision) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }

    /** Remembers what was deleted. */
    static final class Blobs implements BlobStore {
        final List<BlobId> deleted = new CopyOnWriteArrayList<>();
        final List<String> forgotten = new CopyOnWriteArrayList<>();
        final List<Scope> emptied = new CopyOnWriteArrayList<>();

        @Override
        public CompletionStage<Void> deleteOf(Scope scope, String subject) {
            forgotten.add(subject);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<Void> delete(Scope scope, BlobId id) {
            deleted.add(id);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<Void> deleteAll(Scope scope) {
            emptied.add(scope);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<Blob> write(
                Scope scope, BlobId id, String subject, Source<ByteString, ?> bytes, long limit) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Source<ByteString, NotUsed> read(Scope scope, BlobId id) {
            throw new UnsupportedOperationException();
        }

        @Override
        public InputStream open(Scope scope, BlobId id) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Optional<Blob>> find(Scope scope, BlobId id) {
            throw new UnsupportedOperationException();
        }
    }
}
