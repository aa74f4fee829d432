package io.kvasir.conversation;

import io.kvasir.conversation.ConversationEntity.Command;
import io.kvasir.conversation.ConversationEntity.Join;
import io.kvasir.conversation.ConversationEntity.Watch;
import io.kvasir.conversation.domain.Conversation;
import io.kvasir.conversation.domain.Position;
import io.kvasir.conversation.domain.Turn;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * Who waits for what comes after a position: one question per reader, answered once. Those of the reply that is being
 * given wait at {@link LiveReply}; here wait those of turns to come.
 */
final class Readers {
    private final ActorRef<Command> entity;
    private final Map<ActorRef<Heard>, Position> waiting = new HashMap<>(4);

    Readers(ActorRef<Command> entity) {
        this.entity = entity;
    }

    /** Answers at once where there is something, else remembers the question. */
    void ask(Watch question, Conversation state, Optional<LiveReply> live) {
        if (!answered(question.after(), question.replyTo(), state, live) && question.note()) {
            question.replyTo().tell(new Heard.Noted(entity));
        }
    }

    void join(Join question, Conversation state, Optional<LiveReply> live) {
        Optional<LiveReply> reply = given(question.after(), live);
        if (reply.isPresent()) {
            waiting.remove(question.replyTo());
            question.replyTo().tell(new Heard.Near(reply.get()));
        } else {
            answered(question.after(), question.replyTo(), state, live);
        }
    }

    void leave(ActorRef<Heard> reader, Optional<LiveReply> live) {
        waiting.remove(reader);
        live.ifPresent(l -> l.leave(reader));
    }

    private boolean answered(Position after, ActorRef<Heard> reader, Conversation state, Optional<LiveReply> live) {
        Optional<LiveReply> reply = given(after, live);
        if (reply.isPresent()) {
            waiting.remove(reader);
            return reply.get().ask(after, reader);
        }
        Optional<Heard> news = news(after, state);
        if (news.isPresent()) {
            waiting.remove(reader);
            reader.tell(news.get());
        } else {
            waiting.put(reader, after);
        }
        return news.isPresent();
    }

    /** Answers all for whom there is something now; who waits for the reply that is being given waits there. */
    void serve(Conversation state, Optional<LiveReply> live) {
        if (waiting.isEmpty()) {
            return;
        }
        for (Iterator<Map.Entry<ActorRef<Heard>, Position>> all =
                        waiting.entrySet().iterator();
                all.hasNext(); ) {
            Map.Entry<ActorRef<Heard>, Position> one = all.next();
            Optional<LiveReply> reply = given(one.getValue(), live);
            Optional<Heard> news = reply.isPresent() ? Optional.empty() : news(one.getValue(), state);
            if (reply.isPresent()) {
                all.remove();
                reply.get().ask(one.getValue(), one.getKey());
            } else if (news.isPresent()) {
                all.remove();
                one.getKey().tell(news.get());
            }
        }
    }

    private static Optional<LiveReply> given(Position after, Optional<LiveReply> live) {
        return live.filter(l -> l.turn() == after.turn());
    }

    private Optional<Heard> news(Position after, Conversation state) {
        return state.turn(after.turn())
                .filter(t -> t.status() != Turn.Status.RUNNING || after.offset() == Position.BEFORE)
                .map(t -> t.status() == Turn.Status.RUNNING
                        ? new Heard.Live(t.number(), true, Optional.empty(), 0, "", Optional.empty(), entity)
                        : new Heard.Past(t, entity));
    }
}
