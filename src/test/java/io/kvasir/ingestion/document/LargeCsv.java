package io.kvasir.ingestion.document;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;

/** Reads a CSV file of so many bytes, made as it is read, in a JVM whose heap the caller chose. Says how many characters came and the longest block. */
final class LargeCsv {
    private LargeCsv() {}

    enum Damage {
        NONE("name,price\n", "tea,3 EUR of good money\n"),
        /** A quote at the start that nobody closes. */
        OPEN_QUOTE("name,price\n\"open,", "tea,3 EUR of good money\n"),
        /** Quotes in the middle of cells, where they mean nothing. */
        STRAY_QUOTES("name,price\n", "6\" pipe,3 EUR of good money\n"),
        ONE_HEADER_CELL("", "nameandmore"),
        ONE_ROW_OF_CELLS("", "tea,"),
        ONE_QUOTED_CELL("name\n\"", "tea and more of it "),
        ONE_CELL_OF_A_ROW("name,price\ntea,", "coffee and more of it ");

        private final byte[] start;
        private final byte[] rest;

        Damage(String start, String rest) {
            this.start = start.getBytes(StandardCharsets.UTF_8);
            this.rest = rest.getBytes(StandardCharsets.UTF_8);
        }
    }

    public static void main(String[] args) throws IOException {
        long size = Long.parseLong(args[0]);
        Damage damage = Damage.valueOf(args[1]);
        AtomicLong characters = new AtomicLong();
        AtomicLong longest = new AtomicLong();
        PlainText.csv(() -> bytes(damage, size), block -> {
            characters.addAndGet(block.text().length());
            longest.accumulateAndGet(block.text().length(), Math::max);
        });
        System.out.println(characters + " " + longest);
    }

    private static InputStream bytes(Damage damage, long size) {
        return new InputStream() {
            private long at;

            @Override
            public int read() {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(byte[] into, int offset, int length) {
                if (at >= size) {
                    return -1;
                }
                boolean starting = at < damage.start.length;
                byte[] from = starting ? damage.start : damage.rest;
                int within = (int) (starting ? at : (at - damage.start.length) % from.length);
                int n = (int) Math.min(Math.min(length, size - at), from.length - within);
                System.arraycopy(from, within, into, offset, n);
                at += n;
                return n;
            }
        };
    }
}
