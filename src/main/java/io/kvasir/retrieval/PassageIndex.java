package io.kvasir.retrieval;

import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * Where passages are kept and found. Every call takes the {@link Scope} it may touch and can touch no other.
 *
 * <p>A passage is visible to revision r of its knowledge base where {@code from <= r < to}. Staged passages have no
 * {@code from} yet and nobody sees them; {@link #publish} gives it to all of them at once. All calls are idempotent:
 * a crash is answered by calling again. A stage fails only where the store is broken or away.
 */
public interface PassageIndex extends AutoCloseable {
    /**
     * Writes passages nobody sees yet, durably: once the stage completes they survive a kill, so that a publication may
     * be promised. Writing the same passage again replaces it while it is unpublished.
     */
    CompletionStage<Void> stage(Scope scope, List<EmbeddedPassage> passages);

    /**
     * Makes {@code added} visible from {@code revision} on and {@code removed} invisible from it on, durably (survives a
     * kill) and for the next search. Readers of the revision before see what they saw. What an earlier publication
     * showed or hid stays as it is, so saying it again, under whatever revision, changes nothing.
     */
    CompletionStage<Void> publish(Scope scope, long revision, Set<SourceVersion> added, Set<SourceVersion> removed);

    /** Drops what was staged for a source version that will not be published. */
    CompletionStage<Void> discard(Scope scope, SourceVersion source);

    /** Drops every passage that no revision {@code >= oldestKept} sees; staged ones stay. */
    CompletionStage<Void> purge(Scope scope, long oldestKept);

    /** Drops everything in the scope, durably. */
    CompletionStage<Void> erase(Scope scope);

    /** The best candidates of each leg for one revision. An absent leg (by mode) is an empty list. */
    CompletionStage<Candidates> search(Scope scope, long revision, Query query);

    /** The passages with these ids, visible or not; ids of other scopes are simply not found. */
    CompletionStage<Map<PassageId, Passage>> passages(Scope scope, Set<PassageId> ids);

    /** How many passages a revision sees. */
    CompletionStage<Long> count(Scope scope, long revision);

    @Override
    void close();

    /**
     * @param text the question, for the keyword leg
     * @param vector unit length, for the dense leg; empty for keyword mode
     * @param candidates how many to bring per leg, 1 to 1,000
     */
    record Query(String text, float[] vector, SearchMode mode, int candidates) {}

    /**
     * @param dense by cosine similarity, best first
     * @param keyword by BM25, best first
     * @param keywordIdeal the most a passage could score in the keyword leg: every word of the question, without end
     * @param vectors the stored unit vectors of all of them
     */
    record Candidates(List<Scored> dense, List<Scored> keyword, double keywordIdeal, Map<PassageId, float[]> vectors) {}

    /** @param score raw: cosine in -1..1, or BM25 from 0 */
    record Scored(Passage passage, double score) {}
}
