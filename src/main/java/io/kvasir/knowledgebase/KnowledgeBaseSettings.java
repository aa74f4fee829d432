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
        RetrievalSettings retrieval) {}
