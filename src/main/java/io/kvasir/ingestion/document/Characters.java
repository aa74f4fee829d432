package io.kvasir.ingestion.document;

import java.io.IOException;
import java.io.Reader;

/** A reader with a small look-back of its own: without a lock per character, without the byte order mark. */
final class Characters implements AutoCloseable {
    static final int END = -1;

    private final Reader in;
    private final char[] buffer;
    private int at;
    private int filled;
    private int marked = -1;

    /** @param lookBack characters that may be read after {@link #mark} and read again after {@link #reset} */
    Characters(Reader in, int lookBack) throws IOException {
        this.in = in;
        this.buffer = new char[lookBack + 64 * 1024];
        if (read() != '\uFEFF') {
            at = 0;
        }
    }

    int read() throws IOException {
        return at < filled || fill() ? buffer[at++] : END;
    }

    /** The next one, which stays. */
    int peek() throws IOException {
        return at < filled || fill() ? buffer[at] : END;
    }

    void mark() {
        marked = at;
    }

    /** Back to the mark, which is gone then. */
    void reset() {
        at = marked;
        marked = -1;
    }

    /** No need to go back any more. */
    void unmark() {
        marked = -1;
    }

    private boolean fill() throws IOException {
        int keepFrom = marked >= 0 ? marked : at;
        System.arraycopy(buffer, keepFrom, buffer, 0, filled - keepFrom);
        filled -= keepFrom;
        at -= keepFrom;
        marked = marked >= 0 ? 0 : -1;
        int n = in.read(buffer, filled, buffer.length - filled);
        if (n <= 0) {
            return false;
        }
        filled += n;
        return true;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
