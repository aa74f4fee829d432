package io.kvasir.identity;

import static io.kvasir.identity.House.CLIENT;
import static io.kvasir.identity.House.PASSWORD;
import static io.kvasir.identity.House.done;
import static io.kvasir.identity.House.join;
import static io.kvasir.identity.House.refused;
import static io.kvasir.identity.House.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.jdbc.Sql;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import io.kvasir.mail.Mail;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PasswordChangeTest {
    private static final String NEW = "a different passphrase";

    private final House house = new House();

    @BeforeEach
    void somebody() {
        house.user("u@x.org", house.tenant("T"), Role.OWNER);
    }

    @AfterEach
    void close() {
        house.close();
    }

    private String link() {
        int before = links().size();
        done(house.identity.passwords().forgot("U@x.org ", CLIENT));
        return token(await().until(this::links, all -> all.size() > before).getLast());
    }

    private List<Mail> links() {
        return house.mails.stream().filter(m -> m.text().contains("#token=")).toList();
    }

    private CompletionStage<Outcome<Boolean>> reset(String token) {
        return house.identity.passwords().reset(token, NEW, CLIENT);
    }

    private CompletionStage<Outcome<Login.Entered>> login(String password) {
        return house.identity.login().login("u@x.org", password, false, CLIENT);
    }

    @Test
    void whoReadsTheMailChoosesANewPassword() {
        Sessions.LoggedIn before = house.in("u@x.org");

        done(reset(link()));

        assertThat(join(house.identity.authenticate(before.accessToken()))).isEmpty();
        refused(house.identity.sessions().refresh(before.refreshToken(), CLIENT));
        refused(login(PASSWORD));
        done(login(NEW));
        assertThat(house.mail("u@x.org", 2).subject()).contains("changed");
    }

    @Test
    void aLinkIsGoodOnceAndForAnHour() {
        String first = link();
        String second = link();
        done(reset(second));

        assertThat(refused(reset(second))).isInstanceOf(Rejection.NotFound.class);
        assertThat(refused(reset(first))).isInstanceOf(Rejection.NotFound.class);
        house.clock.forward(Duration.ofMinutes(61));
        String third = link();
        house.clock.forward(Duration.ofHours(1));
        refused(reset(third));
    }

    @Test
    void aLinkIsForOnePurpose() {
        String reset = link();

        assertThat(refused(house.identity.registration().verify(reset, CLIENT))).isInstanceOf(Rejection.NotFound.class);
        done(reset(reset));
    }

    @Test
    void whetherAnAddressHasAnAccountDoesNotShow() {
        assertThat(done(house.identity.passwords().forgot("nobody@x.org", CLIENT)))
                .isEqualTo(done(house.identity.passwords().forgot("u@x.org", CLIENT)));

        house.mail("u@x.org", 1);
        assertThat(house.mails).hasSize(1);
    }

    @Test
    void nobodysMailboxIsFilled() {
        for (int i = 0; i < 6; i++) {
            done(house.identity.passwords().forgot("u@x.org", CLIENT));
        }

        house.mail("u@x.org", 3);
        await().during(Duration.ofMillis(300)).until(() -> house.mails.size() == 3);
    }

    @Test
    void aSuspendedUserGetsNoLink() {
        house.sql(c -> Sql.update(c, "UPDATE users SET suspended_at = CURRENT_TIMESTAMP"));
        done(house.identity.passwords().forgot("u@x.org", CLIENT));

        await().during(Duration.ofMillis(300)).until(house.mails::isEmpty);
    }

    @Test
    void aWeakPasswordLeavesTheLinkGood() {
        String link = link();

        assertThat(refused(house.identity.passwords().reset(link, "short", CLIENT)))
                .isInstanceOf(Rejection.Invalid.class);
        done(reset(link));
    }

    @Test
    void whoKnowsTheOldPasswordSetsANewOneAndStays() {
        Sessions.LoggedIn here = house.in("u@x.org");
        Sessions.LoggedIn there = house.in("u@x.org");
        Principal me = house.principal(here.accessToken());

        assertThat(refused(house.identity.passwords().change(me, "wrong", NEW, CLIENT)))
                .isEqualTo(Rejection.Invalid.field("/oldPassword", "is wrong"));
        done(house.identity.passwords().change(me, PASSWORD, NEW, CLIENT));

        assertThat(join(house.identity.authenticate(here.accessToken()))).isPresent();
        assertThat(join(house.identity.authenticate(there.accessToken()))).isEmpty();
        done(login(NEW));
    }

    @Test
    void theOldPasswordIsNotGuessedWithAStolenToken() {
        Principal me = house.principal(house.in("u@x.org").accessToken());
        for (int i = 0; i < 3; i++) {
            refused(house.identity.passwords().change(me, "guess " + i, NEW, CLIENT));
        }

        assertThat(refused(house.identity.passwords().change(me, PASSWORD, NEW, CLIENT)))
                .isInstanceOf(Rejection.TooMany.class);
    }
}
