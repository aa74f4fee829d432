package io.kvasir.ingestion.email;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The mails of a mailbox in a file (RFC 4155, and the kinds that mark a quoted {@code From } line with {@code >}), one
 * after another.
 */
public final class Mbox implements AutoCloseable {
    private static final Pattern START = Pattern.compile("From \\S.*\\d{1,2}:\\d{2}.*\\d{4}.*");
    private static final Pattern QUOTED_START = Pattern.compile(">+From .*", Pattern.DOTALL);

    private final InputStream in;
    private final long largest;
    private boolean started;
    private boolean ended;

    /** @param largest bytes of one mail; what is longer is passed over as {@link Entry#tooLarge} */
    public Mbox(InputStream in, long largest) {
        this.in = new BufferedInputStream(in, 64 * 1024);
        this.largest = largest;
    }

    /** One mail as its bytes. @param tooLarge the bytes are left out */
    public record Entry(byte[] bytes, boolean tooLarge) {
        public InputStream open() {
            return new ByteArrayInputStream(bytes);
        }
    }

    /** Empty at the end. */
    public Optional<Entry> next() throws IOException {
        if (ended) {
            return Optional.empty();
        }
        ByteArrayOutputStream mail = new ByteArrayOutputStream();
        boolean tooLarge = false;
        boolean afterBlank = true;
        for (byte[] line = line(); line.length > 0; line = line()) {
            String start = line[0] == 'F' || line[0] == '>' ? new String(line, StandardCharsets.ISO_8859_1) : "";
            if (afterBlank && START.matcher(start.stripTrailing()).matches()) {
                if (started) {
                    if (mail.size() > 0 || tooLarge) {
                        return Optional.of(new Entry(mail.toByteArray(), tooLarge));
                    }
                }
                started = true;
            } else if (mail.size() + line.length > largest) {
                tooLarge = true;
                mail.reset();
            } else if (!tooLarge) {
                int skip = QUOTED_START.matcher(start).matches() ? 1 : 0;
                mail.write(line, skip, line.length - skip);
            }
            afterBlank = line.length <= 2 && (line[0] == '\n' || line[0] == '\r');
        }
        ended = true;
        return mail.size() > 0 || tooLarge ? Optional.of(new Entry(mail.toByteArray(), tooLarge)) : Optional.empty();
    }

    /** With its end; empty at the end of the file. A line without an end is handed out in pieces of 64 KiB. */
    private byte[] line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(128);
        for (int b = in.read(); b >= 0; b = in.read()) {
            line.write(b);
            if (b == '\n' || line.size() >= 64 * 1024) {
                break;
            }
        }
        return line.toByteArray();
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
