package io.kvasir.ingestion.source;

import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/**
 * One time a source was read.
 *
 * @param found things to read; @param fetched those that were read
 * @param changed new or other than before, and searchable now
 * @param removed that left the index because they are not there any more
 * @param skipped there, but with nothing for us
 */
public record SourceRun(
        String id,
        Cause cause,
        Status status,
        Instant startedAt,
        Optional<Instant> endedAt,
        int found,
        int fetched,
        int changed,
        int unchanged,
        int removed,
        int skipped,
        int failed,
        Optional<SourceEntry.Problem> error) {
    /** Why it was read. */
    public enum Cause {
        ADDED,
        SCHEDULE,
        ASKED,
        RETRY,
        REMOVAL;

        @JsonValue
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** How it stands. */
    public enum Status {
        RUNNING,
        COMPLETED,
        FAILED,
        CANCELLED;

        @JsonValue
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
