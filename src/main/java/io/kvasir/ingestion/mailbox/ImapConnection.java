package io.kvasir.ingestion.mailbox;

import io.kvasir.outbound.AddressGuard;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.FetchProfile;
import jakarta.mail.Folder;
import jakarta.mail.FolderNotFoundException;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.UIDFolder;
import jakarta.mail.search.ComparisonTerm;
import jakarta.mail.search.ReceivedDateTerm;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.eclipse.angus.mail.imap.IMAPFolder;
import org.eclipse.angus.mail.imap.IMAPMessage;
import org.eclipse.angus.mail.imap.IMAPStore;
import org.jspecify.annotations.Nullable;

/** One logged-in IMAP connection (RFC 9051), reading only; blocking. Nothing on the server changes by it. */
final class ImapConnection implements AutoCloseable {
    private static final int BATCH = 500;

    private final IMAPStore store;
    private final GuardedSockets sockets;
    private volatile boolean busy;
    private @Nullable IMAPFolder open;

    private ImapConnection(IMAPStore store, GuardedSockets sockets) {
        this.store = store;
        this.sockets = sockets;
    }

    /**
     * @param secret the password, or the access token where the account uses OAuth
     * @param sockets for this connection alone
     */
    static ImapConnection open(Mailbox box, String secret, GuardedSockets sockets, MailboxSettings settings)
            throws MailFault {
        boolean tls = box.security() == Mailbox.Security.TLS;
        String prefix = "mail.imap.";
        Properties properties = new Properties();
        properties.put(
                prefix + "connectiontimeout", Long.toString(settings.connect().toMillis()));
        properties.put(prefix + "timeout", Long.toString(settings.answer().toMillis()));
        properties.put(prefix + "writetimeout", Long.toString(settings.answer().toMillis()));
        properties.put(prefix + "ssl.socketFactory", sockets.starttls());
        properties.put(prefix + "socketFactory", tls ? sockets.sealed() : sockets.plain());
        // Without this the library, refused one way, goes another that nobody guards.
        properties.put(prefix + "socketFactory.fallback", "false");
        properties.put(prefix + "ssl.checkserveridentity", "true");
        properties.put(prefix + "ssl.protocols", "TLSv1.3 TLSv1.2");
        properties.put(prefix + "peek", "true");
        properties.put(prefix + "fetchsize", Integer.toString(256 * 1024));
        if (!tls) {
            properties.put(prefix + "starttls.enable", "true");
            properties.put(prefix + "starttls.required", "true");
        }
        if (box.authentication() == Mailbox.Authentication.OAUTH) {
            properties.put(prefix + "auth.mechanisms", "XOAUTH2");
        } else {
            properties.put(prefix + "auth.mechanisms", "PLAIN LOGIN");
        }
        try {
            IMAPStore store = (IMAPStore) Session.getInstance(properties).getStore("imap");
            store.connect(box.host(), box.port(), box.username(), secret);
            return new ImapConnection(store, sockets);
        } catch (MessagingException e) {
            throw fault(e, box);
        }
    }

    private static MailFault fault(MessagingException e, Mailbox box) {
        if (e instanceof AuthenticationFailedException) {
            return box.authentication() == Mailbox.Authentication.OAUTH
                    ? MailFault.lasting(
                            "authentication-failed",
                            "The mail server does not accept the authorization for " + box.username()
                                    + "; authorize the account again")
                    : MailFault.lasting(
                            "authentication-failed", "The mail server does not accept this user name and password");
        }
        return fault(e);
    }

    private static MailFault fault(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = next(cause)) {
            switch (cause) {
                case AddressGuard.Refused _ -> {
                    return MailFault.lasting(
                            "refused-address", "The mail server's address is not on the public internet");
                }
                case UnknownHostException _ -> {
                    return MailFault.passing("unknown-host", "There is no host of this name");
                }
                case SSLException _ -> {
                    return MailFault.passing(
                            "tls", "No trusted connection: the server's certificate or TLS is not as it should be");
                }
                case SocketTimeoutException _ -> {
                    return MailFault.passing("timeout", "The mail server does not answer in time");
                }
                default -> {}
            }
        }
        String said = String.valueOf(thrown.getMessage());
        return said.contains("STARTTLS")
                ? MailFault.lasting("no-tls", "The mail server offers no TLS on this port")
                : MailFault.passing("unreachable", "The mail server can't be reached, or broke off");
    }

    private static @Nullable Throwable next(Throwable cause) {
        return cause.getCause() == null && cause instanceof MessagingException m
                ? m.getNextException()
                : cause.getCause();
    }

    /** Names of all folders that hold mail. */
    List<String> folders() throws MailFault {
        return asked(() -> Stream.of(store.getDefaultFolder().list("*"))
                .filter(ImapConnection::holdsMail)
                .map(Folder::getFullName)
                .toList());
    }

    private static boolean holdsMail(Folder folder) {
        try {
            return (folder.getType() & Folder.HOLDS_MESSAGES) != 0;
        } catch (MessagingException e) {
            return false;
        }
    }

    /** Where a mail is: within a folder of this validity (RFC 9051, 2.3.1.1) a UID never means another mail. */
    record Place(String folder, long validity, long uid) {}

    /** @param messageId empty where the mail has none */
    record Head(Place place, Optional<String> messageId) {}

    /**
     * UIDs of the mails received since then, newest last.
     *
     * @return empty where there is no such folder
     */
    Optional<List<Place>> since(String folder, Instant then) throws MailFault {
        return asked(() -> {
            try {
                // Selected anew: what a folder was told to hold before may be out of date.
                leave();
                IMAPFolder in = select(folder);
                long validity = in.getUIDValidity();
                Message[] found = in.search(new ReceivedDateTerm(ComparisonTerm.GE, Date.from(then)));
                FetchProfile uids = new FetchProfile();
                uids.add(UIDFolder.FetchProfileItem.UID);
                in.fetch(found, uids);
                List<Place> places = new ArrayList<>();
                for (Message message : found) {
                    places.add(new Place(folder, validity, in.getUID(message)));
                }
                return Optional.of(places);
            } catch (FolderNotFoundException gone) {
                return Optional.empty();
            }
        });
    }

    /** The heads of mails of one folder; those that went meanwhile are left out. */
    List<Head> heads(String folder, List<Place> places) throws MailFault {
        List<Head> all = new ArrayList<>();
        for (int from = 0; from < places.size(); from += BATCH) {
            List<Place> some = places.subList(from, Math.min(places.size(), from + BATCH));
            all.addAll(asked(() -> heads(select(folder), folder, some)));
        }
        return all;
    }

    private static List<Head> heads(IMAPFolder in, String folder, List<Place> places) throws MessagingException {
        Message[] messages = Stream.of(in.getMessagesByUID(
                        places.stream().mapToLong(Place::uid).toArray()))
                .filter(m -> m != null)
                .toArray(Message[]::new);
        FetchProfile wanted = new FetchProfile();
        wanted.add("Message-ID");
        wanted.add(UIDFolder.FetchProfileItem.UID);
        in.fetch(messages, wanted);
        List<Head> heads = new ArrayList<>();
        for (Message message : messages) {
            if (!message.isExpunged()) {
                String[] ids = message.getHeader("Message-ID");
                heads.add(new Head(
                        new Place(folder, places.getFirst().validity(), in.getUID(message)),
                        ids == null ? Optional.empty() : Optional.of(ids[0])));
            }
        }
        return heads;
    }

    /** What fetching one mail came to. */
    sealed interface Fetched {
        record Bytes(byte[] bytes) implements Fetched {}

        record TooLarge(long size) implements Fetched {}

        /** It is not there any more, or the folder numbers its mails anew. */
        record Gone() implements Fetched {}
    }

    Fetched fetch(Place place, long largest) throws MailFault {
        return asked(() -> {
            try {
                IMAPFolder in = select(place.folder());
                if (in.getUIDValidity() != place.validity()) {
                    return new Fetched.Gone();
                }
                Message message = in.getMessageByUID(place.uid());
                if (message == null || message.isExpunged()) {
                    return new Fetched.Gone();
                }
                if (message.getSize() > largest) {
                    return new Fetched.TooLarge(message.getSize());
                }
                ((IMAPMessage) message).setPeek(true);
                try (InputStream whole = ((IMAPMessage) message).getMimeStream()) {
                    byte[] bytes = whole.readNBytes((int) Math.min(Integer.MAX_VALUE - 8, largest + 1));
                    return bytes.length > largest ? new Fetched.TooLarge(bytes.length) : new Fetched.Bytes(bytes);
                }
            } catch (FolderNotFoundException gone) {
                return new Fetched.Gone();
            }
        });
    }

    private IMAPFolder select(String name) throws MessagingException {
        IMAPFolder now = open;
        if (now != null && now.getFullName().equals(name) && now.isOpen()) {
            return now;
        }
        leave();
        IMAPFolder folder = (IMAPFolder) store.getFolder(name);
        folder.open(Folder.READ_ONLY);
        open = folder;
        return folder;
    }

    private void leave() throws MessagingException {
        IMAPFolder now = open;
        open = null;
        if (now != null && now.isOpen()) {
            now.close(false);
        }
    }

    @FunctionalInterface
    private interface Asking<T> {
        T now() throws MessagingException, IOException;
    }

    private <T> T asked(Asking<T> asking) throws MailFault {
        busy = true;
        try {
            return asking.now();
        } catch (MessagingException | IOException e) {
            throw fault(e);
        } finally {
            busy = false;
        }
    }

    @Override
    public void close() {
        // Somebody waits for an answer that nobody wants any more.
        if (busy) {
            sockets.cut();
        }
        try {
            leave();
            store.close();
        } catch (MessagingException alreadyBroken) {
            // It is given up either way.
        }
    }
}
