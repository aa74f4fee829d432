package io.kvasir.bootstrap;

import com.typesafe.config.Config;
import io.kvasir.journal.SharedDatabase;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.cluster.typed.SelfUp;
import org.apache.pekko.cluster.typed.Subscribe;

/** The actor system as a member of its cluster. Without seed nodes it is a cluster of one. */
final class Node {
    private Node() {}

    /** Starts the actor system; the stage completes once it is a member and shards can live on it. */
    static Started start(Config config, SharedDatabase.Pool pool) {
        CompletableFuture<Boolean> up = new CompletableFuture<>();
        ActorSystem<SelfUp> system = ActorSystem.create(
                guardian(up), "kvasir", ActorSystemSetup.create(BootstrapSetup.create(config), pool));
        return new Started(system, up);
    }

    record Started(ActorSystem<SelfUp> system, CompletionStage<Boolean> up) {}

    private static Behavior<SelfUp> guardian(CompletableFuture<Boolean> up) {
        return Behaviors.setup(context -> {
            Cluster cluster = Cluster.get(context.getSystem());
            cluster.subscriptions().tell(new Subscribe<>(context.getSelf(), SelfUp.class));
            if (context.getSystem()
                    .settings()
                    .config()
                    .getStringList("pekko.cluster.seed-nodes")
                    .isEmpty()) {
                cluster.manager().tell(new Join(cluster.selfMember().address()));
            }
            return Behaviors.receive(SelfUp.class)
                    .onAnyMessage(_ -> {
                        up.complete(true);
                        return Behaviors.same();
                    })
                    .build();
        });
    }
}
