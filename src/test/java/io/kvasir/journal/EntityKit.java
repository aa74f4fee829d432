package io.kvasir.journal;

import com.typesafe.config.ConfigFactory;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;

/** An actor system whose journal is memory, and in which every command, reply, event and state has to survive its serializer. */
public final class EntityKit implements AutoCloseable {
    private final ActorTestKit actors = ActorTestKit.create(
            "entities",
            ConfigFactory.parseString("pekko.actor.provider = local")
                    .withFallback(EventSourcedBehaviorTestKit.config())
                    .withFallback(ConfigFactory.load()));

    public ActorTestKit actors() {
        return actors;
    }

    public <C, E, S> EventSourcedBehaviorTestKit<C, E, S> entity(Behavior<C> behavior) {
        return EventSourcedBehaviorTestKit.create(
                actors.system(), behavior, EventSourcedBehaviorTestKit.enabledSerializationSettings());
    }

    /** Takes what nobody looks at. */
    public <T> ActorRef<T> ignored() {
        return actors.<T>createTestProbe().ref();
    }

    @Override
    public void close() {
        actors.shutdownTestKit();
    }
}
