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
                "uk|Гроші повертаються після отримання товару, якщо його не пошкоджено.",
                "be|Грошы вяртаюцца пасля атрымання тавару, калі ён не пашкоджаны ў дарозе.",
                "bg|Парите се връщат след получаване на стоката, ако тя не е повредена по пътя.",
                "sr|Новац се враћа након пријема робе, ако није оштећена.",
                "und|Ақша тауар қайтарылғаннан кейін төленеді.",
                "ar|تُعاد الأموال بعد استلام البضاعة في المتجر.",
                "ar|قال غارسيا وپيتر إن البضاعة وصلت إلى المتجر في الوقت المحدد تماما.",
                "ur|سامان واپس آنے کے بعد رقم ادا کی جاتی ہے۔",
                "fa|پول پس از دریافت کالا در فروشگاه بازگردانده می‌شود.",
                "hi|सामान वापस आने के बाद पैसा लौटाया जाता है।",
                "mr|माल परत आल्यानंतर पैसे परत केले जातात आणि पावती मिळते.",
                "mr|हे पैसे परत करण्यात येते असे त्या म्हणून आहेत.",
                "ne|सामान फिर्ता आएपछि पैसा फिर्ता हुन्छ र रसिद पनि दिइन्छ।",
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

    /** Two languages share every word of it; which one it is must not change from one start to the next. */
    @Test
    void aTieIsDecidedByTheOrderOfTheLanguages() {
        assertThat(Languages.of("de la de la")).isEqualTo("es");
        assertThat(Languages.of("no se")).isEqualTo("es");
        assertThat(Languages.of("aβ")).isEqualTo("und");
    }

    @Test
    void theEmptyTextHasNone() {
        assertThat(Languages.of("")).isEqualTo("und");
    }
}
