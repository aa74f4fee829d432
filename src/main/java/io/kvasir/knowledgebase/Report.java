package io.kvasir.knowledgebase;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.Reembedding;
import io.kvasir.kernel.Decision;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.SourceId;
import io.kvasir.knowledgebase.domain.Document;
import io.kvasir.knowledgebase.domain.Job;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.JobFailed;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.JobStaged;
import io.kvasir.knowledgebase.domain.OldFile;
import io.kvasir.knowledgebase.domain.Version;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** What became of work that was begun for a knowledge base, told to it. */
sealed interface Report {
    record Progressed(JobId job, Ingestion.Progress progress) implements Report {}

    /** A document was read; its passages wait to be published. */
    record Staged(SourceId document, JobId job, Document.Read read) implements Report {}

    record Failed(SourceId document, JobId job, Job.Error error) implements Report {}

    record Cancelled(JobId job) implements Report {}

    record Published(long revision, boolean done) implements Report {}

    record Swept(List<Version> versions, List<OldFile> files, boolean done) implements Report {}

    record Erased(boolean done) implements Report {}

    /** How far a pass of a change of the embedding model is. */
    record Embedding(io.kvasir.knowledgebase.domain.Embedding to, Reembedding.Progress progress) implements Report {}

    /** A pass of such a change is over. */
    record Carried(io.kvasir.knowledgebase.domain.Embedding to, Reembedding.Result result) implements Report {}

    record VectorsErased(io.kvasir.knowledgebase.domain.Embedding of, boolean done) implements Report {}

    /** A part was away: nothing came of it, and it is to be done again. */
    default boolean away() {
        return switch (this) {
            case Progressed _, Staged _, Failed _, Cancelled _, Embedding _, Carried _ -> false;
            case Published r -> !r.done();
            case Swept r -> !r.done();
            case Erased r -> !r.done();
            case VectorsErased r -> !r.done();
        };
    }

    /** What follows from it. @param startedAt of a job, as far as it is known */
    default Decision<KnowledgeBaseEvent> decide(
            KnowledgeBase state, Function<JobId, Optional<Instant>> startedAt, Instant now) {
        return switch (this) {
            case Progressed _ -> Decision.accept();
            case Staged r ->
                state.staged(new JobStaged(r.document(), r.job(), r.read(), startedAt.apply(r.job()), now));
            case Failed r ->
                state.failed(new JobFailed(r.document(), r.job(), r.error(), startedAt.apply(r.job()), now));
            case Cancelled _ -> Decision.accept();
            case Published r -> state.published(r.revision(), now);
            case Swept r -> state.swept(r.versions(), r.files());
            case Erased _ -> state.erased(now);
            case Embedding _, Carried _ -> Decision.accept();
            case VectorsErased r -> state.vectorsErased(r.of(), now);
        };
    }
}
