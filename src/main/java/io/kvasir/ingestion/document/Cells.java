package io.kvasir.ingestion.document;

import java.io.IOException;
import java.io.Reader;
import java.util.Optional;

/**
 * The cells of a CSV file (RFC 4180, leniently): rows end with LF, CR LF or CR; empty lines and white space around cells
 * do not count; a quoted cell may hold delimiters, line ends and doubled quotes. A quote that is not closed within
 * {@value #LONGEST_QUOTED} characters is a character like any other. So a damaged file costs no more memory than a sound
 * one, and none of its text.
 */
final class Cells implements AutoCloseable {
    private static final int LONGEST_QUOTED = 100_000;
    /** Longest part of a cell handed out. */
    private static final int LONGEST_PART = 4_096;

    private final Characters in;
    private final char delimiter;
    private final StringBuilder text = new StringBuilder();
    private boolean quoted;
    private boolean rowOpen;
    private boolean inCell;
    private boolean continuing;
    private int column;

    /**
     * @param column from 0
     * @param whole whether the cell ends here; else the next is more of the same
     */
    record Cell(int column, String text, boolean whole, boolean lastOfRow) {}

    Cells(Reader in, char delimiter) throws IOException {
        this.in = new Characters(in, LONGEST_QUOTED + 2);
        this.delimiter = delimiter;
    }

    /** Empty at the end. */
    Optional<Cell> next() throws IOException {
        if (!rowOpen) {
            skipEmptyLines();
            if (in.peek() == Characters.END) {
                return Optional.empty();
            }
            rowOpen = true;
            column = 0;
        }
        if (!inCell) {
            begin();
        }
        while (true) {
            int c = in.read();
            if (quoted && c == '"') {
                if (in.peek() == '"') {
                    in.read();
                    text.append('"');
                } else {
                    quoted = false;
                }
            } else if (!quoted && c == delimiter) {
                return Optional.of(end(false));
            } else if (c == Characters.END || !quoted && (c == '\n' || c == '\r')) {
                if (c == '\r' && in.peek() == '\n') {
                    in.read();
                }
                rowOpen = false;
                return Optional.of(end(true));
            } else {
                text.append((char) c);
            }
            if (text.length() > LONGEST_PART) {
                int end = Cut.end(text, 0, LONGEST_PART);
                String part = text.substring(0, end);
                text.delete(0, end);
                continuing = true;
                return Optional.of(new Cell(column, part, false, false));
            }
        }
    }

    private Cell end(boolean lastOfRow) {
        Cell cell = new Cell(
                column,
                continuing ? text.toString().stripTrailing() : text.toString().strip(),
                true,
                lastOfRow);
        text.setLength(0);
        inCell = false;
        continuing = false;
        column++;
        return cell;
    }

    private void begin() throws IOException {
        inCell = true;
        int c = in.peek();
        while (c == ' ' || c == '\t' && delimiter != '\t') {
            in.read();
            c = in.peek();
        }
        quoted = c == '"' && closes();
        if (quoted) {
            in.read();
        }
    }

    /** Whether the quote that comes next is closed soon enough. */
    private boolean closes() throws IOException {
        in.mark();
        in.read();
        boolean closed = false;
        for (int i = 0; i < LONGEST_QUOTED && !closed; i++) {
            int c = in.read();
            if (c == Characters.END) {
                break;
            }
            if (c == '"') {
                closed = in.peek() != '"';
                if (!closed) {
                    in.read();
                    i++;
                }
            }
        }
        in.reset();
        return closed;
    }

    private void skipEmptyLines() throws IOException {
        for (int c = in.peek(); c == '\n' || c == '\r'; c = in.peek()) {
            in.read();
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
