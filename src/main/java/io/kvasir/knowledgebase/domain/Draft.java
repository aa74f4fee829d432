package io.kvasir.knowledgebase.domain;

import io.kvasir.kernel.SourceId;
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
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/** A knowledge base while one event makes it another: says what each event does. */
final class Draft {
    private Optional<KnowledgeBase.Opening> opening;
    private Optional<Profile> profile;
    private Optional<SearchSettings> search;
    private Optional<String> slug;
    private long revision;
    private final Map<SourceId, Document> documents = new LinkedHashMap<>();
    private Optional<PublicationStarted> publishing;
    private final List<Version> removing;
    private final List<Version> garbage;
    private final List<OldFile> oldFiles;
    private Optional<Instant> changedAt;
    private boolean deleted;
    private boolean erased;
    private KnowledgeBase.Items items;
    private Optional<Embedding> embedding;
    private Optional<Reembedding> reembedding;
    private final List<Retired> retired;
    private final List<Gone> gone;

    Draft(KnowledgeBase from) {
        opening = from.opening();
        profile = from.profile();
        search = from.search();
        slug = from.slug();
        revision = from.revision();
        from.documents().forEach(d -> documents.put(d.id(), d));
        publishing = from.publishing();
        removing = new ArrayList<>(from.removing());
        garbage = new ArrayList<>(from.garbage());
        oldFiles = new ArrayList<>(from.oldFiles());
        changedAt = from.changedAt();
        deleted = from.deleted();
        erased = from.erased();
        items = from.items();
        embedding = from.embedding();
        reembedding = from.reembedding();
        retired = new ArrayList<>(from.retired());
        gone = new ArrayList<>(from.gone());
    }

    void created(Created e) {
        opening = Optional.of(new KnowledgeBase.Opening(e.owner(), e.at()));
        profile = Optional.of(e.profile());
        search = Optional.of(e.search());
        embedding = e.embedding();
        changedAt = Optional.of(e.at());
    }

    /** What is left of the wanted vectors from before is of use: it is not retired any more. */
    void started(ReembeddingStarted e) {
        embedding = Optional.of(e.from());
        reembedding = Optional.of(new Reembedding(e.to(), e.at()));
        retired.removeIf(r -> r.embedding().equals(e.to()));
        changedAt = Optional.of(e.at());
    }

    /** Nobody ever looked in the new ones. */
    void cancelled(ReembeddingCancelled e) {
        reembedding.ifPresent(r -> retired.add(new Retired(r.to(), e.at())));
        reembedding = Optional.empty();
        changedAt = Optional.of(e.at());
    }

    void reembedded(Reembedded e) {
        embedding.ifPresent(old -> retired.add(new Retired(old, e.oldUntil())));
        embedding = Optional.of(e.to());
        reembedding = Optional.empty();
        changedAt = Optional.of(e.at());
    }

    void vectorsErased(VectorsErased e) {
        retired.removeIf(r -> r.embedding().equals(e.embedding()));
    }

    void described(ProfileChanged e) {
        profile = Optional.of(e.profile());
        changedAt = Optional.of(e.at());
    }

    void configured(SearchConfigured e) {
        search = Optional.of(e.search());
        changedAt = Optional.of(e.at());
    }

    void shared(Shared e) {
        slug = Optional.of(e.slug());
        changedAt = Optional.of(e.at());
    }

    void unshared(Unshared e) {
        slug = Optional.empty();
        changedAt = Optional.of(e.at());
    }

    void added(DocumentAdded e) {
        Job first = Job.pending(e.job(), 1, e.at());
        documents.put(e.document(), new Document(e.document(), e.file(), 1, 1, 0, Optional.empty(), first));
    }

    void begun(VersionBegun e) {
        change(e.document(), old -> {
            giveUp(old);
            if (e.file().isPresent()) {
                oldFiles.add(OldFile.of(old));
            }
            return old.next(
                    e.version(), e.file(), Job.pending(e.job(), old.job().attempt() + 1, e.at()));
        });
    }

    void staged(JobStaged e) {
        change(
                e.document(),
                old -> old.with(
                        e.read(),
                        old.job().ended(Job.Status.STAGED, e.startedAt(), Optional.empty(), Optional.empty())));
    }

    void failed(JobFailed e) {
        change(
                e.document(),
                old -> old.with(old.job()
                        .ended(Job.Status.FAILED, e.startedAt(), Optional.of(e.at()), Optional.of(e.error()))));
    }

    void cancelled(JobCancelled e) {
        change(
                e.document(),
                old -> old.with(old.job()
                        .ended(Job.Status.CANCELLED, Optional.empty(), Optional.of(e.at()), Optional.empty())));
    }

    /** What is on its way already, shown or hidden, is not sent again. */
    void staged(ItemsStaged e) {
        Set<Version> arriving = new LinkedHashSet<>(items.arriving());
        arriving.addAll(e.added());
        publishing.ifPresent(p -> arriving.removeAll(new HashSet<>(p.added())));
        Set<Version> hidden = new HashSet<>(removing);
        for (Version gone : e.removed()) {
            if (arriving.remove(gone)) {
                garbage.add(gone);
            } else if (hidden.add(gone)) {
                removing.add(gone);
            }
        }
        items = new KnowledgeBase.Items(List.copyOf(arriving), e.items(), e.bytes());
    }

    void publishing(PublicationStarted e) {
        publishing = Optional.of(e);
    }

    void swept(Swept e) {
        garbage.removeAll(new HashSet<>(e.versions()));
        oldFiles.removeAll(e.files());
    }

    void deleted(Deleted e) {
        deleted = true;
        slug = Optional.empty();
        changedAt = Optional.of(e.at());
    }

    void erased(Erased e) {
        erased = true;
        documents.clear();
        garbage.clear();
        oldFiles.clear();
        removing.clear();
        publishing = Optional.empty();
        items = KnowledgeBase.Items.NONE;
        reembedding = Optional.empty();
        retired.clear();
        gone.clear();
        changedAt = Optional.of(e.at());
    }

    private void change(SourceId id, UnaryOperator<Document> change) {
        documents.computeIfPresent(id, (_, old) -> change.apply(old));
    }

    private boolean beingPublished(Version version) {
        return publishing.filter(p -> p.added().contains(version)).isPresent();
    }

    /** A version that will never be published, unless it is on its way: then the next publication hides it. */
    private void giveUp(Document old) {
        Version wanted = old.wanted();
        if (old.published() == old.version() || beingPublished(wanted)) {
            return;
        }
        garbage.add(wanted);
    }

    void removed(DocumentRemoved e) {
        Document old = documents.remove(e.document());
        if (old == null) {
            return;
        }
        gone.removeIf(g -> !g.remembered(e.at()));
        gone.add(new Gone(old.id(), e.at()));
        oldFiles.add(OldFile.of(old));
        List<Version> arriving = publishing.stream()
                .flatMap(p -> p.added().stream())
                .filter(v -> v.source().equals(old.id()))
                .toList();
        // Searches see it once that publication is over: it is hidden by the next, whatever was begun since.
        removing.addAll(arriving);
        Version seen = new Version(old.id(), old.published());
        boolean beingHidden = publishing.filter(p -> p.removed().contains(seen)).isPresent();
        if (old.published() > 0 && !beingHidden) {
            removing.add(seen);
        }
        if (old.version() != old.published() && !arriving.contains(old.wanted())) {
            garbage.add(old.wanted());
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
        List<Version> arriving = new ArrayList<>(items.arriving());
        arriving.removeAll(new HashSet<>(done.added()));
        items = new KnowledgeBase.Items(arriving, items.kept(), items.bytes());
        removing.removeAll(new HashSet<>(done.removed()));
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
                oldFiles,
                changedAt,
                deleted,
                erased,
                items,
                embedding,
                reembedding,
                retired,
                gone);
    }
}
