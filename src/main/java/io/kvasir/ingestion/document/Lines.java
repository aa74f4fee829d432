package io.kvasir.ingestion.document;

import java.io.IOException;
import java.io.Reader;
import java.util.Optional;

/** Lines without their ends. A line too long comes in parts, each ending between words where there are words. */
final class Lines implements AutoCloseable {
    private final Characters in;
    private final int longest;
    private final StringBuilder line = new StringBuilder();
    private boolean rest;

    /** @param longest part of a line handed out, UTF-16 units */
    Lines(Reader in, int longest) throws IOException {
        this.in = new Characters(in, 0);
        this.longest = longest;
    }

    /** Empty at the end. */
    Optional<String> next() throws IOException {
        int c = in.read();
        if (c == Characters.END && !rest) {
            return Optional.empty();
        }
        while (c != Characters.END && c != '\n') {
            if (c != '\r') {
                line.append((char) c);
            }
            if (line.length() > longest) {
                int end = Cut.end(line, 0, longest);
                String part = line.substring(0, end);
                line.delete(0, end);
                rest = true;
                return Optional.of(part);
            }
            c = in.read();
        }
        rest = false;
        String whole = line.toString();
        line.setLength(0);
        return Optional.of(whole);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
