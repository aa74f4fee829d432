package io.kvasir.ingestion;

import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.VectorSpace;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** Carries the passages of a knowledge base into the vector space of another model, beside the one they are in. */
public interface Reembedding {
    /**
     * Begins one pass: afterwards the new space holds what the old one held when it was looked at, visible to the same
     * revisions. What is there already is not embedded again, so a pass that was broken off goes on where it was.
     * The listener is called from any thread, at most a few times a second.
     */
    Run start(Task task, Consumer<Progress> listener);

    /** @param urgent it does not wait for passes of other knowledge bases: writing waits for it */
    record Task(Scope scope, VectorSpace from, VectorSpace to, boolean urgent) {}

    interface Run {
        /** Completes with what became of it; fails only by a bug. */
        CompletionStage<Result> result();

        /** Stops it soon; what was carried stays. */
        void cancel();
    }

    /** @param done passages that were looked at; @param total there were when the pass began */
    record Progress(long done, long total) {}

    sealed interface Result {
        /** @param embedded passages that were not there before */
        record Carried(long total, long embedded) implements Result {}

        /** @param detail for the owner */
        record Failed(String detail) implements Result {}

        record Cancelled() implements Result {}
    }
}
