package io.kvasir.ingestion.document;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import org.apache.tika.io.TikaInputStream;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.metadata.TikaCoreProperties;
import org.apache.tika.mime.MediaType;
import org.apache.tika.mime.MimeTypes;

/**
 * What a file is, by its first bytes; its name only chooses between kinds those bytes allow, and what the sender said
 * counts for nothing.
 */
enum FileKind {
    TEXT,
    MARKDOWN,
    CSV,
    /** For the parser process. */
    DOCUMENT;

    private static final MimeTypes TYPES = MimeTypes.getDefaultMimeTypes();

    private static final Set<String> DOCUMENTS = Set.of(
            "application/pdf",
            "application/rtf",
            "application/epub+zip",
            "application/msword",
            "application/xhtml+xml",
            "application/vnd.ms-outlook",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/x-tika-msoffice",
            "application/x-tika-ooxml",
            "application/x-tika-ooxml-protected",
            "application/x-tika-msworks-spreadsheet",
            "application/zip",
            "application/mbox",
            "message/rfc822",
            "text/html");

    /** @param mediaType as detected */
    record Detected(FileKind kind, String mediaType) {}

    /** @throws Unreadable where it is a kind of file that is not read */
    static Detected of(Path file, String name) throws IOException, Unreadable {
        Metadata metadata = new Metadata();
        metadata.set(TikaCoreProperties.RESOURCE_NAME_KEY, name);
        MediaType type;
        try (TikaInputStream in = TikaInputStream.get(file)) {
            type = TYPES.detect(in, metadata).getBaseType();
        }
        String mediaType = type.toString();
        return switch (mediaType) {
            case "text/x-web-markdown", "text/markdown" -> new Detected(MARKDOWN, "text/markdown");
            case "text/csv", "text/tab-separated-values" -> new Detected(CSV, mediaType);
            default -> {
                if (DOCUMENTS.contains(mediaType)
                        || mediaType.startsWith("application/vnd.openxmlformats-officedocument")
                        || mediaType.startsWith("application/vnd.oasis.opendocument")
                        || mediaType.startsWith("application/vnd.ms-word")
                        || mediaType.startsWith("application/vnd.ms-excel")
                        || mediaType.startsWith("application/vnd.ms-powerpoint")) {
                    yield new Detected(DOCUMENT, mediaType);
                }
                if (type.getType().equals("text") || textual(type)) {
                    yield new Detected(TEXT, mediaType);
                }
                throw unsupported(mediaType);
            }
        };
    }

    /** What the parser found inside a container the first bytes did not tell apart. */
    static void requireDocument(String mediaType) throws Unreadable {
        if (mediaType.equals("application/zip")
                || mediaType.equals("application/x-tika-ooxml")
                || mediaType.startsWith("image/")
                || mediaType.startsWith("application/java-archive")
                || mediaType.startsWith("application/x-")
                        && !mediaType.startsWith("application/x-tika-")
                        && !mediaType.startsWith("application/x-mspublisher")) {
            throw unsupported(mediaType);
        }
    }

    static boolean isSpreadsheet(String mediaType) {
        return mediaType.contains("spreadsheet") || mediaType.contains("ms-excel");
    }

    private static boolean textual(MediaType type) {
        return TYPES.getMediaTypeRegistry().isInstanceOf(type, MediaType.TEXT_PLAIN);
    }

    private static Unreadable unsupported(String mediaType) {
        return new Unreadable("unsupported-type", "Files of the type " + mediaType + " are not read");
    }
}
