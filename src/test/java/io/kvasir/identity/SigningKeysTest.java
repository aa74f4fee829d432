package io.kvasir.identity;

import static io.kvasir.identity.House.join;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SigningKeysTest {
    private final House house = new House();
    private final SigningKeys keys =
            new SigningKeys(house.transactor, house.keys, house.clock, Duration.ofDays(30), Duration.ofMinutes(15));

    @AfterEach
    void close() {
        house.close();
    }

    @Test
    void aNewKeyIsKnownBeforeItSigns() {
        KeyRing first = join(keys.current());
        house.clock.forward(Duration.ofDays(30));

        KeyRing second = join(keys.current());
        assertThat(second.byId()).hasSize(2);
        assertThat(second.signing().getKeyID()).isEqualTo(first.signing().getKeyID());

        house.clock.forward(SigningKeys.KNOWN_BEFORE_USE);
        assertThat(join(keys.current()).signing().getKeyID())
                .isNotEqualTo(first.signing().getKeyID());
    }

    @Test
    void anOldKeyCountsUntilAllItSignedHasEnded() {
        String old = join(keys.current()).signing().getKeyID();
        house.clock.forward(Duration.ofDays(30));
        join(keys.current());

        house.clock.forward(Duration.ofMinutes(15).plus(SigningKeys.KNOWN_BEFORE_USE));
        assertThat(join(keys.current()).find(old)).isPresent();
        house.clock.forward(SigningKeys.KNOWN_BEFORE_USE.plusSeconds(1));
        assertThat(join(keys.current()).find(old)).isEmpty();
        assertThat(join(keys.current()).byId()).hasSize(1);
    }

    @Test
    void thePublicSetShowsNothingPrivate() {
        assertThat(house.identity.publicKeys().toString())
                .contains("kty=EC", "crv=P-256", "use=sig", "alg=ES256")
                .doesNotContain(" d=", "{d=");
    }
}
