package io.kvasir.conversation;

import io.kvasir.conversation.ConversationEntity.Command;
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
 * Who waits for what comes after a position: one question per reader, answered once. So a reader costs one map entry,
 * however slow it is.
 */
final class Readers {
    private final ActorRef<Command> entity;
    private final Map<ActorRef<Heard>, Position> waiting = new HashMap<>(4);

    Readers(ActorRef<Command> entity) {
        this.entity = entity;
    }

    /** Answers at once where there is something, else remembers the question. */
    void ask(Watch question, Conversation state, Optional<LiveReply> live) {
        Optional<Heard> news = news(question.after(), state, live);
        if (news.isPresent()) {
            waiting.remove(question.replyTo());
            question.replyTo().tell(news.get());
        } else {
            waiting.put(question.replyTo(), question.after());
            if (question.note()) {
                question.replyTo().tell(new Heard.Noted(entity));
            }
        }
    }

    void leave(ActorRef<Heard> reader) {
        waiting.remove(reader);
    }

    /** Answers all for whom there is something now. */
    void serve(Conversation state, Optional<LiveReply> live) {
        if (waiting.isEmpty()) {
            return;
        }
        for (Iterator<Map.Entry<ActorRef<Heard>, Position>> all =
                        waiting.entrySet().iterator();
                all.hasNext(); ) {
            Map.Entry<ActorRef<Heard>, Position> one = all.next();
            Optional<Heard> news = news(one.getValue(), state, live);
            if (news.isPresent()) {
                all.remove();
                one.getKey().tell(news.get());
            }
        }
    }

    private Optional<Heard> news(Position after, Conversation state, Optional<LiveReply> live) {
        Optional<LiveReply> reply = live.filter(l -> l.turn() == after.turn());
        if (reply.isPresent()) {
            return reply.get().after(after, entity);
        }
        return state.turn(after.turn())
                .filter(t -> t.status() != Turn.Status.RUNNING || after.offset() == Position.BEFORE)
                .map(t -> t.status() == Turn.Status.RUNNING
                        ? new Heard.Live(t.number(), true, Optional.empty(), 0, "", Optional.empty(), entity)
                        : new Heard.Past(t, entity));
    }
}
