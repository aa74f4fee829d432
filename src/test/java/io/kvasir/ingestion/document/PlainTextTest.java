package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PlainTextTest {
    private enum Kind {
        TEXT,
        MARKDOWN,
        CSV
    }

    private static List<Block> blocks(Kind kind, String text) throws IOException {
        List<Block> blocks = new ArrayList<>();
        PlainText.Opener opener = () -> new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        switch (kind) {
            case TEXT -> PlainText.text(opener, blocks::add);
            case MARKDOWN -> PlainText.markdown(opener, blocks::add);
            case CSV -> PlainText.csv(opener, blocks::add);
        }
        return blocks;
    }

    private static List<String> texts(Kind kind, String text) throws IOException {
        return blocks(kind, text).stream().map(Block::text).toList();
    }

    // Markdown.

    @Test
    void aFenceOfTildesHidesHeadings() throws IOException {
        List<Block> blocks = blocks(Kind.MARKDOWN, """
                # Title

                ~~~~ shell
                # a comment

                ~~~
                # another
                ~~~~
                ## Section
                """);

        assertThat(blocks.stream().filter(Block::heading))
                .extracting(Block::text)
                .containsExactly("Title", "Section");
        assertThat(blocks).extracting(Block::text).contains("~~~~ shell\n# a comment\n\n~~~\n# another\n~~~~");
    }

    @Test
    void onlyItsOwnKindClosesAFence() throws IOException {
        List<Block> blocks = blocks(Kind.MARKDOWN, "```\n~~~\n# no\n``` not closed\n# no\n```\n# Yes\n");

        assertThat(blocks.stream().filter(Block::heading))
                .extracting(Block::text)
                .containsExactly("Yes");
    }

    @Test
    void backticksWithinALineOpenNothing() throws IOException {
        List<Block> blocks = blocks(Kind.MARKDOWN, "```code``` in a line\n\n# Yes\n");

        assertThat(blocks.stream().filter(Block::heading))
                .extracting(Block::text)
                .containsExactly("Yes");
    }

    // Long lines.

    @Test
    void aLineOfManyWordsIsPartedBetweenWords() throws IOException {
        List<String> words =
                IntStream.range(0, 20_000).mapToObj(i -> "word" + i).toList();
        List<String> parts = texts(Kind.TEXT, String.join(" ", words));

        assertThat(parts).hasSizeGreaterThan(10);
        assertThat(parts.stream().flatMap(p -> Arrays.stream(p.strip().split(" "))))
                .containsExactlyElementsOf(words);
    }

    @Test
    void aLineWithoutWordsIsPartedBetweenCharacters() throws IOException {
        String line = "x" + "😀".repeat(20_000);
        List<String> parts = texts(Kind.TEXT, line);

        assertThat(String.join("", parts)).isEqualTo(line);
        assertThat(parts)
                .hasSizeGreaterThan(2)
                .noneMatch(p -> Character.isLowSurrogate(p.charAt(0)))
                .noneMatch(p -> Character.isHighSurrogate(p.charAt(p.length() - 1)));
    }

    // CSV.

    @Test
    void quotesHideDelimitersQuotesAndLineEnds() throws IOException {
        assertThat(texts(Kind.CSV, "a,b\r\n\"x, y\",\"say \"\"hi\"\"\nthere\"\r\n\r\n ,z\r\n"))
                .containsExactly("a: x, y; b: say \"hi\"\nthere", "b: z");
    }

    @Test
    void aRowLongerThanTheHeaderIsReadToItsEnd() throws IOException {
        assertThat(texts(Kind.CSV, "a;b\n1;2;3\n")).containsExactly("a: 1; b: 2; 3");
    }

    @Test
    void oneColumnHasNoHeader() throws IOException {
        assertThat(texts(Kind.CSV, "\uFEFFtea\ncoffee\n")).containsExactly("tea", "tea: coffee");
    }

    @Test
    void aQuoteThatIsNeverClosedIsACharacter() throws IOException {
        String rows = IntStream.range(0, 50_000).mapToObj(i -> i + ",row\n").collect(Collectors.joining());
        List<String> texts = texts(Kind.CSV, "n,what\n\"open,1\n" + rows);

        assertThat(texts).hasSize(50_001).startsWith("n: \"open; what: 1", "n: 0; what: row");
        assertThat(texts.getLast()).isEqualTo("n: 49999; what: row");
    }

    @Test
    void aQuoteThatIsOpenAtTheEndLosesNothing() throws IOException {
        assertThat(texts(Kind.CSV, "a,b\n1,\"two\n3,four")).containsExactly("a: 1; b: \"two", "a: 3; b: four");
    }

    @Test
    void aFirstRowTooLongForAHeaderIsARow() throws IOException {
        String cell = "c".repeat(5_000);
        List<String> texts = texts(Kind.CSV, cell + "," + cell + "\n1,2\n");

        assertThat(String.join("", texts)).contains(cell).endsWith("1; 2");
        assertThat(texts.getLast()).isEqualTo("1; 2");
    }

    @Test
    void aNameOfAColumnIsRepeatedOnlySoFar() throws IOException {
        assertThat(texts(Kind.CSV, "n,".concat("name ".repeat(100)) + "\n1,2\n").getLast())
                .startsWith("n: 1; name name")
                .endsWith(": 2")
                .hasSizeLessThan(130);
    }

    @ParameterizedTest
    @EnumSource(LargeCsv.Damage.class)
    void twoHundredMegabytesPassInSixtyFourOfHeap(LargeCsv.Damage damage) throws Exception {
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.kvasir.ingestion.document.LargeCsv",
                        "200000000",
                        damage.name())
                .redirectErrorStream(true)
                .start();
        String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(child.waitFor()).as(said).isZero();
        long[] numbers = Arrays.stream(said.strip().split(" "))
                .mapToLong(Long::parseLong)
                .toArray();
        assertThat(numbers[0]).as("characters").isBetween(190_000_000L, 1_000_000_000L);
        assertThat(numbers[1]).as("longest block").isLessThan(20_000);
    }
}
