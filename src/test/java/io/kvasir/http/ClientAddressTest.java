package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientAddressTest {
    private static HttpRequest through(String... lines) {
        List<HttpHeader> headers = new ArrayList<>();
        for (String line : lines) {
            headers.add(RawHeader.create("X-Forwarded-For", line));
        }
        return HttpRequest.GET("/").withHeaders(headers);
    }

    @Test
    void ofAListTheEntryOfOurOutermostProxyCounts() {
        HttpRequest request = through("203.0.113.9, 198.51.100.7, 192.0.2.1");

        assertThat(new ClientAddress(1).of(request)).isEqualTo("192.0.2.1");
        assertThat(new ClientAddress(2).of(request)).isEqualTo("198.51.100.7");
        assertThat(new ClientAddress(4).of(request)).isEqualTo(ClientAddress.UNKNOWN);
    }

    @Test
    void aLineTheClientWroteItselfDoesNotHideTheProxysOwn() {
        assertThat(new ClientAddress(1).of(through("203.0.113.9", "192.0.2.1"))).isEqualTo("192.0.2.1");
        assertThat(new ClientAddress(1).of(through("203.0.113.9, 203.0.113.10", "192.0.2.1")))
                .isEqualTo("192.0.2.1");
        assertThat(new ClientAddress(2).of(through("203.0.113.9", "198.51.100.7, 192.0.2.1")))
                .isEqualTo("198.51.100.7");
    }

    @Test
    void linesCountInTheOrderInWhichTheyCame() throws Exception {
        try (HttpServerForTests server =
                HttpServerForTests.serving(new ClientAddress(1).with(address -> complete(address)))) {
            assertThat(server.send(java.net.http.HttpRequest.newBuilder(server.uri("/"))
                                    .header("X-Forwarded-For", "203.0.113.9")
                                    .header("X-Forwarded-For", "192.0.2.1"))
                            .body())
                    .isEqualTo("192.0.2.1");
        }
    }

    @Test
    void withoutAProxyNobodyIsBelieved() {
        assertThat(new ClientAddress(0).of(through("192.0.2.1"))).isEqualTo(ClientAddress.UNKNOWN);
    }

    @Test
    void whatIsNoAddressIsUnknown() {
        assertThat(new ClientAddress(1).of(through("<script>"))).isEqualTo(ClientAddress.UNKNOWN);
        assertThat(new ClientAddress(1).of(through(""))).isEqualTo(ClientAddress.UNKNOWN);
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, 192.0.2.1",
        "::ffff:192.0.2.1, 192.0.2.1",
        "2001:db8:1:2::1, 20010db800010002",
        "2001:0db8:0001:0002:ffff:ffff:ffff:ffff, 20010db800010002",
        "2001:db8:1:3::1, 20010db800010003",
        "unknown, unknown",
        "a:b, a:b"
    })
    void whatOneHoldsTogetherIsOneNetwork(String address, String network) {
        assertThat(ClientAddress.network(address)).isEqualTo(network);
    }
}
