package io.kvasir.mail;

import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes each mail as an {@code .eml} file, readable by the server's user alone, for whoever runs it without SMTP. */
final class Outbox implements Mailer {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.mail");

    private final Path folder;
    private final String from;

    Outbox(Path folder, String from) {
        this.folder = folder;
        this.from = from;
    }

    @Override
    public CompletionStage<Void> send(Mail mail) {
        return CompletableFuture.runAsync(() -> write(mail), Executors.newVirtualThreadPerTaskExecutor());
    }

    private void write(Mail mail) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            Messages.of(Session.getInstance(new Properties()), from, mail).writeTo(bytes);
            Files.createDirectories(folder);
            Path file = folder.resolve(System.currentTimeMillis() + "-" + UUID.randomUUID() + ".eml");
            Path half = folder.resolve(file.getFileName() + ".new");
            Files.createFile(half, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.write(half, bytes.toByteArray());
            Files.move(half, file);
            LOG.info("no SMTP server is configured: \"{}\" is in {}", mail.subject(), file);
        } catch (IOException | MessagingException e) {
            throw new CompletionException(e);
        }
    }
}
