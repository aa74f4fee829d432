package io.kvasir.identity;

import io.kvasir.mail.Mail;
import io.kvasir.mail.Mailer;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The mails accounts send. Nobody waits for one: how long it takes must not tell whether there was one. */
final class Letters {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.identity");

    private final Mailer mailer;
    private final CompletableFuture<URI> publicUrl;

    /** @param publicUrl where people reach this server; never taken from a request */
    Letters(Mailer mailer, CompletableFuture<URI> publicUrl) {
        this.mailer = mailer;
        this.publicUrl = publicUrl;
    }

    void verify(String email, String token) {
        send(email, "Confirm your e-mail address", """
                Welcome to Kvasir. Confirm this address to finish your registration:

                %s/verify#token=%s

                If you did not register, ignore this mail: without it there is no account.
                """, token);
    }

    void known(String email) {
        send(email, "You have an account already", """
                Somebody, probably you, tried to register with this address, which has an account already. Log in, or
                choose a new password, at

                %s/login%s
                """, "");
    }

    void reset(String email, String token) {
        send(email, "Choose a new password", """
                Somebody, probably you, asked for a new password. Choose it here:

                %s/reset#token=%s

                If it was not you, ignore this mail: nothing has changed.
                """, token);
    }

    void changed(String email) {
        send(email, "Your password was changed", """
                The password of your account was changed just now, and you were logged out everywhere else. If it was not
                you, choose a new one at once:

                %s/reset%s
                """, "");
    }

    void invited(String email, String tenant, String token) {
        send(email, "You are invited to " + tenant, """
                You are invited to work in Kvasir. Accept here:

                %s/invite/%s

                If you do not know what this is about, ignore this mail.
                """, token);
    }

    private void send(String email, String subject, String text, String token) {
        publicUrl
                .thenCompose(url -> mailer.send(new Mail(email, subject, text.formatted(url, token))))
                .whenComplete((_, fault) -> {
                    if (fault != null) {
                        LOG.warn("the mail \"{}\" was not sent: {}", subject, fault.toString());
                    }
                });
    }
}
