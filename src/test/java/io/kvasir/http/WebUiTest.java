package io.kvasir.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebUiTest {
    private static HttpServerForTests server;

    @BeforeAll
    static void serve() {
        server = HttpServerForTests.serving(new WebUi().routes());
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @Test
    void thePageMayLoadNothingButItsOwn() throws Exception {
        HttpResponse<String> page = server.get("/");

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
                .startsWith("default-src 'none'")
                .doesNotContain("unsafe")
                .contains("frame-ancestors 'none'");
        assertThat(page.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
        assertThat(page.body())
                .doesNotContain("style=")
                .doesNotContain("onclick")
                .doesNotContain("<script>");
    }

    @Test
    void everythingThePageNamesIsThere() throws Exception {
        for (String name : new String[] {
            "page.js", "api.js", "sse.js", "turn.js", "markdown.js", "words.js", "chat.css", "icon.svg"
        }) {
            HttpResponse<String> asset = server.get("/assets/" + name);
            assertThat(asset.statusCode()).as(name).isEqualTo(200);
            assertThat(asset.headers().firstValue("Content-Type").orElseThrow())
                    .contains(name.endsWith(".js") ? "javascript" : name.endsWith(".css") ? "text/css" : "svg");
        }
    }

    @Test
    void whatDidNotChangeIsNotSentAgain() throws Exception {
        String tag = server.get("/assets/page.js").headers().firstValue("ETag").orElseThrow();

        HttpResponse<String> again = server.send(
                HttpRequest.newBuilder(server.uri("/assets/page.js")).header("If-None-Match", tag));
        assertThat(again.statusCode()).isEqualTo(304);
        assertThat(again.body()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/assets/..%2Findex.html",
                "/assets/%2e%2e%2fapplication.conf",
                "/assets/..%5Cx.js",
                "/assets/nothing.js",
                "/assets/page.js%00.svg",
                "/assets/",
                "/application.conf",
                "/webui/index.html",
            })
    void nothingElseOfTheClassPathIsGiven(String path) throws Exception {
        assertThat(server.get(path).statusCode()).isEqualTo(404);
    }
}
