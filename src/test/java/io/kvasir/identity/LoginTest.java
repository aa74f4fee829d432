package io.kvasir.identity;

import static io.kvasir.identity.House.CLIENT;
import static io.kvasir.identity.House.PASSWORD;
import static io.kvasir.identity.House.done;
import static io.kvasir.identity.House.join;
import static io.kvasir.identity.House.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.password4j.Argon2Function;
import com.password4j.BcryptFunction;
import com.password4j.Password;
import com.password4j.types.Argon2;
import com.password4j.types.Bcrypt;
import io.kvasir.http.Problems;
import io.kvasir.jdbc.Sql;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LoginTest {
    private static final Client ELSEWHERE = new Client("198.51.100.7", "test");
    private final House house = new House();

    @BeforeEach
    void owner() {
        house.owner("o@x");
    }

    @AfterEach
    void close() {
        house.close();
    }

    private CompletionStage<Outcome<Login.Entered>> login(String email, String password, Client from) {
        return house.identity.login().login(email, password, false, from);
    }

    @Test
    void aWrongPasswordAndAnUnknownAddressLookAlike() {
        Rejection wrong = new Rejection.Unauthenticated("E-mail address or password is wrong");

        assertThat(refused(login("o@x", "wrong", CLIENT))).isEqualTo(wrong);
        assertThat(refused(login("nobody@x", PASSWORD, CLIENT))).isEqualTo(wrong);
    }

    @Test
    void anUnknownAddressTakesAsLongAsAKnownOne() {
        long known = shortest("o@x");
        long unknown = shortest("nobody@x");

        // Hashing takes tens of milliseconds; without it the answer comes in one or two.
        assertThat(unknown).isGreaterThan(known / 3);
    }

    private long shortest(String email) {
        return IntStream.range(0, 3)
                .mapToLong(i -> {
                    long start = System.nanoTime();
                    refused(login(email, "wrong", new Client("192.0.2." + (50 + i), "test")));
                    return System.nanoTime() - start;
                })
                .min()
                .orElseThrow();
    }

    @Test
    void aTryThatBeganBeforeAnotherOneIsNotMadeToWaitForIt() {
        refused(login("o@x", "wrong", CLIENT));
        house.clock.forward(Duration.ofMillis(-1));

        assertThat(House.in(done(login("o@x", PASSWORD, CLIENT))).accessToken()).isNotEmpty();
    }

    @Test
    void whoFailsTooOftenWaitsLongerAndLonger() {
        for (int i = 0; i < 3; i++) {
            assertThat(refused(login("o@x", "wrong", CLIENT))).isInstanceOf(Rejection.Unauthenticated.class);
        }

        assertThat(refused(login("o@x", PASSWORD, CLIENT)))
                .isInstanceOfSatisfying(
                        Rejection.TooMany.class, r -> assertThat(r.retryAfter()).isEqualTo(Duration.ofSeconds(1)));
        house.clock.forward(Duration.ofSeconds(1));
        assertThat(refused(login("o@x", "wrong", CLIENT))).isInstanceOf(Rejection.Unauthenticated.class);
        assertThat(refused(login("o@x", PASSWORD, CLIENT)))
                .isInstanceOfSatisfying(
                        Rejection.TooMany.class, r -> assertThat(r.retryAfter()).isEqualTo(Duration.ofSeconds(2)));
        house.clock.forward(Duration.ofSeconds(2));
        done(login("o@x", PASSWORD, CLIENT));
    }

    @Test
    void nobodyLocksSomebodyElseOut() {
        for (int i = 0; i < 5; i++) {
            refused(login("o@x", "wrong", CLIENT));
        }

        done(login("o@x", PASSWORD, ELSEWHERE));
    }

    @Test
    void anotherAddressOfTheSameNetworkIsNoOtherOne() {
        for (int i = 1; i <= 3; i++) {
            refused(login("o@x", "wrong", new Client("2001:db8:1:2::" + i, "test")));
        }

        assertThat(refused(login("o@x", PASSWORD, new Client("2001:db8:1:2:ffff::9", "test"))))
                .isInstanceOf(Rejection.TooMany.class);
        done(login("o@x", PASSWORD, new Client("2001:db8:1:3::1", "test")));
    }

    @Test
    void whoIsKeptWaitingByOthersFromThereIsNotCounted() {
        for (int i = 0; i < 20; i++) {
            refused(login("somebody" + i + "@x", "wrong", CLIENT));
        }
        for (int i = 0; i < 5; i++) {
            assertThat(refused(login("o@x", PASSWORD, CLIENT))).isInstanceOf(Rejection.TooMany.class);
        }

        house.clock.forward(Duration.ofSeconds(1));
        done(login("o@x", PASSWORD, CLIENT));
        // A right password is no failure: the next one from there need not wait for it.
        done(login("o@x", PASSWORD, CLIENT));
    }

    @Test
    void anAccountOfOnesOwnBuysNoMoreGuesses() {
        for (int i = 0; i < 20; i++) {
            refused(login("somebody" + i + "@x", "wrong", CLIENT));
        }
        house.clock.forward(Duration.ofSeconds(1));
        Attempts attempts = new Attempts(house.transactor, house.clock, House.PATIENCE.longest());
        Attempts.Try own = done(attempts.take(new Attempts.Try("login from " + CLIENT.address(), 20)));
        house.clock.forward(Duration.ofSeconds(2));
        assertThat(refused(login("guessed@x", "wrong", CLIENT))).isInstanceOf(Rejection.Unauthenticated.class);

        join(attempts.giveBack(own));

        assertThat(refused(login("guessed@x", "wrong", CLIENT))).isInstanceOf(Rejection.TooMany.class);
    }

    @Test
    void beingTooBusyToHashIsNobodysFailure() {
        List<Client> all = IntStream.range(0, 300)
                .mapToObj(i -> new Client("198.18." + i / 200 + "." + i % 200, "test"))
                .toList();
        List<CompletionStage<Outcome<Login.Entered>>> logins =
                all.stream().map(client -> login("o@x", "wrong", client)).toList();
        List<Client> turnedAway = IntStream.range(0, all.size())
                .filter(i -> {
                    try {
                        join(logins.get(i));
                        return false;
                    } catch (CompletionException e) {
                        assertThat(e).hasRootCauseInstanceOf(Problems.Unavailable.class);
                        return true;
                    }
                })
                .mapToObj(all::get)
                .toList();

        assertThat(turnedAway).isNotEmpty();
        for (int i = 0; i < 3; i++) {
            assertThat(refused(login("o@x", "wrong", turnedAway.getFirst())))
                    .isInstanceOf(Rejection.Unauthenticated.class);
        }
    }

    @Test
    void aRightPasswordForgivesTheWrongOnes() {
        for (int round = 0; round < 3; round++) {
            refused(login("o@x", "wrong", CLIENT));
            refused(login("o@x", "wrong", CLIENT));
            done(login("o@x", PASSWORD, CLIENT));
        }
    }

    @Test
    void manyAtOnceAreNotAllTheFirst() {
        List<CompletionStage<Outcome<Login.Entered>>> all = IntStream.range(0, 20)
                .mapToObj(i -> login("o@x", "guess " + i, CLIENT))
                .toList();

        long checked = all.stream()
                .map(House::refused)
                .filter(Rejection.Unauthenticated.class::isInstance)
                .count();

        assertThat(checked).isEqualTo(3);
    }

    @Test
    void whoTriesManyAccountsIsSlowedDownToo() {
        long checked = IntStream.range(0, 30)
                .mapToObj(i -> refused(login("somebody" + i + "@x", "wrong", CLIENT)))
                .filter(Rejection.Unauthenticated.class::isInstance)
                .count();

        assertThat(checked).isEqualTo(20);
        done(login("o@x", PASSWORD, ELSEWHERE));
    }

    @Test
    void aBcryptHashIsUnderstoodAndReplaced() {
        house.user("old@x", house.tenant("Old"), Role.OWNER);
        String bcrypt = Password.hash(PASSWORD)
                .with(BcryptFunction.getInstance(Bcrypt.A, 5))
                .getResult();
        house.sql(c -> Sql.update(c, "UPDATE users SET password_hash = ? WHERE email = 'old@x'", bcrypt));

        refused(login("old@x", "wrong", CLIENT));
        assertThat(house.text("SELECT password_hash FROM users WHERE email = 'old@x'"))
                .isEqualTo(bcrypt);
        house.in("old@x");

        assertThat(house.text("SELECT password_hash FROM users WHERE email = 'old@x'"))
                .startsWith("$argon2id$");
        house.in("old@x");
    }

    @Test
    void anArgon2HashOfWeakerParametersIsReplaced() {
        house.user("weak@x", house.tenant("Weak"), Role.OWNER);
        String weak = Password.hash(PASSWORD)
                .addRandomSalt(16)
                .with(Argon2Function.getInstance(8_192, 1, 1, 32, Argon2.ID))
                .getResult();
        house.sql(c -> Sql.update(c, "UPDATE users SET password_hash = ? WHERE email = 'weak@x'", weak));

        house.in("weak@x");

        assertThat(house.text("SELECT password_hash FROM users WHERE email = 'weak@x'"))
                .contains("m=19456,t=2,p=1");
        house.in("weak@x");
    }

    @Test
    void whoHasNoPasswordCannotComeInByOne() {
        house.user("social@x", house.tenant("T"), Role.OWNER);
        house.sql(c -> Sql.update(c, "UPDATE users SET password_hash = NULL WHERE email = 'social@x'"));

        refused(login("social@x", "", CLIENT));
        assertThat(refused(login("social@x", PASSWORD, CLIENT))).isInstanceOf(Rejection.Unauthenticated.class);
    }

    @Test
    void hashingIsBoundedAndSaysSo() {
        try (Passwords passwords = new Passwords(3)) {
            List<CompletionStage<String>> all = IntStream.range(0, 30)
                    .mapToObj(i -> passwords.hash("p" + i))
                    .toList();

            long refused = all.stream()
                    .filter(stage -> {
                        try {
                            join(stage);
                            return false;
                        } catch (CompletionException e) {
                            assertThat(e).hasCauseInstanceOf(Problems.Unavailable.class);
                            return true;
                        }
                    })
                    .count();
            assertThat(refused).isGreaterThan(15);
        }
    }

    @Test
    void twentyLoginsAtOnceDoNotStarveTheRest() {
        String token = house.in("o@x").accessToken();
        for (int i = 0; i < 20; i++) {
            house.user("u" + i + "@x", house.tenant("T" + i), Role.OWNER);
        }

        List<CompletionStage<Outcome<Login.Entered>>> logins = IntStream.range(0, 20)
                .mapToObj(i -> login("u" + i + "@x", PASSWORD, new Client("203.0.113." + i, "test")))
                .toList();
        // Somebody else's requests, while hashing is at work.
        List<Long> others = new java.util.ArrayList<>();
        while (logins.stream().anyMatch(l -> !l.toCompletableFuture().isDone())) {
            long start = System.nanoTime();
            assertThat(join(house.identity.authenticate(token))).isPresent();
            others.add(System.nanoTime() - start);
        }
        logins.forEach(House::done);

        others.sort(null);
        long p95 = others.get(others.size() * 95 / 100);
        System.out.println("requests beside 20 logins: " + others.size() + ", p95 " + p95 / 1_000 + " µs");
        assertThat(Duration.ofNanos(p95)).isLessThan(Duration.ofMillis(100));
        assertThatThrownBy(() -> done(login("u1@x", "wrong", CLIENT))).isInstanceOf(AssertionError.class);
    }
}
