package io.kvasir.retrieval;

import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** An index whose passages can be carried elsewhere as they are: into another kind of index, or another vector space. */
public interface MovableIndex extends PassageIndex {
    /**
     * A passage as it is stored.
     *
     * @param from first revision that sees it; empty while it is staged
     * @param to first revision that does not see it any more; empty while there is none
     */
    record Kept(EmbeddedPassage embedded, Optional<Long> from, Optional<Long> to) {}

    /**
     * What is stored in the scope, staged and past passages too, in an order of the index's own.
     *
     * @param after the last of the page before
     * @param limit 1 to 1,000
     */
    CompletionStage<List<Kept>> kept(Scope scope, Optional<PassageId> after, int limit);

    /** Those with these ids, as they are stored; ids of other scopes are simply not found. @param ids 1,000 at most */
    CompletionStage<Map<PassageId, Kept>> kept(Scope scope, Set<PassageId> ids);

    /** Drops passages, visible or not, durably; ids that are not there are none. @param ids 1,000 at most */
    CompletionStage<Void> remove(Scope scope, Set<PassageId> ids);

    /** How many {@link #kept(Scope, Optional, int)} gives in all. */
    CompletionStage<Long> size(Scope scope);

    /** Writes passages as they were kept elsewhere, durably; replaces those with the same ids. */
    CompletionStage<Void> restore(Scope scope, List<Kept> passages);
}
