package io.kvasir.ingestion.document;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The one text of a document, to which all offsets refer: blocks parted by an empty line. Written as it comes, as UTF-8. */
final class CanonicalText implements AutoCloseable {
    private static final String SEPARATOR = "\n\n";
    /** Longest block handed on as one; longer ones are parted, so that no step ever holds more. */
    private static final int LONGEST_BLOCK = 16_384;

    private final Writer file;
    private final Chunker chunker;
    private int length;

    CanonicalText(Path path, Chunker chunker) throws IOException {
        this.file = Files.newBufferedWriter(path, StandardCharsets.UTF_8);
        this.chunker = chunker;
    }

    void append(Block block) throws IOException {
        String text = sound(block.text()).strip();
        int from = 0;
        while (from < text.length()) {
            int end = Cut.end(text, from, LONGEST_BLOCK);
            boolean last = end == text.length();
            write(
                    new Block(last && from == 0 ? block.level() : 0, text.substring(from, end), block.page()),
                    last ? SEPARATOR : "");
            from = end;
        }
    }

    private void write(Block block, String separator) throws IOException {
        chunker.block(block, length, separator);
        file.write(block.text());
        file.write(separator);
        length = Math.addExact(length, block.text().length() + separator.length());
    }

    int length() {
        return length;
    }

    /** Without control characters and halves of surrogate pairs, which neither JSON nor UTF-8 can carry. */
    static String sound(String text) {
        boolean clean = true;
        for (int i = 0; i < text.length() && clean; i++) {
            char c = text.charAt(i);
            clean = c >= ' ' && !Character.isSurrogate(c) && c != '\uFFFE' && c != '\uFFFF' || c == '\n' || c == '\t';
        }
        if (clean) {
            return text;
        }
        StringBuilder sound = new StringBuilder(text.length());
        text.codePoints()
                .filter(c -> c == '\n' || c == '\t' || (c >= ' ' && c != 0x7F))
                .filter(c ->
                        !(c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) && c != 0xFFFE && c != 0xFFFF)
                .forEach(sound::appendCodePoint);
        return sound.toString();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
