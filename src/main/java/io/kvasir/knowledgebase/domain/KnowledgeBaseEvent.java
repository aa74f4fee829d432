package io.kvasir.knowledgebase.domain;

import io.kvasir.kernel.JobId;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.Stored;
import io.kvasir.kernel.StoredAs;
import io.kvasir.kernel.UserId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Every way a knowledge base changes. */
public sealed interface KnowledgeBaseEvent extends Stored {
    /** @param embedding empty in events from before each had its own: what the server embedded with then */
    @StoredAs("kb.created.v1")
    record Created(UserId owner, Profile profile, SearchSettings search, Optional<Embedding> embedding, Instant at)
            implements KnowledgeBaseEvent {}

    @StoredAs("kb.profile-changed.v1")
    record ProfileChanged(Profile profile, Instant at) implements KnowledgeBaseEvent {}

    @StoredAs("kb.search-configured.v1")
    record SearchConfigured(SearchSettings search, Instant at) implements KnowledgeBaseEvent {}

    @StoredAs("kb.shared.v1")
    record Shared(String slug, Instant at) implements KnowledgeBaseEvent {}

    @StoredAs("kb.unshared.v1")
    record Unshared(Instant at) implements KnowledgeBaseEvent {}

    @StoredAs("kb.document-added.v1")
    record DocumentAdded(SourceId document, Document.File file, JobId job, Instant at) implements KnowledgeBaseEvent {}

    /** @param file new bytes; empty where the same bytes are read again */
    @StoredAs("kb.document-version-begun.v1")
    record VersionBegun(SourceId document, long version, Optional<Document.File> file, JobId job, Instant at)
            implements KnowledgeBaseEvent {}

    @StoredAs("kb.document-removed.v1")
    record DocumentRemoved(SourceId document, Instant at) implements KnowledgeBaseEvent {}

    @StoredAs("kb.job-staged.v1")
    record JobStaged(SourceId document, JobId job, Document.Read read, Optional<Instant> startedAt, Instant at)
            implements KnowledgeBaseEvent {}

    @StoredAs("kb.job-failed.v1")
    record JobFailed(SourceId document, JobId job, Job.Error error, Optional<Instant> startedAt, Instant at)
            implements KnowledgeBaseEvent {}

    @StoredAs("kb.job-cancelled.v1")
    record JobCancelled(SourceId document, JobId job, Instant at) implements KnowledgeBaseEvent {}

    /**
     * Items of sources (pages, mails, entries) were read: the added ones wait to be seen, the removed ones to be hidden.
     *
     * @param items what all sources keep together now; @param bytes of their files
     */
    @StoredAs("kb.items-staged.v1")
    record ItemsStaged(List<Version> added, List<Version> removed, long items, long bytes, Instant at)
            implements KnowledgeBaseEvent {
        public ItemsStaged {
            added = List.copyOf(added);
            removed = List.copyOf(removed);
        }
    }

    /** Persisted before the index is told, so that a crash repeats the same publication. */
    @StoredAs("kb.publication-started.v1")
    record PublicationStarted(long revision, List<Version> added, List<Version> removed, Instant at)
            implements KnowledgeBaseEvent {
        public PublicationStarted {
            added = List.copyOf(added);
            removed = List.copyOf(removed);
        }
    }

    @StoredAs("kb.published.v1")
    record Published(long revision, Instant at) implements KnowledgeBaseEvent {}

    /**
     * What nobody sees any more is gone.
     *
     * @param versions whose passages and texts
     * @param files none in events from before there were names of their own
     */
    @StoredAs("kb.swept.v1")
    record Swept(List<Version> versions, List<OldFile> files) implements KnowledgeBaseEvent {
        @SuppressWarnings("NullAway")
        public Swept {
            versions = List.copyOf(versions);
            files = files == null ? List.of() : List.copyOf(files);
        }
    }

    /** Its passages are to be embedded with another model, beside what is there. @param from what is in service until then */
    @StoredAs("kb.reembedding-started.v1")
    record ReembeddingStarted(Embedding from, Embedding to, Instant at) implements KnowledgeBaseEvent {}

    @StoredAs("kb.reembedding-cancelled.v1")
    record ReembeddingCancelled(Instant at) implements KnowledgeBaseEvent {}

    /** From now on the other model is in service: all passages are there. @param oldUntil when the old vectors may go */
    @StoredAs("kb.reembedded.v1")
    record Reembedded(Embedding to, Instant oldUntil, Instant at) implements KnowledgeBaseEvent {}

    /** Nothing of the knowledge base is left among the vectors of a model that is not in service. */
    @StoredAs("kb.vectors-erased.v1")
    record VectorsErased(Embedding embedding, Instant at) implements KnowledgeBaseEvent {}

    @StoredAs("kb.deleted.v1")
    record Deleted(Instant at) implements KnowledgeBaseEvent {}

    /** Nothing of it is left but this history of sealed texts without keys. */
    @StoredAs("kb.erased.v1")
    record Erased(Instant at) implements KnowledgeBaseEvent {}
}
