package io.kvasir.identity;

import static io.kvasir.identity.House.CLIENT;
import static io.kvasir.identity.House.PASSWORD;
import static io.kvasir.identity.House.done;
import static io.kvasir.identity.House.refused;
import static io.kvasir.identity.House.token;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.jdbc.TestDatabase;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RegistrationTest {
    @TempDir
    Path folder;

    private House house = new House(TestDatabase.H2, House.settings(AccountSettings.Registration.OPEN));

    @AfterEach
    void close() {
        house.close();
    }

    private CompletionStage<Outcome<Boolean>> register(String email, String password) {
        return house.identity
                .registration()
                .register(
                        new Registration.Wish(email, password, Optional.of("Anna"), Optional.of("Anna's shop")),
                        CLIENT);
    }

    private CompletionStage<Outcome<Sessions.LoggedIn>> verify(String token) {
        return house.identity.registration().verify(token, CLIENT);
    }

    @Test
    void whoProvesTheAddressGetsATenantOfTheirOwn() {
        done(register("Anna@Example.org", PASSWORD));
        assertThat(house.text("SELECT COUNT(*) FROM users")).isEqualTo("0");

        Sessions.LoggedIn in = done(verify(token(house.mail("anna@example.org", 1))));

        Principal anna = house.principal(in.accessToken());
        assertThat(anna.roles()).containsExactly(Role.OWNER);
        assertThat(in.tenants()).extracting(Sessions.Choice::name).containsExactly("Anna's shop");
        assertThat(house.principal(house.in("anna@example.org").accessToken()).user())
                .isEqualTo(anna.user());
    }

    @Test
    void aLinkIsGoodOnceAndForAnHour() {
        done(register("a@x.org", PASSWORD));
        String first = token(house.mail("a@x.org", 1));
        done(register("b@x.org", PASSWORD));
        String second = token(house.mail("b@x.org", 1));

        done(verify(first));
        assertThat(refused(verify(first))).isInstanceOf(Rejection.NotFound.class);
        house.clock.forward(Duration.ofHours(1));
        refused(verify(second));
        refused(verify("made up"));
    }

    @Test
    void ofManyWhoComeWithOneLinkOneGetsIn() {
        done(register("a@x.org", PASSWORD));
        String token = token(house.mail("a@x.org", 1));

        List<CompletionStage<Outcome<Sessions.LoggedIn>>> all =
                IntStream.range(0, 10).mapToObj(_ -> verify(token)).toList();

        assertThat(all.stream().map(House::join).filter(Outcome.Done.class::isInstance))
                .hasSize(1);
        assertThat(house.text("SELECT COUNT(*) FROM users")).isEqualTo("1");
    }

    @Test
    void anAddressThatIsKnownShowsInTheMailAlone() {
        house.owner("known@x.org");

        assertThat(done(register("known@x.org", "another long password")))
                .isEqualTo(done(register("new@x.org", PASSWORD)));

        assertThat(house.mail("known@x.org", 1).subject()).contains("already");
        assertThat(house.mail("known@x.org", 1).text()).doesNotContain("#token=");
        house.in("known@x.org");
    }

    @Test
    void theLinkOfAnAddressThatGotAnAccountMeanwhileOpensNothing() {
        done(register("a@x.org", "the password of somebody else"));
        String other = token(house.mail("a@x.org", 1));
        done(register("a@x.org", PASSWORD));
        done(verify(token(house.mail("a@x.org", 2))));

        refused(verify(other));
        house.in("a@x.org");
    }

    @Test
    void nobodysMailboxIsFilled() {
        for (int i = 0; i < 6; i++) {
            done(register("a@x.org", PASSWORD));
        }

        house.mail("a@x.org", 3);
        assertThat(house.mails).hasSize(3);
    }

    @Test
    void whoRegistersAgainAndAgainWaits() {
        for (int i = 0; i < 20; i++) {
            done(register("a" + i + "@x.org", PASSWORD));
        }

        assertThat(refused(register("b@x.org", PASSWORD))).isInstanceOf(Rejection.TooMany.class);
    }

    @Test
    void aMailThatCannotBeSentDoesNotShow() {
        house.mailer = _ -> java.util.concurrent.CompletableFuture.failedFuture(new java.io.IOException("away"));
        try (Identity other = house.node(House.settings(AccountSettings.Registration.OPEN))) {
            done(other.registration()
                    .register(new Registration.Wish("a@x.org", PASSWORD, Optional.empty(), Optional.empty()), CLIENT));
        }
    }

    @Test
    void aPasswordIsLongAndOnNoList() throws Exception {
        assertThat(refused(register("a@x.org", "eleven char"))).satisfies(RegistrationTest::isAboutThePassword);
        assertThat(refused(register("a-long-address@x.org", "A-long-address@x.org")))
                .satisfies(RegistrationTest::isAboutThePassword);
        Path list = Files.writeString(folder.resolve("known"), "correct horse battery\nanother\n");
        PasswordPolicy policy = new PasswordPolicy(new AccountSettings.PasswordRules(12, Optional.of(list)));

        assertThat(policy.fault(PASSWORD, "a@x.org").orElseThrow().detail()).contains("known");
        assertThat(policy.fault(PASSWORD + "!", "a@x.org")).isEmpty();
        assertThat(policy.fault("ππππππππππππ", "a@x.org")).isEmpty();
        assertThat(policy.fault("x".repeat(1_001), "a@x.org")).isPresent();
    }

    private static void isAboutThePassword(Rejection rejection) {
        assertThat(rejection)
                .isInstanceOfSatisfying(
                        Rejection.Invalid.class,
                        invalid -> assertThat(invalid.errors())
                                .extracting(Rejection.FieldError::pointer)
                                .containsExactly("/password"));
    }

    @ParameterizedTest
    @EnumSource(names = {"INVITATION", "CLOSED"})
    void whereItIsNotOpenNobodyRegisters(AccountSettings.Registration registration) {
        try (Identity other = house.node(House.settings(registration))) {
            assertThat(refused(other.registration()
                            .register(
                                    new Registration.Wish("a@x.org", PASSWORD, Optional.empty(), Optional.empty()),
                                    CLIENT)))
                    .isInstanceOf(Rejection.Forbidden.class);
        }
        assertThat(house.mails).isEmpty();
    }
}
