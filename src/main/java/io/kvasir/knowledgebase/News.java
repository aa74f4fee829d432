package io.kvasir.knowledgebase;

import io.kvasir.kernel.Wire;
import io.kvasir.knowledgebase.domain.Embedding;
import java.util.List;
import java.util.Optional;

/**
 * What changed in the jobs and the embedding of a knowledge base since a place, or the first piece of it.
 *
 * @param life of the entity in memory; after a restart everything is news
 * @param sequence the place after this news; there may be more after it already
 * @param changed in the order of the changes
 * @param embedding where that changed
 * @param over the knowledge base is deleted: there will be no more news
 */
record News(String life, long sequence, List<Seen> changed, Optional<OfEmbedding> embedding, boolean over)
        implements Wire {
    /** @param inService what passages are found with; @param change what is on its way to another */
    record OfEmbedding(Embedding inService, Optional<Head.Change> change) {}
}
