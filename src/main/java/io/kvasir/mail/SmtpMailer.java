package io.kvasir.mail;

import jakarta.mail.Authenticator;
import jakarta.mail.MessagingException;
import jakarta.mail.PasswordAuthentication;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.MimeMessage;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands mails to an SMTP server, a few at once; what fails is tried again, twice as late each time. */
final class SmtpMailer implements Mailer {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.mail");
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final int AT_ONCE = 4;

    private final MailSettings.Smtp settings;
    private final String from;
    private final Session session;
    private final Semaphore connections = new Semaphore(AT_ONCE, true);
    private final Executor threads = Executors.newVirtualThreadPerTaskExecutor();

    SmtpMailer(MailSettings.Smtp settings, String from) {
        this.settings = settings;
        this.from = from;
        this.session = session(settings);
    }

    @Override
    public CompletionStage<Void> send(Mail mail) {
        return attempt(mail, 1, threads);
    }

    private CompletionStage<Void> attempt(Mail mail, int number, Executor on) {
        return CompletableFuture.runAsync(() -> handOver(mail), on).exceptionallyCompose(failure -> {
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            if (number >= settings.attempts() || cause instanceof AddressException) {
                LOG.warn("a mail could not be sent: {}", cause.toString());
                return CompletableFuture.failedFuture(cause);
            }
            long pause = FIRST_PAUSE.toMillis() << (number - 1);
            return attempt(mail, number + 1, CompletableFuture.delayedExecutor(pause, TimeUnit.MILLISECONDS, threads));
        });
    }

    private void handOver(Mail mail) {
        connections.acquireUninterruptibly();
        try {
            MimeMessage message = Messages.of(session, from, mail);
            Transport.send(message);
        } catch (MessagingException e) {
            throw new CompletionException(e);
        } finally {
            connections.release();
        }
    }

    private static Session session(MailSettings.Smtp settings) {
        String protocol = settings.security() == MailSettings.Security.TLS ? "smtps" : "smtp";
        String millis = Long.toString(settings.timeout().toMillis());
        Properties properties = new Properties();
        properties.put("mail.transport.protocol", protocol);
        properties.put("mail.transport.protocol.rfc822", protocol);
        properties.put("mail." + protocol + ".host", settings.host());
        properties.put("mail." + protocol + ".port", Integer.toString(settings.port()));
        properties.put(
                "mail." + protocol + ".auth", Boolean.toString(settings.user().isPresent()));
        properties.put("mail." + protocol + ".connectiontimeout", millis);
        properties.put("mail." + protocol + ".timeout", millis);
        properties.put("mail." + protocol + ".writetimeout", millis);
        properties.put("mail." + protocol + ".ssl.checkserveridentity", "true");
        if (settings.security() == MailSettings.Security.STARTTLS) {
            properties.put("mail.smtp.starttls.enable", "true");
            properties.put("mail.smtp.starttls.required", "true");
        }
        return Session.getInstance(properties, new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
                return new PasswordAuthentication(settings.user().orElse(""), settings.password());
            }
        });
    }
}
