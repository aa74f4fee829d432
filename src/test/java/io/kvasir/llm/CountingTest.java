package io.kvasir.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CountingTest {
    @ParameterizedTest
    @CsvSource({"'', 0", "a, 1", "four, 1", "fours, 2", "漢字, 2", "🙂, 1", "Grüße, 2"})
    void estimates_tokens_by_script(String text, int tokens) {
        assertThat(TokenEstimate.of(text)).isEqualTo(tokens);
    }

    @Test
    void a_cost_is_rounded_up() {
        assertThat(new Price(150_000, 600_000).costMicros(812, 96)).isEqualTo(180);
        assertThat(new Price(1, 0).costMicros(1, 0)).isEqualTo(1);
        assertThat(new Price(1_000_000, 0, 100_000).costMicros(100, 60, 7)).isEqualTo(46);
        assertThat(new Price(1_000_000, 0, 0).costMicros(100, 200, 0)).isZero();
        assertThat(Price.NONE.costMicros(1_000_000, 1_000_000)).isZero();
    }

    @Test
    void a_price_is_not_negative() {
        assertThatThrownBy(() -> new Price(-1, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "what is the refund policy|en",
                "Wie lange dauert eine Rückgabe?|de",
                "¿Cuándo fue fundada la empresa y quién?|es",
                "Quel est le délai de retour ?|fr",
                "退款需要多长时间？|zh",
                "متى تأسست الشركة؟|ar",
                "कंपनी की स्थापना कब हुई?|hi",
                "refund?|en",
                "💥|en"
            })
    void admits_not_to_know_in_the_questions_language(String question, String language) {
        assertThat(DontKnow.language(question)).isEqualTo(language);
        assertThat(DontKnow.sentence(question)).isNotBlank();
    }
}
