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
 * section: a heading closes the chunk before it, and is kept beside the chunks below it; one with nothing below it is
 * text. What is longer than a chunk without a sentence's end is cut hard, never
 * through a surrogate pair. Keeps no more of the text than the chunk it works on.
 */
final class Chunker {
    /** What is longer is a text that was made to look like a heading; UTF-16 units. */
    private static final int LONGEST_HEADING = 250;

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
    private Optional<Heading> last = Optional.empty();

    /** Takes chunks in order. */
    @FunctionalInterface
    interface Sink {
        void take(Chunk chunk) throws IOException;
    }

    /** A heading nothing was seen under yet. */
    private record Heading(Block block, int start, String separator) {}

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
        if (block.heading() && block.text().length() <= LONGEST_HEADING) {
            heading(new Heading(block, start, separator));
            return;
        }
        if (last.isPresent()) {
            close();
            enter(last.get().block());
            last = Optional.empty();
        }
        text(block, start, separator);
    }

    /** A heading under which nothing stands is itself what there is to find, together with others of its kind. */
    private void heading(Heading next) throws IOException {
        int level = next.block().level();
        if (last.isPresent() && level <= last.get().block().level()) {
            text(last.get().block(), last.get().start(), last.get().separator());
        } else {
            close();
            last.ifPresent(above -> enter(above.block()));
        }
        if (path.size() >= level) {
            close();
            while (path.size() >= level) {
                path.removeLast();
            }
        }
        last = Optional.of(next);
    }

    private void enter(Block heading) {
        while (path.size() < heading.level() - 1) {
            path.add(null);
        }
        path.add(heading.text());
    }

    private void text(Block block, int start, String separator) throws IOException {
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
        if (last.isPresent()) {
            text(last.get().block(), last.get().start(), last.get().separator());
            last = Optional.empty();
        }
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
        return Cut.end(text, from, length);
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
                size,
                first.page(),
                path.stream()
                        .filter(java.util.Objects::nonNull)
                        .map(String::valueOf)
                        .toList()));
    }
}
