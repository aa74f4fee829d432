package io.kvasir.ingestion.mailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import io.kvasir.outbound.AddressGuard;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.KeyStore;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How a mail server is reached: checked, over TLS, by name, and not otherwise. */
class ImapLineTest {
    private MailDouble server;

    @BeforeEach
    void open() throws IOException {
        server = new MailDouble();
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    private static MailboxKind kind(AddressGuard guard) {
        return new MailboxKind(MailboxSourceTest.settings(List.of()), guard, MailDouble.trust(), Clock.systemUTC());
    }

    private static Mailbox at(String host, int port, Mailbox.Security security) {
        return new Mailbox(
                "imap",
                MailDouble.USER,
                host,
                port,
                security,
                MailDouble.USER,
                Mailbox.Authentication.PASSWORD,
                MailDouble.PASSWORD,
                null,
                List.of(),
                6,
                true,
                24);
    }

    private static void refused(MailboxKind kind, Mailbox box, String code) {
        assertThatThrownBy(() -> kind.tried(box)).isInstanceOfSatisfying(MailFault.class, fault -> {
            assertThat(fault.code()).isEqualTo(code);
            assertThat(fault.detail()).doesNotContain(MailDouble.PASSWORD);
        });
    }

    @Test
    void aServerWithTlsIsReached() throws Exception {
        server.folder("Archive");
        assertThat(kind(MailDouble.guard()).tried(at("localhost", server.port(), Mailbox.Security.TLS)))
                .contains("INBOX", "Archive");
    }

    @Test
    void aNameTheCertificateIsNotForIsRefused() {
        refused(kind(MailDouble.guard()), at("127.0.0.1", server.port(), Mailbox.Security.TLS), "tls");
    }

    @Test
    void aPrivateAddressIsNeverConnectedTo() throws Exception {
        AtomicInteger connections = new AtomicInteger();
        try (ServerSocket canary = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> count(canary, connections));
            // A name of the public that leads into a private network, and the network itself, in many forms.
            MailboxKind kind = kind(new AddressGuard(
                    List.of(),
                    host -> host.endsWith(".example")
                            ? List.of(InetAddress.getByName("127.0.0.1"))
                            : List.of(InetAddress.getAllByName(host))));
            for (String host : List.of(
                    "localhost", "127.0.0.1", "mail.example", "2130706433", "0x7f000001", "::ffff:127.0.0.1", "0")) {
                for (Mailbox.Security security : Mailbox.Security.values()) {
                    assertThatThrownBy(() -> kind.tried(at(host, canary.getLocalPort(), security)))
                            .as("%s by %s", host, security)
                            .isInstanceOfSatisfying(
                                    MailFault.class,
                                    fault -> assertThat(fault.code())
                                            .as("%s by %s", host, security)
                                            .isIn("refused-address", "unknown-host"));
                    assertThat(connections).as("%s by %s", host, security).hasValue(0);
                }
            }
            assertThat(connections).hasValue(0);
        }
    }

    private static void count(ServerSocket canary, AtomicInteger connections) {
        while (true) {
            try (Socket caught = canary.accept()) {
                connections.incrementAndGet();
            } catch (IOException closed) {
                return;
            }
        }
    }

    @Test
    void aServerWithoutStarttlsNeverHearsThePassword() throws Exception {
        GreenMail clear = new GreenMail(MailDouble.patient(ServerSetup.PROTOCOL_IMAP));
        clear.start();
        try {
            clear.setUser(MailDouble.USER, MailDouble.USER, MailDouble.PASSWORD);
            refused(
                    kind(MailDouble.guard()),
                    at("localhost", clear.getImap().getPort(), Mailbox.Security.STARTTLS),
                    "no-tls");
        } finally {
            clear.stop();
        }
    }

    @Test
    void aServerWithStarttlsHearsItBehindTlsAlone() throws Exception {
        try (StarttlsServer starttls = new StarttlsServer()) {
            assertThat(kind(MailDouble.guard()).tried(at("localhost", starttls.port(), Mailbox.Security.STARTTLS)))
                    .containsExactly("INBOX");
            assertThat(starttls.clear).noneMatch(line -> line.contains("LOGIN") || line.contains("AUTHENTICATE"));
            assertThat(starttls.sealed).anyMatch(line -> line.contains("LOGIN"));
        }
    }

    @Test
    void whatIsNoMailServerSaysSo() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> count(other, new AtomicInteger()));
            assertThatThrownBy(() ->
                            kind(MailDouble.guard()).tried(at("localhost", other.getLocalPort(), Mailbox.Security.TLS)))
                    .isInstanceOf(MailFault.class);
        }
        refused(kind(MailDouble.guard()), at("no-such-host.invalid", 993, Mailbox.Security.TLS), "unknown-host");
    }

    /** As little of IMAP as it takes to log in behind STARTTLS and list one folder. */
    private static final class StarttlsServer implements AutoCloseable {
        private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final List<String> clear = new CopyOnWriteArrayList<>();
        private final List<String> sealed = new CopyOnWriteArrayList<>();

        StarttlsServer() throws IOException {
            Thread.ofVirtual().start(this::serve);
        }

        int port() {
            return socket.getLocalPort();
        }

        private void serve() {
            try (Socket client = socket.accept()) {
                say(client, "* OK ready");
                if (talk(client, clear)) {
                    SSLSocket tls = (SSLSocket)
                            context().getSocketFactory().createSocket(client, "localhost", client.getPort(), true);
                    tls.setUseClientMode(false);
                    talk(tls, sealed);
                }
            } catch (Exception over) {
                // The client has what it wanted.
            }
        }

        /** @return whether TLS comes next */
        private boolean talk(Socket with, List<String> heard) throws IOException {
            boolean safe = with instanceof SSLSocket;
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(with.getInputStream(), StandardCharsets.US_ASCII), 1);
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                heard.add(line);
                String tag = line.substring(0, line.indexOf(' '));
                String command = line.substring(tag.length() + 1).toUpperCase(java.util.Locale.ROOT);
                if (command.startsWith("CAPABILITY")) {
                    say(with, "* CAPABILITY IMAP4rev1" + (safe ? "" : " STARTTLS LOGINDISABLED"));
                } else if (command.startsWith("LIST")) {
                    say(with, "* LIST (\\HasNoChildren) \"/\" \"INBOX\"");
                } else if (command.startsWith("LOGOUT")) {
                    say(with, "* BYE");
                }
                say(with, tag + " OK done");
                if (command.startsWith("STARTTLS")) {
                    return true;
                }
            }
            return false;
        }

        private static void say(Socket to, String line) throws IOException {
            to.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
            to.getOutputStream().flush();
        }

        private static SSLContext context() throws Exception {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            try (var in = Files.newInputStream(MailDouble.KEYS)) {
                keys.load(in, MailDouble.KEY_PASSWORD.toCharArray());
            }
            KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(keys, MailDouble.KEY_PASSWORD.toCharArray());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(managers.getKeyManagers(), null, null);
            return context;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
