package io.kvasir.knowledgebase.domain;

import io.kvasir.kernel.Decision;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.Stored;
import io.kvasir.kernel.StoredAs;
import io.kvasir.kernel.UserId;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.Created;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.Deleted;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.DocumentAdded;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.DocumentRemoved;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.Erased;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.ItemsStaged;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.JobCancelled;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.JobFailed;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.JobStaged;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.ProfileChanged;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.PublicationStarted;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.Published;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.Reembedded;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.ReembeddingCancelled;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.ReembeddingStarted;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.SearchConfigured;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.Shared;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.Swept;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.Unshared;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.VectorsErased;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.VersionBegun;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What is known of one knowledge base, and what may happen next.
 *
 * @param opening empty where it does not exist (yet)
 * @param revision of what it knows; rises with each publication
 * @param publishing the publication that was promised and not confirmed yet; one at a time
 * @param removing versions to hide with the next publication
 * @param garbage versions nobody sees any more, whose passages and texts are to be swept
 * @param oldFiles bytes no document refers to any more, to be swept
 * @param items what the sources of this knowledge base keep, which have a ledger of their own
 * @param embedding what its passages are embedded with; empty where nobody said so: what the server embedded with then
 * @param reembedding where it is on its way to another
 * @param retired vectors of models that are not in service, to be erased
 * @param gone documents that were removed a while ago at most
 */
@StoredAs("kb.v1")
public record KnowledgeBase(
        Optional<Opening> opening,
        Optional<Profile> profile,
        Optional<SearchSettings> search,
        Optional<String> slug,
        long revision,
        List<Document> documents,
        Optional<PublicationStarted> publishing,
        List<Version> removing,
        List<Version> garbage,
        List<OldFile> oldFiles,
        Optional<Instant> changedAt,
        boolean deleted,
        boolean erased,
        Items items,
        Optional<Embedding> embedding,
        Optional<Reembedding> reembedding,
        List<Retired> retired,
        List<Gone> gone)
        implements Stored {
    public static final KnowledgeBase NONE = new KnowledgeBase(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            0,
            List.of(),
            Optional.empty(),
            List.of(),
            List.of(),
            List.of(),
            Optional.empty(),
            false,
            false,
            Items.NONE,
            Optional.empty(),
            Optional.empty(),
            List.of(),
            List.of());

    @SuppressWarnings("NullAway")
    public KnowledgeBase {
        documents = List.copyOf(documents);
        removing = List.copyOf(removing);
        garbage = List.copyOf(garbage);
        // Snapshots from before had none.
        oldFiles = oldFiles == null ? List.of() : List.copyOf(oldFiles);
        // What was stored before there were sources has none.
        items = items == null ? Items.NONE : items;
        retired = retired == null ? List.of() : List.copyOf(retired);
        gone = gone == null ? List.of() : List.copyOf(gone);
    }

    /**
     * What sources keep here.
     *
     * @param arriving versions to show with the next publication
     * @param kept how many items; @param bytes of their files
     */
    public record Items(List<Version> arriving, long kept, long bytes) {
        static final Items NONE = new Items(List.of(), 0, 0);

        public Items {
            arriving = List.copyOf(arriving);
        }
    }

    public record Opening(UserId owner, Instant at) {}

    public boolean exists() {
        return opening.isPresent() && !deleted;
    }

    public Optional<Document> document(SourceId id) {
        return documents.stream().filter(d -> d.id().equals(id)).findFirst();
    }

    /** In the order of their ids. @param after an id, empty for the first; @param most how many */
    public List<Document> documents(String after, int most) {
        return documents.stream()
                .filter(d -> d.id().value().compareTo(after) > 0)
                .sorted(Comparator.comparing(d -> d.id().value()))
                .limit(most)
                .toList();
    }

    public Optional<Document> ofJob(JobId job) {
        return documents.stream().filter(d -> d.job().id().equals(job)).findFirst();
    }

    /** Something goes on, or is to go on after a crash. */
    public boolean busy() {
        return (deleted && !erased)
                || publishing.isPresent()
                || !removing.isEmpty()
                || !items.arriving().isEmpty()
                || reembedding.isPresent()
                || !retired.isEmpty()
                || !garbage.isEmpty()
                || !oldFiles.isEmpty()
                || documents.stream().anyMatch(d -> switch (d.job().status()) {
                    case PENDING, STAGED -> true;
                    case COMPLETED, FAILED, CANCELLED -> false;
                });
    }

    // decisions

    public Decision<KnowledgeBaseEvent> create(Created birth) {
        return opening.isPresent()
                ? Decision.reject(new Rejection.Conflict("already-exists", "This knowledge base exists already"))
                : Decision.accept(birth);
    }

    public Decision<KnowledgeBaseEvent> describe(Profile next, Instant now) {
        return existing(() -> Decision.accept(new ProfileChanged(next, now)));
    }

    /** The same, and has its passages embedded with a model. @param embedded what they are embedded with now */
    public Decision<KnowledgeBaseEvent> describe(Profile next, Embedding wanted, Embedding embedded, Instant now) {
        List<KnowledgeBaseEvent> events = new ArrayList<>();
        for (Decision<KnowledgeBaseEvent> each : List.of(describe(next, now), embed(wanted, embedded, now))) {
            switch (each) {
                case Decision.Accept<KnowledgeBaseEvent>(List<KnowledgeBaseEvent> some) -> events.addAll(some);
                case Decision.Reject<KnowledgeBaseEvent> refused -> {
                    return refused;
                }
            }
        }
        return new Decision.Accept<>(events);
    }

    /**
     * Has its passages embedded with a model. Wanting the one in service ends what is on the way to another.
     *
     * @param now in service: {@link #embedding}, or what stands for it
     */
    public Decision<KnowledgeBaseEvent> embed(Embedding wanted, Embedding now, Instant at) {
        return existing(() -> {
            if (reembedding.isPresent() ? reembedding.get().to().equals(wanted) : now.equals(wanted)) {
                return Decision.accept();
            }
            List<KnowledgeBaseEvent> events = new ArrayList<>();
            if (reembedding.isPresent()) {
                events.add(new ReembeddingCancelled(at));
            }
            if (!now.equals(wanted)) {
                events.add(new ReembeddingStarted(now, wanted, at));
            }
            return new Decision.Accept<>(events);
        });
    }

    /** Ending what has ended is no error. */
    public Decision<KnowledgeBaseEvent> cancelReembedding(Instant now) {
        return existing(
                () -> reembedding.isEmpty() ? Decision.accept() : Decision.accept(new ReembeddingCancelled(now)));
    }

    /** All passages are there. Nothing follows where nobody wants that any more. @param keepOld for questions that began before */
    public Decision<KnowledgeBaseEvent> reembedded(Embedding to, Duration keepOld, Instant now) {
        return exists() && reembedding.filter(r -> r.to().equals(to)).isPresent()
                ? Decision.accept(new Reembedded(to, now.plus(keepOld), now))
                : Decision.accept();
    }

    public Decision<KnowledgeBaseEvent> vectorsErased(Embedding of, Instant now) {
        return retired.stream().anyMatch(r -> r.embedding().equals(of))
                ? Decision.accept(new VectorsErased(of, now))
                : Decision.accept();
    }

    public Decision<KnowledgeBaseEvent> configure(SearchSettings next, Instant now) {
        return existing(() -> search.filter(next::equals).isPresent()
                ? Decision.accept()
                : Decision.accept(new SearchConfigured(next, now)));
    }

    /** Sharing what is shared keeps its address. */
    public Decision<KnowledgeBaseEvent> share(String fresh, Instant now) {
        return existing(() -> slug.isPresent() ? Decision.accept() : Decision.accept(new Shared(fresh, now)));
    }

    public Decision<KnowledgeBaseEvent> unshare(Instant now) {
        return existing(() -> slug.isEmpty() ? Decision.accept() : Decision.accept(new Unshared(now)));
    }

    /** Adding what is there, or was removed, changes nothing. @param most documents a knowledge base may have */
    public Decision<KnowledgeBaseEvent> add(DocumentAdded addition, int most) {
        return existing(() -> {
            if (document(addition.document()).isPresent()) {
                return Decision.accept();
            }
            if (gone.stream().anyMatch(g -> g.document().equals(addition.document()))) {
                return conflict("document-removed", "This document was removed");
            }
            return documents.size() >= most
                    ? conflict("too-many-documents", "A knowledge base may have " + most + " documents at most")
                    : Decision.accept(addition);
        });
    }

    /** New bytes for a document, or the same bytes again; whatever is at work for it is given up. */
    public Decision<KnowledgeBaseEvent> begin(SourceId id, Optional<Document.File> file, JobId job, Instant now) {
        return onDocument(id, d -> Decision.accept(new VersionBegun(id, d.version() + 1, file, job, now)));
    }

    public Decision<KnowledgeBaseEvent> retry(SourceId id, JobId job, Instant now) {
        return onDocument(id, d -> switch (d.job().status()) {
            case FAILED, CANCELLED ->
                Decision.accept(new VersionBegun(id, d.version() + 1, Optional.empty(), job, now));
            case PENDING, STAGED, COMPLETED ->
                conflict("nothing-to-retry", "Only a document that failed or was cancelled can be retried");
        });
    }

    public Decision<KnowledgeBaseEvent> remove(SourceId id, Instant now) {
        return onDocument(id, _ -> Decision.accept(new DocumentRemoved(id, now)));
    }

    public Decision<KnowledgeBaseEvent> cancel(JobId job, Instant now) {
        return existing(() -> ofJob(job)
                .map(d -> switch (d.job().status()) {
                    case PENDING -> Decision.<KnowledgeBaseEvent>accept(new JobCancelled(d.id(), job, now));
                    case CANCELLED -> Decision.<KnowledgeBaseEvent>accept();
                    case STAGED, COMPLETED, FAILED -> conflict("job-ended", "The job has ended already");
                })
                .orElseGet(() -> Decision.reject(new Rejection.NotFound("No such job"))));
    }

    /** Nothing follows where the job is not the document's any more, or was cancelled meanwhile. */
    public Decision<KnowledgeBaseEvent> staged(JobStaged news) {
        return pending(news.job()) ? Decision.accept(news) : Decision.accept();
    }

    public Decision<KnowledgeBaseEvent> failed(JobFailed news) {
        return pending(news.job()) ? Decision.accept(news) : Decision.accept();
    }

    /** Saying the same again changes nothing: a source that was interrupted does, or that waits for it to be shown. */
    public Decision<KnowledgeBaseEvent> stage(ItemsStaged news) {
        return existing(() -> promised(news) ? Decision.accept() : Decision.accept(news));
    }

    private boolean promised(ItemsStaged news) {
        return news.items() == items.kept()
                && news.bytes() == items.bytes()
                && !(news.added().isEmpty() && news.removed().isEmpty())
                && news.added().stream().allMatch(this::arriving)
                && news.removed().stream().allMatch(this::leaving);
    }

    /** Whether searches see what was staged with these, and no longer what was removed. */
    public boolean shows(ItemsStaged news) {
        return news.added().stream().noneMatch(this::arriving)
                && news.removed().stream().noneMatch(this::leaving);
    }

    private boolean arriving(Version version) {
        return items.arriving().contains(version)
                || publishing.filter(p -> p.added().contains(version)).isPresent();
    }

    private boolean leaving(Version version) {
        return removing.contains(version)
                || publishing.filter(p -> p.removed().contains(version)).isPresent();
    }

    /** Everything that waits, in one publication; nothing follows while another runs or nothing waits. */
    public Decision<KnowledgeBaseEvent> publish(Instant now) {
        if (!exists() || publishing.isPresent()) {
            return Decision.accept();
        }
        List<Version> added = new ArrayList<>(items.arriving());
        List<Version> removed = new ArrayList<>(removing);
        for (Document d : documents) {
            if (d.job().status() == Job.Status.STAGED) {
                added.add(d.wanted());
                if (d.published() > 0) {
                    removed.add(new Version(d.id(), d.published()));
                }
            }
        }
        return added.isEmpty() && removed.isEmpty()
                ? Decision.accept()
                : Decision.accept(new PublicationStarted(revision + 1, added, removed, now));
    }

    public Decision<KnowledgeBaseEvent> published(long number, Instant now) {
        return publishing.filter(p -> p.revision() == number).isPresent()
                ? Decision.accept(new Published(number, now))
                : Decision.accept();
    }

    public Decision<KnowledgeBaseEvent> swept(List<Version> versions, List<OldFile> files) {
        boolean known = garbage.containsAll(versions) && oldFiles.containsAll(files);
        return known && !(versions.isEmpty() && files.isEmpty())
                ? Decision.accept(new Swept(versions, files))
                : Decision.accept();
    }

    /** Deleting what is deleted is no error. */
    public Decision<KnowledgeBaseEvent> delete(Instant now) {
        return existing(() -> Decision.accept(new Deleted(now)));
    }

    public Decision<KnowledgeBaseEvent> erased(Instant now) {
        return deleted && !erased ? Decision.accept(new Erased(now)) : Decision.accept();
    }

    private boolean pending(JobId job) {
        return ofJob(job).filter(d -> d.job().status() == Job.Status.PENDING).isPresent();
    }

    private Decision<KnowledgeBaseEvent> onDocument(
            SourceId id, Function<Document, Decision<KnowledgeBaseEvent>> decide) {
        return existing(() ->
                document(id).map(decide).orElseGet(() -> Decision.reject(new Rejection.NotFound("No such document"))));
    }

    private Decision<KnowledgeBaseEvent> existing(Supplier<Decision<KnowledgeBaseEvent>> decide) {
        return exists() ? decide.get() : Decision.reject(new Rejection.NotFound("No such knowledge base"));
    }

    private static Decision<KnowledgeBaseEvent> conflict(String code, String detail) {
        return Decision.reject(new Rejection.Conflict(code, detail));
    }

    // what events do

    public KnowledgeBase apply(KnowledgeBaseEvent event) {
        Draft draft = new Draft(this);
        switch (event) {
            case Created e -> draft.created(e);
            case ProfileChanged e -> draft.described(e);
            case SearchConfigured e -> draft.configured(e);
            case Shared e -> draft.shared(e);
            case Unshared e -> draft.unshared(e);
            case DocumentAdded e -> draft.added(e);
            case VersionBegun e -> draft.begun(e);
            case DocumentRemoved e -> draft.removed(e);
            case JobStaged e -> draft.staged(e);
            case JobFailed e -> draft.failed(e);
            case JobCancelled e -> draft.cancelled(e);
            case ItemsStaged e -> draft.staged(e);
            case PublicationStarted e -> draft.publishing(e);
            case Published e -> draft.published(e);
            case Swept e -> draft.swept(e);
            case ReembeddingStarted e -> draft.started(e);
            case ReembeddingCancelled e -> draft.cancelled(e);
            case Reembedded e -> draft.reembedded(e);
            case VectorsErased e -> draft.vectorsErased(e);
            case Deleted e -> draft.deleted(e);
            case Erased e -> draft.erased(e);
        }
        return draft.done();
    }
}
