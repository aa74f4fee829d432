package io.kvasir.conversation;

import io.kvasir.answering.AnswerEvent;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Between the stream that answers and the conversation: what is ready together is taken together, and the conversation
 * is woken only when it has taken what was there before. So a token costs one message at most, and none while the
 * conversation is busy. Written by one stream, read by one actor.
 */
final class AnswerInbox {
    private final int turn;
    private final Consumer<AnswerInbox> wake;
    private StringBuilder text = new StringBuilder();
    private AnswerEvent.@Nullable Retrieved retrieved;
    private @Nullable AnswerEvent last;
    private boolean woken;

    /** @param wake called when there is something to take, on the stream's thread */
    AnswerInbox(int turn, Consumer<AnswerInbox> wake) {
        this.turn = turn;
        this.wake = wake;
    }

    /** What came since it was last looked. @param last how it ended, if it did */
    record Batch(Optional<AnswerEvent.Retrieved> retrieved, CharSequence text, Optional<AnswerEvent> last) {}

    int turn() {
        return turn;
    }

    void put(AnswerEvent event) {
        synchronized (this) {
            if (last != null) {
                return;
            }
            switch (event) {
                case AnswerEvent.Retrieved r -> retrieved = r;
                case AnswerEvent.Text t -> text.append(t.text());
                case AnswerEvent.Finished f -> last = f;
                case AnswerEvent.Failed f -> last = f;
            }
            if (woken) {
                return;
            }
            woken = true;
        }
        wake.accept(this);
    }

    synchronized Batch take() {
        Batch batch = new Batch(Optional.ofNullable(retrieved), text, Optional.ofNullable(last));
        woken = false;
        retrieved = null;
        text = new StringBuilder(0);
        return batch;
    }
}
