package io.kvasir.knowledgebase;

import io.kvasir.kernel.Wire;
import io.kvasir.knowledgebase.domain.Document;
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
 */
record Head(
        KnowledgeBase.Opening opening,
        Profile profile,
        SearchSettings search,
        Optional<String> slug,
        long revision,
        int documents,
        int passages,
        Instant changedAt)
        implements Wire {
    /** @param state of one that was created */
    static Head of(KnowledgeBase state) {
        return new Head(
                state.opening().orElseThrow(),
                state.profile().orElseThrow(),
                state.search().orElseThrow(),
                state.slug(),
                state.revision(),
                state.documents().size(),
                state.documents().stream().mapToInt(Head::passages).sum(),
                state.changedAt().orElseThrow());
    }

    /** Of one document, as far as searches find them. */
    static int passages(Document document) {
        return document.published() > 0
                ? document.read().map(Document.Read::passages).orElse(0)
                : 0;
    }
}
