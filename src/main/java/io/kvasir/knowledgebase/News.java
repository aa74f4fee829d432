package io.kvasir.knowledgebase;

import io.kvasir.kernel.Wire;
import java.util.List;

/**
 * What changed in the jobs of a knowledge base since a place.
 *
 * @param life of the entity in memory; after a restart everything is news
 * @param sequence the place after this news
 * @param over the knowledge base is deleted: there will be no more news
 */
record News(String life, long sequence, List<Seen> changed, boolean over) implements Wire {}
