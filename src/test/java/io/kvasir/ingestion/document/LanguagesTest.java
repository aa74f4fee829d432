package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LanguagesTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "en|The goods have to come back before the refund is paid.",
                "de|Die Ware muss zurück sein, bevor das Geld erstattet wird.",
                "es|El dinero se devuelve cuando los productos han llegado a la tienda.",
                "fr|Le remboursement est effectué quand les produits sont revenus dans la boutique.",
                "ru|Деньги возвращаются после получения товара.",
                "ja|返金は商品の到着後に行われます。",
                "ko|환불은 상품이 도착한 후에 이루어집니다.",
                "und|12345 67890",
                "el|Κύπρος",
                "th|กรุงเทพเป็นเมืองหลวงของประเทศไทย",
            })
    void knows(String language, String text) {
        assertThat(Languages.of(text)).isEqualTo(language);
    }

    @ParameterizedTest
    @ValueSource(strings = {"en", "de", "es", "zh", "ar", "hi"})
    void isRightOnWholePassages(String language) throws IOException {
        Path corpus = Path.of(System.getenv().getOrDefault("KVASIR_TEST_DATA", "../shared/data"))
                .resolve("retrieval/xquad/" + language + "/corpus.jsonl");
        assumeTrue(Files.exists(corpus), "no test data at " + corpus);
        List<String> lines = Files.readAllLines(corpus);
        long right = 0;
        for (String line : lines) {
            if (Languages.of(new ObjectMapper().readTree(line).get("text").asText())
                    .equals(language)) {
                right++;
            }
        }
        assertThat((double) right / lines.size()).isGreaterThanOrEqualTo(0.98);
    }

    @Test
    void theEmptyTextHasNone() {
        assertThat(Languages.of("")).isEqualTo("und");
    }
}
