package io.kvasir.conversation;

import io.kvasir.conversation.domain.Conversation;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Wire;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What a conversation answers. */
sealed interface Reply extends Wire {
    /** Persisted (or there was nothing to do). @param turns how many there are now */
    record Ok(int turns) implements Reply {}

    /**
     * @param count how many turns there are
     * @param live what was said so far in the running turn, where that is among {@code turns}: there it is without its reply
     */
    record Page(
            Conversation.Opening opening,
            boolean closed,
            Instant changedAt,
            int count,
            List<Turn> turns,
            Optional<String> live)
            implements Reply {}

    record Refused(Rejection reason) implements Reply {}
}
