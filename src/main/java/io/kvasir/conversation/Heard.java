package io.kvasir.conversation;

import io.kvasir.conversation.ConversationEntity.Command;
import io.kvasir.conversation.domain.Ending;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.kernel.Wire;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;

/** What a reader of a conversation is told. */
sealed interface Heard {
    /**
     * Most UTF-16 units told at once. What a reader has been told and its client has not taken is all it may cost: without
     * this, many who come late to a long reply would cost a whole reply each.
     */
    int LARGEST_PIECE = 32_768;

    /** The conversation's actor. It may be asked directly for more, while it lives. */
    ActorRef<Command> entity();

    /** What the reader had not seen. @param started the turn is new to the reader; @param from where in the reply {@code text} stands */
    record Live(
            int turn,
            boolean started,
            Optional<Sources> sources,
            int from,
            String text,
            Optional<Ending> ending,
            ActorRef<Command> entity)
            implements Heard, Wire {}

    /** A turn that is over and no more in memory as text: the reader opens it. */
    record Past(Turn turn, ActorRef<Command> entity) implements Heard, Wire {}

    /** The question was heard, and there is nothing to tell yet. */
    record Noted(ActorRef<Command> entity) implements Heard, Wire {}

    /** From the {@link Lookout}: that actor is no more, and what it was asked will not be answered. */
    record Gone(ActorRef<Command> entity) implements Heard, Wire {}

    /** The reply itself, for a reader on the server where it is given: there is something, or will be, to take from it. */
    record Near(LiveReply reply) implements Heard {
        @Override
        public ActorRef<Command> entity() {
            return reply.entity();
        }
    }
}
