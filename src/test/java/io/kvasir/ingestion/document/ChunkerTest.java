package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkerTest {
    private static final WordEmbedder WORDS = new WordEmbedder();

    @TempDir
    Path folder;

    private record Cut(String text, List<Chunk> chunks) {}

    private Cut cut(int target, int overlap, Block... blocks) throws IOException {
        List<Chunk> chunks = new ArrayList<>();
        Path file = folder.resolve("text");
        Chunker chunker = new Chunker(target, overlap, WORDS::countTokens, chunks::add);
        try (CanonicalText text = new CanonicalText(file, chunker)) {
            for (Block block : blocks) {
                text.append(block);
            }
            chunker.finish();
        }
        return new Cut(Files.readString(file), chunks);
    }

    private static Block text(String text) {
        return Block.text(text, Optional.empty());
    }

    @Test
    void keepsSentencesWhole() throws IOException {
        assertThat(cut(8, 0, text("One two three four. Five six seven. Eight nine ten eleven."))
                        .chunks())
                .extracting(Chunk::text)
                .containsExactly("One two three four. Five six seven.", "Eight nine ten eleven.");
    }

    @Test
    void neighboursShareTheLastSentences() throws IOException {
        assertThat(cut(8, 3, text("One two three four. Five six seven. Eight nine ten eleven."))
                        .chunks())
                .extracting(Chunk::text)
                .containsExactly("One two three four. Five six seven.", "Five six seven. Eight nine ten eleven.");
    }

    @Test
    void aHeadingBeginsASectionAndIsSharedWithNobody() throws IOException {
        List<Chunk> chunks = cut(
                        50,
                        20,
                        new Block(1, "Guide", Optional.empty()),
                        text("Welcome here."),
                        new Block(3, "Deep", Optional.empty()),
                        text("Deep text."),
                        new Block(2, "Refunds", Optional.empty()),
                        text("Paid soon."))
                .chunks();

        assertThat(chunks).extracting(Chunk::text).containsExactly("Welcome here.", "Deep text.", "Paid soon.");
        assertThat(chunks)
                .extracting(Chunk::headings)
                .containsExactly(List.of("Guide"), List.of("Guide", "Deep"), List.of("Guide", "Refunds"));
    }

    private static Block heading(int level, String text) {
        return new Block(level, text, Optional.empty());
    }

    @Test
    void headingsWithNothingBelowThemAreText() throws IOException {
        List<Chunk> chunks = cut(
                        50,
                        20,
                        heading(1, "Agenda"),
                        heading(2, "Welcome"),
                        heading(2, "Figures of the year"),
                        heading(2, "Refunds"),
                        text("Paid soon."),
                        heading(1, "The end"))
                .chunks();

        assertThat(chunks)
                .extracting(Chunk::text)
                .containsExactly("Welcome\n\nFigures of the year", "Paid soon.", "The end");
        assertThat(chunks)
                .extracting(Chunk::headings)
                .containsExactly(List.of("Agenda"), List.of("Agenda", "Refunds"), List.of());
    }

    @Test
    void aDocumentOfHeadingsOnlyIsOneOfText() throws IOException {
        Cut cut = cut(50, 20, heading(1, "One"), heading(1, "Two"), heading(2, "Three"));

        assertThat(cut.chunks()).extracting(Chunk::text).containsExactly("One", "Three");
        assertThat(cut.chunks().getLast().headings()).containsExactly("Two");
        assertThat(cut.chunks())
                .allSatisfy(c ->
                        assertThat(cut.text().substring(c.start(), c.end())).isEqualTo(c.text()));
    }

    /** Else every passage below would carry it. */
    @Test
    void aPageOfTextMadeToLookLikeAHeadingIsText() throws IOException {
        List<Chunk> chunks = cut(50, 0, heading(1, "A sentence of words. ".repeat(20)), text("More."))
                .chunks();

        assertThat(chunks).allSatisfy(c -> assertThat(c.headings()).isEmpty());
        assertThat(chunks.getFirst().text()).startsWith("A sentence of words.");
        assertThat(chunks.getLast().text()).endsWith("More.");
    }

    @Test
    void aChunkStandsOnThePageItStartsOn() throws IOException {
        List<Chunk> chunks = cut(
                        6,
                        0,
                        Block.text("One two three.", Optional.of(1)),
                        Block.text("Four five six.", Optional.of(2)),
                        Block.text("Seven.", Optional.of(3)))
                .chunks();

        assertThat(chunks).extracting(c -> c.page().orElseThrow()).containsExactly(1, 3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "यह पहला वाक्य है। यह दूसरा वाक्य है। यह तीसरा वाक्य है।",
                "这是第一句。这是第二句。这是第三句。",
                "هل هذا سؤال؟ نعم هذا جواب. شكرا.",
            })
    void knowsTheEndsOfSentencesInManyScripts(String text) {
        assertThat(Sentences.ends(text)).hasSize(3).last().isEqualTo(text.length());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void whateverTheTextEveryWordIsInAChunkAndNoneIsTooLong(long seed) throws IOException {
        Random random = new Random(seed);
        int target = 5 + random.nextInt(60);
        int overlap = random.nextInt(target / 2 + 1);
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            blocks.add(new Block(random.nextInt(5) == 0 ? 1 + random.nextInt(4) : 0, words(random), Optional.empty()));
        }
        Cut cut = cut(target, overlap, blocks.toArray(Block[]::new));

        BitSet covered = new BitSet();
        int ordinal = 0;
        for (Chunk chunk : cut.chunks()) {
            assertThat(chunk.ordinal()).isEqualTo(ordinal++);
            assertThat(cut.text().substring(chunk.start(), chunk.end())).isEqualTo(chunk.text());
            assertThat(WORDS.countTokens(chunk.text())).isLessThanOrEqualTo(target);
            assertThat(Character.isLowSurrogate(chunk.text().charAt(0))).isFalse();
            assertThat(Character.isHighSurrogate(
                            chunk.text().charAt(chunk.text().length() - 1)))
                    .isFalse();
            covered.set(chunk.start(), chunk.end());
        }
        int at = 0;
        for (Block block : blocks) {
            String text = block.text().strip();
            at = cut.text().indexOf(text, at);
            for (int i = at; i < at + text.length() && !block.heading(); i++) {
                assertThat(covered.get(i) || Character.isWhitespace(cut.text().charAt(i)))
                        .as("character %d of %s", i, text)
                        .isTrue();
            }
            at += text.length();
        }
    }

    private static String words(Random random) {
        StringBuilder text = new StringBuilder();
        int n = 1 + random.nextInt(60);
        for (int i = 0; i < n; i++) {
            switch (random.nextInt(12)) {
                case 0 -> text.append("word. ");
                case 1 -> text.append("😀".repeat(1 + random.nextInt(20))).append(' ');
                case 2 -> text.append("x".repeat(1 + random.nextInt(300)));
                case 3 -> text.append("वाक्य। ");
                case 4 -> text.append("line\n");
                default -> text.append("plain ");
            }
        }
        return "a" + text;
    }
}
