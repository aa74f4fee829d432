package io.kvasir.conversation;

import io.kvasir.answering.AnswerEvent;
import io.kvasir.conversation.domain.Conversation;
import io.kvasir.conversation.domain.ConversationEvent;
import io.kvasir.conversation.domain.Ending;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.kernel.Decision;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/** The ways a reply can end, put into the words of the domain. */
final class Endings {
    static final Ending.Failure INTERRUPTED = new Ending.Failure(
            "interrupted",
            "The server stopped while this reply was being given; what was said until then is kept. Ask again.");
    static final Ending.Failure TOO_SLOW =
            new Ending.Failure("answer-timeout", "The reply took longer than a reply may take");
    static final Ending.Failure TOO_LONG =
            new Ending.Failure("answer-too-long", "The reply grew longer than a reply may be");

    static final Ending.Failure ERASED = new Ending.Failure("erased", "This conversation was erased");

    private Endings() {}

    static Decision<ConversationEvent> decide(Conversation state, LiveReply said, AnswerEvent last, Instant now) {
        return switch (last) {
            case AnswerEvent.Finished f -> state.complete(said.turn(), said.storeLast(), completed(f, now));
            case AnswerEvent.Failed f ->
                state.fail(said.turn(), said.storeLast(), new Ending.Failure(f.code(), f.detail()), now);
            case AnswerEvent.Retrieved _, AnswerEvent.Text _ -> Decision.accept();
        };
    }

    private static Ending completed(AnswerEvent.Finished f, Instant now) {
        return new Ending(
                Turn.Status.COMPLETED,
                Optional.of(f.reason().name().toLowerCase(Locale.ROOT)),
                f.cited(),
                Optional.of(new Ending.Usage(
                        f.usage().provider(),
                        f.usage().model(),
                        f.usage().promptTokens(),
                        f.usage().completionTokens(),
                        f.usage().costMicros())),
                Optional.of(new Ending.Timings(
                        f.timings().retrievalMs(),
                        f.timings().firstTokenMs(),
                        f.timings().totalMs())),
                Optional.empty(),
                now);
    }
}
