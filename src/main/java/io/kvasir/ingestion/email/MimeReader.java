package io.kvasir.ingestion.email;

import io.kvasir.ingestion.email.MimePart.Header;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.james.mime4j.MimeException;
import org.apache.james.mime4j.MimeIOException;
import org.apache.james.mime4j.codec.DecodeMonitor;
import org.apache.james.mime4j.message.DefaultBodyDescriptorBuilder;
import org.apache.james.mime4j.message.MaximalBodyDescriptor;
import org.apache.james.mime4j.stream.EntityState;
import org.apache.james.mime4j.stream.Field;
import org.apache.james.mime4j.stream.MimeConfig;
import org.apache.james.mime4j.stream.MimeTokenStream;
import org.apache.james.mime4j.util.ContentUtil;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** Bytes to a tree of MIME parts, leniently as mail comes, within bounds. */
final class MimeReader {
    private static final int MOST_PARTS = 2_000;
    private static final int DEEPEST = 40;
    private static final int MOST_HEADERS = 1_000;
    private static final int LONGEST_HEADER = 200_000;

    private static final MimeConfig LENIENT = new MimeConfig.Builder()
            .setMaxLineLen(-1)
            .setMaxHeaderCount(MOST_HEADERS)
            .setMaxHeaderLen(LONGEST_HEADER)
            .setMaxContentLen(-1)
            .build();

    private final Deque<Open> open = new ArrayDeque<>();
    private int parts;

    /** An entity that is being read. */
    private static final class Open {
        private final List<Header> headers = new ArrayList<>();
        private final List<MimePart> parts = new ArrayList<>();
        private @Nullable MaximalBodyDescriptor descriptor;
        private ByteString body = ByteString.emptyByteString();
        private boolean bare;

        MimePart done() {
            Map<String, String> parameters = new TreeMap<>();
            Optional<String> disposition = Optional.empty();
            Optional<String> fileName = Optional.empty();
            // Only an enclosed mail has parts and is not told what it is.
            String type = parts.isEmpty() ? "text/plain" : "message/rfc822";
            if (descriptor != null) {
                type = descriptor.getMimeType().toLowerCase(Locale.ROOT);
                descriptor
                        .getContentTypeParameters()
                        .forEach((name, value) -> parameters.put(name.toLowerCase(Locale.ROOT), value));
                disposition = Optional.ofNullable(descriptor.getContentDispositionType())
                        .map(d -> d.toLowerCase(Locale.ROOT));
                fileName = Optional.ofNullable(descriptor.getContentDispositionFilename())
                        .or(() -> Optional.ofNullable(parameters.get("name")))
                        .filter(name -> !name.isBlank())
                        .map(HeaderText::decoded);
            }
            // Where a part says it holds others and does not, it is text like any other.
            return new MimePart(
                    headers,
                    bare && type.startsWith("multipart/") ? "text/plain" : type,
                    parameters,
                    disposition,
                    fileName,
                    parts,
                    body);
        }
    }

    private MimeReader() {}

    /** @throws UnreadableMail where it is put aside: not mail, or made to harm */
    static MimePart read(InputStream in) throws IOException, UnreadableMail {
        return new MimeReader().tree(in);
    }

    private MimePart tree(InputStream in) throws IOException, UnreadableMail {
        MimeTokenStream tokens = new MimeTokenStream(
                LENIENT, DecodeMonitor.SILENT, new DefaultBodyDescriptorBuilder(null, null, DecodeMonitor.SILENT));
        tokens.parse(in);
        Open root = new Open();
        open.push(root);
        try {
            for (EntityState state = tokens.getState(); state != EntityState.T_END_OF_STREAM; state = tokens.next()) {
                take(state, tokens);
            }
        } catch (MimeException | MimeIOException e) {
            throw new UnreadableMail("corrupt", "The mail breaks off or is damaged where its structure is told");
        }
        MimePart only = root.parts.isEmpty() ? root.done() : root.parts.getFirst();
        if (only.headers().isEmpty() && only.parts().isEmpty() && only.body().isEmpty()) {
            throw new UnreadableMail("empty", "There is nothing in the mail");
        }
        return only;
    }

    private void take(EntityState state, MimeTokenStream tokens) throws IOException, UnreadableMail {
        if (state == EntityState.T_START_MESSAGE || state == EntityState.T_START_BODYPART) {
            if (++parts > MOST_PARTS || open.size() > DEEPEST) {
                throw new UnreadableMail("bomb", "The mail holds more parts within parts than a mail does");
            }
            open.push(new Open());
        } else if (state == EntityState.T_FIELD) {
            open.element().headers.add(header(tokens.getField()));
        } else if (state == EntityState.T_START_MULTIPART) {
            open.element().descriptor = (MaximalBodyDescriptor) tokens.getBodyDescriptor();
        } else if (state == EntityState.T_BODY) {
            Open part = open.element();
            part.bare = true;
            part.descriptor = (MaximalBodyDescriptor) tokens.getBodyDescriptor();
            part.body =
                    ByteString.fromArrayUnsafe(tokens.getDecodedInputStream().readAllBytes());
        } else if (state == EntityState.T_END_MESSAGE || state == EntityState.T_END_BODYPART) {
            MimePart done = open.pop().done();
            open.element().parts.add(done);
        }
    }

    private static Header header(Field field) {
        String raw = ContentUtil.decode(field.getRaw());
        return new Header(field.getName(), String.valueOf(field.getBody()), raw.stripTrailing());
    }
}
