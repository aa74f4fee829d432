package io.kvasir.llm.extractive;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SentencesTest {
    @Test
    void cuts_after_full_stops_but_not_after_abbreviations_or_initials() {
        assertThat(
                        Sentences.of(
                                "Dr. J. R. Smith of the U.S. Army paid 3.50 dollars. He left at 5 p.m. on Monday! Why? \"So.\" End"))
                .containsExactly(
                        "Dr. J. R. Smith of the U.S. Army paid 3.50 dollars.",
                        "He left at 5 p.m. on Monday!",
                        "Why?",
                        "\"So.\"",
                        "End");
    }

    @Test
    void knows_the_full_stops_of_other_scripts() {
        assertThat(Sentences.of("退款需要十四天。请保留收据！यह एक वाक्य है। दूसरा वाक्य।")).hasSize(4);
    }

    @Test
    void lines_of_lists_stand_alone_and_wrapped_lines_do_not() {
        String text =
                "A paragraph that was wrapped at a fixed column, as mail\nprograms do, is one sentence.\n\n- first item\n- second item\nHeading\nText";
        assertThat(Sentences.of(text))
                .containsExactly(
                        "A paragraph that was wrapped at a fixed column, as mail\nprograms do, is one sentence.",
                        "- first item",
                        "- second item",
                        "Heading",
                        "Text");
    }

    @Test
    void nothing_is_longer_than_can_be_quoted_and_nothing_is_lost() {
        String text = "word ".repeat(1000) + "🙂".repeat(700);
        List<String> sentences = Sentences.of(text);
        assertThat(sentences).allMatch(s -> s.length() <= 500);
        assertThat(sentences).allMatch(s -> !Character.isHighSurrogate(s.charAt(s.length() - 1)));
        assertThat(String.join("", sentences).replace(" ", "")).startsWith("wordword");
    }

    @Test
    void what_has_no_letter_or_digit_is_no_sentence() {
        assertThat(Sentences.of(" \n--- | --- |\n . ")).isEmpty();
        assertThat(Sentences.of("")).isEmpty();
    }
}
