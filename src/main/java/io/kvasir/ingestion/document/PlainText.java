package io.kvasir.ingestion.document;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.tika.parser.txt.CharsetDetector;

/** Reads plain text, Markdown and CSV as they stream by, in constant memory whatever their size. */
final class PlainText {
    private static final int PREFIX = 64 * 1024;
    /** Longest paragraph gathered before it is handed on. */
    private static final int LONGEST = 8_192;

    private static final int LONGEST_CELL = 100_000;
    private static final Pattern HEADING = Pattern.compile("(#{1,6})\\s+(.+?)\\s*#*");

    private PlainText() {}

    static void text(Path file, BlockSink sink) throws IOException {
        paragraphs(file, false, sink);
    }

    static void markdown(Path file, BlockSink sink) throws IOException {
        paragraphs(file, true, sink);
    }

    private static void paragraphs(Path file, boolean headings, BlockSink sink) throws IOException {
        try (BufferedReader reader = reader(file)) {
            StringBuilder paragraph = new StringBuilder();
            boolean code = false;
            for (Optional<String> next = line(reader); next.isPresent(); next = line(reader)) {
                String line = next.get();
                if (headings && line.stripLeading().startsWith("```")) {
                    code = !code;
                }
                Matcher heading = HEADING.matcher(line);
                if (headings && !code && heading.matches()) {
                    flush(paragraph, sink);
                    sink.take(new Block(heading.group(1).length(), heading.group(2), Optional.empty()));
                } else if (line.isBlank() && !code) {
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

    /** Rows as lines of {@code header: value}, so that a row found alone still says what its cells are. */
    static void csv(Path file, BlockSink sink) throws IOException, Unreadable {
        char delimiter = delimiter(file);
        CSVFormat format = CSVFormat.DEFAULT
                .builder()
                .setDelimiter(delimiter)
                .setIgnoreEmptyLines(true)
                .setIgnoreSurroundingSpaces(true)
                .get();
        try (Reader reader = reader(file);
                CSVParser rows = format.parse(reader)) {
            String[] header = null;
            for (CSVRecord row : rows) {
                if (header == null) {
                    header = row.values();
                    if (row.size() == 1) {
                        sink.take(Block.text(cell(row.get(0)), Optional.empty()));
                    }
                    continue;
                }
                StringBuilder line = new StringBuilder();
                for (int i = 0; i < row.size(); i++) {
                    if (!row.get(i).isBlank()) {
                        line.append(line.isEmpty() ? "" : "; ");
                        if (i < header.length && !header[i].isBlank()) {
                            line.append(header[i]).append(": ");
                        }
                        line.append(cell(row.get(i)));
                    }
                }
                sink.take(Block.text(line.toString(), Optional.empty()));
            }
        } catch (java.io.UncheckedIOException | IllegalStateException e) {
            throw new Unreadable("corrupt", "The file is not readable as CSV");
        }
    }

    private static String cell(String value) {
        return value.length() > LONGEST_CELL ? value.substring(0, LONGEST_CELL) : value;
    }

    private static char delimiter(Path file) throws IOException {
        try (BufferedReader reader = reader(file)) {
            String first = line(reader).orElse("");
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

    /** One line, or the next {@link #LONGEST} characters of a longer one; empty at the end. */
    private static Optional<String> line(BufferedReader reader) throws IOException {
        StringBuilder line = new StringBuilder();
        int c = reader.read();
        if (c < 0) {
            return Optional.empty();
        }
        while (c >= 0 && c != '\n') {
            if (c != '\r') {
                line.append((char) c);
            }
            if (line.length() >= LONGEST && !Character.isHighSurrogate((char) c)) {
                break;
            }
            c = reader.read();
        }
        return Optional.of(line.toString());
    }

    private static BufferedReader reader(Path file) throws IOException {
        Charset charset;
        try (InputStream start = Files.newInputStream(file)) {
            charset = charset(start.readNBytes(PREFIX));
        }
        InputStream in = Files.newInputStream(file);
        BufferedReader reader = new BufferedReader(
                new InputStreamReader(
                        in,
                        charset.newDecoder()
                                .onMalformedInput(CodingErrorAction.REPLACE)
                                .onUnmappableCharacter(CodingErrorAction.REPLACE)),
                PREFIX);
        reader.mark(1);
        if (reader.read() != '\uFEFF') {
            reader.reset();
        }
        return reader;
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
