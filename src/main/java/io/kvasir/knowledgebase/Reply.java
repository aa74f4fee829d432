package io.kvasir.knowledgebase;

import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Wire;
import io.kvasir.knowledgebase.domain.Embedding;
import java.util.List;

/** What a knowledge base answers. */
sealed interface Reply extends Wire {
    record Ok(Head head) implements Reply {}

    record One(Seen seen) implements Reply {}

    record Some(List<Seen> seen) implements Reply {}

    /** Where its passages are. */
    record At(Embedding embedding) implements Reply {}

    /** Nothing may be written for a moment: its embedding model changes. */
    record Later() implements Reply {}

    record Refused(Rejection reason) implements Reply {}

    /** To {@link KnowledgeBaseEntity.Wake}: there never was such a knowledge base. */
    record Never() implements Reply {}
}
