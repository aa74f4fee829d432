package io.kvasir.conversation;

import io.kvasir.conversation.domain.Turn;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.kernel.Sealed;
import java.util.Optional;

/** Sealed texts of a conversation, opened; where its key was destroyed, the word that says so. */
final class Opened {
    static final String ERASED = "[erased]";

    private Opened() {}

    static String text(Sealed sealed, Optional<SubjectKey> key) {
        return key.map(k -> k.open(sealed)).orElse(ERASED);
    }

    static String reply(Turn turn, Optional<SubjectKey> key) {
        if (key.isEmpty()) {
            return turn.said().isEmpty() ? "" : ERASED;
        }
        StringBuilder text = new StringBuilder();
        turn.said().forEach(piece -> text.append(key.get().open(piece)));
        return text.toString();
    }

    static Optional<Sources> sources(Turn turn, Optional<SubjectKey> key) {
        return key.flatMap(k -> turn.sources().map(s -> Sources.read(k.open(s))));
    }
}
