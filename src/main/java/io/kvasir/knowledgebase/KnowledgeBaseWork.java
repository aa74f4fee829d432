package io.kvasir.knowledgebase;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.Reembedding;
import io.kvasir.jdbc.BlobStore;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.knowledgebase.domain.Document;
import io.kvasir.knowledgebase.domain.Embedding;
import io.kvasir.knowledgebase.domain.Job;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.PublicationStarted;
import io.kvasir.knowledgebase.domain.OldFile;
import io.kvasir.knowledgebase.domain.Retired;
import io.kvasir.knowledgebase.domain.Version;
import io.kvasir.retrieval.PassageIndex;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The work a knowledge base has done beside it. Looks at the state, begins what is missing, and never does a thing twice
 * at once; outcomes go back as messages. Everything here may be repeated after a crash.
 */
final class KnowledgeBaseWork {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.knowledgebase");
    private static final Job.Error BROKEN =
            new Job.Error("internal-error", "Something went wrong on our side while the file was read");

    private static final int SWEPT_AT_ONCE = 500;

    /**
     * What the work is done with.
     *
     * @param retire erases the vectors of a model that is not in service
     * @param unpinned what embeds for a knowledge base that does not say
     */
    record Tools(
            Ingestion ingestion,
            Reembedding reembedding,
            Embedding unpinned,
            Function<Embedding, ? extends PassageIndex> indexes,
            BiFunction<Embedding, Scope, CompletionStage<Void>> retire,
            BlobStore blobs,
            SubjectKeys keys,
            Catalogue catalogue,
            Room room,
            Dependents dependents) {}

    /** What others keep about a knowledge base and is to go with it: its conversations. Wiring provides it. */
    @FunctionalInterface
    interface Dependents {
        CompletionStage<Void> erase(Scope scope);
    }

    /** What is done one at a time. */
    private enum Work {
        PUBLICATION,
        SWEEP,
        RETIREMENT,
        ERASURE
    }

    private final Scope scope;
    private final Tools tools;
    private final int keptRevisions;
    private final Consumer<Report> tell;
    private final EmbeddingChange change;
    private final Map<JobId, Ingestion.Run> runs = new HashMap<>();
    private final Set<Work> atWork = java.util.EnumSet.noneOf(Work.class);
    private CompletionStage<Void> told = CompletableFuture.completedFuture(null);
    /** Jobs begin one after the other: thousands at once would hold up everybody else's use of the database. */
    private CompletionStage<Boolean> begun = CompletableFuture.completedFuture(true);

    private Optional<Held> held = Optional.empty();

    /** What the tenant was told last. @param gone keeps nothing any more */
    private record Held(boolean gone, long documents, long bytes) {}

    /** @param tell called from any thread */
    KnowledgeBaseWork(Scope scope, Tools tools, KnowledgeBaseSettings settings, Consumer<Report> tell) {
        this.scope = scope;
        this.tools = tools;
        this.keptRevisions = settings.keptRevisions();
        this.tell = tell;
        this.change = new EmbeddingChange(scope, tools.reembedding(), settings.reembedding(), tell);
    }

    EmbeddingChange change() {
        return change;
    }

    /**
     * The actor goes, maybe to another node, which begins all that waits anew: what went on here would take away or
     * hide what is read there, or write again what was deleted there.
     */
    void leave() {
        change.leave();
        runs.values().forEach(Ingestion.Run::leave);
    }

    /** What embeds for it, and finds its passages. */
    Embedding inService(KnowledgeBase state) {
        return state.embedding().orElse(tools.unpinned());
    }

    private PassageIndex index(KnowledgeBase state) {
        return tools.indexes().apply(inService(state));
    }

    /** Begins whatever the state calls for and is not at work yet. */
    void begin(KnowledgeBase state, Instant now) {
        holds(state);
        ingest(state);
        if (state.deleted()) {
            change.begin(state, inService(state), false);
            erase(state);
        } else {
            publish(state);
            if (!change.closing()) {
                sweep(state);
            }
            retire(state, now);
            if (!atWork.contains(Work.RETIREMENT)) {
                boolean quiet = state.publishing().isEmpty()
                        && !atWork.contains(Work.PUBLICATION)
                        && !atWork.contains(Work.SWEEP);
                change.begin(state, inService(state), quiet);
            }
        }
    }

    /** What a report is about may begin again. */
    void heard(Report report, Instant now) {
        switch (report) {
            case Report.Progressed _ -> {}
            case Report.Staged r -> runs.remove(r.job());
            case Report.Failed r -> runs.remove(r.job());
            case Report.Cancelled r -> runs.remove(r.job());
            case Report.Published _ -> atWork.remove(Work.PUBLICATION);
            case Report.Swept _ -> atWork.remove(Work.SWEEP);
            case Report.Erased _ -> atWork.remove(Work.ERASURE);
            case Report.Embedding r -> change.heard(r);
            case Report.Carried r -> change.heard(r, now);
            case Report.VectorsErased _ -> atWork.remove(Work.RETIREMENT);
        }
    }

    /** Begins jobs that wait, and cancels those nobody wants any more. */
    private void ingest(KnowledgeBase state) {
        Set<JobId> wanted = new HashSet<>();
        if (state.exists()) {
            for (Document document : state.documents()) {
                if (document.job().status() == Job.Status.PENDING) {
                    wanted.add(document.job().id());
                    runs.computeIfAbsent(document.job().id(), job -> ingest(state, document, job));
                }
            }
        }
        runs.forEach((job, run) -> {
            if (!wanted.contains(job)) {
                run.cancel();
            }
        });
    }

    private Ingestion.Run ingest(KnowledgeBase state, Document document, JobId job) {
        LateRun run = new LateRun();
        begun = begun.handle((_, _) -> true)
                .thenCompose(_ -> run.left()
                        ? CompletableFuture.completedFuture(Optional.empty())
                        : tools.keys().find(Sources.subject(scope, document.id())))
                .handle((key, fault) -> {
                    begin(state, document, job, run, fault == null ? key : Optional.empty());
                    return true;
                });
        return run;
    }

    private void begin(KnowledgeBase state, Document document, JobId job, LateRun run, Optional<SubjectKey> key) {
        if (run.left()) {
            return;
        }
        if (key.isEmpty()) {
            Job.Error locked = new Job.Error("unavailable", "The file could not be opened");
            tell.accept(new Report.Failed(document.id(), job, locked));
            return;
        }
        String name = key.get().open(document.file().name());
        Ingestion.Run started = tools.ingestion()
                .start(
                        Sources.task(scope, document, name, state.search().orElseThrow()),
                        news -> tell.accept(new Report.Progressed(job, news)));
        run.set(started);
        started.result().whenComplete((result, bug) -> {
            if (bug != null) {
                LOG.error("ingestion of {} broke", document.id(), bug);
            }
            tell.accept(
                    bug == null
                            ? report(document.id(), job, result, key.get())
                            : new Report.Failed(document.id(), job, BROKEN));
        });
    }

    private static Report report(SourceId document, JobId job, Ingestion.Result result, SubjectKey key) {
        return switch (result) {
            case Ingestion.Result.Staged r ->
                new Report.Staged(
                        document,
                        job,
                        new Document.Read(
                                key.seal(r.title()), r.mediaType(), r.language(), r.passages(), r.characters()));
            case Ingestion.Result.Failed r -> new Report.Failed(document, job, new Job.Error(r.code(), r.detail()));
            case Ingestion.Result.Cancelled _ -> new Report.Cancelled(job);
        };
    }

    /** A run whose key is still being looked up; remembers that it was cancelled or left meanwhile. */
    private static final class LateRun implements Ingestion.Run {
        private final CompletableFuture<Ingestion.Run> begun = new CompletableFuture<>();
        private volatile boolean left;

        boolean left() {
            return left;
        }

        void set(Ingestion.Run run) {
            begun.complete(run);
        }

        @Override
        public CompletionStage<Ingestion.Result> result() {
            return begun.thenCompose(Ingestion.Run::result);
        }

        @Override
        public void cancel() {
            begun.thenAccept(Ingestion.Run::cancel);
        }

        @Override
        public void leave() {
            left = true;
            begun.thenAccept(Ingestion.Run::leave);
        }
    }

    /** Repeats the promised publication until the index has it. */
    private void publish(KnowledgeBase state) {
        if (state.publishing().isEmpty() || !atWork.add(Work.PUBLICATION)) {
            return;
        }
        PublicationStarted p = state.publishing().get();
        PassageIndex index = index(state);
        index.publish(scope, p.revision(), versions(p.added()), versions(p.removed()))
                .thenCompose(_ -> index.purge(scope, Math.max(0, p.revision() - keptRevisions + 1)))
                .whenComplete((_, fault) -> {
                    if (fault != null) {
                        LOG.warn("publication {} of {} did not take place", p.revision(), scope.knowledgeBase(), fault);
                    }
                    tell.accept(new Report.Published(p.revision(), fault == null));
                });
    }

    private static Set<io.kvasir.retrieval.SourceVersion> versions(List<Version> versions) {
        return versions.stream().map(Sources::version).collect(Collectors.toSet());
    }

    /** Removes files and keys of versions nobody sees. */
    private void sweep(KnowledgeBase state) {
        List<Version> garbage = state.garbage().stream().limit(SWEPT_AT_ONCE).toList();
        List<OldFile> files = state.oldFiles();
        if (garbage.isEmpty() && files.isEmpty() || !atWork.add(Work.SWEEP)) {
            return;
        }
        CompletionStage<Void> all = CompletableFuture.completedFuture(null);
        for (OldFile file : files) {
            all = all.thenCompose(_ -> tools.blobs().delete(scope, file.blob()));
        }
        for (Version version : garbage) {
            all = all.thenCompose(_ -> sweep(state, version));
        }
        all.whenComplete((_, fault) -> tell.accept(new Report.Swept(garbage, files, fault == null)));
    }

    private CompletionStage<Void> sweep(KnowledgeBase state, Version version) {
        Optional<Document> document = state.document(version.source());
        CompletionStage<Void> done = index(state)
                .discard(scope, Sources.version(version))
                .thenCompose(_ -> tools.blobs().delete(scope, Sources.text(version.source(), version.version())));
        if (document.isEmpty()) {
            // What sources keep is named after its version.
            done = done.thenCompose(
                    _ -> tools.blobs().delete(scope, Sources.file(version.source(), version.version())));
        }
        boolean last = document.isEmpty()
                && state.removing().stream().noneMatch(v -> v.source().equals(version.source()));
        return last
                // An upload that a crash cut off before the knowledge base heard of it left its bytes.
                ? done.thenCompose(_ -> tools.blobs().deleteOf(scope, Sources.subject(scope, version.source())))
                        .thenCompose(_ -> tools.keys().destroy(Sources.subject(scope, version.source())))
                : done;
    }

    /** Erases vectors of a model that is not in service, once nobody who began before can be looking there. */
    private void retire(KnowledgeBase state, Instant now) {
        Optional<Embedding> next = state.retired().stream()
                .filter(r -> !now.isBefore(r.keptUntil()))
                .map(Retired::embedding)
                .findFirst();
        // A pass that was given up may still be writing there; its end settles again.
        if (next.isEmpty() || change.inHand() || !atWork.add(Work.RETIREMENT)) {
            return;
        }
        Embedding gone = next.get();
        tools.retire().apply(gone, scope).whenComplete((_, fault) -> {
            if (fault != null) {
                LOG.warn("vectors of {} for {} could not be erased", scope.knowledgeBase(), gone.model(), fault);
            }
            tell.accept(new Report.VectorsErased(gone, fault == null));
        });
    }

    /** Erases a deleted knowledge base wherever it left a trace. */
    private void erase(KnowledgeBase state) {
        // What is still at work could write after the erasure; its end settles again.
        if (state.erased() || !runs.isEmpty() || !atWork.isEmpty() || change.inHand()) {
            return;
        }
        atWork.add(Work.ERASURE);
        Set<Embedding> embeddings = new HashSet<>(Set.of(inService(state)));
        state.reembedding().ifPresent(r -> embeddings.add(r.to()));
        state.retired().forEach(r -> embeddings.add(r.embedding()));
        CompletionStage<Void> all = CompletableFuture.completedFuture(null);
        for (Embedding each : embeddings) {
            all = all.thenCompose(_ -> tools.indexes().apply(each).erase(scope));
        }
        all = all.thenCompose(_ -> tools.blobs().deleteAll(scope));
        Set<SourceId> sources = new HashSet<>();
        state.documents().forEach(d -> sources.add(d.id()));
        state.removing().forEach(v -> sources.add(v.source()));
        state.garbage().forEach(v -> sources.add(v.source()));
        state.oldFiles().forEach(f -> sources.add(f.source()));
        for (SourceId source : sources) {
            all = all.thenCompose(_ -> tools.keys().destroy(Sources.subject(scope, source)));
        }
        all.thenCompose(_ -> tools.keys().destroy(Sources.ownSubject(scope)))
                .thenCompose(_ -> tools.dependents().erase(scope))
                .whenComplete((_, fault) -> tell.accept(new Report.Erased(fault == null)));
    }

    /** Completes once the tenant knows what is held now; in the order of the states, and only where that changed. */
    private CompletionStage<Void> holds(KnowledgeBase state) {
        Held now = new Held(
                state.deleted(),
                state.documents().size() + state.items().kept(),
                state.documents().stream().mapToLong(d -> d.file().size()).sum()
                        + state.items().bytes());
        if (state.opening().isEmpty()
                || (held.equals(Optional.of(now)) && !told.toCompletableFuture().isCompletedExceptionally())) {
            return told;
        }
        held = Optional.of(now);
        told = told.handle((_, _) -> now)
                .thenCompose(word -> word.gone()
                        ? tools.room().gone(scope)
                        : tools.room().holds(scope, word.documents(), word.bytes()));
        return told;
    }

    /** Completes once the catalogue has this state or a later one, and its tenant knows what it holds. */
    CompletionStage<Void> confirmed(KnowledgeBase state, long version) {
        return tools.catalogue().confirm(scope, state, version).thenCombine(holds(state), (_, held) -> held);
    }
}
