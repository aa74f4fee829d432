package io.kvasir.ingestion.email;

import java.util.List;
import java.util.Optional;
import org.apache.pekko.util.ByteString;

/**
 * One entity of a MIME message (RFC 2045), its transfer encoding undone.
 *
 * @param headers in order, unfolded only where they are read
 * @param mediaType lower case, {@code text/plain} where none is given
 * @param parameters of the content type, names in lower case
 * @param disposition lower case, for example {@code attachment}
 * @param parts of a multipart; of a {@code message/rfc822} the one message
 * @param body empty where there are parts
 */
record MimePart(
        List<Header> headers,
        String mediaType,
        java.util.Map<String, String> parameters,
        Optional<String> disposition,
        Optional<String> fileName,
        List<MimePart> parts,
        ByteString body) {
    MimePart {
        headers = List.copyOf(headers);
        parameters = java.util.Map.copyOf(parameters);
        parts = List.copyOf(parts);
    }

    /** @param raw the whole field as it stands, without the line end behind it */
    record Header(String name, String value, String raw) {}

    Optional<String> first(String name) {
        return headers.stream()
                .filter(h -> h.name().equalsIgnoreCase(name))
                .map(Header::value)
                .findFirst();
    }

    boolean is(String type) {
        return mediaType.equals(type);
    }

    boolean multipart() {
        return mediaType.startsWith("multipart/");
    }
}
