package io.kvasir.ingestion.mailbox;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How mailboxes are read.
 *
 * @param connect time to connect, TLS included
 * @param answer time for each answer of a server
 * @param largestMail bytes; larger ones are put aside
 * @param mostMails of one account, the newest first
 * @param providers whose mailboxes are reached by OAuth; those without a client id only with a password of the app
 */
public record MailboxSettings(
        Duration connect, Duration answer, long largestMail, int mostMails, List<Provider> providers) {
    public MailboxSettings {
        providers = List.copyOf(providers);
        if (largestMail < 1 || mostMails < 1) {
            throw new IllegalArgumentException("email: largest-mail and most-mails must be 1 or more");
        }
    }

    /**
     * @param name as accounts name it: {@code gmail}
     * @param clientId empty: OAuth is not offered
     * @param extra further parameters of the authorization request, as {@code name=value}
     */
    public record Provider(
            String name,
            String host,
            int port,
            URI authorizationUrl,
            URI tokenUrl,
            String clientId,
            String clientSecret,
            List<String> scopes,
            List<String> extra) {
        public Provider {
            scopes = List.copyOf(scopes);
            extra = List.copyOf(extra);
        }

        boolean offersOAuth() {
            return !clientId.isBlank();
        }

        @Override
        public String toString() {
            return "Provider[name=" + name + ", host=" + host + "]";
        }
    }

    Optional<Provider> provider(String name) {
        return providers.stream().filter(p -> p.name().equals(name)).findFirst();
    }
}
