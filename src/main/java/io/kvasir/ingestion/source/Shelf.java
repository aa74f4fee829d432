package io.kvasir.ingestion.source;

import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SourceVersion;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** What a knowledge base does for its sources. Wiring provides it. */
public interface Shelf {
    /** How it is cut and searched; refused where there is no such knowledge base. */
    CompletionStage<Outcome<RetrievalSettings>> retrieval(Scope scope);

    /**
     * Shows and hides versions with its next publication, and sweeps the files of what was hidden. Acknowledged once
     * searches see it; until then it may fail as unavailable, and is to be said again, which is harmless.
     *
     * @param kept what all sources of the knowledge base keep now
     */
    CompletionStage<Outcome<Boolean>> stage(
            Scope scope, List<SourceVersion> added, List<SourceVersion> removed, Holdings kept);

    /** Refused where the plan has no room for so much more. */
    CompletionStage<Outcome<Place>> room(Scope scope, long items, long bytes);

    /** @param bytes of their files */
    record Holdings(long items, long bytes) {}

    /** Room set aside; given back once {@link #stage} has told what is kept. */
    @FunctionalInterface
    interface Place {
        CompletionStage<Void> giveBack();
    }
}
