package io.kvasir.sharding;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.sharding.ClusterSharding;
import org.apache.pekko.cluster.sharding.ClusterShardingSettings;
import org.apache.pekko.cluster.sharding.ShardCoordinator;
import org.apache.pekko.cluster.sharding.ShardRegion;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.pattern.Patterns;
import scala.collection.immutable.IndexedSeq;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

/**
 * The configured allocation of shards, which moves none while a server does not answer. A server that has just died is
 * still a member for a second or two. Pekko (1.7, {@code ShardCoordinator.RebalanceWorker}) asks all regions whether a
 * shard may move; where the one that has it was dead by then, its end counts as its consent, the order to stop the shard
 * goes to nobody, and for as long as {@code handoff-timeout} the shard answers no more.
 */
public final class MovesAmongTheLiving extends ShardCoordinator.AbstractShardAllocationStrategy {
    /** A region that is too busy to answer in this time costs one round of moves, and no more. */
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(1);

    private final ShardCoordinator.ShardAllocationStrategy configured;
    private final Duration answerWithin;

    MovesAmongTheLiving(ShardCoordinator.ShardAllocationStrategy configured, Duration answerWithin) {
        this.configured = configured;
        this.answerWithin = answerWithin;
    }

    /** The same kind of entity, spread this way. */
    public static <M, E> Entity<M, E> spread(org.apache.pekko.actor.typed.ActorSystem<?> system, Entity<M, E> kind) {
        ActorSystem classic = Adapter.toClassic(system);
        ShardCoordinator.ShardAllocationStrategy configured =
                ClusterSharding.get(classic).defaultShardAllocationStrategy(ClusterShardingSettings.create(classic));
        if (configured instanceof ShardCoordinator.ActorSystemDependentAllocationStrategy dependent) {
            dependent.start(classic);
        }
        return kind.withAllocationStrategy(new MovesAmongTheLiving(configured, ANSWER_WITHIN));
    }

    @Override
    public Future<ActorRef> allocateShard(
            ActorRef requester, String shard, Map<ActorRef, IndexedSeq<String>> allocations) {
        return configured.allocateShard(requester, shard, immutable(allocations));
    }

    @Override
    public Future<Set<String>> rebalance(Map<ActorRef, IndexedSeq<String>> allocations, Set<String> moving) {
        CompletionStage<Set<String>> chosen = FutureConverters.asJava(configured.rebalance(
                        immutable(allocations),
                        CollectionConverters.asScala(moving).toSet()))
                .thenApply(CollectionConverters::asJava);
        return FutureConverters.asScala(chosen.thenCompose(shards -> shards.isEmpty()
                ? CompletableFuture.completedFuture(shards)
                : allAnswer(allocations.keySet()).thenApply(alive -> alive ? shards : Set.of())));
    }

    private CompletionStage<Boolean> allAnswer(Set<ActorRef> regions) {
        List<CompletableFuture<Object>> answers = new ArrayList<>();
        for (ActorRef region : regions) {
            answers.add(Patterns.ask(region, ShardRegion.getCurrentRegionsInstance(), answerWithin)
                    .toCompletableFuture());
        }
        return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                .handle((_, silent) -> silent == null);
    }

    private static scala.collection.immutable.Map<ActorRef, IndexedSeq<String>> immutable(
            Map<ActorRef, IndexedSeq<String>> allocations) {
        return scala.collection.immutable.Map.from(CollectionConverters.asScala(allocations));
    }
}
