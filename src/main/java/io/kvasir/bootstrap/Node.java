package io.kvasir.bootstrap;

import com.typesafe.config.Config;
import io.kvasir.journal.SharedDatabase;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.ClusterEvent.ClusterDomainEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.UniqueAddress;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.cluster.typed.Subscribe;

/** The actor system as a member of its cluster. Without seed nodes it is a cluster of one. */
final class Node {
    private Node() {}

    /**
     * Starts the actor system; the stage completes once it is a member and shards can live on it, and fails where it did
     * not find the others.
     *
     * @param alone it is to be a cluster of its own
     * @param ended whether it is proven that the process of a member has ended
     * @param lost is called when another member is gone for good: what lived on it may be woken here
     */
    static Started start(
            Config config,
            boolean alone,
            SharedDatabase.Pool pool,
            Function<UniqueAddress, CompletionStage<Boolean>> ended,
            Runnable lost) {
        CompletableFuture<Boolean> up = new CompletableFuture<>();
        ActorSystem<ClusterDomainEvent> system = ActorSystem.create(
                guardian(alone, up, ended, lost),
                "kvasir",
                ActorSystemSetup.create(BootstrapSetup.create(config), pool));
        system.getWhenTerminated()
                .whenComplete((_, _) -> up.completeExceptionally(
                        new IllegalStateException("this server did not become a member of its cluster")));
        return new Started(system, up);
    }

    record Started(ActorSystem<ClusterDomainEvent> system, CompletionStage<Boolean> up) {}

    /** How many members share the work now, this one included. */
    static int up(ActorSystem<?> system) {
        int up = 0;
        for (Member member : Cluster.get(system).state().getMembers()) {
            if (member.status().equals(MemberStatus.up())) {
                up++;
            }
        }
        return Math.max(1, up);
    }

    /** Whether this member takes part: not before it has joined, and not while it leaves. */
    static boolean takesPart(ActorSystem<?> system) {
        Cluster cluster = Cluster.get(system);
        return !cluster.isTerminated() && cluster.selfMember().status().equals(MemberStatus.up());
    }

    /** What no other member ever has, whatever its address. */
    static long number(ActorSystem<?> system) {
        return Cluster.get(system).selfMember().uniqueAddress().longUid();
    }

    /** What this member is called as long as it runs; after a restart it is another. */
    static String name(ActorSystem<?> system) {
        return Cluster.get(system).selfMember().uniqueAddress().toString();
    }

    /** Whether a member of this name is here, comes or leaves, and is not gone. */
    static boolean knows(ActorSystem<?> system, String name) {
        for (Member member : Cluster.get(system).state().getMembers()) {
            if (member.uniqueAddress().toString().equals(name)) {
                return true;
            }
        }
        return false;
    }

    private static Behavior<ClusterDomainEvent> guardian(
            boolean alone,
            CompletableFuture<Boolean> up,
            Function<UniqueAddress, CompletionStage<Boolean>> ended,
            Runnable lost) {
        return Behaviors.setup(context -> {
            context.setLoggerName("kvasir.bootstrap");
            Cluster cluster = Cluster.get(context.getSystem());
            UniqueAddress self = cluster.selfMember().uniqueAddress();
            cluster.subscriptions().tell(new Subscribe<>(context.getSelf(), ClusterDomainEvent.class));
            context.spawn(SilentMembers.create(ended), "silent-members");
            if (alone) {
                cluster.manager().tell(new Join(cluster.selfMember().address()));
            }
            return Behaviors.receive(ClusterDomainEvent.class)
                    .onMessage(ClusterEvent.MemberUp.class, event -> {
                        if (event.member().uniqueAddress().equals(self)) {
                            up.complete(true);
                        }
                        return Behaviors.same();
                    })
                    .onMessage(ClusterEvent.MemberRemoved.class, event -> {
                        if (!event.member().uniqueAddress().equals(self)) {
                            context.getLog()
                                    .info("member {} is gone", event.member().address());
                            lost.run();
                        }
                        return Behaviors.same();
                    })
                    .onAnyMessage(_ -> Behaviors.same())
                    .build();
        });
    }
}
