package io.kvasir.mail;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Takes mails away. */
@FunctionalInterface
public interface Mailer {
    /** Completes once the mail is with the next server; fails where that did not work. */
    CompletionStage<Void> send(Mail mail);

    /** Removes what is kept here of mails to an address. @return how many there were */
    default CompletionStage<Integer> forget(String address) {
        return CompletableFuture.completedFuture(0);
    }

    /** By SMTP where a server is configured, otherwise into the outbox. */
    static Mailer of(MailSettings settings) {
        return settings.smtp()
                .<Mailer>map(smtp -> new SmtpMailer(smtp, settings.from()))
                .orElseGet(() -> new Outbox(settings.outbox(), settings.from()));
    }
}
