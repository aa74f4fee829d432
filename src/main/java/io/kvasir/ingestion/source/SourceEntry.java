package io.kvasir.ingestion.source;

import com.fasterxml.jackson.annotation.JsonValue;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/**
 * A source as the ledger knows it.
 *
 * @param settings JSON of its kind
 * @param every how often it is read; empty: only when asked
 * @param dueAt when it is read next; empty: when asked
 * @param readAt when it was last read to the end
 * @param error why the last reading did not come to its end
 * @param items what it holds
 * @param run the newest reading
 */
public record SourceEntry(
        Scope scope,
        SourceId id,
        String kind,
        String settings,
        State state,
        Optional<Duration> every,
        Optional<Instant> dueAt,
        Instant createdAt,
        Optional<Instant> readAt,
        Optional<Problem> error,
        Items items,
        Optional<SourceRun> run) {
    /** The life of every source. */
    public enum State {
        /** Not read yet. */
        ADDED,
        /** A visit reads it. */
        FETCHING,
        /** All is fetched; passages are being made of it. */
        PROCESSING,
        /** What is found of it is as it was when it was due last. */
        FRESH,
        /** What is found of it is of an earlier reading: it is due, or the last reading was cancelled or failed. */
        STALE,
        /** It could not be read, and nothing of it is found. */
        FAILED,
        /** Deleted; what it left is being taken away. */
        REMOVED;

        @JsonValue
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** @param code stable, kebab-case; @param detail for the owner */
    public record Problem(String code, String detail) {}

    /** @param known pages, mails, entries; @param searchable those that searches find; @param failed those that could not be read last time */
    public record Items(int known, int searchable, int failed) {}

    public boolean atWork() {
        return state == State.FETCHING || state == State.PROCESSING;
    }
}
