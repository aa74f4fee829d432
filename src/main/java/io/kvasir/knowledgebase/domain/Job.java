package io.kvasir.knowledgebase.domain;

import io.kvasir.kernel.JobId;
import java.time.Instant;
import java.util.Optional;

/**
 * One run of ingestion over one version of a document.
 *
 * @param attempt from 1, over all jobs of the document
 * @param error why it failed
 */
public record Job(
        JobId id,
        Status status,
        int attempt,
        Instant createdAt,
        Optional<Instant> startedAt,
        Optional<Instant> endedAt,
        Optional<Error> error) {
    public enum Status {
        /** Waiting or at work; nothing of it is visible. */
        PENDING,
        /** Its passages wait for the next publication. */
        STAGED,
        COMPLETED,
        FAILED,
        CANCELLED
    }

    /** @param code stable, kebab-case; @param detail for the owner */
    public record Error(String code, String detail) {}

    static Job pending(JobId id, int attempt, Instant at) {
        return new Job(id, Status.PENDING, attempt, at, Optional.empty(), Optional.empty(), Optional.empty());
    }

    Job ended(Status how, Optional<Instant> startedAt, Optional<Instant> at, Optional<Error> why) {
        return new Job(id, how, attempt, createdAt, startedAt.or(() -> this.startedAt), at, why);
    }
}
