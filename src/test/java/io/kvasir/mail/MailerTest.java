package io.kvasir.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.GreenMailUtil;
import com.icegreen.greenmail.util.ServerSetup;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MailerTest {
    private static final Mail MAIL = new Mail("anna@example.org", "Grüße", "Bücher\nund mehr: ✓");

    @TempDir
    Path folder;

    private final GreenMail server = new GreenMail(ServerSetup.SMTP.dynamicPort());

    @BeforeEach
    void start() {
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop();
    }

    private MailSettings settings(int port, Optional<String> user, String password, int attempts) {
        return new MailSettings(
                Optional.of(new MailSettings.Smtp(
                        "127.0.0.1",
                        port,
                        MailSettings.Security.NONE,
                        user,
                        password,
                        Duration.ofSeconds(2),
                        attempts)),
                "kvasir@example.com",
                folder);
    }

    private static void send(MailSettings settings, Mail mail) {
        Mailer.of(settings).send(mail).toCompletableFuture().join();
    }

    @Test
    void aMailReachesItsServer() throws Exception {
        send(settings(server.getSmtp().getPort(), Optional.empty(), "", 1), MAIL);

        MimeMessage received = server.getReceivedMessages()[0];
        assertThat(received.getSubject()).isEqualTo("Grüße");
        assertThat(received.getAllRecipients()).extracting(Object::toString).containsExactly("anna@example.org");
        assertThat(received.getFrom()).extracting(Object::toString).containsExactly("kvasir@example.com");
        assertThat(received.getContent().toString().strip()).isEqualTo("Bücher\r\nund mehr: ✓");
        assertThat(received.getHeader("Auto-Submitted")).containsExactly("auto-generated");
    }

    @Test
    void itLogsInWhereItIsTold() {
        server.setUser("kvasir@example.com", "kvasir", "s3cret");

        send(settings(server.getSmtp().getPort(), Optional.of("kvasir"), "s3cret", 1), MAIL);

        assertThat(server.getReceivedMessages()).hasSize(1);
        assertThatThrownBy(() -> send(settings(server.getSmtp().getPort(), Optional.of("kvasir"), "wrong", 1), MAIL))
                .hasRootCauseInstanceOf(jakarta.mail.AuthenticationFailedException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a@b\r\nBcc: x@y", "a@b, c@d", "nobody", "<script>@x", ""})
    void nothingInAnAddressBecomesAnotherRecipient(String address) {
        assertThatThrownBy(() -> send(
                        settings(server.getSmtp().getPort(), Optional.empty(), "", 3), new Mail(address, "s", "t")))
                .isInstanceOf(java.util.concurrent.CompletionException.class);
        assertThat(server.getReceivedMessages()).isEmpty();
    }

    @Test
    void nothingInASubjectBecomesAHeader() throws Exception {
        send(
                settings(server.getSmtp().getPort(), Optional.empty(), "", 1),
                new Mail("anna@example.org", "Hello\r\nBcc: x@y", "t"));

        assertThat(server.getReceivedMessages()[0].getHeader("Bcc")).isNull();
        assertThat(GreenMailUtil.getHeaders(server.getReceivedMessages()[0])).contains("Subject: Hello");
    }

    @Test
    void aServerThatIsAwayIsTriedAgain() throws Exception {
        int port = server.getSmtp().getPort();
        server.stop();
        var sending =
                Mailer.of(settings(port, Optional.empty(), "", 6)).send(MAIL).toCompletableFuture();
        GreenMail later = new GreenMail(new ServerSetup(port, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
        later.start();
        try {
            sending.get(30, java.util.concurrent.TimeUnit.SECONDS);
            assertThat(later.getReceivedMessages()).hasSize(1);
        } finally {
            later.stop();
        }
    }

    @Test
    void aServerThatSaysNothingIsGivenUp() throws IOException {
        try (ServerSocket mute = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            long start = System.nanoTime();
            assertThatThrownBy(() -> send(settings(mute.getLocalPort(), Optional.empty(), "", 1), MAIL))
                    .isInstanceOf(java.util.concurrent.CompletionException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
        }
    }

    @Test
    void starttlsIsRequiredWhereItIsAskedFor() {
        MailSettings strict = new MailSettings(
                Optional.of(new MailSettings.Smtp(
                        "127.0.0.1",
                        server.getSmtp().getPort(),
                        MailSettings.Security.STARTTLS,
                        Optional.empty(),
                        "",
                        Duration.ofSeconds(2),
                        1)),
                "kvasir@example.com",
                folder);

        assertThatThrownBy(() -> send(strict, MAIL)).hasMessageContaining("STARTTLS");
        assertThat(server.getReceivedMessages()).isEmpty();
    }

    @Test
    void withoutAServerMailsAreKeptForTheirOwnerAlone() throws IOException {
        send(new MailSettings(Optional.empty(), "kvasir@localhost", folder.resolve("outbox")), MAIL);

        List<Path> kept;
        try (Stream<Path> files = Files.list(folder.resolve("outbox"))) {
            kept = files.toList();
        }
        assertThat(kept).singleElement().satisfies(file -> {
            assertThat(file.toString()).endsWith(".eml");
            assertThat(Files.readString(file)).contains("To: anna@example.org", "From: kvasir@localhost");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
        });
    }

    @Test
    void noTextAndNoPasswordIsPrinted() {
        assertThat(settings(25, Optional.of("u"), "s3cret", 1).toString() + MAIL)
                .doesNotContain("s3cret", "Bücher");
    }
}
