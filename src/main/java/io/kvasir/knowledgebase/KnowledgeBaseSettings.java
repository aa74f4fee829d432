package io.kvasir.knowledgebase;

import io.kvasir.retrieval.RetrievalSettings;
import java.time.Duration;

/**
 * How knowledge bases are kept.
 *
 * @param largestFile most bytes of one uploaded file
 * @param filesAtOnce most files of one upload
 * @param mostDocuments most documents of one knowledge base
 * @param keptRevisions how many revisions stay searchable, from 1
 * @param answerWithin how long a request waits for its knowledge base
 * @param idle how long one that nobody asks stays in memory
 * @param snapshotEvery events
 * @param provider of a new knowledge base, and its model, temperature and longest answer in tokens
 * @param retrieval of a new knowledge base
 */
public record KnowledgeBaseSettings(
        long largestFile,
        int filesAtOnce,
        int mostDocuments,
        int keptRevisions,
        Duration answerWithin,
        Duration idle,
        int snapshotEvery,
        String provider,
        String model,
        double temperature,
        int maxTokens,
        RetrievalSettings retrieval,
        Reembedding reembedding) {
    /**
     * How a change of the embedding model goes.
     *
     * @param atOnce knowledge bases whose passages are embedded anew at a time, from 1
     * @param firstPause after a failure; each next one is twice as long
     * @param longestPause what the pauses grow to
     * @param keepOld how long the old vectors stay after the change, for questions that began before
     */
    public record Reembedding(int atOnce, Duration firstPause, Duration longestPause, Duration keepOld) {
        public Reembedding {
            if (atOnce < 1 || !firstPause.isPositive() || keepOld.isNegative()) {
                throw new IllegalArgumentException("kvasir.knowledge-base.reembedding needs at-once >= 1,"
                        + " first-pause above 0 and keep-old of 0 or more");
            }
        }
    }
}
