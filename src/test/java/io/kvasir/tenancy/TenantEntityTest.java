package io.kvasir.tenancy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.journal.EntityKit;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.TenantId;
import io.kvasir.tenancy.TenantEntity.Command;
import io.kvasir.tenancy.TenantEntity.Reply;
import io.kvasir.tenancy.domain.Amounts;
import io.kvasir.tenancy.domain.Holding;
import io.kvasir.tenancy.domain.Plan;
import io.kvasir.tenancy.domain.Plans;
import io.kvasir.tenancy.domain.Preferences;
import io.kvasir.tenancy.domain.Reservation;
import io.kvasir.tenancy.domain.Settlement;
import io.kvasir.tenancy.domain.Tenant;
import io.kvasir.tenancy.domain.TenantEvent;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import org.apache.pekko.serialization.SerializationExtension;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The actor around {@link Tenant}: what it answers may go to another server, however much the tenant keeps and does. */
class TenantEntityTest {
    private static final EntityKit KIT = new EntityKit();
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final Plans PLANS = new Plans(Map.of("all", new Plan("all", Map.of())), "all");

    private final TestProbe<ClusterSharding.ShardCommand> shard = KIT.actors().createTestProbe();
    private EventSourcedBehaviorTestKit<Command, TenantEvent, Tenant> entity;

    @BeforeEach
    void spawn() {
        entity = KIT.entity(TenantEntity.create(
                new TenantId("t"),
                shard.ref(),
                new TenancySettings(
                        PLANS, "all", Duration.ofMinutes(15), Duration.ofSeconds(20), Duration.ofMinutes(5), 50),
                Clock.fixed(NOW, ZoneOffset.UTC),
                // As long as the table of usage is away, what was used waits.
                (_, _) -> new CompletableFuture<>()));
    }

    @AfterEach
    void stop() {
        entity.clear();
    }

    @AfterAll
    static void shutDown() {
        KIT.close();
    }

    private static <T> List<T> many(Function<Integer, T> each) {
        return IntStream.range(0, 30_000).mapToObj(each::apply).toList();
    }

    private int bytes(Function<ActorRef<Reply>, Command> question) {
        Reply reply = entity.<Reply>runCommand(question::apply).reply();
        assertThat(reply).isInstanceOf(TenantEntity.Ok.class);
        return SerializationExtension.get(KIT.actors().system())
                .serialize(reply)
                .get()
                .length;
    }

    @Test
    void answersBrieflyHoweverMuchItKeepsAndDoes() {
        KnowledgeBaseId kb = new KnowledgeBaseId(Ids.next());
        entity.initialize(
                new TenantEvent.HoldingsChanged(
                        many(_ -> new Holding(new KnowledgeBaseId(Ids.next()), 2, 300)), List.of()),
                new TenantEvent.Reserved(
                        many(i -> new Reservation("r" + i, Amounts.answer(1, 2, 3), NOW.plus(Duration.ofMinutes(1))))),
                new TenantEvent.Settled(
                        many(i -> new Settlement(i + 1, Ids.next(), kb, "provider", "model", 1, 2, 3, 4, NOW))));

        assertThat(bytes(TenantEntity.Read::new)).isLessThan(2_000);
        assertThat(bytes(r -> new TenantEntity.ChoosePlan("all", r))).isLessThan(2_000);
        assertThat(bytes(r -> new TenantEntity.Prefer(new Preferences(Optional.of(30), Optional.of(7L)), r)))
                .isLessThan(2_000);
        assertThat(bytes(TenantEntity.Delete::new)).isLessThan(2_000);
    }
}
