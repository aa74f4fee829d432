package io.kvasir.knowledgebase;

import io.kvasir.ingestion.Reembedding;
import io.kvasir.kernel.Scope;
import io.kvasir.knowledgebase.domain.Embedding;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A change of the embedding model, as far as it is in hand: passes over the passages until the new space holds what the old
 * one holds, the last of them while nothing is written. What it has to do stands in the state and in the indexes, so it
 * begins wherever the last one stopped. Not thread-safe: the knowledge base's actor alone asks it.
 */
final class EmbeddingChange {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.knowledgebase");

    /** Once a pass had to embed no more than so many, the next is the last one: what is to be written waits for it. */
    private static final int FEW = 100;

    private final Scope scope;
    private final Reembedding reembedding;
    private final KnowledgeBaseSettings.Reembedding settings;
    private final Consumer<Report> tell;
    private Optional<Embedding> wanted = Optional.empty();
    private Optional<InHand> inHand = Optional.empty();
    private Optional<Reembedding.Progress> progress = Optional.empty();
    private Optional<Trouble> trouble = Optional.empty();
    private boolean waiting;
    private boolean closing;
    private boolean complete;
    private int failures;

    private record InHand(Embedding to, boolean last, Reembedding.Run run) {}

    private record Trouble(String detail, Instant retryAt) {}

    /** @param tell called from any thread */
    EmbeddingChange(
            Scope scope, Reembedding reembedding, KnowledgeBaseSettings.Reembedding settings, Consumer<Report> tell) {
        this.scope = scope;
        this.reembedding = reembedding;
        this.settings = settings;
        this.tell = tell;
    }

    /**
     * Begins what the state calls for and is not in hand yet, and stops what nobody wants any more.
     *
     * @param from what is in service
     * @param quiet nothing is being published or swept
     */
    void begin(KnowledgeBase state, Embedding from, boolean quiet) {
        Optional<Embedding> to = state.exists()
                ? state.reembedding().map(io.kvasir.knowledgebase.domain.Reembedding::to)
                : Optional.empty();
        if (!to.equals(wanted)) {
            wanted = to;
            progress = Optional.empty();
            trouble = Optional.empty();
            waiting = false;
            closing = false;
            complete = false;
            failures = 0;
        }
        if (inHand.isPresent()) {
            if (!to.equals(Optional.of(inHand.get().to()))) {
                inHand.get().run().cancel();
            }
        } else if (to.isPresent() && !waiting && !complete && (quiet || !closing)) {
            start(from, to.get());
        }
    }

    private void start(Embedding from, Embedding to) {
        boolean last = closing;
        Reembedding.Run run = reembedding.start(
                new Reembedding.Task(scope, Sources.space(from), Sources.space(to), last),
                news -> tell.accept(new Report.Embedding(to, news)));
        inHand = Optional.of(new InHand(to, last, run));
        run.result().whenComplete((result, bug) -> {
            if (bug != null) {
                LOG.error("the passages of {} could not be embedded with {}", scope.key(), to.model(), bug);
            }
            tell.accept(new Report.Carried(
                    to, bug == null ? result : new Reembedding.Result.Failed("Something went wrong on our side")));
        });
    }

    /** @param now when it came */
    void heard(Report.Carried report, Instant now) {
        boolean last = inHand.map(InHand::last).orElse(false);
        inHand = Optional.empty();
        if (!wanted.equals(Optional.of(report.to()))) {
            return;
        }
        switch (report.result()) {
            case Reembedding.Result.Carried carried -> {
                failures = 0;
                trouble = Optional.empty();
                // Where it was given up and wanted again meanwhile, something may have been written beside the last
                // pass.
                complete = last && closing;
                closing = closing || carried.embedded() <= FEW;
            }
            case Reembedding.Result.Failed failed -> {
                closing = false;
                waiting = true;
                trouble = Optional.of(new Trouble(failed.detail(), now.plus(pause())));
                failures++;
            }
            case Reembedding.Result.Cancelled _ -> closing = false;
        }
    }

    void heard(Report.Embedding report) {
        if (wanted.equals(Optional.of(report.to()))) {
            progress = Optional.of(report.progress());
        }
    }

    private Duration pause() {
        Duration pause = settings.firstPause().multipliedBy(1L << Math.min(failures, 20));
        return pause.compareTo(settings.longestPause()) < 0 ? pause : settings.longestPause();
    }

    /** When a failed pass is to be tried again. */
    Optional<Instant> retryAt() {
        return waiting ? trouble.map(Trouble::retryAt) : Optional.empty();
    }

    /** Its time has come. */
    void again() {
        waiting = false;
    }

    /** Nothing may be written: whoever has something waits. */
    boolean closing() {
        return closing;
    }

    /** The new space holds all, and nothing was written since it was looked at last. */
    boolean complete() {
        return complete;
    }

    boolean inHand() {
        return inHand.isPresent();
    }

    /**
     * The actor goes, maybe to another node: it begins there. Where it comes back here, as after a failure of the
     * journal, it begins anew as well: that all was carried may not have been stored, and something may have been
     * written since.
     */
    void leave() {
        closing = false;
        complete = false;
        inHand.ifPresent(hand -> hand.run().cancel());
    }

    Optional<Head.Change> seen(KnowledgeBase state) {
        return state.exists()
                ? state.reembedding()
                        .filter(r -> wanted.equals(Optional.of(r.to())))
                        .map(r -> new Head.Change(
                                r.to(),
                                phase(),
                                progress.map(Reembedding.Progress::done).orElse(0L),
                                progress.map(Reembedding.Progress::total),
                                r.startedAt(),
                                trouble.map(Trouble::detail),
                                retryAt()))
                : Optional.empty();
    }

    private Head.Phase phase() {
        if (waiting) {
            return Head.Phase.PAUSED;
        }
        if (closing) {
            return Head.Phase.FINISHING;
        }
        return progress.isPresent() ? Head.Phase.EMBEDDING : Head.Phase.WAITING;
    }
}
