package io.kvasir.answering;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CitationFilterTest {
    private static final Set<Integer> ANNOUNCED = Set.of(1, 2, 12);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "Paid in 14 days [1].|Paid in 14 days [1].",
                "Paid [3] soon|Paid  soon",
                "both[1][12]!|both[1][12]!",
                "both [1, 2].|both [1][2].",
                "both [1;12].|both [1][12].",
                "numbers [1, 7]|numbers [1, 7]",
                "numbers [1, ]|numbers [1, ]",
                "a[0] and a[i] and [x]|a[0] and a[i] and [x]",
                "[[2]]|[[2]]",
                "[01] [] [ 1] [1|[01] [] [ 1] [1",
                "[1234] [-1]|[1234] [-1]",
                "code `a[3]` then [3]|code `a[3]` then ",
                "``b[3] ` c[3]`` [3]|``b[3] ` c[3]`` ",
                "[99999999999999999999999999999999999999999999999999999]|[99999999999999999999999999999999999999999999999999999]",
                "🙂[2]🙂[5]🙂|🙂[2]🙂🙂",
            })
    void lets_through_announced_marks_and_plain_brackets_however_the_text_is_split(String said, String passed) {
        for (int first = 0; first <= said.length(); first++) {
            for (int second = first; second <= said.length(); second++) {
                assertThat(filtered(List.of(
                                said.substring(0, first), said.substring(first, second), said.substring(second))))
                        .isEqualTo(passed);
            }
        }
    }

    @Test
    void leaves_fenced_code_alone() {
        String code = "```java\nint x = a[7]; // [9]\n\n`\nb[7]\n```\n";
        assertThat(filtered(List.of(code + "see [1] not [9]"))).isEqualTo(code + "see [1] not ");
    }

    @Test
    void a_stray_backtick_ends_with_its_paragraph() {
        assertThat(filtered(List.of("it`s so [9]\n\nnext [9][1]"))).isEqualTo("it`s so [9]\n\nnext [1]");
    }

    @Test
    void holds_back_only_what_can_become_a_mark() {
        CitationFilter filter = new CitationFilter(ANNOUNCED);
        assertThat(filter.accept("so [")).isEqualTo("so ");
        assertThat(filter.accept("1")).isEmpty();
        assertThat(filter.accept("x")).isEqualTo("[1x");
        assertThat(filter.accept(" [2")).isEqualTo(" ");
        assertThat(filter.end()).isEqualTo("[2");
        assertThat(filter.cited()).isEmpty();
    }

    @Test
    void tells_what_was_cited_in_order() {
        CitationFilter filter = new CitationFilter(ANNOUNCED);
        filter.accept("x [12] `[2]` [1] [1] [5]");
        assertThat(filter.cited()).containsExactly(1, 12);
    }

    @Test
    void a_mark_is_whole_in_one_piece_and_never_unannounced_for_any_text_in_any_pieces() {
        Random random = new Random(7);
        String alphabet = "[[]]0123 ,;ab`\n";
        Pattern mark = Pattern.compile("\\[([1-9][0-9]{0,2})]");
        for (int round = 0; round < 20_000; round++) {
            CitationFilter filter = new CitationFilter(ANNOUNCED);
            StringBuilder whole = new StringBuilder();
            List<Integer> inPieces = new ArrayList<>();
            boolean code = false;
            for (int piece = random.nextInt(12); piece >= 0; piece--) {
                StringBuilder said = new StringBuilder();
                for (int i = random.nextInt(5); i > 0; i--) {
                    said.append(alphabet.charAt(random.nextInt(alphabet.length())));
                }
                code |= said.indexOf("`") >= 0;
                String passed = filter.accept(said.toString());
                whole.append(passed);
                numbers(mark, passed, inPieces);
            }
            whole.append(filter.end());
            List<Integer> inWhole = new ArrayList<>();
            numbers(mark, whole.toString(), inWhole);
            if (!code) {
                assertThat(inPieces).isEqualTo(inWhole);
                assertThat(ANNOUNCED).containsAll(inWhole);
                assertThat(filter.cited()).containsAll(inWhole);
            }
        }
    }

    private static void numbers(Pattern mark, String text, List<Integer> into) {
        Matcher matcher = mark.matcher(text);
        while (matcher.find()) {
            into.add(Integer.parseInt(matcher.group(1)));
        }
    }

    private static String filtered(List<String> pieces) {
        CitationFilter filter = new CitationFilter(ANNOUNCED);
        StringBuilder passed = new StringBuilder();
        pieces.forEach(piece -> passed.append(filter.accept(piece)));
        return passed.append(filter.end()).toString();
    }
}
