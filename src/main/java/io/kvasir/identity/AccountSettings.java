package io.kvasir.identity;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * @param registration who may make an account
 * @param publicUrl where people reach this server, without a path; mails and login by others lead there. Empty: the
 *     address it listens on
 * @param refreshToken how long a refresh token waits to be traded in
 * @param session how long a login goes on at most, however often it is refreshed
 * @param signingKey how long a key signs before the next takes over
 * @param invitation how long an invitation is good
 * @param mailedLink how long a link in a mail is good
 */
public record AccountSettings(
        Registration registration,
        Optional<URI> publicUrl,
        Duration refreshToken,
        Duration session,
        Duration signingKey,
        Duration invitation,
        Duration mailedLink,
        PasswordRules passwords,
        Patience patience) {
    public AccountSettings {
        publicUrl.ifPresent(url -> {
            if (url.getScheme() == null
                    || !url.getScheme().matches("https?")
                    || url.getHost() == null
                    || !(url.getRawPath() == null || url.getRawPath().isEmpty())
                    || url.getRawQuery() != null
                    || url.getRawUserInfo() != null) {
                throw new IllegalArgumentException("kvasir.identity.public-url must look like https://kvasir.example");
            }
        });
        if (refreshToken.compareTo(session) > 0) {
            throw new IllegalArgumentException("kvasir.identity.refresh-token must not be longer than session");
        }
    }

    /** Who may make an account. */
    public enum Registration {
        /** Anybody, with a tenant of one's own. */
        OPEN,
        /** Whoever was invited to a tenant. */
        INVITATION,
        /** Nobody; people who are there may still be invited to further tenants. */
        CLOSED
    }

    /**
     * @param shortest fewest characters of a new password, from 12
     * @param breached a file with one known password a line, refused whatever their length; read at start
     */
    public record PasswordRules(int shortest, Optional<Path> breached) {
        public PasswordRules {
            if (shortest < 12) {
                throw new IllegalArgumentException("kvasir.identity.shortest-password must be at least 12");
            }
        }
    }

    /**
     * When to slow down who fails.
     *
     * @param account wrong tries for one account from one address that cost nothing
     * @param address wrong tries for any accounts from one address that cost nothing
     * @param longest most time to wait for the next try; it doubles from one second
     */
    public record Patience(int account, int address, Duration longest) {}
}
