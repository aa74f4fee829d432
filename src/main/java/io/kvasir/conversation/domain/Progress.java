package io.kvasir.conversation.domain;

import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Sealed;
import java.util.List;
import java.util.Optional;

/**
 * What a reply has gained since it was last stored.
 *
 * @param text the next piece of the reply
 * @param sources its citations, where they have come since
 * @param passages what was put before the model, best first; goes with {@code sources}
 */
public record Progress(Optional<Sealed> text, Optional<Sealed> sources, List<PassageId> passages) {
    public static final Progress NONE = new Progress(Optional.empty(), Optional.empty(), List.of());

    public Progress {
        passages = List.copyOf(passages);
    }
}
