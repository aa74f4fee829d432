package io.kvasir.identity;

import static io.kvasir.identity.House.CLIENT;
import static io.kvasir.identity.House.PASSWORD;
import static io.kvasir.identity.House.done;
import static io.kvasir.identity.House.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.jdbc.TestDatabase;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.class)
class MfaTest {
    private final House house;
    private Principal me = new Principal(
            new io.kvasir.kernel.UserId("none"),
            new io.kvasir.kernel.TenantId("none"),
            java.util.Set.of(),
            Optional.empty());
    private byte[] secret = {};
    private List<String> recovery = List.of();

    MfaTest(TestDatabase kind) {
        house = new House(kind);
    }

    @BeforeEach
    void withASecondFactor() {
        house.user("u@x.org", house.tenant("T"), Role.OWNER);
        me = house.principal(house.in("u@x.org").accessToken());
        secret = Totps.secret(done(house.identity.mfa().setup(me)).secret());
        recovery = done(house.identity.mfa().confirm(me, code(), CLIENT)).recoveryCodes();
        house.clock.forward(Duration.ofSeconds(60));
    }

    @AfterEach
    void close() {
        house.close();
    }

    private String code() {
        return Totp.code(secret, house.clock.instant());
    }

    private String challenge() {
        return switch (done(house.identity.login().login("u@x.org", PASSWORD, false, CLIENT))) {
            case Login.Entered.Challenged(String challenge, long _) -> challenge;
            case Login.Entered.In _ -> throw new AssertionError("no second factor was asked for");
        };
    }

    private CompletionStage<Outcome<Login.Entered>> answer(String challenge, String code) {
        return house.identity.mfa().answer(challenge, code, CLIENT);
    }

    @Test
    void thePasswordAloneDoesNotOpen() {
        Sessions.LoggedIn in = House.in(done(answer(challenge(), code())));

        assertThat(house.principal(in.accessToken()).user()).isEqualTo(me.user());
        assertThat(done(house.identity.me(me)).mfaEnabled()).isTrue();
    }

    @Test
    void aCodeIsGoodOnce() {
        String code = code();
        done(answer(challenge(), code));

        assertThat(refused(answer(challenge(), code))).isInstanceOf(Rejection.Unauthenticated.class);
    }

    @Test
    void ofManyWithOneCodeAtOnceOneGetsIn() {
        List<String> challenges =
                IntStream.range(0, 5).mapToObj(_ -> challenge()).toList();
        String code = code();

        List<CompletionStage<Outcome<Login.Entered>>> all =
                challenges.stream().map(c -> answer(c, code)).toList();

        assertThat(all.stream().map(House::join).filter(Outcome.Done.class::isInstance))
                .hasSize(1);
    }

    @Test
    void anOlderStepThanTheLastUsedIsNotGood() {
        String old = code();
        house.clock.forward(Duration.ofSeconds(30));
        done(answer(challenge(), code()));

        refused(answer(challenge(), old));
    }

    @Test
    void aClockMayBeOffByAStepAndNoMore() {
        String early = Totp.code(secret, house.clock.instant().plusSeconds(30));
        String late = Totp.code(secret, house.clock.instant().plusSeconds(60));

        refused(answer(challenge(), late));
        done(answer(challenge(), early));
    }

    @Test
    void aChallengeEndsAfterFiveWrongCodes() {
        String challenge = challenge();
        for (int i = 0; i < 5; i++) {
            refused(answer(challenge, "wrong" + i));
        }

        assertThat(refused(answer(challenge, code()))).isInstanceOf(Rejection.Unauthenticated.class);
        done(answer(challenge(), code()));
    }

    @Test
    void manyChallengesDoNotMakeManyTries() {
        for (int i = 0; i < 10; i++) {
            refused(answer(challenge(), "wrong"));
        }

        assertThat(refused(answer(challenge(), code()))).isInstanceOf(Rejection.TooMany.class);
    }

    @Test
    void aChallengeIsGoodForFiveMinutesAndOnce() {
        String first = challenge();
        done(answer(first, code()));
        refused(answer(first, recovery.getFirst()));
        String second = challenge();
        house.clock.forward(Duration.ofMinutes(5));

        refused(answer(second, code()));
        refused(answer("made up", code()));
    }

    @Test
    void aRecoveryCodeIsGoodOnceHoweverItIsWritten() {
        String code = recovery.getFirst();
        done(answer(challenge(), " " + code.toLowerCase(Locale.ROOT).replace("-", " ")));

        refused(answer(challenge(), code));
        refused(answer(challenge(), code.replace("-", "")));
        done(answer(challenge(), recovery.get(1)));
        assertThat(recovery).hasSize(10).doesNotHaveDuplicates();
    }

    @Test
    void ofManyWithOneRecoveryCodeAtOnceOneGetsIn() {
        List<String> challenges =
                IntStream.range(0, 5).mapToObj(_ -> challenge()).toList();

        List<CompletionStage<Outcome<Login.Entered>>> all =
                challenges.stream().map(c -> answer(c, recovery.getFirst())).toList();

        assertThat(all.stream().map(House::join).filter(Outcome.Done.class::isInstance))
                .hasSize(1);
    }

    @Test
    void aCodeIsNeededToDisableIt() {
        assertThat(refused(house.identity.mfa().disable(me, "000000"))).isInstanceOf(Rejection.Invalid.class);
        assertThat(refused(house.identity.mfa().setup(me))).isInstanceOf(Rejection.Conflict.class);
        done(house.identity.mfa().disable(me, code()));

        house.in("u@x.org");
        assertThat(refused(house.identity.mfa().disable(me, code()))).isInstanceOf(Rejection.Conflict.class);
        assertThat(house.text("SELECT COUNT(*) FROM recovery_codes")).isEqualTo("0");
    }

    @Test
    void itCountsOnlyOnceAFirstCodeWasRight() {
        house.user("v@x.org", house.tenant("V"), Role.OWNER);
        Principal other = house.principal(house.in("v@x.org").accessToken());
        done(house.identity.mfa().setup(other));

        assertThat(refused(house.identity.mfa().confirm(other, "000000", CLIENT)))
                .isInstanceOf(Rejection.Invalid.class);
        house.in("v@x.org");
        assertThat(refused(house.identity.mfa().confirm(me, code(), CLIENT))).isInstanceOf(Rejection.Conflict.class);
    }

    @Test
    void noSecretAndNoRecoveryCodeIsKeptInTheClear() {
        assertThat(house.text("SELECT sealed FROM second_factors"))
                .doesNotContain(java.util.HexFormat.of().formatHex(secret));
        assertThat(house.text("SELECT COUNT(*) FROM recovery_codes WHERE hash = ?", recovery.getFirst()))
                .isEqualTo("0");
    }

    @Test
    void aNewPasswordDoesNotReplaceTheSecondFactor() {
        done(house.identity.passwords().forgot("u@x.org", CLIENT));
        done(house.identity.passwords().reset(House.token(house.mail("u@x.org", 1)), "a different passphrase", CLIENT));

        assertThat(done(house.identity.login().login("u@x.org", "a different passphrase", false, CLIENT)))
                .isInstanceOf(Login.Entered.Challenged.class);
    }

    @Test
    void whoIsSuspendedMeanwhileStaysOut() {
        String challenge = challenge();
        done(house.identity.suspensions().suspend(me.user()));

        assertThat(refused(answer(challenge, code()))).isInstanceOf(Rejection.Forbidden.class);
    }

    @Test
    void codesAreThoseOfRfc6238() {
        byte[] ascii = "12345678901234567890".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

        assertThat(Totp.code(ascii, Instant.ofEpochSecond(59))).isEqualTo("287082");
        assertThat(Totp.code(ascii, Instant.ofEpochSecond(1_111_111_109))).isEqualTo("081804");
        assertThat(Totp.code(ascii, Instant.ofEpochSecond(20_000_000_000L))).isEqualTo("353130");
        assertThat(Totp.base32("foobar".getBytes(java.nio.charset.StandardCharsets.US_ASCII)))
                .isEqualTo("MZXW6YTBOI");
    }
}
