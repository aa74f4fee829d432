package io.kvasir.outbound;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebAddressTest {
    @ParameterizedTest
    @CsvSource({
        "https://example.com, https://example.com/",
        "http://Example.com:8080/a?b=c#d, http://example.com:8080/a?b=c",
        "https://bücher.example/straße?q=ü, https://xn--bcher-kva.example/stra%C3%9Fe?q=%C3%BC",
        "https://[2606:4700:4700::1111]/x, https://[2606:4700:4700::1111]/x"
    })
    void readsWebAddresses(String text, String expected) {
        assertThat(WebAddress.parse(text))
                .hasValueSatisfying(a -> assertThat(a.toString().toLowerCase(java.util.Locale.ROOT))
                        .isEqualTo(expected.toLowerCase(java.util.Locale.ROOT)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "example.com",
                "ftp://example.com/",
                "file:///etc/passwd",
                "gopher://x/",
                "javascript:alert(1)",
                "http:///x",
                "http://user:secret@example.com/",
                "http://user@example.com/",
                "http://exa mple.com/",
                "http://example.com\\@127.0.0.1/",
                "http://example.com/\r\nHost: other",
                "//example.com/x",
                "http://",
                "http://example.com:99999/"
            })
    void refusesWhatIsNoneOfOurs(String text) {
        assertThat(WebAddress.parse(text)).isEmpty();
    }

    @Test
    void refusesTheOverLong() {
        assertThat(WebAddress.parse("http://example.com/" + "a".repeat(WebAddress.LONGEST)))
                .isEmpty();
    }

    @Test
    void resolvesReferences() {
        WebAddress page = WebAddress.parse("https://example.com/a/b?c=d").orElseThrow();

        assertThat(page.resolve("../e f").orElseThrow()).hasToString("https://example.com/e%20f");
        assertThat(page.resolve("//other.example/x").orElseThrow()).hasToString("https://other.example/x");
        assertThat(page.resolve("javascript:alert(1)")).isEmpty();
        assertThat(page.sameOrigin(page.resolve("/z").orElseThrow())).isTrue();
        assertThat(page.sameOrigin(page.resolve("http://example.com/").orElseThrow()))
                .isFalse();
    }
}
