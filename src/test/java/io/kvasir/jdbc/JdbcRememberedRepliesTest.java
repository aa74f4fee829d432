package io.kvasir.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.kernel.RememberedReplies.Claim;
import io.kvasir.kernel.RememberedReplies.Reply;
import io.kvasir.kernel.TestClock;
import java.lang.reflect.Proxy;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.class)
class JdbcRememberedRepliesTest {
    private static final String HASH = "0".repeat(64);

    private final Database database;
    private final Transactor transactor;
    private final JdbcRememberedReplies replies;
    private final TestClock clock = new TestClock();
    private final Set<String> alive = ConcurrentHashMap.newKeySet();

    JdbcRememberedRepliesTest(TestDatabase kind) {
        database = kind.open();
        transactor = new Transactor(database.dataSource(), 8);
        replies = of("here");
    }

    private JdbcRememberedReplies of(String server) {
        return new JdbcRememberedReplies(
                transactor, new SubjectKeys(transactor, TestDatabase.masterKey()), clock, server, alive::contains);
    }

    @AfterEach
    void close() {
        transactor.close();
        database.close();
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    @Test
    void ofManyAtOnceOneIsFirst() {
        for (int round = 0; round < 20; round++) {
            String key = "key-" + round;
            List<CompletableFuture<Claim>> claims = IntStream.range(0, 8)
                    .mapToObj(_ -> replies.claim("caller", key, HASH).toCompletableFuture())
                    .toList();

            assertThat(claims.stream().map(CompletableFuture::join))
                    .filteredOn(claim -> claim instanceof Claim.Mine)
                    .hasSize(1);
        }
    }

    @Test
    void tellsWhatWasAnswered() {
        join(replies.claim("caller", "key", HASH));
        assertThat(join(replies.claim("caller", "key", HASH))).isEqualTo(new Claim.Earlier(Optional.empty()));
        assertThat(join(replies.claim("caller", "key", "1".repeat(64)))).isEqualTo(new Claim.OtherRequest());

        join(replies.remember("caller", "key", new Reply(201, new byte[] {1, 2, 3})));
        assertThat(join(replies.claim("caller", "key", HASH))).isInstanceOfSatisfying(Claim.Earlier.class, earlier -> {
            assertThat(earlier.reply().orElseThrow().status()).isEqualTo(201);
            assertThat(earlier.reply().orElseThrow().body()).containsExactly(1, 2, 3);
        });
    }

    @Test
    void aForgottenClaimIsFreeAgain() {
        join(replies.claim("caller", "key", HASH));
        join(replies.forget("caller", "key"));

        assertThat(join(replies.claim("caller", "key", HASH))).isInstanceOf(Claim.Mine.class);
    }

    private static String mine(Claim claim) {
        return ((Claim.Mine) claim).id();
    }

    @Test
    void aClaimThatWasLeftIsAnybodysAndKeepsItsId() {
        alive.add("there");
        String id = mine(join(of("there").claim("caller", "key", HASH)));
        join(of("there").leave("caller", "key"));

        assertThat(join(replies.claim("caller", "key", "1".repeat(64)))).isEqualTo(new Claim.OtherRequest());
        assertThat(mine(join(replies.claim("caller", "key", HASH)))).isEqualTo(id);
        assertThat(join(replies.claim("caller", "key", HASH)))
                .as("by one only")
                .isEqualTo(new Claim.Earlier(Optional.empty()));
    }

    @Test
    void aClaimThatWasForgottenBeginsAnew() {
        String id = mine(join(replies.claim("caller", "key", HASH)));
        join(replies.forget("caller", "key"));

        assertThat(mine(join(replies.claim("caller", "key", HASH)))).isNotEqualTo(id);
    }

    @Test
    void aClaimThatIsTakenOverKeepsItsId() {
        String id = mine(join(of("gone").claim("caller", "key", HASH)));
        clock.forward(Duration.ofMinutes(1));

        assertThat(mine(join(replies.claim("caller", "key", HASH)))).isEqualTo(id);
    }

    @Test
    void aClaimOfAServerFromBeforeThereWereIdsIsGivenOne() {
        join(of("gone").claim("caller", "key", HASH));
        join(transactor.run(c -> Sql.update(c, "UPDATE remembered_replies SET creates = NULL")));
        clock.forward(Duration.ofMinutes(1));
        String id = mine(join(replies.claim("caller", "key", HASH)));
        join(replies.leave("caller", "key"));

        assertThat(mine(join(replies.claim("caller", "key", HASH)))).isEqualTo(id);
    }

    @Test
    void whatIsToldWhileTheDatabaseIsAwayIsKnownOnceItIsBack() {
        AtomicBoolean away = new AtomicBoolean();
        DataSource source = (DataSource) Proxy.newProxyInstance(
                DataSource.class.getClassLoader(), new Class<?>[] {DataSource.class}, (_, method, arguments) -> {
                    if (away.get()) {
                        throw new SQLTransientConnectionException("away");
                    }
                    return method.invoke(database.dataSource(), arguments);
                });
        try (Transactor interrupted = new Transactor(source, 2)) {
            alive.add("there");
            JdbcRememberedReplies there = new JdbcRememberedReplies(
                    interrupted,
                    new SubjectKeys(interrupted, TestDatabase.masterKey()),
                    clock,
                    "there",
                    alive::contains);
            join(there.claim("caller", "left", HASH));
            join(there.claim("caller", "refused", HASH));
            join(there.claim("caller", "done", HASH));
            away.set(true);

            join(there.leave("caller", "left"));
            join(there.forget("caller", "refused"));
            join(there.remember("caller", "done", new Reply(201, new byte[] {1})));
            away.set(false);

            await().until(() -> join(replies.claim("caller", "left", HASH)) instanceof Claim.Mine);
            await().until(() -> join(replies.claim("caller", "refused", HASH)) instanceof Claim.Mine);
            await().until(() -> join(replies.claim("caller", "done", HASH)) instanceof Claim.Earlier(var reply)
                    && reply.isPresent());
        }
    }

    @Test
    void whatAServerThatIsGoneWasAtWorkOnIsTakenOver() {
        alive.add("there");
        JdbcRememberedReplies there = of("there");
        join(there.claim("caller", "key", HASH));
        clock.forward(Duration.ofMinutes(1));
        assertThat(join(replies.claim("caller", "key", HASH)))
                .as("it is still at work")
                .isEqualTo(new Claim.Earlier(Optional.empty()));

        alive.clear();
        assertThat(join(replies.claim("caller", "key", "1".repeat(64)))).isEqualTo(new Claim.OtherRequest());
        assertThat(join(replies.claim("caller", "key", HASH))).isInstanceOf(Claim.Mine.class);
        assertThat(join(replies.claim("caller", "key", HASH)))
                .as("by one only")
                .isEqualTo(new Claim.Earlier(Optional.empty()));

        // What the first server still has to say counts no more.
        join(there.forget("caller", "key"));
        join(there.remember("caller", "key", new Reply(500, new byte[0])));
        assertThat(join(replies.claim("caller", "key", HASH))).isEqualTo(new Claim.Earlier(Optional.empty()));
        join(replies.remember("caller", "key", new Reply(201, new byte[] {1})));
        assertThat(join(there.claim("caller", "key", HASH)))
                .isInstanceOfSatisfying(
                        Claim.Earlier.class,
                        earlier -> assertThat(earlier.reply().orElseThrow().status())
                                .isEqualTo(201));
    }

    @Test
    void aServerNobodyKnowsYetIsGivenTenSeconds() {
        join(of("just joined").claim("caller", "key", HASH));
        clock.forward(Duration.ofSeconds(9));
        assertThat(join(replies.claim("caller", "key", HASH))).isEqualTo(new Claim.Earlier(Optional.empty()));
        clock.forward(Duration.ofSeconds(2));
        assertThat(join(replies.claim("caller", "key", HASH))).isInstanceOf(Claim.Mine.class);
    }

    @Test
    void aClaimThatNeverEndsIsFreeAfterAQuarterOfAnHour() {
        join(replies.claim("caller", "key", HASH));
        clock.forward(Duration.ofMinutes(14));
        assertThat(join(replies.claim("caller", "key", HASH))).isEqualTo(new Claim.Earlier(Optional.empty()));
        clock.forward(Duration.ofMinutes(2));
        assertThat(join(replies.claim("caller", "key", HASH))).isInstanceOf(Claim.Mine.class);
    }

    @Test
    void anAnswerIsRememberedForADay() {
        join(replies.claim("caller", "key", HASH));
        join(replies.remember("caller", "key", new Reply(201, new byte[] {1})));
        clock.forward(Duration.ofHours(23));
        assertThat(join(replies.claim("caller", "key", HASH))).isInstanceOf(Claim.Earlier.class);
        clock.forward(Duration.ofHours(2));
        assertThat(join(replies.claim("caller", "key", HASH))).isInstanceOf(Claim.Mine.class);
    }
}
