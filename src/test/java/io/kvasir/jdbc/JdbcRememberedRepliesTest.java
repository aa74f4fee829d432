package io.kvasir.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.kernel.RememberedReplies.Claim;
import io.kvasir.kernel.RememberedReplies.Reply;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
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

    JdbcRememberedRepliesTest(TestDatabase kind) {
        database = kind.open();
        transactor = new Transactor(database.dataSource(), 8);
        replies = new JdbcRememberedReplies(
                transactor, new SubjectKeys(transactor, TestDatabase.masterKey()), Clock.systemUTC());
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

        assertThat(join(replies.claim("caller", "key", HASH))).isEqualTo(new Claim.Mine());
    }
}
