package io.kvasir.conversation;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/**
 * Watches the conversations that are read on this node, and tells their readers at once when one stopped or its node was
 * lost. Readers can't watch themselves: the watch of a stream's stage does not see a node go.
 */
final class Lookout extends AbstractBehavior<Lookout.Command> {
    sealed interface Command {}

    record Follow(ActorRef<ConversationEntity.Command> entity, ActorRef<Heard> reader) implements Command {}

    record Forget(ActorRef<ConversationEntity.Command> entity, ActorRef<Heard> reader) implements Command {}

    private record Stopped(ActorRef<ConversationEntity.Command> entity) implements Command {}

    private final Map<ActorRef<ConversationEntity.Command>, Set<ActorRef<Heard>>> readers = new HashMap<>();

    private Lookout(ActorContext<Command> context) {
        super(context);
    }

    static Behavior<Command> create() {
        return Behaviors.setup(Lookout::new);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Follow.class, this::follow)
                .onMessage(Forget.class, this::forget)
                .onMessage(Stopped.class, this::stopped)
                .build();
    }

    private Behavior<Command> follow(Follow c) {
        readers.computeIfAbsent(c.entity(), entity -> {
                    getContext().watchWith(entity, new Stopped(entity));
                    return new HashSet<>(4);
                })
                .add(c.reader());
        return this;
    }

    private Behavior<Command> forget(Forget c) {
        Set<ActorRef<Heard>> of = readers.get(c.entity());
        if (of != null && of.remove(c.reader()) && of.isEmpty()) {
            readers.remove(c.entity());
            getContext().unwatch(c.entity());
        }
        return this;
    }

    private Behavior<Command> stopped(Stopped c) {
        Set<ActorRef<Heard>> of = readers.remove(c.entity());
        if (of != null) {
            of.forEach(reader -> reader.tell(new Heard.Gone(c.entity())));
        }
        return this;
    }
}
