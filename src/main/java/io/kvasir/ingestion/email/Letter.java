package io.kvasir.ingestion.email;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.pekko.util.ByteString;

/**
 * A mail as a person reads it.
 *
 * @param id without angle brackets; where the mail names none, one that follows from the mail itself
 * @param references ids of the mails before it in its thread, oldest first
 * @param text of the body, with quotes and signature
 * @param enclosed mails within this one
 */
public record Letter(
        String id,
        Optional<String> inReplyTo,
        List<String> references,
        String subject,
        List<Correspondent> from,
        List<Correspondent> to,
        List<Correspondent> cc,
        Optional<Instant> date,
        String text,
        List<Attachment> attachments,
        List<Letter> enclosed) {
    /** Endings of ids this server made. */
    private static final String MADE_UP = "@no-message-id.invalid";
    /** Files that belong to the mail's form and say nothing. */
    private static final Set<String> FORMALITIES = Set.of(
            "application/pgp-signature",
            "application/pkcs7-signature",
            "application/x-pkcs7-signature",
            "application/ms-tnef",
            "text/x-amp-html",
            "message/delivery-status",
            "message/disposition-notification",
            "text/rfc822-headers");

    public Letter {
        references = List.copyOf(references);
        from = List.copyOf(from);
        to = List.copyOf(to);
        cc = List.copyOf(cc);
        attachments = List.copyOf(attachments);
        enclosed = List.copyOf(enclosed);
    }

    /** @param name may be empty, as may the address where nobody can read it */
    public record Correspondent(String name, String address) {
        public String shown() {
            return name.isEmpty() || name.equals(address)
                    ? address
                    : address.isEmpty() ? name : name + " <" + address + ">";
        }
    }

    /** @param mediaType as the sender says */
    public record Attachment(String name, String mediaType, ByteString bytes) {}

    /** @throws UnreadableMail where it is put aside */
    public static Letter read(InputStream in) throws IOException, UnreadableMail {
        MimePart root = MimeReader.read(in);
        if (root.is("multipart/encrypted")
                || root.is("application/pkcs7-mime") && !signedOnly(root)
                || root.is("application/x-pkcs7-mime") && !signedOnly(root)) {
            throw new UnreadableMail("encrypted", "The mail is encrypted for its reader");
        }
        return of(root);
    }

    private static boolean signedOnly(MimePart part) {
        return part.parameters().getOrDefault("smime-type", "").equalsIgnoreCase("signed-data");
    }

    private static Letter of(MimePart root) {
        Gathered gathered = new Gathered();
        gathered.body(root);
        List<String> references =
                root.first("References").map(HeaderText::messageIds).orElse(List.of());
        Optional<String> inReplyTo = root.first("In-Reply-To").map(HeaderText::messageIds).stream()
                .flatMap(List::stream)
                .findFirst();
        return new Letter(
                root.first("Message-ID").map(HeaderText::messageIds).stream()
                        .flatMap(List::stream)
                        .findFirst()
                        .orElseGet(() -> madeUp(root)),
                inReplyTo,
                references,
                root.first("Subject").map(HeaderText::decoded).orElse(""),
                people(root, "From"),
                people(root, "To"),
                people(root, "Cc"),
                root.first("Date").flatMap(HeaderText::date),
                gathered.text.toString().strip(),
                gathered.attachments,
                gathered.enclosed);
    }

    private static List<Correspondent> people(MimePart root, String field) {
        return root.headers().stream()
                .filter(h -> h.name().equalsIgnoreCase(field))
                .flatMap(h -> HeaderText.people(h.value()).stream())
                .toList();
    }

    /** Follows from what a copy of the mail in another folder says as well: not from the trace of its way. */
    private static String madeUp(MimePart root) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String field : List.of("Date", "From", "To", "Subject")) {
                digest.update((field + ":" + root.first(field).orElse("") + "\n").getBytes(StandardCharsets.UTF_8));
            }
            digest(digest, root);
            return HexFormat.of().formatHex(digest.digest(), 0, 16) + MADE_UP;
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static void digest(MessageDigest digest, MimePart part) {
        digest.update(part.mediaType().getBytes(StandardCharsets.UTF_8));
        digest.update(part.body().toArrayUnsafe());
        part.parts().forEach(inner -> digest(digest, inner));
    }

    /** The id within the value of a Message-ID field, as {@link #id} would be. */
    public static Optional<String> idIn(String field) {
        return HeaderText.messageIds(field).stream().findFirst();
    }

    /** The mail as RFC 6532 writes it, with its text alone: small, the same whenever it is made, and a mail still. */
    public byte[] withoutAttachments() {
        StringBuilder mail = new StringBuilder();
        field(mail, "Message-ID", "<" + id + ">");
        inReplyTo.ifPresent(before -> field(mail, "In-Reply-To", "<" + before + ">"));
        if (!references.isEmpty()) {
            field(mail, "References", "<" + String.join("> <", references) + ">");
        }
        date.ifPresent(
                at -> field(mail, "Date", DateTimeFormatter.RFC_1123_DATE_TIME.format(at.atOffset(ZoneOffset.UTC))));
        field(mail, "From", written(from));
        field(mail, "To", written(to));
        field(mail, "Cc", written(cc));
        field(mail, "Subject", subject);
        field(mail, "MIME-Version", "1.0");
        field(mail, "Content-Type", "text/plain; charset=utf-8");
        field(mail, "Content-Transfer-Encoding", "8bit");
        mail.append("\r\n")
                .append(text.replace("\r\n", "\n").replace("\n", "\r\n"))
                .append("\r\n");
        return mail.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void field(StringBuilder mail, String name, String value) {
        if (!value.isBlank()) {
            mail.append(name)
                    .append(": ")
                    .append(value.replaceAll("\\p{Cntrl}+", " "))
                    .append("\r\n");
        }
    }

    private static String written(List<Correspondent> people) {
        return people.stream()
                .map(one -> one.address().isEmpty()
                        ? one.name()
                        : one.name().isEmpty()
                                ? one.address()
                                : "\"" + one.name().replace("\\", "").replace("\"", "'") + "\" <" + one.address() + ">")
                .collect(Collectors.joining(", "));
    }

    /** What its sender added, without what is quoted from others and without a signature; all of it where nothing is left. */
    public String said() {
        Correspondent sender = from.isEmpty() ? new Correspondent("", "") : from.getFirst();
        return Signatures.without(Quotes.without(text), sender.name(), sender.address());
    }

    /** What a walk through the parts finds. */
    private static final class Gathered {
        private final StringBuilder text = new StringBuilder();
        private final List<Attachment> attachments = new ArrayList<>();
        private final List<Letter> enclosed = new ArrayList<>();

        void body(MimePart part) {
            if (part.is("multipart/alternative")) {
                alternative(part);
            } else if (part.multipart()
                    || part.is("message/rfc822") && part.parts().size() > 1) {
                part.parts().forEach(this::body);
            } else if (part.is("message/rfc822")) {
                part.parts().forEach(inner -> enclosed.add(of(inner)));
            } else if (shown(part)) {
                add(MailText.of(part));
            } else if (!FORMALITIES.contains(part.mediaType())
                    && !picture(part)
                    && !part.body().isEmpty()) {
                attachments.add(new Attachment(
                        part.fileName().orElseGet(() -> "attachment-" + (attachments.size() + 1) + ending(part)),
                        part.mediaType(),
                        part.body()));
            }
        }

        private void alternative(MimePart part) {
            List<MimePart> leaves = new ArrayList<>();
            part.parts().forEach(inner -> leaves(inner, leaves));
            Optional<String> plain = leaves.stream()
                    .filter(p -> p.is("text/plain") && shown(p))
                    .map(MailText::of)
                    .findFirst();
            Optional<String> html = leaves.stream()
                    .filter(p -> p.is("text/html") && shown(p))
                    .map(MailText::of)
                    .findFirst();
            add(MailText.better(plain, html));
            for (MimePart leaf : leaves) {
                if (!(shown(leaf) && (leaf.is("text/plain") || leaf.is("text/html"))) && !leaf.is("text/calendar")) {
                    body(leaf);
                }
            }
        }

        private static void leaves(MimePart part, List<MimePart> into) {
            if (part.multipart()) {
                part.parts().forEach(inner -> leaves(inner, into));
            } else {
                into.add(part);
            }
        }

        private void add(String more) {
            if (!more.isBlank()) {
                text.append(text.isEmpty() ? "" : "\n\n").append(more.strip());
            }
        }

        /** Belongs to what is read on opening the mail. */
        private static boolean shown(MimePart part) {
            return (part.is("text/plain")
                            || part.is("text/html")
                            || part.is("text/richtext")
                            || part.is("text/enriched"))
                    && part.parts().isEmpty()
                    && part.fileName().isEmpty()
                    && !part.disposition().equals(Optional.of("attachment"));
        }

        /** Logos and counters: nothing in them is read. */
        private static boolean picture(MimePart part) {
            return part.mediaType().startsWith("image/");
        }

        private static String ending(MimePart part) {
            return switch (part.mediaType()) {
                case "text/plain" -> ".txt";
                case "text/html" -> ".html";
                case "text/csv" -> ".csv";
                case "text/calendar" -> ".ics";
                case "application/pdf" -> ".pdf";
                default -> "";
            };
        }
    }

    /** Subject as threads compare it: without the marks of replies and forwards. */
    static String bare(String subject) {
        String left = subject.strip();
        String before;
        do {
            before = left;
            left = left.replaceFirst(
                            "(?iu)^(re|aw|antw|sv|vs|ref|r|fwd?|wg|tr|rv|enc|i|odp|回复|答复|转发|返信)(\\s*\\[\\d+])?\\s*[:：]\\s*",
                            "")
                    .strip();
        } while (!left.equals(before));
        return left.toLowerCase(Locale.ROOT).replaceAll("\\s+", " ");
    }
}
