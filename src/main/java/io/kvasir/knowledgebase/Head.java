package io.kvasir.knowledgebase;

import io.kvasir.kernel.Wire;
import io.kvasir.knowledgebase.domain.Document;
import io.kvasir.knowledgebase.domain.Embedding;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import io.kvasir.knowledgebase.domain.Profile;
import io.kvasir.knowledgebase.domain.SearchSettings;
import java.time.Instant;
import java.util.Optional;

/**
 * A knowledge base without its documents: as small for ten thousand of them as for none.
 *
 * @param documents how many there are
 * @param passages how many of them searches find
 * @param embedding what they are found with
 */
record Head(
        KnowledgeBase.Opening opening,
        Profile profile,
        SearchSettings search,
        Optional<String> slug,
        long revision,
        int documents,
        int passages,
        Instant changedAt,
        Embedding embedding,
        Optional<Change> change)
        implements Wire {
    /**
     * A change of the embedding model that is on its way.
     *
     * @param done passages that are there
     * @param total passages there are; empty until they were counted
     * @param error why it does not get on
     * @param retryAt when it is tried again
     */
    record Change(
            Embedding to,
            Phase phase,
            long done,
            Optional<Long> total,
            Instant startedAt,
            Optional<String> error,
            Optional<Instant> retryAt) {}

    enum Phase {
        /** For a place among those of other knowledge bases. */
        WAITING,
        EMBEDDING,
        /** All is there but the last few; what is to be written waits for them. */
        FINISHING,
        /** It failed and is tried again. */
        PAUSED
    }

    /**
     * @param state of one that was created
     * @param embedding what is in service
     */
    static Head of(KnowledgeBase state, Embedding embedding, Optional<Change> change) {
        return new Head(
                state.opening().orElseThrow(),
                state.profile().orElseThrow(),
                state.search().orElseThrow(),
                state.slug(),
                state.revision(),
                state.documents().size(),
                state.documents().stream().mapToInt(Head::passages).sum(),
                state.changedAt().orElseThrow(),
                embedding,
                change);
    }

    /** Of one document, as far as searches find them. */
    static int passages(Document document) {
        return document.published() > 0
                ? document.read().map(Document.Read::passages).orElse(0)
                : 0;
    }
}
