package io.kvasir.llm.extractive;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordsTest {
    @Test
    void a_question_keeps_its_content_words_by_stem() {
        assertThat(Terms.ofQuestion("How are the refunds paid to customers?"))
                .containsExactly("refund", "paid", "customer");
    }

    @Test
    void scripts_without_spaces_give_pairs() {
        assertThat(Terms.ofQuestion("退款时间")).containsExactly("退款", "款时", "时间");
    }

    @Test
    void combining_marks_stay_in_their_word() {
        assertThat(Terms.ofQuestion("हिन्दी")).containsExactly("हिन्दी");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "who founded acme|PERSON|It was Jane Doe.",
                "when was acme founded|TIME|Founded in 1987.",
                "how many people work there|NUMBER|About 300 people.",
                "where is acme|PLACE|It lies on the river.",
                "why did it fail|REASON|It failed because of rain.",
            })
    void a_question_wants_its_kind_of_answer(String question, AnswerType type, String answer) {
        assertThat(AnswerType.of(question)).isEqualTo(type);
        assertThat(type.in(answer, Set.of())).isTrue();
        assertThat(type.in("nothing of the kind", Set.of())).isFalse();
    }

    @Test
    void a_person_the_question_names_is_not_its_answer() {
        assertThat(AnswerType.PERSON.in("then Acme closed", Set.of("who", "founded", "acme")))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "As shown [3] and [12].|As shown and.",
                "a `` quoted '' word|a \"quoted\" word",
                "a stray ` tick|a stray tick",
                "`code` stays|`code` stays",
                "a[i] stays|a[i] stays",
            })
    void a_quotation_cannot_forge_marks_or_open_code(String sentence, String quote) {
        assertThat(Quotation.of(sentence)).isEqualTo(quote);
    }
}
