package io.kvasir.identity;

import static io.kvasir.identity.House.CLIENT;
import static io.kvasir.identity.House.done;
import static io.kvasir.identity.House.join;
import static io.kvasir.identity.House.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.identity.Suspensions.Ended;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.class)
class SuspensionsTest {
    private final House house;
    private final List<Ended> told = new CopyOnWriteArrayList<>();
    private TenantId tenant;
    private UserId user;

    @BeforeEach
    void somebody() {
        tenant = house.tenant("T");
        user = house.user("u@x", tenant, Role.ADMIN);
        house.identity.suspensions().listen(told::add);
    }

    SuspensionsTest(TestDatabase kind) {
        house = new House(kind);
    }

    @AfterEach
    void close() {
        house.close();
    }

    @Test
    void aSuspendedUserIsOutAtOnce() {
        Sessions.LoggedIn in = house.in("u@x");

        done(house.identity.suspensions().suspend(user));

        assertThat(join(house.identity.authenticate(in.accessToken()))).isEmpty();
        refused(house.identity.sessions().refresh(in.refreshToken(), CLIENT));
        assertThat(refused(house.identity.login().login("u@x", House.PASSWORD, false, CLIENT)))
                .isEqualTo(new Rejection.Forbidden("This account is suspended"));
        assertThat(told).containsExactly(new Ended.User(user));
    }

    @Test
    void onlyWhoKnowsThePasswordLearnsOfTheSuspension() {
        done(house.identity.suspensions().suspend(user));

        assertThat(refused(house.identity.login().login("u@x", "wrong", false, CLIENT)))
                .isInstanceOf(Rejection.Unauthenticated.class);
    }

    @Test
    void aSuspendedTenantIsClosedForItsPeopleAndVisitors() {
        Sessions.LoggedIn in = house.in("u@x");
        String visitor = house.identity
                .visitor(tenant, UserId.next(), ConversationId.next())
                .accessToken();

        done(house.identity.suspensions().suspend(tenant));

        assertThat(join(house.identity.authenticate(in.accessToken()))).isEmpty();
        assertThat(join(house.identity.authenticate(visitor))).isEmpty();
        refused(house.identity.sessions().refresh(in.refreshToken(), CLIENT));
        assertThat(told).containsExactly(new Ended.Tenant(tenant));
    }

    @Test
    void whoIsLetInAgainLogsInAgain() {
        done(house.identity.suspensions().suspend(user));
        done(house.identity.suspensions().suspend(tenant));
        done(house.identity.suspensions().resume(user));
        done(house.identity.suspensions().resume(tenant));

        assertThat(house.principal(house.in("u@x").accessToken()).user()).isEqualTo(user);
    }

    @Test
    void thereIsNothingToSuspend() {
        assertThat(refused(house.identity.suspensions().suspend(new UserId("x"))))
                .isInstanceOf(Rejection.NotFound.class);
        assertThat(refused(house.identity.suspensions().suspend(new TenantId("x"))))
                .isInstanceOf(Rejection.NotFound.class);
        assertThat(refused(house.identity.suspensions().resume(new UserId("x"))))
                .isInstanceOf(Rejection.NotFound.class);
        assertThat(told).isEmpty();
    }

    @Test
    void anotherNodeLearnsOfItOnce() {
        Suspensions other = new Suspensions(house.transactor, house.clock);
        List<Ended> there = new CopyOnWriteArrayList<>();
        other.listen(there::add);
        Principal me = house.principal(house.in("u@x").accessToken());

        done(house.identity.suspensions().suspend(user));
        done(house.identity.suspensions().suspend(tenant));
        join(other.poll());
        join(other.poll());
        join(house.identity.suspensions().poll());

        assertThat(there).containsExactlyInAnyOrder(new Ended.User(user), new Ended.Tenant(tenant));
        assertThat(there).allMatch(ended -> ended.concerns(me));
        assertThat(told).hasSize(2);
    }

    @Test
    void aListenerThatFailsOrLeftDoesNotMatter() throws Exception {
        List<Ended> left = new CopyOnWriteArrayList<>();
        house.identity.suspensions().listen(left::add).close();
        house.identity.suspensions().listen(_ -> {
            throw new IllegalStateException("broken");
        });
        List<Ended> after = new CopyOnWriteArrayList<>();
        house.identity.suspensions().listen(after::add);

        done(house.identity.suspensions().suspend(user));

        assertThat(left).isEmpty();
        assertThat(after).hasSize(1);
    }

    @Test
    void anEndedSessionConcernsItsHolderAlone() {
        Principal here = house.principal(house.in("u@x").accessToken());
        Principal there = house.principal(house.in("u@x").accessToken());

        done(house.identity.sessions().revoke(here, here.credential().orElseThrow()));

        assertThat(told).singleElement().satisfies(ended -> {
            assertThat(ended.concerns(here)).isTrue();
            assertThat(ended.concerns(there)).isFalse();
        });
    }
}
