package io.kvasir.identity;

import static io.kvasir.identity.House.done;
import static io.kvasir.identity.House.join;
import static io.kvasir.identity.House.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Permission;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.class)
class ApiKeysTest {
    private final House house;
    private TenantId tenant = new TenantId("none");
    private UserId maker = new UserId("none");

    ApiKeysTest(TestDatabase kind) {
        house = new House(kind);
    }

    @BeforeEach
    void maker() {
        tenant = house.tenant("Shop");
        maker = house.user("m@x.org", tenant, Role.ADMIN);
    }

    @AfterEach
    void close() {
        house.close();
    }

    private Principal me() {
        return house.principal(house.in("m@x.org").accessToken());
    }

    private ApiKeys.Made make(Set<Permission> scopes, Optional<Instant> ends) {
        return done(house.identity.apiKeys().make(me(), "CI", scopes, ends));
    }

    private Optional<Principal> by(String key) {
        return join(house.identity.authenticate(key));
    }

    @Test
    void aKeyIsGoodForItsScopesInItsTenant() {
        ApiKeys.Made made = make(Set.of(Permission.READ, Permission.CHAT), Optional.empty());

        Principal machine = by(made.key()).orElseThrow();
        assertThat(machine.tenant()).isEqualTo(tenant);
        assertThat(machine.user()).isEqualTo(maker);
        assertThat(machine.roles()).containsExactly(Role.ADMIN);
        assertThat(machine.permissions()).containsExactlyInAnyOrder(Permission.READ, Permission.CHAT);
        assertThat(machine.credential()).contains(made.id());
    }

    @Test
    void aKeyIsShownOnceAndKeptAsAHash() {
        ApiKeys.Made made = make(Set.of(Permission.READ), Optional.empty());

        assertThat(made.key()).startsWith("kvk_").hasSize(47);
        ApiKeys.ApiKey listed = done(house.identity.apiKeys().list(me())).getFirst();
        assertThat(listed.prefix()).isEqualTo(made.key().substring(0, 12));
        assertThat(listed.toString() + made).doesNotContain(made.key());
        assertThat(house.text("SELECT hash FROM api_keys")).isEqualTo(Secrets.hash(made.key()));
    }

    @Test
    void whatIsNoKeyOfOursIsNone() {
        ApiKeys.Made made = make(Set.of(Permission.READ), Optional.empty());

        assertThat(by(made.key().substring(0, 46) + (made.key().endsWith("A") ? "B" : "A")))
                .isEmpty();
        assertThat(by(made.key() + "x")).isEmpty();
        assertThat(by("kvk_")).isEmpty();
        assertThat(by(made.prefix())).isEmpty();
        assertThat(by("kvk_' OR '1'='1")).isEmpty();
    }

    @Test
    void aKeyEndsWhenItShouldAndWhenItIsRevoked() {
        ApiKeys.Made short1 =
                make(Set.of(Permission.READ), Optional.of(house.clock.instant().plus(Duration.ofHours(1))));
        ApiKeys.Made long1 = make(Set.of(Permission.READ), Optional.empty());

        house.clock.forward(Duration.ofHours(1));
        assertThat(by(short1.key())).isEmpty();
        assertThat(by(long1.key())).isPresent();
        done(house.identity.apiKeys().revoke(me(), long1.id()));
        assertThat(by(long1.key())).isEmpty();
        assertThat(refused(house.identity
                        .apiKeys()
                        .make(me(), "late", Set.of(Permission.READ), Optional.of(house.clock.instant()))))
                .isInstanceOf(Rejection.Invalid.class);
    }

    @Test
    void aKeyCanDoNoMoreThanItsMakerAtTheMoment() {
        ApiKeys.Made made = make(Set.of(Permission.WRITE), Optional.empty());

        house.sql(c -> Sql.update(c, "UPDATE memberships SET role = 'VIEWER'"));

        assertThat(by(made.key()).orElseThrow().roles()).containsExactly(Role.VIEWER);
    }

    @Test
    void aKeyEndsWithItsMakersAccessAndItsTenant() {
        ApiKeys.Made made = make(Set.of(Permission.READ), Optional.empty());

        done(house.identity.suspensions().suspend(maker));
        assertThat(by(made.key())).isEmpty();
        done(house.identity.suspensions().resume(maker));
        assertThat(by(made.key())).isPresent();
        done(house.identity.suspensions().suspend(tenant));
        assertThat(by(made.key())).isEmpty();
        done(house.identity.suspensions().resume(tenant));
        house.user("o@x.org", tenant, Role.OWNER);
        Principal owner = house.principal(house.in("o@x.org").accessToken());
        done(house.identity.members().suspend(owner, maker));
        assertThat(by(made.key())).isEmpty();
        done(house.identity.members().resume(owner, maker));
        done(house.identity.members().remove(owner, maker));
        assertThat(by(made.key())).isEmpty();
        house.member(tenant, maker, Role.ADMIN);
        assertThat(by(made.key())).isEmpty();
    }

    @Test
    void keysOfOtherTenantsAreNotThere() {
        ApiKeys.Made made = make(Set.of(Permission.READ), Optional.empty());
        house.user("f@x.org", house.tenant("Other"), Role.OWNER);
        Principal foreign = house.principal(house.in("f@x.org").accessToken());

        assertThat(done(house.identity.apiKeys().list(foreign))).isEmpty();
        assertThat(refused(house.identity.apiKeys().revoke(foreign, made.id()))).isInstanceOf(Rejection.NotFound.class);
        assertThat(by(made.key())).isPresent();
    }

    @Test
    void itsLastUseIsKeptToTheMinute() {
        ApiKeys.Made made = make(Set.of(Permission.READ), Optional.empty());
        assertThat(done(house.identity.apiKeys().list(me())).getFirst().usedAt())
                .isEmpty();

        by(made.key());
        Instant first = house.clock.instant();
        house.clock.forward(Duration.ofSeconds(30));
        by(made.key());
        assertThat(done(house.identity.apiKeys().list(me())).getFirst().usedAt())
                .contains(first);
        house.clock.forward(Duration.ofSeconds(31));
        by(made.key());
        assertThat(done(house.identity.apiKeys().list(me())).getFirst().usedAt())
                .contains(house.clock.instant());
    }
}
