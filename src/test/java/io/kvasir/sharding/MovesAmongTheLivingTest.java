package io.kvasir.sharding;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.sharding.ShardCoordinator;
import org.apache.pekko.cluster.sharding.ShardRegion;
import org.apache.pekko.testkit.TestActor;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import scala.collection.immutable.IndexedSeq;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

class MovesAmongTheLivingTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final ActorSystem SYSTEM = Adapter.toClassic(KIT.system());

    @AfterAll
    static void end() {
        KIT.shutdownTestKit();
    }

    private final Chosen chosen = new Chosen();
    private final MovesAmongTheLiving moves = new MovesAmongTheLiving(chosen, Duration.ofMillis(300));

    /** Says that two shards of whoever comes first should move, and remembers what it was asked. */
    private static final class Chosen extends ShardCoordinator.AbstractShardAllocationStrategy {
        private Set<String> shards = Set.of("3", "4");
        private Map<ActorRef, IndexedSeq<String>> seen = Map.of();
        private Set<String> moving = Set.of();

        @Override
        public Future<ActorRef> allocateShard(
                ActorRef requester, String shard, Map<ActorRef, IndexedSeq<String>> allocations) {
            return Future.successful(requester);
        }

        @Override
        public Future<Set<String>> rebalance(Map<ActorRef, IndexedSeq<String>> allocations, Set<String> moving) {
            seen = allocations;
            this.moving = moving;
            return Future.successful(shards);
        }
    }

    private static ActorRef region(boolean answers) {
        TestKit probe = new TestKit(SYSTEM);
        probe.setAutoPilot(new TestActor.AutoPilot() {
            @Override
            public TestActor.AutoPilot run(ActorRef sender, Object asked) {
                if (answers && asked == ShardRegion.getCurrentRegionsInstance()) {
                    sender.tell(
                            new ShardRegion.CurrentRegions(scala.collection.immutable.Set$.MODULE$.empty()),
                            probe.getRef());
                }
                return keepRunning();
            }
        });
        return probe.getRef();
    }

    private Set<String> moved(ActorRef... regions) throws Exception {
        Map<ActorRef, IndexedSeq<String>> allocations = new HashMap<>();
        for (ActorRef region : regions) {
            allocations.put(region, scala.collection.immutable.Vector.from(CollectionConverters.asScala(Set.of("1"))));
        }
        Set<String> moved = FutureConverters.asJava(moves.rebalance(allocations, Set.of("9")))
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
        assertThat(chosen.seen).isEqualTo(allocations);
        assertThat(chosen.moving).containsExactly("9");
        return moved;
    }

    @ParameterizedTest
    @CsvSource({"true, true", "false, true", "true, false", "false, false"})
    void nothingMovesWhileAServerDoesNotAnswer(boolean first, boolean second) throws Exception {
        assertThat(moved(region(first), region(second))).isEqualTo(first && second ? Set.of("3", "4") : Set.of());
    }

    @Test
    void nobodyIsAskedWhereNothingIsToMove() throws Exception {
        chosen.shards = Set.of();
        TestKit region = new TestKit(SYSTEM);

        assertThat(moved(region.getRef())).isEmpty();

        region.expectNoMessage(Duration.ofMillis(100));
    }

    @Test
    void aShardThatIsNowhereGoesWhereTheConfiguredStrategySays() throws Exception {
        ActorRef region = region(false);

        assertThat(FutureConverters.asJava(moves.allocateShard(region, "1", Map.of()))
                        .toCompletableFuture()
                        .get(10, TimeUnit.SECONDS))
                .isEqualTo(region);
    }
}
