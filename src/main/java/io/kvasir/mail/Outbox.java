package io.kvasir.mail;

import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
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

    @Override
    public CompletionStage<Integer> forget(String address) {
        return CompletableFuture.supplyAsync(() -> deleted(address), Executors.newVirtualThreadPerTaskExecutor());
    }

    private int deleted(String address) {
        if (!Files.isDirectory(folder)) {
            return 0;
        }
        int deleted = 0;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".eml")).toList()) {
                if (to(file, address) && Files.deleteIfExists(file)) {
                    deleted++;
                }
            }
        } catch (IOException | MessagingException e) {
            throw new CompletionException(e);
        }
        return deleted;
    }

    private static boolean to(Path file, String address) throws IOException, MessagingException {
        try (InputStream in = Files.newInputStream(file)) {
            for (Address to : new MimeMessage(Session.getInstance(new Properties()), in).getAllRecipients()) {
                if (to instanceof InternetAddress internet
                        && internet.getAddress().equalsIgnoreCase(address)) {
                    return true;
                }
            }
            return false;
        } catch (NoSuchFileException gone) {
            return false;
        }
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
