package io.kvasir.conversation.domain;

import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.Stored;
import io.kvasir.kernel.StoredAs;
import io.kvasir.kernel.UserId;
import java.time.Instant;
import java.util.Optional;

/** Everything that can happen to a conversation. */
public sealed interface ConversationEvent extends Stored {
    /** @param endUser name, email, phone and metadata, sealed as one; empty for an anonymous person */
    @StoredAs("conversation.started.v1")
    record ConversationStarted(
            KnowledgeBaseId knowledgeBase, Optional<UserId> startedBy, Optional<Sealed> endUser, Instant at)
            implements ConversationEvent {}

    @StoredAs("conversation.turn-started.v1")
    record TurnStarted(int turn, Sealed question, long revision, Instant at) implements ConversationEvent {}

    /** A long reply is stored piece by piece, so that a crash loses seconds of it at most. */
    @StoredAs("conversation.reply-grew.v1")
    record ReplyGrew(int turn, Progress progress) implements ConversationEvent {}

    @StoredAs("conversation.turn-completed.v1")
    record TurnCompleted(int turn, Progress progress, Ending ending) implements ConversationEvent {}

    @StoredAs("conversation.turn-failed.v1")
    record TurnFailed(int turn, Progress progress, Ending.Failure failure, Instant at) implements ConversationEvent {}

    @StoredAs("conversation.turn-stopped.v1")
    record TurnStopped(int turn, Progress progress, Instant at) implements ConversationEvent {}

    @StoredAs("conversation.turn-rated.v1")
    record TurnRated(int turn, Turn.Feedback feedback) implements ConversationEvent {}

    @StoredAs("conversation.closed.v1")
    record ConversationClosed(Instant at) implements ConversationEvent {}
}
