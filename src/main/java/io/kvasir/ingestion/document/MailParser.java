package io.kvasir.ingestion.document;

import io.kvasir.ingestion.email.Letter;
import io.kvasir.ingestion.email.UnreadableMail;
import java.io.IOException;
import java.io.InputStream;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.tika.exception.EncryptedDocumentException;
import org.apache.tika.exception.TikaException;
import org.apache.tika.extractor.EmbeddedDocumentExtractor;
import org.apache.tika.extractor.EmbeddedDocumentUtil;
import org.apache.tika.io.TikaInputStream;
import org.apache.tika.metadata.Message;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.metadata.TikaCoreProperties;
import org.apache.tika.mime.MediaType;
import org.apache.tika.parser.ParseContext;
import org.apache.tika.parser.Parser;
import org.apache.tika.sax.EmbeddedContentHandler;
import org.apache.tika.sax.XHTMLContentHandler;
import org.xml.sax.ContentHandler;
import org.xml.sax.SAXException;

/**
 * Mail in the parser's process, in the place of Tika's own reader: what its sender said, without quotes and signature;
 * attachments as documents within it. Public because Tika makes it by name.
 */
public final class MailParser implements Parser {
    private static final long serialVersionUID = 1L;

    @Override
    public Set<MediaType> getSupportedTypes(ParseContext context) {
        return Set.of(MediaType.parse("message/rfc822"));
    }

    @Override
    public void parse(InputStream in, ContentHandler handler, Metadata metadata, ParseContext context)
            throws IOException, SAXException, TikaException {
        Letter letter = read(in);
        metadata.set(Metadata.CONTENT_TYPE, "message/rfc822");
        metadata.set(TikaCoreProperties.TITLE, letter.subject());
        letter.from().forEach(one -> metadata.add(Message.MESSAGE_FROM, one.shown()));
        letter.to().forEach(one -> metadata.add(Message.MESSAGE_TO, one.shown()));
        letter.cc().forEach(one -> metadata.add(Message.MESSAGE_CC, one.shown()));
        letter.date().ifPresent(at -> metadata.set(TikaCoreProperties.CREATED, at.toString()));
        XHTMLContentHandler out = new XHTMLContentHandler(handler, metadata);
        out.startDocument();
        write(letter, out);
        EmbeddedDocumentExtractor within = EmbeddedDocumentUtil.getEmbeddedDocumentExtractor(context);
        attachments(letter, out, within);
        out.endDocument();
    }

    private static Letter read(InputStream in) throws IOException, TikaException {
        try {
            return Letter.read(in);
        } catch (UnreadableMail e) {
            throw switch (e.code()) {
                case "encrypted" -> new EncryptedDocumentException(e.detail());
                // The word by which a bomb of any kind is known here.
                case "bomb" -> new TikaException("zip bomb: " + e.detail());
                default -> new TikaException(e.detail());
            };
        }
    }

    private static void write(Letter letter, XHTMLContentHandler out) throws SAXException {
        for (String paragraph : letter.said().split("\\n\\s*\\n")) {
            if (!paragraph.isBlank()) {
                out.startElement("pre");
                out.characters(paragraph.strip());
                out.endElement("pre");
            }
        }
    }

    private static void attachments(Letter letter, XHTMLContentHandler out, EmbeddedDocumentExtractor within)
            throws IOException, SAXException {
        for (Letter.Attachment attachment : letter.attachments()) {
            Metadata metadata = new Metadata();
            metadata.set(TikaCoreProperties.RESOURCE_NAME_KEY, attachment.name());
            if (within.shouldParseEmbedded(metadata)) {
                try (TikaInputStream in = TikaInputStream.get(attachment.bytes().toArrayUnsafe(), metadata)) {
                    within.parseEmbedded(in, new EmbeddedContentHandler(out), metadata, false);
                }
            }
        }
        for (Letter enclosed : letter.enclosed()) {
            out.startElement("pre");
            out.characters(head(enclosed));
            out.endElement("pre");
            write(enclosed, out);
            attachments(enclosed, out, within);
        }
    }

    private static String head(Letter letter) {
        return "From: " + shown(letter.from()) + "\nTo: " + shown(letter.to())
                + letter.date()
                        .map(at -> "\nDate: " + Xhtml.date(at.toString()))
                        .orElse("") + "\nSubject: "
                + letter.subject();
    }

    private static String shown(java.util.List<Letter.Correspondent> people) {
        return people.stream().map(Letter.Correspondent::shown).collect(Collectors.joining(", "));
    }
}
