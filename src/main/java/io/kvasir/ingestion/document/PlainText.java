package io.kvasir.ingestion.document;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.tika.parser.txt.CharsetDetector;

/** Reads plain text, Markdown and CSV as they stream by, in constant memory whatever their size. */
final class PlainText {
    private static final int PREFIX = 64 * 1024;
    /** Longest paragraph gathered before it is handed on. */
    private static final int LONGEST = 8_192;
    /** Longest name of a column that is repeated before its cells. */
    private static final int LONGEST_NAME = 100;

    private static final Pattern HEADING = Pattern.compile("(#{1,6})\\s+(.+?)\\s*#*");
    private static final Pattern FENCE = Pattern.compile(" {0,3}(`{3,}(?=[^`]*$)|~{3,}).*");

    private PlainText() {}

    /** The same bytes from their beginning, each time. */
    @FunctionalInterface
    interface Opener {
        InputStream open() throws IOException;
    }

    static void text(Opener file, BlockSink sink) throws IOException {
        paragraphs(file, false, sink);
    }

    static void markdown(Opener file, BlockSink sink) throws IOException {
        paragraphs(file, true, sink);
    }

    private static void paragraphs(Opener file, boolean markdown, BlockSink sink) throws IOException {
        try (Lines lines = new Lines(reader(file), LONGEST)) {
            StringBuilder paragraph = new StringBuilder();
            Optional<String> fence = Optional.empty();
            for (Optional<String> next = lines.next(); next.isPresent(); next = lines.next()) {
                String line = next.get();
                if (markdown) {
                    fence = fence(fence, line);
                }
                Matcher heading = HEADING.matcher(line);
                if (markdown && fence.isEmpty() && heading.matches()) {
                    flush(paragraph, sink);
                    sink.take(new Block(heading.group(1).length(), heading.group(2), Optional.empty()));
                } else if (line.isBlank() && fence.isEmpty()) {
                    flush(paragraph, sink);
                } else {
                    if (paragraph.length() + line.length() > LONGEST) {
                        flush(paragraph, sink);
                    }
                    paragraph.append(paragraph.isEmpty() ? "" : "\n").append(line);
                }
            }
            flush(paragraph, sink);
        }
    }

    /** The fence of the code block this line is in, the line that closes it not included (CommonMark 0.31, 4.5). */
    private static Optional<String> fence(Optional<String> open, String line) {
        Matcher fence = FENCE.matcher(line);
        if (!fence.matches()) {
            return open;
        }
        String marks = fence.group(1);
        if (open.isEmpty()) {
            return Optional.of(marks);
        }
        boolean closes = marks.startsWith(open.get()) && line.strip().equals(marks);
        return closes ? Optional.empty() : open;
    }

    /**
     * Rows as lines of {@code header: value}, so that a row found alone still says what its cells are. A first row too
     * long to be repeated is no header.
     */
    static void csv(Opener file, BlockSink sink) throws IOException {
        char delimiter = delimiter(file);
        try (Cells cells = new Cells(reader(file), delimiter)) {
            List<String> header = header(cells, sink);
            StringBuilder row = new StringBuilder();
            boolean continued = false;
            for (Optional<Cells.Cell> next = cells.next(); next.isPresent(); next = cells.next()) {
                Cells.Cell cell = next.get();
                if (!cell.text().isBlank()) {
                    if (row.length() + cell.text().length() > LONGEST) {
                        flush(row, sink);
                    }
                    row.append(row.isEmpty() || continued ? "" : "; ");
                    if (!continued
                            && cell.column() < header.size()
                            && !header.get(cell.column()).isBlank()) {
                        row.append(header.get(cell.column())).append(": ");
                    }
                    row.append(cell.text());
                }
                continued = !cell.whole();
                if (cell.lastOfRow()) {
                    flush(row, sink);
                }
            }
            flush(row, sink);
        }
    }

    /** The names of the columns; where there is one column only, or no header, the first row is text like the others. */
    private static List<String> header(Cells cells, BlockSink sink) throws IOException {
        List<String> names = new ArrayList<>();
        StringBuilder row = new StringBuilder();
        int length = 0;
        boolean header = true;
        for (Optional<Cells.Cell> next = cells.next(); next.isPresent(); next = cells.next()) {
            Cells.Cell cell = next.get();
            length += cell.text().length() + 1;
            header &= length <= LONGEST && cell.whole();
            if (header) {
                names.add(Cut.to(cell.text(), LONGEST_NAME));
            }
            if (row.length() + cell.text().length() > LONGEST) {
                flush(row, sink);
                header = false;
            }
            row.append(row.isEmpty() ? "" : "; ").append(cell.text());
            if (cell.lastOfRow()) {
                break;
            }
        }
        if (names.size() == 1 || !header) {
            flush(row, sink);
        }
        return header ? names : List.of();
    }

    private static char delimiter(Opener file) throws IOException {
        try (Lines lines = new Lines(reader(file), LONGEST)) {
            String first = lines.next().orElse("");
            char best = ',';
            long most = 0;
            for (char candidate : new char[] {',', ';', '\t', '|'}) {
                long count = first.chars().filter(c -> c == candidate).count();
                if (count > most) {
                    most = count;
                    best = candidate;
                }
            }
            return best;
        }
    }

    private static void flush(StringBuilder paragraph, BlockSink sink) throws IOException {
        if (!paragraph.isEmpty()) {
            sink.take(Block.text(paragraph.toString(), Optional.empty()));
            paragraph.setLength(0);
        }
    }

    private static Reader reader(Opener file) throws IOException {
        Charset charset;
        try (InputStream start = file.open()) {
            charset = charset(start.readNBytes(PREFIX));
        }
        return new InputStreamReader(
                file.open(),
                charset.newDecoder()
                        .onMalformedInput(CodingErrorAction.REPLACE)
                        .onUnmappableCharacter(CodingErrorAction.REPLACE));
    }

    /** By byte order mark, else UTF-8 where the bytes are valid, else as ICU's statistics say. */
    static Charset charset(byte[] prefix) {
        if (starts(prefix, 0xEF, 0xBB, 0xBF)) {
            return StandardCharsets.UTF_8;
        }
        if (starts(prefix, 0xFE, 0xFF)) {
            return StandardCharsets.UTF_16BE;
        }
        if (starts(prefix, 0xFF, 0xFE)) {
            return StandardCharsets.UTF_16LE;
        }
        if (utf8(prefix)) {
            return StandardCharsets.UTF_8;
        }
        CharsetDetector detector = new CharsetDetector();
        detector.setText(prefix);
        var match = detector.detect();
        try {
            return match == null ? StandardCharsets.ISO_8859_1 : Charset.forName(match.getName());
        } catch (IllegalArgumentException unknown) {
            return StandardCharsets.ISO_8859_1;
        }
    }

    private static boolean utf8(byte[] prefix) {
        // The last character may be cut by the end of the prefix.
        for (int cut = 0; cut < 4 && cut <= prefix.length; cut++) {
            try {
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(prefix, 0, prefix.length - cut));
                return true;
            } catch (CharacterCodingException notYet) {
                if (prefix.length < PREFIX) {
                    return false;
                }
            }
        }
        return false;
    }

    private static boolean starts(byte[] bytes, int... with) {
        if (bytes.length < with.length) {
            return false;
        }
        for (int i = 0; i < with.length; i++) {
            if ((bytes[i] & 0xFF) != with[i]) {
                return false;
            }
        }
        return true;
    }
}
