package io.kvasir.ingestion.source;

import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** A source in the hands of its kind, for one visit. */
public interface Opened {
    Scope scope();

    SourceId id();

    /** As its owner wants it: JSON of the kind's own. */
    String settings();

    /** What {@link #remember} was told last, in whichever visit. */
    Optional<String> memory();

    /** Keeps a word of the kind's own, sealed, durable at once: where it stood, a refreshed token. */
    void remember(String memory);

    /** What this reading passed over with this code before another took it up, and where that led. */
    Map<String, List<Read.Link>> passedOver(String code);

    /** Whether the visit is still to go on; long loops ask. */
    boolean wanted();

    /** Waits, at most until the visit is wanted no more. @throws VisitEnded where it is not */
    void pause(Duration time);

    /** The stage's value. @throws VisitEnded where the visit is wanted no more; what the stage failed with otherwise */
    <T> T await(CompletionStage<T> stage);

    /** The visit was cancelled, or another node has it now. Let it through. */
    final class VisitEnded extends RuntimeException {
        private static final long serialVersionUID = 1L;

        VisitEnded() {
            super("the visit has ended", null, false, false);
        }
    }
}
