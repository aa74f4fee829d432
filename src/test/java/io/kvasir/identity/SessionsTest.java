package io.kvasir.identity;

import static io.kvasir.identity.House.CLIENT;
import static io.kvasir.identity.House.done;
import static io.kvasir.identity.House.join;
import static io.kvasir.identity.House.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.class)
class SessionsTest {
    private final House house;
    private Identity.Owner owner;

    @BeforeEach
    void owner() {
        owner = house.owner("o@x");
    }

    SessionsTest(TestDatabase kind) {
        house = new House(kind);
    }

    @AfterEach
    void close() {
        house.close();
    }

    private CompletionStage<Outcome<Sessions.LoggedIn>> refresh(String token) {
        return house.identity.sessions().refresh(token, CLIENT);
    }

    private boolean good(String accessToken) {
        return join(house.identity.authenticate(accessToken)).isPresent();
    }

    @Test
    void aRefreshTokenIsTradedForTheNext() {
        Sessions.LoggedIn first = house.in("o@x");

        Sessions.LoggedIn second = done(refresh(first.refreshToken()));
        Sessions.LoggedIn third = done(refresh(second.refreshToken()));

        assertThat(third.refreshToken()).isNotIn(first.refreshToken(), second.refreshToken());
        assertThat(good(third.accessToken())).isTrue();
    }

    @Test
    void aSpentTokenThatComesAgainEndsTheSession() {
        Sessions.LoggedIn first = house.in("o@x");
        Sessions.LoggedIn second = done(refresh(first.refreshToken()));

        assertThat(refused(refresh(first.refreshToken()))).isInstanceOf(Rejection.Unauthenticated.class);

        assertThat(refused(refresh(second.refreshToken()))).isInstanceOf(Rejection.Unauthenticated.class);
        assertThat(good(second.accessToken())).isFalse();
    }

    @Test
    void ofFiftyAtOnceOneWinsAndTheSessionEnds() {
        Sessions.LoggedIn in = house.in("o@x");

        List<CompletionStage<Outcome<Sessions.LoggedIn>>> all =
                IntStream.range(0, 50).mapToObj(_ -> refresh(in.refreshToken())).toList();
        List<Sessions.LoggedIn> won = all.stream()
                .map(House::join)
                .filter(Outcome.Done.class::isInstance)
                .map(outcome -> ((Outcome.Done<Sessions.LoggedIn>) outcome).value())
                .toList();

        assertThat(won).hasSize(1);
        refused(refresh(won.getFirst().refreshToken()));
        assertThat(good(won.getFirst().accessToken())).isFalse();
    }

    @Test
    void anUnknownTokenEndsNothing() {
        Sessions.LoggedIn in = house.in("o@x");

        refused(refresh(Secrets.next()));
        refused(refresh(""));

        assertThat(good(in.accessToken())).isTrue();
    }

    @Test
    void aRefreshTokenWaitsForAWeek() {
        Sessions.LoggedIn in = house.in("o@x");
        house.clock.forward(Duration.ofDays(7).minusSeconds(1));
        Sessions.LoggedIn next = done(refresh(in.refreshToken()));
        house.clock.forward(Duration.ofDays(7));

        refused(refresh(next.refreshToken()));
    }

    @Test
    void aSessionEndsHoweverOftenItIsRefreshed() {
        Sessions.LoggedIn in = house.in("o@x");
        for (int day = 0; day < 24; day += 6) {
            house.clock.forward(Duration.ofDays(6));
            in = done(refresh(in.refreshToken()));
        }
        house.clock.forward(Duration.ofDays(6));

        refused(refresh(in.refreshToken()));
    }

    @Test
    void noTokenIsKeptInTheClear() {
        Sessions.LoggedIn in = house.in("o@x");

        assertThat(house.text("SELECT COUNT(*) FROM sessions WHERE refresh_hash = ?", in.refreshToken()))
                .isEqualTo("0");
        assertThat(house.text("SELECT COUNT(*) FROM sessions WHERE refresh_hash = ?", Secrets.hash(in.refreshToken())))
                .isEqualTo("1");
    }

    @Test
    void loggingOutEndsAccessAtOnce() {
        Sessions.LoggedIn in = house.in("o@x");

        assertThat(done(house.identity.sessions().logout(in.refreshToken()))).isTrue();

        assertThat(good(in.accessToken())).isFalse();
        refused(refresh(in.refreshToken()));
        assertThat(done(house.identity.sessions().logout(in.refreshToken()))).isFalse();
    }

    @Test
    void oneSeesAndEndsOnesOwnSessionsAlone() {
        Sessions.LoggedIn here = house.in("o@x");
        Sessions.LoggedIn there = house.in("o@x");
        Principal me = house.principal(here.accessToken());
        UserId other = house.user("other@x", owner.tenant(), Role.ADMIN);
        Principal they = house.principal(house.in("other@x").accessToken());

        List<Sessions.Session> mine = done(house.identity.sessions().list(me));
        assertThat(mine).hasSize(2);
        assertThat(mine.stream().filter(Sessions.Session::current)).hasSize(1);
        assertThat(mine.getFirst().address()).isEqualTo("192.0.2.1");
        String second = mine.stream()
                .filter(s -> !s.current())
                .findFirst()
                .orElseThrow()
                .id();

        assertThat(refused(house.identity.sessions().revoke(they, second))).isInstanceOf(Rejection.NotFound.class);
        assertThat(good(there.accessToken())).isTrue();
        done(house.identity.sessions().revoke(me, second));
        assertThat(good(there.accessToken())).isFalse();
        assertThat(good(here.accessToken())).isTrue();
        assertThat(done(house.identity.sessions().list(they))).hasSize(1);
        assertThat(other).isNotEqualTo(owner.user());
    }

    @Test
    void oneSwitchesAmongOnesTenantsAlone() {
        TenantId second = house.tenant("Second");
        TenantId foreign = house.tenant("Foreign");
        house.clock.forward(Duration.ofSeconds(1));
        house.member(second, owner.user(), Role.VIEWER);
        Sessions.LoggedIn in = house.in("o@x");
        Principal me = house.principal(in.accessToken());
        assertThat(in.tenants()).hasSize(2);
        assertThat(in.tenantId()).isEqualTo(owner.tenant());

        assertThat(refused(house.identity.sessions().switchTo(me, foreign))).isInstanceOf(Rejection.NotFound.class);
        Sessions.Switched switched = done(house.identity.sessions().switchTo(me, second));

        Principal there = house.principal(switched.accessToken());
        assertThat(there.tenant()).isEqualTo(second);
        assertThat(there.roles()).containsExactly(Role.VIEWER);
        assertThat(done(refresh(in.refreshToken())).tenantId()).isEqualTo(second);
        assertThat(house.in("o@x").tenantId()).isEqualTo(second);
    }

    @Test
    void aMembershipThatEndedEndsAccess() {
        TenantId second = house.tenant("Second");
        house.member(second, owner.user(), Role.ADMIN);
        Sessions.LoggedIn in = house.in("o@x");
        String there = done(house.identity.sessions().switchTo(house.principal(in.accessToken()), second))
                .accessToken();

        house.sql(c -> Sql.update(c, "DELETE FROM memberships WHERE tenant = ?", second.value()));

        assertThat(good(there)).isFalse();
        assertThat(done(refresh(in.refreshToken())).tenantId()).isEqualTo(owner.tenant());
    }

    /** As a login that was let in just before its user was suspended would leave it. */
    @Test
    void aSessionOfASuspendedUserDoesNotGoOn() {
        Sessions.LoggedIn in = house.in("o@x");
        house.sql(c -> Sql.update(
                c,
                "UPDATE users SET suspended_at = ? WHERE id = ?",
                house.clock.instant(),
                owner.user().value()));

        assertThat(refused(refresh(in.refreshToken()))).isInstanceOf(Rejection.Unauthenticated.class);
    }

    @Test
    void whoBelongsNowhereDoesNotComeIn() {
        house.user("gone@x", house.tenant("Old"), Role.OWNER);
        Sessions.LoggedIn in = house.in("gone@x");
        house.sql(c -> Sql.update(
                c, "DELETE FROM memberships WHERE tenant = ?", in.tenantId().value()));

        assertThat(refused(house.identity.login().login("gone@x", House.PASSWORD, false, CLIENT)))
                .isInstanceOf(Rejection.Forbidden.class);
        refused(refresh(in.refreshToken()));
    }
}
