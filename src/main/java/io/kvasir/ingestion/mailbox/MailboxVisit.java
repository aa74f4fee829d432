package io.kvasir.ingestion.mailbox;

import io.kvasir.http.Json;
import io.kvasir.ingestion.email.Letter;
import io.kvasir.ingestion.email.Threads;
import io.kvasir.ingestion.email.UnreadableMail;
import io.kvasir.ingestion.mailbox.ImapConnection.Fetched;
import io.kvasir.ingestion.mailbox.ImapConnection.Head;
import io.kvasir.ingestion.mailbox.ImapConnection.Place;
import io.kvasir.ingestion.source.Found;
import io.kvasir.ingestion.source.Listing;
import io.kvasir.ingestion.source.Opened;
import io.kvasir.ingestion.source.Read;
import io.kvasir.ingestion.source.SourceFault;
import io.kvasir.ingestion.source.Visit;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reading of a mailbox. A mail is known by its Message-ID for ever and read once; where it stands (folder, UIDVALIDITY,
 * UID) only tells which mails are new without asking for their heads again. What is deleted there, or older than the
 * account wants, is not named any more and leaves the index.
 */
final class MailboxVisit implements Visit {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.email");

    private final Mailbox box;
    private final Connecting connecting;
    private final MailboxSettings settings;
    private final Opened source;
    private final Clock clock;
    private final Map<String, String> threadOf = new HashMap<>();
    private final Map<String, String> threadAbout = new HashMap<>();
    private final Executor threads = Executors.newVirtualThreadPerTaskExecutor();
    private volatile @Nullable ImapConnection connection;
    private volatile boolean closed;

    @FunctionalInterface
    interface Connecting {
        ImapConnection now() throws MailFault;
    }

    MailboxVisit(Mailbox box, Connecting connecting, MailboxSettings settings, Opened source, Clock clock)
            throws SourceFault {
        this.box = box;
        this.connecting = connecting;
        this.settings = settings;
        this.source = source;
        this.clock = clock;
        asked(_ -> true);
    }

    @FunctionalInterface
    private interface Asking<T> {
        T of(ImapConnection connection) throws MailFault;
    }

    /** Asks beside, so that a visit nobody wants any more does not wait for a server; a connection that broke is made anew once. */
    private <T> T asked(Asking<T> asking) throws SourceFault {
        CompletableFuture<T> answer = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        boolean fresh = connection == null;
                        ImapConnection now = connection();
                        try {
                            return asking.of(now);
                        } catch (MailFault broken) {
                            if (fresh || closed) {
                                throw broken;
                            }
                            now.close();
                            connection = null;
                            return asking.of(connection());
                        }
                    } catch (MailFault e) {
                        throw new CompletionException(e);
                    }
                },
                threads);
        try {
            return source.await(answer);
        } catch (CompletionException e) {
            if (e.getCause() instanceof MailFault fault) {
                throw MailboxKind.fault(fault);
            }
            throw e;
        }
    }

    private ImapConnection connection() throws MailFault {
        ImapConnection there = connection;
        if (there == null) {
            there = connecting.now();
            connection = there;
            if (closed) {
                there.close();
            }
        }
        return there;
    }

    /** What is remembered of a mail that was read. @param about its subject without the marks of replies */
    record Marks(String thread, String about) {}

    // what there is

    @Override
    public void list(Listing listing) throws SourceFault {
        Map<Place, Found> known = new HashMap<>();
        listing.known(found -> {
            known.put(Json.read(found.note(), Place.class), found);
            found.marks().ifPresent(marks -> remember(found.key(), Json.read(marks, Marks.class)));
        });
        Set<String> named = new HashSet<>();
        List<Place> fresh = new ArrayList<>();
        Instant since =
                clock.instant().atZone(ZoneOffset.UTC).minusMonths(box.months()).toInstant();
        int folders = 0;
        for (String folder : box.wantedFolders()) {
            Optional<List<Place>> places = places(folder, since);
            folders += places.isPresent() ? 1 : 0;
            for (Place place : places.orElse(List.of())) {
                Found there = known.get(place);
                // One that could not be read, or only in part, is read again.
                if (there != null && there.marks().isPresent()) {
                    listing.still(there.key());
                    named.add(there.key());
                } else {
                    fresh.add(place);
                }
            }
        }
        if (folders == 0) {
            throw SourceFault.lasting("no-such-folder", "None of the folders is in the mailbox");
        }
        // The newest first: they count where not all are taken, and are asked about soonest.
        for (String folder : box.wantedFolders()) {
            List<Place> here = fresh.stream()
                    .filter(p -> p.folder().equals(folder))
                    .toList()
                    .reversed();
            heads(folder, here, listing, named);
        }
        LOG.info("mailbox {}: {} mails, {} of them looked at", source.id(), named.size(), fresh.size());
    }

    private Optional<List<Place>> places(String folder, Instant since) throws SourceFault {
        return asked(connection -> connection.since(folder, since));
    }

    private void heads(String folder, List<Place> places, Listing listing, Set<String> named) throws SourceFault {
        List<Head> heads = asked(connection -> connection.heads(folder, places));
        for (Head head : heads) {
            if (named.size() >= settings.mostMails()) {
                return;
            }
            String key = key(head);
            // The same mail in another folder, or another copy of it.
            if (named.add(key)) {
                listing.found(key, Json.write(head.place()));
            }
        }
    }

    /** The id it names; for one that names none, what follows from the mail itself. */
    private String key(Head head) throws SourceFault {
        Optional<String> named = head.messageId().flatMap(Letter::idIn);
        if (named.isPresent()) {
            return named.get();
        }
        String place = head.place().folder() + "/" + head.place().validity() + "/"
                + head.place().uid();
        if (!(fetched(head.place()) instanceof Fetched.Bytes(byte[] bytes))) {
            return place;
        }
        try {
            return Letter.read(new ByteArrayInputStream(bytes)).id();
        } catch (UnreadableMail | IOException e) {
            return place;
        }
    }

    // reading

    @Override
    public Read read(Found item) throws SourceFault {
        if (item.marks().isPresent()) {
            // A mail never changes; it only stands elsewhere now.
            return new Read.Same();
        }
        Place place = Json.read(item.note(), Place.class);
        return switch (fetched(place)) {
            case Fetched.Gone _ -> new Read.Gone();
            case Fetched.TooLarge(long size) ->
                new Read.Skipped(
                        "too-large",
                        "The mail has " + size + " bytes; at most " + settings.largestMail() + " are read",
                        List.of());
            case Fetched.Bytes(byte[] bytes) -> read(item, bytes);
        };
    }

    private Fetched fetched(Place place) throws SourceFault {
        return asked(connection -> connection.fetch(place, settings.largestMail()));
    }

    private Read read(Found item, byte[] bytes) throws SourceFault {
        Letter letter;
        try {
            letter = Letter.read(new ByteArrayInputStream(bytes));
        } catch (UnreadableMail e) {
            return new Read.Skipped(e.code(), e.detail(), List.of());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        Marks marks = new Marks(
                Threads.of(
                        letter,
                        id -> Optional.ofNullable(threadOf.get(id)),
                        about -> Optional.ofNullable(threadAbout.get(about))),
                Threads.bareSubject(letter));
        remember(item.key(), marks);
        Optional<String> url = url(letter.id());
        List<Read.Part> parts = new ArrayList<>();
        parts(item.key(), letter, url, parts);
        return new Read.Content(
                new Read.File(
                        fileName(letter.subject().isBlank() ? "(no subject)" : letter.subject(), ".eml"),
                        Optional.of("message/rfc822"),
                        url,
                        letter.withoutAttachments()),
                Optional.of(Json.write(marks)),
                List.of(),
                parts);
    }

    private void remember(String id, Marks marks) {
        threadOf.put(id, marks.thread());
        threadAbout.put(marks.about(), marks.thread());
    }

    private static void parts(String key, Letter letter, Optional<String> url, List<Read.Part> into) {
        for (Letter.Attachment attachment : letter.attachments()) {
            into.add(new Read.Part(
                    key + "#" + (into.size() + 1),
                    new Read.File(
                            fileName(attachment.name(), ""),
                            Optional.of(attachment.mediaType()),
                            url,
                            attachment.bytes().toArray())));
        }
        for (Letter enclosed : letter.enclosed()) {
            into.add(new Read.Part(
                    key + "#" + (into.size() + 1),
                    new Read.File(
                            fileName(enclosed.subject().isBlank() ? "(no subject)" : enclosed.subject(), ".eml"),
                            Optional.of("message/rfc822"),
                            url,
                            enclosed.withoutAttachments())));
            parts(key, enclosed, url, into);
        }
    }

    /** Where a reader finds the mail; only web mail has such a place. */
    private Optional<String> url(String messageId) {
        return box.provider().equals("gmail")
                ? Optional.of("https://mail.google.com/mail/#search/"
                        + URLEncoder.encode("rfc822msgid:" + messageId, StandardCharsets.UTF_8))
                : Optional.empty();
    }

    /** Harmless: one path segment of visible characters. */
    private static String fileName(String given, String ending) {
        String last = given.substring(Math.max(given.lastIndexOf('/'), given.lastIndexOf('\\')) + 1);
        String clean = (ending.isEmpty() ? last : given.replace('/', '-').replace('\\', '-'))
                .replaceAll("[\\p{Cntrl}\\p{Cf}\\p{Cs}\\p{Co}\\p{Cn}\\u2028\\u2029]", "")
                .strip();
        int most = 200 - ending.length();
        String cut = clean.codePointCount(0, clean.length()) > most
                ? clean.substring(0, clean.offsetByCodePoints(0, most)).strip()
                : clean;
        return (cut.isEmpty() || cut.equals(".") || cut.equals("..") ? "attachment" : cut) + ending;
    }

    @Override
    public void close() {
        closed = true;
        ImapConnection there = connection;
        if (there != null) {
            there.close();
        }
    }
}
