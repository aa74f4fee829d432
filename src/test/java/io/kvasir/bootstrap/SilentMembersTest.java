package io.kvasir.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.UniqueAddress;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.JoinSeedNodes;
import org.apache.pekko.remote.RemoteActorRefProvider;
import org.apache.pekko.remote.transport.ThrottlerTransportAdapter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Members of one cluster in this process. Nobody but the one under test takes anybody out. */
class SilentMembersTest {
    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final Config CONFIG = ConfigFactory.parseString("""
            pekko {
              actor.provider = cluster
              loglevel = WARNING
              remote.artery { canonical { hostname = "127.0.0.1", port = 0 }, advanced.test-mode = on }
              cluster.failure-detector { heartbeat-interval = 200ms, acceptable-heartbeat-pause = 2s }
              # One that is terminated says nothing to the others, as one that is killed.
              coordinated-shutdown { run-by-actor-system-terminate = off, run-by-jvm-shutdown-hook = off, exit-jvm = off }
            }
            """).withFallback(ConfigFactory.defaultReference());

    private final List<ActorSystem<?>> all = new ArrayList<>();
    private final Queue<UniqueAddress> asked = new ConcurrentLinkedQueue<>();

    @AfterEach
    void end() {
        all.forEach(ActorTestKit::shutdown);
    }

    /** The first of them looks after the others. */
    private Cluster cluster(int size, Function<UniqueAddress, CompletionStage<Boolean>> ended) {
        for (int i = 0; i < size; i++) {
            all.add(ActorSystem.create(Behaviors.empty(), "members", CONFIG));
        }
        Cluster first = Cluster.get(all.getFirst());
        for (ActorSystem<?> one : all) {
            Cluster.get(one)
                    .manager()
                    .tell(new JoinSeedNodes(List.of(first.selfMember().address())));
        }
        await().atMost(PATIENCE).until(() -> up(first) == size);
        all.getFirst()
                .systemActorOf(
                        SilentMembers.create(member -> {
                            asked.add(member);
                            return ended.apply(member);
                        }),
                        "silent-members",
                        Props.empty());
        return first;
    }

    private static long up(Cluster cluster) {
        return StreamSupport.stream(cluster.state().getMembers().spliterator(), false)
                .filter(m -> m.status().equals(MemberStatus.up()))
                .count();
    }

    private static int members(Cluster cluster) {
        return cluster.state().members().size();
    }

    private static CompletionStage<Boolean> said(boolean proven) {
        return CompletableFuture.completedFuture(proven);
    }

    private void kill(int number) {
        all.get(number).terminate();
    }

    @Test
    void whoIsSilentAndProvenToHaveEndedIsTakenOut() {
        Cluster first = cluster(3, _ -> said(true));
        UniqueAddress third = Cluster.get(all.get(2)).selfMember().uniqueAddress();

        kill(2);

        await().atMost(PATIENCE).until(() -> members(first) == 2);
        assertThat(asked).containsOnly(third);
    }

    @Test
    void whoIsSilentAloneIsAskedForAgainUntilItIsProven() {
        Cluster first = cluster(3, _ -> switch (asked.size()) {
            case 1, 2, 3 -> said(false);
            case 4, 5 -> CompletableFuture.failedFuture(new IllegalStateException("nobody knows"));
            default -> said(true);
        });

        kill(2);

        await().atMost(PATIENCE).until(() -> asked.size() >= 5);
        assertThat(members(first)).isEqualTo(3);
        await().atMost(PATIENCE).until(() -> members(first) == 2);
        assertThat(asked).hasSize(6);
    }

    @Test
    void whoIsHeardAgainIsNotAskedForAnyMore() throws Exception {
        Cluster first = cluster(3, _ -> said(false));
        Address third = Cluster.get(all.get(2)).selfMember().address();

        hears(third, ThrottlerTransportAdapter.Blackhole$.MODULE$);
        await().atMost(PATIENCE).until(() -> asked.size() > 3);
        hears(third, ThrottlerTransportAdapter.Unthrottled$.MODULE$);

        await().atMost(PATIENCE).until(() -> first.state().getUnreachable().isEmpty());
        AtomicInteger before = new AtomicInteger(-1);
        await().during(Duration.ofSeconds(1))
                .atMost(Duration.ofSeconds(10))
                .until(() -> before.getAndSet(asked.size()) == asked.size());
        assertThat(members(first)).isEqualTo(3);
    }

    /** Whether the first and another get anything from each other. */
    private void hears(Address other, ThrottlerTransportAdapter.ThrottleMode mode) throws ReflectiveOperationException {
        // javac finds no name for an object in an object of Scala's.
        Object both = Class.forName(ThrottlerTransportAdapter.Direction.class.getName() + "$Both$")
                .getField("MODULE$")
                .get(null);
        ExtendedActorSystem system = (ExtendedActorSystem) Adapter.toClassic(all.getFirst());
        ((RemoteActorRefProvider) system.provider())
                .transport()
                .managementCommand(new ThrottlerTransportAdapter.SetThrottle(
                        other, (ThrottlerTransportAdapter.Direction) both, mode));
    }

    @Test
    void theSmallerPartTakesNobodyOutWhateverIsProven() {
        // Not before neither of them is heard: until then the other one and this are the larger part.
        Cluster first = cluster(
                3,
                _ -> said(Cluster.get(all.getFirst()).state().getUnreachable().size() == 2));

        kill(1);
        kill(2);

        await().atMost(PATIENCE).until(() -> first.state().getUnreachable().size() == 2 || members(first) < 3);
        await().during(Duration.ofSeconds(2)).atMost(PATIENCE).until(() -> members(first) == 3);
        assertThat(asked).hasSizeGreaterThan(2);
    }
}
