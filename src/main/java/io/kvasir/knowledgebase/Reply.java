package io.kvasir.knowledgebase;

import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Wire;
import java.util.List;

/** What a knowledge base answers. */
sealed interface Reply extends Wire {
    record Ok(Head head) implements Reply {}

    record One(Seen seen) implements Reply {}

    record Some(List<Seen> seen) implements Reply {}

    record Refused(Rejection reason) implements Reply {}

    /** To {@link KnowledgeBaseEntity.Wake}: there never was such a knowledge base. */
    record Never() implements Reply {}
}
