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
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.JobCancelled;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.JobFailed;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.JobStaged;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.ProfileChanged;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.PublicationStarted;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.Published;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.SearchConfigured;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.Shared;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.Swept;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.Unshared;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.VersionBegun;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * What is known of one knowledge base, and what may happen next.
 *
 * @param opening empty where it does not exist (yet)
 * @param revision of what it knows; rises with each publication
 * @param publishing the publication that was promised and not confirmed yet; one at a time
 * @param removing versions to hide with the next publication
 * @param garbage versions nobody sees any more, whose files are to be swept
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
        Optional<Instant> changedAt,
        boolean deleted,
        boolean erased)
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
            Optional.empty(),
            false,
            false);

    public KnowledgeBase {
        documents = List.copyOf(documents);
        removing = List.copyOf(removing);
        garbage = List.copyOf(garbage);
    }

    public record Opening(UserId owner, Instant at) {}

    public boolean exists() {
        return opening.isPresent() && !deleted;
    }

    public Optional<Document> document(SourceId id) {
        return documents.stream().filter(d -> d.id().equals(id)).findFirst();
    }

    public Optional<Document> ofJob(JobId job) {
        return documents.stream().filter(d -> d.job().id().equals(job)).findFirst();
    }

    /** Something goes on, or is to go on after a crash. */
    public boolean busy() {
        return (deleted && !erased)
                || publishing.isPresent()
                || !removing.isEmpty()
                || !garbage.isEmpty()
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

    /** @param most documents a knowledge base may have */
    public Decision<KnowledgeBaseEvent> add(DocumentAdded addition, int most) {
        return existing(() -> {
            if (document(addition.document()).isPresent()) {
                return Decision.accept();
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

    /** Everything that waits, in one publication; nothing follows while another runs or nothing waits. */
    public Decision<KnowledgeBaseEvent> publish(Instant now) {
        if (!exists() || publishing.isPresent()) {
            return Decision.accept();
        }
        List<Version> added = new ArrayList<>();
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

    public Decision<KnowledgeBaseEvent> swept(List<Version> versions) {
        return garbage.containsAll(versions) && !versions.isEmpty()
                ? Decision.accept(new Swept(versions))
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
            SourceId id, java.util.function.Function<Document, Decision<KnowledgeBaseEvent>> decide) {
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
        return switch (event) {
            case Created e ->
                edit(d -> {
                    d.opening = Optional.of(new Opening(e.owner(), e.at()));
                    d.profile = Optional.of(e.profile());
                    d.search = Optional.of(e.search());
                    d.changedAt = Optional.of(e.at());
                });
            case ProfileChanged e ->
                edit(d -> {
                    d.profile = Optional.of(e.profile());
                    d.changedAt = Optional.of(e.at());
                });
            case SearchConfigured e ->
                edit(d -> {
                    d.search = Optional.of(e.search());
                    d.changedAt = Optional.of(e.at());
                });
            case Shared e ->
                edit(d -> {
                    d.slug = Optional.of(e.slug());
                    d.changedAt = Optional.of(e.at());
                });
            case Unshared e ->
                edit(d -> {
                    d.slug = Optional.empty();
                    d.changedAt = Optional.of(e.at());
                });
            case DocumentAdded e ->
                edit(d -> d.documents.put(
                        e.document(),
                        new Document(
                                e.document(), e.file(), 1, 1, 0, Optional.empty(), Job.pending(e.job(), 1, e.at()))));
            case VersionBegun e ->
                edit(d -> d.change(e.document(), old -> {
                    d.giveUp(old);
                    return old.next(
                            e.version(),
                            e.file(),
                            Job.pending(e.job(), old.job().attempt() + 1, e.at()));
                }));
            case DocumentRemoved e -> edit(d -> d.remove(e.document()));
            case JobStaged e ->
                edit(d -> d.change(
                        e.document(),
                        old -> old.with(
                                e.read(),
                                old.job()
                                        .ended(Job.Status.STAGED, e.startedAt(), Optional.empty(), Optional.empty()))));
            case JobFailed e ->
                edit(d -> d.change(
                        e.document(),
                        old -> old.with(old.job()
                                .ended(
                                        Job.Status.FAILED,
                                        e.startedAt(),
                                        Optional.of(e.at()),
                                        Optional.of(e.error())))));
            case JobCancelled e ->
                edit(d -> d.change(
                        e.document(),
                        old -> old.with(old.job()
                                .ended(
                                        Job.Status.CANCELLED,
                                        Optional.empty(),
                                        Optional.of(e.at()),
                                        Optional.empty()))));
            case PublicationStarted e -> edit(d -> d.publishing = Optional.of(e));
            case Published e -> edit(d -> d.published(e));
            case Swept e -> edit(d -> d.garbage.removeAll(e.versions()));
            case Deleted e ->
                edit(d -> {
                    d.deleted = true;
                    d.slug = Optional.empty();
                    d.changedAt = Optional.of(e.at());
                });
            case Erased e ->
                edit(d -> {
                    d.erased = true;
                    d.documents.clear();
                    d.garbage.clear();
                    d.removing.clear();
                    d.publishing = Optional.empty();
                    d.changedAt = Optional.of(e.at());
                });
        };
    }

    private KnowledgeBase edit(java.util.function.Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.done();
    }

    /** The next state while one event makes it. */
    private static final class Draft {
        private Optional<Opening> opening;
        private Optional<Profile> profile;
        private Optional<SearchSettings> search;
        private Optional<String> slug;
        private long revision;
        private final Map<SourceId, Document> documents = new LinkedHashMap<>();
        private Optional<PublicationStarted> publishing;
        private final List<Version> removing;
        private final List<Version> garbage;
        private Optional<Instant> changedAt;
        private boolean deleted;
        private boolean erased;

        Draft(KnowledgeBase from) {
            opening = from.opening;
            profile = from.profile;
            search = from.search;
            slug = from.slug;
            revision = from.revision;
            from.documents.forEach(d -> documents.put(d.id(), d));
            publishing = from.publishing;
            removing = new ArrayList<>(from.removing);
            garbage = new ArrayList<>(from.garbage);
            changedAt = from.changedAt;
            deleted = from.deleted;
            erased = from.erased;
        }

        void change(SourceId id, UnaryOperator<Document> change) {
            documents.computeIfPresent(id, (_, old) -> change.apply(old));
        }

        private boolean beingPublished(Version version) {
            return publishing.filter(p -> p.added().contains(version)).isPresent();
        }

        /** A version that will never be published, unless it is on its way: then the next publication hides it. */
        void giveUp(Document old) {
            Version wanted = old.wanted();
            if (old.published() == old.version() || beingPublished(wanted)) {
                return;
            }
            garbage.add(wanted);
        }

        void remove(SourceId id) {
            Document old = documents.remove(id);
            if (old == null) {
                return;
            }
            Version seen = new Version(id, old.published());
            boolean beingHidden =
                    publishing.filter(p -> p.removed().contains(seen)).isPresent();
            if (old.published() > 0 && !beingHidden) {
                removing.add(seen);
            }
            if (old.version() != old.published()) {
                (beingPublished(old.wanted()) ? removing : garbage).add(old.wanted());
            }
        }

        void published(Published e) {
            PublicationStarted done = publishing.orElseThrow();
            revision = e.revision();
            publishing = Optional.empty();
            for (Version added : done.added()) {
                change(
                        added.source(),
                        d -> d.published(
                                added.version(),
                                d.version() == added.version()
                                        ? d.job()
                                                .ended(
                                                        Job.Status.COMPLETED,
                                                        Optional.empty(),
                                                        Optional.of(e.at()),
                                                        Optional.empty())
                                        : d.job()));
            }
            removing.removeAll(done.removed());
            garbage.addAll(done.removed());
        }

        KnowledgeBase done() {
            return new KnowledgeBase(
                    opening,
                    profile,
                    search,
                    slug,
                    revision,
                    List.copyOf(documents.values()),
                    publishing,
                    removing,
                    garbage,
                    changedAt,
                    deleted,
                    erased);
        }
    }
}
