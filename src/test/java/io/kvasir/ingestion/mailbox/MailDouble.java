package io.kvasir.ingestion.mailbox;

import com.icegreen.greenmail.store.MailFolder;
import com.icegreen.greenmail.user.GreenMailUser;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import io.kvasir.outbound.AddressGuard;
import io.kvasir.outbound.Network;
import jakarta.mail.Flags;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** A mail server with TLS whose certificate is for {@code localhost}, behind a line that can be cut or made slow. */
public final class MailDouble implements AutoCloseable {
    public static final String USER = "ann@example.org";
    public static final String PASSWORD = "an app password";
    public static final String KEY_PASSWORD = "changeit";
    /** Key and certificate; a trust store as well. */
    public static final Path KEYS = keys();

    static {
        // A client that is closed in the middle breaks the server's own threads, which is no failure of a test.
        org.awaitility.Awaitility.doNotCatchUncaughtExceptionsByDefault();
    }

    private static final Session SESSION = Session.getInstance(new Properties());

    private final GreenMail server;
    private final GreenMailUser user;
    private final ServerSocket line;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile boolean reachable = true;
    private volatile Duration delay = Duration.ZERO;

    public MailDouble() throws IOException {
        System.setProperty("greenmail.tls.keystore.file", KEYS.toString());
        System.setProperty("greenmail.tls.keystore.password", KEY_PASSWORD);
        server = new GreenMail(patient(ServerSetup.PROTOCOL_IMAPS));
        server.start();
        user = server.setUser(USER, USER, PASSWORD);
        line = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    /** A machine under load takes longer to start it than it waits by itself. */
    static ServerSetup patient(String protocol) {
        ServerSetup setup = new ServerSetup(0, "127.0.0.1", protocol);
        setup.setServerStartupTimeout(60_000);
        return setup;
    }

    public int port() {
        return line.getLocalPort();
    }

    GreenMailUser user() {
        return user;
    }

    MailFolder folder(String name) {
        MailFolder there = server.getManagers().getImapHostManager().getFolder(user, name);
        try {
            return there != null
                    ? there
                    : server.getManagers().getImapHostManager().createMailbox(user, name);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** The folder begins anew: another UIDVALIDITY, and all mails numbered from 1. */
    void renumber(String name) throws Exception {
        List<MimeMessage> mails = folder(name).getMessages().stream()
                .map(stored -> stored.getMimeMessage())
                .toList();
        server.getManagers().getImapHostManager().deleteMailbox(user, name);
        for (MimeMessage mail : mails.reversed()) {
            folder(name).appendMessage(mail, new Flags(), new Date());
        }
    }

    /** Lines of the mail, parted by {@code \n}. */
    public void deliver(String folder, String mail) {
        deliver(folder, mail, Instant.now());
    }

    void deliver(String folder, String mail, Instant at) {
        try {
            folder(folder)
                    .appendMessage(
                            new MimeMessage(
                                    SESSION,
                                    new ByteArrayInputStream(
                                            mail.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8))),
                            new Flags(),
                            Date.from(at));
        } catch (MessagingException e) {
            throw new IllegalStateException(e);
        }
    }

    public static String mail(String id, String subject, String text) {
        return "Message-ID: <" + id + ">\nFrom: Ann Example <ann@example.org>\nTo: bob@example.org\nSubject: " + subject
                + "\nDate: "
                + java.time.format.DateTimeFormatter.RFC_1123_DATE_TIME.format(
                        Instant.now().atOffset(java.time.ZoneOffset.UTC))
                + "\nContent-Type: text/plain; charset=utf-8\n\n" + text + "\n";
    }

    void delete(String folder, String id) {
        MailFolder in = folder(folder);
        for (var stored : in.getMessages()) {
            try {
                if (("<" + id + ">").equals(stored.getMimeMessage().getMessageID())) {
                    in.setFlags(new Flags(Flags.Flag.DELETED), true, stored.getUid(), null, false);
                }
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
        try {
            in.expunge();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** A mailbox of this server. */
    Mailbox mailbox(List<String> folders) {
        return mailbox("imap", folders, PASSWORD, Mailbox.Authentication.PASSWORD);
    }

    /** One that is opened by consent, and that nobody has consented to yet. */
    Mailbox consented(String provider) {
        return mailbox(provider, List.of(), null, Mailbox.Authentication.OAUTH);
    }

    private Mailbox mailbox(
            String provider, List<String> folders, @Nullable String password, Mailbox.Authentication authentication) {
        return new Mailbox(
                provider,
                USER,
                "localhost",
                port(),
                Mailbox.Security.TLS,
                USER,
                authentication,
                password,
                null,
                folders,
                6,
                true,
                24);
    }

    void reachable(boolean is) {
        reachable = is;
        if (!is) {
            open.forEach(MailDouble::close);
        }
    }

    /** Each thing a client says takes that long to arrive. */
    public void slow(Duration each) {
        delay = each;
    }

    private void accept() {
        while (true) {
            try {
                Socket client = line.accept();
                if (!reachable) {
                    client.close();
                    continue;
                }
                Socket far = new Socket("127.0.0.1", server.getImaps().getPort());
                open.add(client);
                open.add(far);
                Thread.ofVirtual().start(() -> copy(client, far, true));
                Thread.ofVirtual().start(() -> copy(far, client, false));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void copy(Socket from, Socket to, boolean slowly) {
        byte[] buffer = new byte[64 * 1024];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
                if (slowly && !delay.isZero()) {
                    LockSupport.parkNanos(delay.toNanos());
                }
                out.write(buffer, 0, n);
                out.flush();
            }
        } catch (IOException over) {
            // One side has gone; so does the other.
        }
        open.remove(from);
        open.remove(to);
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        line.close();
        open.forEach(MailDouble::close);
        server.stop();
    }

    /** May reach this machine, which the public may not. */
    static AddressGuard guard() {
        return new AddressGuard(List.of(Network.of("127.0.0.0/8"), Network.of("::1/128")));
    }

    /** Believes that server's certificate. */
    static SSLSocketFactory trust() {
        try (InputStream in = Files.newInputStream(KEYS)) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(in, KEY_PASSWORD.toCharArray());
            TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers.getTrustManagers(), null);
            return context.getSocketFactory();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static Path keys() {
        try {
            Path folder = Files.createTempDirectory("mail-double");
            Path file = folder.resolve("server.p12");
            Process made = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "keytool")
                                    .toString(),
                            "-genkeypair",
                            "-alias",
                            "server",
                            "-keyalg",
                            "EC",
                            "-dname",
                            "CN=localhost",
                            "-ext",
                            "san=dns:localhost",
                            "-validity",
                            "30",
                            "-storetype",
                            "PKCS12",
                            "-keystore",
                            file.toString(),
                            "-storepass",
                            KEY_PASSWORD)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!made.waitFor(60, TimeUnit.SECONDS) || made.exitValue() != 0) {
                throw new IllegalStateException("no certificate could be made");
            }
            file.toFile().deleteOnExit();
            folder.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
