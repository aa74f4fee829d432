package io.kvasir.identity;

import static io.kvasir.identity.House.CLIENT;
import static io.kvasir.identity.House.PASSWORD;
import static io.kvasir.identity.House.done;
import static io.kvasir.identity.House.join;
import static io.kvasir.identity.House.refused;
import static io.kvasir.identity.House.token;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.jdbc.TestDatabase;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.class)
class MembersTest {
    private final House house;
    private TenantId tenant = new TenantId("none");
    private UserId owner = new UserId("none");

    MembersTest(TestDatabase kind) {
        house = new House(kind);
    }

    @BeforeEach
    void tenant() {
        tenant = house.tenant("Shop");
        owner = house.user("owner@x.org", tenant, Role.OWNER);
    }

    @AfterEach
    void close() {
        house.close();
    }

    private Principal as(String email) {
        return house.principal(house.in(email).accessToken());
    }

    private Invitations.Invitation invite(String email, Role role) {
        return done(house.identity.invitations().invite(as("owner@x.org"), email, role));
    }

    private CompletionStage<Outcome<Sessions.LoggedIn>> join1(String token) {
        return house.identity.registration().registerInvited(token, PASSWORD, Optional.of("New"), CLIENT);
    }

    @Test
    void whoIsInvitedBecomesAMember() {
        // Nobody of this list's business.
        house.user("elsewhere@x.org", house.tenant("Elsewhere"), Role.OWNER);
        invite("New@x.org", Role.STAFF);

        Sessions.LoggedIn in = done(join1(token(house.mail("new@x.org", 1))));

        Principal member = house.principal(in.accessToken());
        assertThat(member.tenant()).isEqualTo(tenant);
        assertThat(member.roles()).containsExactly(Role.STAFF);
        assertThat(done(house.identity.members().list(as("owner@x.org"))))
                .extracting(Members.Member::email)
                .containsExactly("owner@x.org", "new@x.org");
        assertThat(done(house.identity.invitations().list(as("owner@x.org")))).isEmpty();
    }

    @Test
    void anInvitationIsGoodOnceForAWeekAndUntilWithdrawn() {
        invite("a@x.org", Role.VIEWER);
        String used = token(house.mail("a@x.org", 1));
        done(join1(used));
        Invitations.Invitation made = invite("b@x.org", Role.VIEWER);
        String withdrawn = token(house.mail("b@x.org", 1));
        done(house.identity.invitations().withdraw(as("owner@x.org"), made.id()));
        invite("c@x.org", Role.VIEWER);
        String old = token(house.mail("c@x.org", 1));
        invite("c@x.org", Role.STAFF);
        String replacing = token(house.mail("c@x.org", 2));

        assertThat(refused(join1(used))).isInstanceOf(Rejection.NotFound.class);
        refused(join1(withdrawn));
        refused(join1(old));
        house.clock.forward(Duration.ofDays(7));
        refused(join1(replacing));
    }

    @Test
    void anInvitationThatIsMadeAgainTakesThePlaceOfTheFirst() {
        invite("a@x.org", Role.VIEWER);
        Invitations.Invitation again = invite("a@x.org", Role.VIEWER);

        assertThat(done(house.identity.invitations().list(as("owner@x.org")))).containsExactly(again);
    }

    @Test
    void whoHasAnAccountAcceptsForTheirOwnAddressAlone() {
        house.user("there@x.org", house.tenant("Elsewhere"), Role.OWNER);
        house.user("thief@x.org", house.tenant("Den"), Role.OWNER);
        invite("there@x.org", Role.ADMIN);
        String token = token(house.mail("there@x.org", 1));

        assertThat(refused(house.identity.invitations().accept(as("thief@x.org"), token)))
                .isInstanceOf(Rejection.NotFound.class);
        assertThat(refused(join1(token))).isInstanceOf(Rejection.Conflict.class);
        assertThat(done(house.identity.invitations().accept(as("there@x.org"), token))
                        .id())
                .isEqualTo(tenant);
        refused(house.identity.invitations().accept(as("there@x.org"), token));
    }

    @Test
    void nobodyGivesMoreThanTheyHave() {
        house.user("admin@x.org", tenant, Role.ADMIN);
        UserId staff = house.user("staff@x.org", tenant, Role.STAFF);
        Principal admin = as("admin@x.org");

        assertThat(refused(house.identity.invitations().invite(admin, "n@x.org", Role.OWNER)))
                .isInstanceOf(Rejection.Forbidden.class);
        assertThat(refused(house.identity.invitations().invite(as("owner@x.org"), "n@x.org", Role.SUPER_ADMIN)))
                .isInstanceOf(Rejection.Forbidden.class);
        assertThat(refused(house.identity.members().give(admin, staff, Role.OWNER)))
                .isInstanceOf(Rejection.Forbidden.class);
        assertThat(refused(house.identity.members().give(as("owner@x.org"), staff, Role.SUPER_ADMIN)))
                .isInstanceOf(Rejection.Forbidden.class);
        assertThat(refused(house.identity.members().remove(admin, owner))).isInstanceOf(Rejection.Forbidden.class);
        assertThat(refused(house.identity.members().suspend(admin, owner))).isInstanceOf(Rejection.Forbidden.class);
        done(house.identity.members().give(admin, staff, Role.VIEWER));
        assertThat(as("staff@x.org").roles()).containsExactly(Role.VIEWER);
    }

    @Test
    void aTenantKeepsAnOwner() {
        Principal me = as("owner@x.org");
        assertThat(refused(house.identity.members().remove(me, owner))).isInstanceOf(Rejection.Conflict.class);
        assertThat(refused(house.identity.members().give(me, owner, Role.ADMIN)))
                .isInstanceOf(Rejection.Conflict.class);
        assertThat(refused(house.identity.members().suspend(me, owner))).isInstanceOf(Rejection.Conflict.class);

        UserId second = house.user("second@x.org", tenant, Role.OWNER);
        Principal they = as("second@x.org");
        List<CompletionStage<Outcome<Boolean>>> both = List.of(
                house.identity.members().remove(me, second),
                house.identity.members().remove(they, owner));

        assertThat(both.stream().map(House::join).filter(Outcome.Done.class::isInstance))
                .hasSize(1);
    }

    @Test
    void whoIsSuspendedHereIsOutHereAlone() {
        TenantId other = house.tenant("Other");
        UserId member = house.user("m@x.org", other, Role.VIEWER);
        house.clock.forward(Duration.ofSeconds(1));
        house.member(tenant, member, Role.STAFF);
        Sessions.LoggedIn in = house.in("m@x.org");
        String there = done(house.identity.sessions().switchTo(house.principal(in.accessToken()), tenant))
                .accessToken();

        done(house.identity.members().suspend(as("owner@x.org"), member));

        assertThat(join(house.identity.authenticate(there))).isEmpty();
        assertThat(join(house.identity.authenticate(in.accessToken()))).isPresent();
        done(house.identity.members().resume(as("owner@x.org"), member));
        assertThat(join(house.identity.authenticate(there))).isPresent();
        done(house.identity.members().remove(as("owner@x.org"), member));
        assertThat(join(house.identity.authenticate(there))).isEmpty();
    }

    @Test
    void peopleAndInvitationsOfOtherTenantsAreNotThere() {
        TenantId other = house.tenant("Other");
        UserId foreign = house.user("f@x.org", other, Role.VIEWER);
        Invitations.Invitation invitation = invite("n@x.org", Role.VIEWER);
        house.user("fo@x.org", other, Role.OWNER);

        assertThat(refused(house.identity.members().remove(as("owner@x.org"), foreign)))
                .isInstanceOf(Rejection.NotFound.class);
        assertThat(refused(house.identity.members().give(as("owner@x.org"), foreign, Role.ADMIN)))
                .isInstanceOf(Rejection.NotFound.class);
        assertThat(refused(house.identity.invitations().withdraw(as("fo@x.org"), invitation.id())))
                .isInstanceOf(Rejection.NotFound.class);
        assertThat(done(house.identity.invitations().list(as("fo@x.org")))).isEmpty();
    }

    @Test
    void whoBelongsHereAlreadyIsNotInvited() {
        assertThat(refused(house.identity.invitations().invite(as("owner@x.org"), "OWNER@x.org", Role.VIEWER)))
                .isInstanceOf(Rejection.Conflict.class);
    }
}
