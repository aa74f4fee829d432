package io.kvasir.identity;

import static io.kvasir.identity.House.CLIENT;
import static io.kvasir.identity.House.done;
import static io.kvasir.identity.House.join;
import static io.kvasir.identity.House.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.class)
class IdentityTest {
    private final House house;

    IdentityTest(TestDatabase kind) {
        house = new House(kind);
    }

    @AfterEach
    void close() {
        house.close();
    }

    @Test
    void theOwnerLogsInWithThePasswordMadeUpAtTheFirstStart() {
        Identity.Owner owner = join(house.identity.ensureOwner("Owner@Localhost", Optional.empty()));

        Sessions.LoggedIn in = House.in(done(
                house.identity.login().login(" owner@localhost ", owner.madeUp().orElseThrow(), false, CLIENT)));

        Principal principal = house.principal(in.accessToken());
        assertThat(principal.user()).isEqualTo(owner.user());
        assertThat(principal.tenant()).isEqualTo(owner.tenant());
        assertThat(principal.roles()).containsExactlyInAnyOrder(Role.OWNER, Role.SUPER_ADMIN);
    }

    @Test
    void theOwnerStaysTheSameOverRestarts() {
        Identity.Owner first = join(house.identity.ensureOwner("o@x", Optional.empty()));
        try (Identity restarted = house.node()) {
            assertThat(join(restarted.ensureOwner("o@x", Optional.empty())))
                    .isEqualTo(new Identity.Owner(first.user(), first.tenant(), Optional.empty()));
        }
    }

    @Test
    void aNewlyConfiguredPasswordCountsAndEndsTheOldSessions() {
        join(house.identity.ensureOwner("o@x", Optional.of("first password")));
        Sessions.LoggedIn before = House.in(done(house.identity.login().login("o@x", "first password", false, CLIENT)));
        join(house.identity.ensureOwner("o@x", Optional.of("second password")));

        done(house.identity.login().login("o@x", "second password", false, CLIENT));
        refused(house.identity.login().login("o@x", "first password", false, CLIENT));
        assertThat(join(house.identity.authenticate(before.accessToken()))).isEmpty();
    }

    @Test
    void tokensOutliveARestart() {
        house.owner("o@x");
        String token = house.in("o@x").accessToken();

        try (Identity restarted = house.node()) {
            assertThat(join(restarted.authenticate(token))).isPresent();
        }
    }

    @Test
    void tokensEnd() {
        house.owner("o@x");
        String token = house.in("o@x").accessToken();

        house.clock.forward(Duration.ofMinutes(15).minusMillis(1));
        assertThat(join(house.identity.authenticate(token))).isPresent();
        house.clock.forward(Duration.ofMillis(1));
        assertThat(join(house.identity.authenticate(token))).isEmpty();
    }

    @Test
    void aVisitorsTokenIsBoundToItsConversation() {
        ConversationId conversation = ConversationId.next();
        String token = house.identity
                .visitor(house.tenant("Shop"), UserId.next(), conversation)
                .accessToken();

        Principal visitor = house.principal(token);
        assertThat(visitor.roles()).containsExactly(Role.END_USER);
        assertThat(visitor.mayTouch(conversation)).isTrue();
        assertThat(visitor.mayTouch(ConversationId.next())).isFalse();
        assertThat(visitor.manages()).isFalse();
    }

    @Test
    void anEndUserBoundToNoConversationTouchesNone() {
        Principal unbound = new Principal(UserId.next(), new TenantId("t"), Set.of(Role.END_USER), Optional.empty());

        assertThat(unbound.mayTouch(ConversationId.next())).isFalse();
    }

    @Test
    void meTellsWhereOneBelongs() {
        Identity.Owner owner = house.owner("o@x");
        TenantId other = house.tenant("Other");
        house.member(other, owner.user(), Role.VIEWER);

        Identity.Me me = done(house.identity.me(house.principal(house.in("o@x").accessToken())));

        assertThat(me.email()).isEqualTo("o@x");
        assertThat(me.tenants()).extracting(Sessions.Choice::id).containsExactlyInAnyOrder(owner.tenant(), other);
        assertThat(refused(house.identity.me(
                        new Principal(UserId.next(), other, Set.of(Role.END_USER), Optional.empty()))))
                .isInstanceOf(Rejection.NotFound.class);
    }

    @Test
    void aRoleCountsAsItIsAtTheMoment() {
        Identity.Owner owner = house.owner("o@x");
        String token = house.in("o@x").accessToken();

        house.sql(c -> Sql.update(
                c,
                "UPDATE memberships SET role = 'VIEWER' WHERE member = ?",
                owner.user().value()));

        assertThat(house.principal(token).roles()).containsExactly(Role.VIEWER);
    }
}
