package io.kvasir.ingestion.document;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the canonical text into chunks of whole sentences, with some shared by neighbours. A chunk belongs to one
 * section: a heading closes the chunk before it. What is longer than a chunk without a sentence's end is cut hard, never
 * through a surrogate pair. Keeps no more of the text than the chunk it works on.
 */
final class Chunker {
    private final int target;
    private final int overlap;
    private final ToIntFunction<String> tokens;
    private final Sink sink;

    private final StringBuilder window = new StringBuilder();
    private int windowStart;
    private final Deque<Piece> pieces = new ArrayDeque<>();
    private int size;
    private boolean fresh;
    private int ordinal;
    private final List<@Nullable String> path = new ArrayList<>();

    /** Takes chunks in order. */
    @FunctionalInterface
    interface Sink {
        void take(Chunk chunk) throws IOException;
    }

    private record Piece(int start, int end, int tokens, Optional<Integer> page) {}

    /**
     * @param target tokens of a chunk; no chunk has more
     * @param overlap tokens at most that a chunk repeats from the one before it
     */
    Chunker(int target, int overlap, ToIntFunction<String> tokens, Sink sink) {
        this.target = target;
        this.overlap = overlap;
        this.tokens = tokens;
        this.sink = sink;
    }

    /** The next stretch of the canonical text: a block, and the separator after it. @param start its offset */
    void block(Block block, int start, String separator) throws IOException {
        if (block.heading()) {
            close();
            while (path.size() >= block.level()) {
                path.removeLast();
            }
            while (path.size() < block.level() - 1) {
                path.add(null);
            }
            path.add(block.text());
            return;
        }
        if (pieces.isEmpty()) {
            window.setLength(0);
            windowStart = start;
        }
        window.append(block.text());
        int from = 0;
        for (int end : Sentences.ends(block.text())) {
            sentence(block.text().substring(from, end), start + from, block.page());
            from = end;
        }
        window.append(separator);
    }

    /** The end of the text. @return how many chunks there were */
    int finish() throws IOException {
        close();
        return ordinal;
    }

    private void sentence(String sentence, int start, Optional<Integer> page) throws IOException {
        int count = tokens.applyAsInt(sentence);
        if (count <= target) {
            add(new Piece(start, start + sentence.length(), count, page));
            return;
        }
        int from = 0;
        while (from < sentence.length()) {
            int end = fitting(sentence, from);
            add(new Piece(start + from, start + end, tokens.applyAsInt(sentence.substring(from, end)), page));
            from = end;
        }
    }

    /** The end of the longest beginning that fits, at white space where there is some. */
    private int fitting(String text, int from) {
        // A token has at least one character; most have four. Halving finds a fit in a few counts.
        int length = Math.min(text.length() - from, target * 6);
        while (length > 1 && tokens.applyAsInt(text.substring(from, from + length)) > target) {
            length /= 2;
        }
        int end = from + length;
        if (end < text.length()) {
            int space = end;
            while (space > from + length / 2 && !Character.isWhitespace(text.charAt(space - 1))) {
                space--;
            }
            if (space > from + length / 2) {
                end = space;
            }
            if (Character.isLowSurrogate(text.charAt(end)) && Character.isHighSurrogate(text.charAt(end - 1))) {
                end = end - 1 > from ? end - 1 : end + 1;
            }
        }
        return end;
    }

    private void add(Piece piece) throws IOException {
        if (size + piece.tokens() > target && !pieces.isEmpty()) {
            emitFresh();
            while (!pieces.isEmpty() && (size > overlap || size + piece.tokens() > target)) {
                size -= pieces.removeFirst().tokens();
            }
            int keepFrom = pieces.isEmpty() ? piece.start() : pieces.getFirst().start();
            window.delete(0, keepFrom - windowStart);
            windowStart = keepFrom;
        }
        pieces.addLast(piece);
        size += piece.tokens();
        fresh = true;
    }

    /** Ends a section: nothing of it is shared with the next. */
    private void close() throws IOException {
        emitFresh();
        pieces.clear();
        size = 0;
    }

    /** Emits what has been gathered, unless all of it stood in the chunk before. */
    private void emitFresh() throws IOException {
        if (fresh) {
            emit(pieces.getFirst(), pieces.getLast());
        }
        fresh = false;
    }

    private void emit(Piece first, Piece last) throws IOException {
        int start = first.start();
        int end = last.end();
        String text = window.substring(start - windowStart, end - windowStart);
        int leading = text.length() - text.stripLeading().length();
        String stripped = text.strip();
        if (stripped.isEmpty()) {
            return;
        }
        sink.take(new Chunk(
                ordinal++,
                stripped,
                start + leading,
                start + leading + stripped.length(),
                first.page(),
                path.stream()
                        .filter(java.util.Objects::nonNull)
                        .map(String::valueOf)
                        .toList()));
    }
}
