package io.kvasir.mail;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * @param smtp empty: mails are written into the outbox
 * @param from sender of all mails
 * @param outbox folder for mails nobody takes away
 */
public record MailSettings(Optional<Smtp> smtp, String from, Path outbox) {
    /**
     * @param user empty to send without logging in
     * @param timeout for connecting, and for each answer
     * @param attempts how often a mail is tried, from 1
     */
    public record Smtp(
            String host,
            int port,
            Security security,
            Optional<String> user,
            String password,
            Duration timeout,
            int attempts) {
        @Override
        public String toString() {
            return "Smtp[host=" + host + ", port=" + port + ", security=" + security + "]";
        }
    }

    public enum Security {
        /** In the clear; for a server on this machine. */
        NONE,
        /** In the clear until both agree on TLS, which is required. */
        STARTTLS,
        /** TLS from the first byte. */
        TLS
    }
}
