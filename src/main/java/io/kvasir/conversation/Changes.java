package io.kvasir.conversation;

import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.Wire;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.pubsub.Topic;
import org.apache.pekko.stream.OverflowStrategy;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.typed.javadsl.ActorSource;

/**
 * Word, on every node, of which conversations changed. It is a hint and not a record: whoever comes late reads the list.
 */
final class Changes {
    /** So many may wait for one slow reader; then its stream ends, and it reads the list anew. */
    private static final int WAITING = 4_096;

    record Changed(TenantId tenant, ConversationId id) implements Wire {}

    private final ActorRef<Topic.Command<Changed>> topic;

    Changes(ActorSystem<?> system) {
        this.topic = system.systemActorOf(
                Topic.create(Changed.class, "conversation-changes"), "conversation-changes", Props.empty());
    }

    void tell(ConversationAddress address) {
        topic.tell(Topic.publish(new Changed(address.tenant(), address.id())));
    }

    /** What changed from now on; to a slow reader together. */
    Source<Set<ConversationId>, NotUsed> of(TenantId tenant) {
        return ActorSource.<Changed>actorRef(_ -> false, _ -> Optional.empty(), WAITING, OverflowStrategy.fail())
                .mapMaterializedValue(reader -> {
                    topic.tell(Topic.subscribe(reader));
                    return NotUsed.getInstance();
                })
                .filter(changed -> changed.tenant().equals(tenant))
                .conflateWithSeed(changed -> Set.of(changed.id()), (ids, changed) -> {
                    Set<ConversationId> more = new TreeSet<>((a, b) -> a.value().compareTo(b.value()));
                    more.addAll(ids);
                    more.add(changed.id());
                    return more;
                });
    }
}
