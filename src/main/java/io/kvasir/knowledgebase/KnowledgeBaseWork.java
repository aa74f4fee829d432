package io.kvasir.knowledgebase;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.jdbc.BlobStore;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.knowledgebase.domain.Document;
import io.kvasir.knowledgebase.domain.Job;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.PublicationStarted;
import io.kvasir.knowledgebase.domain.Version;
import io.kvasir.retrieval.PassageIndex;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The work a knowledge base has done beside it. Looks at the state, begins what is missing, and never does a thing twice
 * at once; outcomes go back as messages. Everything here may be repeated after a crash.
 */
final class KnowledgeBaseWork {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.knowledgebase");

    /** What the work is done with. */
    record Tools(
            Ingestion ingestion,
            PassageIndex index,
            BlobStore blobs,
            SubjectKeys keys,
            Catalogue catalogue,
            Dependents dependents) {}

    /** What others keep about a knowledge base and is to go with it: its conversations. Wiring provides it. */
    @FunctionalInterface
    interface Dependents {
        CompletionStage<Void> erase(Scope scope);
    }

    /** What is done one at a time. */
    enum Work {
        PUBLICATION,
        SWEEP,
        ERASURE
    }

    /** What ingestion came to, ready for the domain. */
    sealed interface Ending {
        record Staged(Document.Read read) implements Ending {}

        record Failed(Job.Error error) implements Ending {}

        record Cancelled() implements Ending {}
    }

    @FunctionalInterface
    interface WhenEnded {
        void tell(SourceId document, JobId job, Ending ending);
    }

    private final Scope scope;
    private final Tools tools;
    private final int keptRevisions;
    private final Map<JobId, Ingestion.Run> runs = new HashMap<>();
    private final Set<Work> atWork = java.util.EnumSet.noneOf(Work.class);
    private CompletionStage<Void> catalogue = CompletableFuture.completedFuture(null);
    private Optional<Boolean> lastBusy = Optional.empty();

    KnowledgeBaseWork(Scope scope, Tools tools, int keptRevisions) {
        this.scope = scope;
        this.tools = tools;
        this.keptRevisions = keptRevisions;
    }

    /** Begins jobs that wait, and cancels those nobody wants any more. */
    void ingest(KnowledgeBase state, BiConsumer<JobId, Ingestion.Progress> progress, WhenEnded ended) {
        Set<JobId> wanted = new HashSet<>();
        if (state.exists()) {
            for (Document document : state.documents()) {
                if (document.job().status() == Job.Status.PENDING) {
                    wanted.add(document.job().id());
                    runs.computeIfAbsent(document.job().id(), job -> begin(state, document, job, progress, ended));
                }
            }
        }
        runs.forEach((job, run) -> {
            if (!wanted.contains(job)) {
                run.cancel();
            }
        });
    }

    void ended(JobId job) {
        runs.remove(job);
    }

    private Ingestion.Run begin(
            KnowledgeBase state,
            Document document,
            JobId job,
            BiConsumer<JobId, Ingestion.Progress> progress,
            WhenEnded ended) {
        LateRun run = new LateRun();
        tools.keys().find(Sources.subject(scope, document.id())).whenComplete((key, fault) -> {
            if (fault != null || key.isEmpty()) {
                ended.tell(
                        document.id(),
                        job,
                        new Ending.Failed(new Job.Error("unavailable", "The file could not be opened")));
                return;
            }
            String name = key.get().open(document.file().name());
            Ingestion.Run started = tools.ingestion()
                    .start(
                            Sources.task(scope, document, name, state.search().orElseThrow()),
                            news -> progress.accept(job, news));
            run.set(started);
            started.result().whenComplete((result, bug) -> {
                if (bug != null) {
                    LOG.error("ingestion of {} broke", document.id(), bug);
                }
                ended.tell(document.id(), job, bug == null ? ending(result, key.get()) : broken());
            });
        });
        return run;
    }

    private static Ending broken() {
        return new Ending.Failed(
                new Job.Error("internal-error", "Something went wrong on our side while the file was read"));
    }

    private static Ending ending(Ingestion.Result result, SubjectKey key) {
        return switch (result) {
            case Ingestion.Result.Staged r ->
                new Ending.Staged(new Document.Read(
                        key.seal(r.title()), r.mediaType(), r.language(), r.passages(), r.characters()));
            case Ingestion.Result.Failed r -> new Ending.Failed(new Job.Error(r.code(), r.detail()));
            case Ingestion.Result.Cancelled _ -> new Ending.Cancelled();
        };
    }

    /** A run whose key is still being looked up; remembers that it was cancelled meanwhile. */
    private static final class LateRun implements Ingestion.Run {
        private final CompletableFuture<Ingestion.Run> begun = new CompletableFuture<>();

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
    }

    /** Repeats the promised publication until the index has it. */
    void publish(KnowledgeBase state, BiConsumer<Long, Boolean> ended) {
        if (state.publishing().isEmpty() || !atWork.add(Work.PUBLICATION)) {
            return;
        }
        PublicationStarted p = state.publishing().get();
        tools.index()
                .publish(scope, p.revision(), versions(p.added()), versions(p.removed()))
                .thenCompose(_ -> tools.index().purge(scope, Math.max(0, p.revision() - keptRevisions + 1)))
                .whenComplete((_, fault) -> {
                    if (fault != null) {
                        LOG.warn("publication {} of {} did not take place", p.revision(), scope.knowledgeBase(), fault);
                    }
                    ended.accept(p.revision(), fault == null);
                });
    }

    private static Set<io.kvasir.retrieval.SourceVersion> versions(List<Version> versions) {
        return versions.stream().map(Sources::version).collect(Collectors.toSet());
    }

    /** Removes files and keys of versions nobody sees. */
    void sweep(KnowledgeBase state, BiConsumer<List<Version>, Boolean> ended) {
        if (state.garbage().isEmpty() || !atWork.add(Work.SWEEP)) {
            return;
        }
        List<Version> garbage = state.garbage();
        CompletionStage<Void> all = CompletableFuture.completedFuture(null);
        for (Version version : garbage) {
            all = all.thenCompose(_ -> sweep(state, version));
        }
        all.whenComplete((_, fault) -> ended.accept(garbage, fault == null));
    }

    private CompletionStage<Void> sweep(KnowledgeBase state, Version version) {
        Optional<Document> document = state.document(version.source());
        boolean fileInUse =
                document.filter(d -> d.fileVersion() == version.version()).isPresent();
        CompletionStage<Void> done = tools.index()
                .discard(scope, Sources.version(version))
                .thenCompose(_ -> tools.blobs().delete(scope, Sources.text(version.source(), version.version())));
        if (!fileInUse) {
            done = done.thenCompose(
                    _ -> tools.blobs().delete(scope, Sources.file(version.source(), version.version())));
        }
        boolean last = document.isEmpty()
                && state.removing().stream().noneMatch(v -> v.source().equals(version.source()));
        return last
                // Earlier uploads whose reading failed left their bytes under the versions before.
                ? done.thenCompose(_ -> tools.keys().destroy(Sources.subject(scope, version.source())))
                : done;
    }

    /** Erases a deleted knowledge base wherever it left a trace. */
    void erase(KnowledgeBase state, Consumer<Boolean> ended) {
        // A run that is still at work could write after the erasure; its end settles again.
        if (state.erased() || !runs.isEmpty() || !atWork.add(Work.ERASURE)) {
            return;
        }
        CompletionStage<Void> all =
                tools.index().erase(scope).thenCompose(_ -> tools.blobs().deleteAll(scope));
        Set<SourceId> sources = new HashSet<>();
        state.documents().forEach(d -> sources.add(d.id()));
        state.removing().forEach(v -> sources.add(v.source()));
        state.garbage().forEach(v -> sources.add(v.source()));
        for (SourceId source : sources) {
            all = all.thenCompose(_ -> tools.keys().destroy(Sources.subject(scope, source)));
        }
        all.thenCompose(_ -> tools.keys().destroy(Sources.ownSubject(scope)))
                .thenCompose(_ -> tools.dependents().erase(scope))
                .thenCompose(_ -> tools.catalogue().remove(scope))
                .whenComplete((_, fault) -> ended.accept(fault == null));
    }

    /** After an outcome: the next of its kind may begin. */
    void ended(Work kind) {
        atWork.remove(kind);
    }

    /** Tells the catalogue, where that changes anything. */
    void catalogued(KnowledgeBase state) {
        if (state.opening().isPresent() && !state.deleted() && !lastBusy.equals(Optional.of(state.busy()))) {
            confirmed(state);
        }
    }

    /** Completes once the catalogue has this state; in the order of the states. */
    CompletionStage<Void> confirmed(KnowledgeBase state) {
        if (state.deleted()) {
            // The row stays, as busy, until everything is erased: a crash must not forget it.
            return catalogue = catalogue
                    .handle((_, _) -> null)
                    .thenCompose(_ -> tools.catalogue().confirm(scope, true, Optional.empty()));
        }
        boolean busy = state.busy();
        lastBusy = Optional.of(busy);
        catalogue = catalogue
                .handle((_, _) -> null)
                .thenCompose(_ -> tools.catalogue().confirm(scope, busy, state.slug()));
        return catalogue;
    }
}
