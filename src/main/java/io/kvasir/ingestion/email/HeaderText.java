package io.kvasir.ingestion.email;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.james.mime4j.codec.DecodeMonitor;
import org.apache.james.mime4j.codec.DecoderUtil;
import org.apache.james.mime4j.dom.address.Mailbox;
import org.apache.james.mime4j.dom.field.DateTimeField;
import org.apache.james.mime4j.field.DateTimeFieldLenientImpl;
import org.apache.james.mime4j.field.address.LenientAddressParser;
import org.apache.james.mime4j.stream.RawField;
import org.apache.james.mime4j.util.CharsetUtil;
import org.jspecify.annotations.Nullable;

/** What the fields of a mail's head say, however they are written. Nothing in here fails. */
final class HeaderText {
    private static final Pattern MESSAGE_ID = Pattern.compile("<\\s*([^<>\\s]{1,900})\\s*>");
    private static final Charset WESTERN = Charset.forName("windows-1252");

    private HeaderText() {}

    /** Encoded words (RFC 2047) decoded, folds undone, bytes outside ASCII taken for UTF-8 where they are that. */
    static String decoded(String value) {
        String unfolded = value.replaceAll("\\r?\\n[ \\t]*", " ").strip();
        boolean wide = unfolded.chars().anyMatch(c -> c > 127 && c < 256);
        boolean wider = unfolded.chars().anyMatch(c -> c > 255);
        String text =
                wide && !wider ? text(unfolded.getBytes(StandardCharsets.ISO_8859_1), Optional.empty()) : unfolded;
        try {
            return DecoderUtil.decodeEncodedWords(text, DecodeMonitor.SILENT, StandardCharsets.UTF_8)
                    .replaceAll("\\p{Cntrl}+", " ")
                    .strip();
        } catch (IllegalArgumentException e) {
            return text;
        }
    }

    /** Text in the charset it says; where it is not in that one, or says none, as UTF-8 or else as Windows-1252. */
    static String text(byte[] bytes, Optional<String> charset) {
        Optional<Charset> said = charset.flatMap(name -> Optional.ofNullable(lookup(name)));
        boolean ascii = said.map(c -> c.equals(StandardCharsets.US_ASCII)).orElse(true);
        if (!ascii) {
            return new String(bytes, said.orElseThrow());
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return new String(bytes, WESTERN);
        }
    }

    private static @Nullable Charset lookup(String name) {
        try {
            return CharsetUtil.lookup(name.strip());
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** Ids without their angle brackets. */
    static List<String> messageIds(String value) {
        List<String> ids = new ArrayList<>();
        Matcher matcher = MESSAGE_ID.matcher(value);
        while (matcher.find()) {
            ids.add(matcher.group(1));
        }
        return ids;
    }

    static List<Letter.Correspondent> people(String value) {
        List<Letter.Correspondent> people = new ArrayList<>();
        try {
            for (Mailbox mailbox :
                    LenientAddressParser.DEFAULT.parseAddressList(value).flatten()) {
                people.add(new Letter.Correspondent(
                        Optional.ofNullable(mailbox.getName())
                                .map(HeaderText::decoded)
                                .orElse(""),
                        mailbox.getAddress()));
            }
        } catch (RuntimeException unreadable) {
            // An address nobody can read is shown as it stands.
            people.add(new Letter.Correspondent(decoded(value), ""));
        }
        return people;
    }

    static Optional<Instant> date(String value) {
        try {
            DateTimeField field = DateTimeFieldLenientImpl.PARSER.parse(
                    new RawField("Date", value.replaceAll("\\s+", " ").strip()), DecodeMonitor.SILENT);
            return Optional.ofNullable(field.getDate()).map(java.util.Date::toInstant);
        } catch (RuntimeException e) {
            return Optional.empty();
        }
    }
}
