package io.kvasir.ingestion;

import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SourceVersion;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** Runs ingestion tasks; how many at once is its own business. */
public interface Ingestion {
    /**
     * Begins (or queues) a task. Running the same task again writes the same passages. The listener is called from any
     * thread, at most a few times a second.
     */
    Run start(Task task, Consumer<Progress> listener);

    interface Run {
        /** Completes with what became of it, never where it was left before; fails only by a bug. */
        CompletionStage<Result> result();

        /** Stops it soon; the result is then {@link Result.Cancelled}, with nothing left staged. */
        void cancel();

        /**
         * Stops it soon, for whoever begins the same task anew, maybe on another node and maybe already: nothing is
         * tidied up, as it could be theirs, and nobody is told. Where it was cancelled before, that stands.
         */
        default void leave() {}
    }

    /**
     * @param original blob with the bytes as given
     * @param size of these, which decides how it waits
     * @param text blob under which the text read from it is to be kept, for offsets and display
     * @param fileName as given, for its extension and as title where the document has none
     * @param mediaType as declared by the sender; only a hint
     */
    record Task(
            Scope scope,
            SourceVersion source,
            BlobId original,
            long size,
            BlobId text,
            String keySubject,
            String fileName,
            Optional<String> mediaType,
            Optional<String> url,
            RetrievalSettings settings,
            Urgency urgency) {
        /** Somebody waits for it. */
        public Task(
                Scope scope,
                SourceVersion source,
                BlobId original,
                long size,
                BlobId text,
                String keySubject,
                String fileName,
                Optional<String> mediaType,
                Optional<String> url,
                RetrievalSettings settings) {
            this(
                    scope,
                    source,
                    original,
                    size,
                    text,
                    keySubject,
                    fileName,
                    mediaType,
                    url,
                    settings,
                    Urgency.INTERACTIVE);
        }
    }

    /** Whether somebody waits for it: backfill goes on only where nobody does. */
    enum Urgency {
        INTERACTIVE,
        BACKFILL
    }

    /** @param chunksTotal empty until known */
    record Progress(Stage stage, int chunksDone, Optional<Integer> chunksTotal, int percent) {}

    enum Stage {
        QUEUED,
        EXTRACTING,
        EMBEDDING,
        STAGED
    }

    sealed interface Result {
        /** All passages are staged, durable where they wait, ready for {@code PassageIndex.publish}. */
        record Staged(int passages, String title, String mediaType, String language, long characters)
                implements Result {}

        /** @param code stable, kebab-case: {@code encrypted}, {@code empty}, {@code unsupported-type}, {@code corrupt}, {@code too-large}, {@code timeout} … */
        record Failed(String code, String detail) implements Result {}

        record Cancelled() implements Result {}
    }
}
