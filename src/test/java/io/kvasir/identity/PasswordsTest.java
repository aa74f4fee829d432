package io.kvasir.identity;

import static org.assertj.core.api.Assertions.assertThat;

import com.password4j.Argon2Function;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PasswordsTest {
    @Test
    void anUnknownAddressIsCheckedAgainstWhatCostsAsMuchAsANewHash() {
        try (Passwords passwords = new Passwords()) {
            String fresh = passwords.hash("a password").toCompletableFuture().join();

            assertThat(Argon2Function.getInstanceFromHash(Passwords.NOBODY))
                    .isEqualTo(Argon2Function.getInstanceFromHash(fresh));
            assertThat(passwords.matchesNobody("a password").toCompletableFuture())
                    .succeedsWithin(Duration.ofSeconds(20))
                    .isEqualTo(false);
        }
    }
}
