package io.kvasir.identity;

import static io.kvasir.identity.House.CLIENT;
import static io.kvasir.identity.House.PASSWORD;
import static io.kvasir.identity.House.done;
import static io.kvasir.identity.House.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.identity.LoginWatch.Event;
import io.kvasir.identity.LoginWatch.Seen;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every way in and every failed one is told; the ways through providers are in {@link OAuthTest}. */
class LoginWatchTest {
    private final House house = new House(TestDatabase.H2, House.settings(AccountSettings.Registration.OPEN));
    private final TenantId tenant = house.tenant("T");
    private final UserId user = house.user("u@x.org", tenant, io.kvasir.kernel.Principal.Role.ADMIN);

    @AfterEach
    void close() {
        house.close();
    }

    private Seen seen(Event event) {
        return new Seen(event, user, tenant, CLIENT);
    }

    private void waitFor(Seen... wanted) {
        Awaitility.await().untilAsserted(() -> assertThat(house.seen).containsExactly(wanted));
    }

    @Test
    void aLoginIsToldBeforeItIsAnswered() {
        house.in("u@x.org");

        assertThat(house.seen).containsExactly(seen(Event.ENTERED));
    }

    @Test
    void aWrongPasswordIsToldOfTheAccountItWasFor() {
        refused(house.identity.login().login("u@x.org", "wrong", false, CLIENT));
        waitFor(seen(Event.TURNED_AWAY));

        refused(house.identity.login().login("nobody@x.org", "wrong", false, CLIENT));
        house.in("u@x.org");
        waitFor(seen(Event.TURNED_AWAY), seen(Event.ENTERED));
    }

    @Test
    void aRefusalDoesNotWaitForTheRecord() {
        house.watch = _ -> new CompletableFuture<>();

        refused(house.identity.login().login("u@x.org", "wrong", false, CLIENT));
    }

    @Test
    void aRecordThatIsAwayTurnsNobodyAway() {
        house.watch = _ -> CompletableFuture.failedFuture(new IllegalStateException("away"));

        assertThat(house.in("u@x.org").user()).isEqualTo(user);
    }

    @Test
    void somebodySuspendedIsTurnedAway() {
        done(house.identity.suspensions().suspend(user));

        refused(house.identity.login().login("u@x.org", PASSWORD, false, CLIENT));

        waitFor(seen(Event.TURNED_AWAY));
    }

    @Test
    void theSecondFactorLetsInNotTheFirst() {
        var me = house.principal(house.in("u@x.org").accessToken());
        byte[] secret = Totps.secret(done(house.identity.mfa().setup(me)).secret());
        done(house.identity.mfa().confirm(me, Totp.code(secret, house.clock.instant()), CLIENT));
        house.clock.forward(java.time.Duration.ofSeconds(60));

        Login.Entered asked = done(house.identity.login().login("u@x.org", PASSWORD, false, CLIENT));
        assertThat(asked).isInstanceOf(Login.Entered.Challenged.class);
        waitFor(seen(Event.ENTERED), seen(Event.SECOND_FACTOR_SET_UP));

        String challenge = ((Login.Entered.Challenged) asked).challenge();
        refused(house.identity.mfa().answer(challenge, "000000", CLIENT));
        waitFor(seen(Event.ENTERED), seen(Event.SECOND_FACTOR_SET_UP), seen(Event.TURNED_AWAY));
        done(house.identity.mfa().answer(challenge, Totp.code(secret, house.clock.instant()), CLIENT));
        waitFor(seen(Event.ENTERED), seen(Event.SECOND_FACTOR_SET_UP), seen(Event.TURNED_AWAY), seen(Event.ENTERED));
    }

    @Test
    void aStolenRefreshTokenIsToldOnce() {
        String stolen = house.in("u@x.org").refreshToken();
        done(house.identity.sessions().refresh(stolen, CLIENT));

        refused(house.identity.sessions().refresh(stolen, CLIENT));
        refused(house.identity.sessions().refresh(stolen, CLIENT));

        waitFor(seen(Event.ENTERED), seen(Event.REFRESH_TOKEN_REUSED));
    }

    @Test
    void aPasswordSetByALinkIsTold() {
        done(house.identity.passwords().forgot("u@x.org", CLIENT));
        String token = House.token(house.mail("u@x.org", 1));

        done(house.identity.passwords().reset(token, "another long passphrase", CLIENT));

        assertThat(house.seen).containsExactly(seen(Event.PASSWORD_RESET));
    }

    @Test
    void whoeverRegistersComesIntoATenantOfTheirOwn() {
        done(house.identity
                .registration()
                .register(
                        new Registration.Wish("new@x.org", "a long new passphrase", Optional.empty(), Optional.empty()),
                        CLIENT));

        Sessions.LoggedIn in =
                done(house.identity.registration().verify(House.token(house.mail("new@x.org", 1)), CLIENT));

        assertThat(house.seen).containsExactly(new Seen(Event.ENTERED, in.user(), in.tenantId(), CLIENT));
    }
}
