package io.kvasir.ingestion.mailbox;

import com.fasterxml.jackson.annotation.JsonValue;
import io.kvasir.http.Json;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A mailbox as its account wants it read; as JSON the settings of a source, which the ledger seals under that source's
 * own key. The only place where its password and tokens are.
 *
 * @param provider {@code imap}, or one of the configuration
 * @param password empty where OAuth is used
 * @param tokens what a person's consent came to; empty until then
 * @param folders names as the server has them; empty for the inbox
 * @param months how far back
 * @param frequencyHours between readings
 */
record Mailbox(
        String provider,
        String email,
        String host,
        int port,
        Security security,
        String username,
        Authentication authentication,
        @Nullable String password,
        @Nullable Tokens tokens,
        List<String> folders,
        int months,
        boolean autoSync,
        int frequencyHours) {
    Mailbox {
        folders = List.copyOf(folders);
    }

    /** TLS always: what a password opens is not read in the clear. */
    enum Security {
        TLS,
        STARTTLS;

        @JsonValue
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    enum Authentication {
        PASSWORD,
        OAUTH;

        @JsonValue
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** @param refreshToken empty where the provider gave none */
    record Tokens(String accessToken, @Nullable String refreshToken, Instant issuedAt, Instant expiresAt) {
        @Override
        public String toString() {
            return "Tokens[expiresAt=" + expiresAt + "]";
        }
    }

    static Mailbox of(String json) {
        return Json.read(json, Mailbox.class);
    }

    String json() {
        return Json.write(this);
    }

    List<String> wantedFolders() {
        return folders.isEmpty() ? List.of("INBOX") : folders;
    }

    boolean authorized() {
        return authentication == Authentication.PASSWORD || tokens != null;
    }

    /** The newer of what the account holds and what a reading refreshed since. */
    Optional<Tokens> newest(Optional<Tokens> refreshed) {
        return Optional.ofNullable(tokens)
                .map(mine -> refreshed
                        .filter(other -> other.issuedAt().isAfter(mine.issuedAt()))
                        .orElse(mine));
    }

    Mailbox with(Tokens next) {
        return with(password, next);
    }

    Mailbox withoutSecrets() {
        return with(null, null);
    }

    private Mailbox with(@Nullable String other, @Nullable Tokens next) {
        return new Mailbox(
                provider,
                email,
                host,
                port,
                security,
                username,
                authentication,
                other,
                next,
                folders,
                months,
                autoSync,
                frequencyHours);
    }

    @Override
    public String toString() {
        return "Mailbox[provider=" + provider + ", host=" + host + "]";
    }
}
