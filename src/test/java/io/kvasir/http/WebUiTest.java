package io.kvasir.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebUiTest {
    private static final Map<String, WebUi.Face> SHARED = Map.of(
            "demo", new WebUi.Face("Demo", "Ask.", java.util.Set.of("https://own.example"), Optional.empty()),
            "listed", new WebUi.Face("Listed", "", java.util.Set.of(), Optional.of(true)),
            "hostile",
                    new WebUi.Face(
                            "\"><script>alert(1)</script>{{slug}}",
                            "'{{name}}' & $1",
                            java.util.Set.of(),
                            Optional.empty()));

    private static HttpServerForTests server;

    @BeforeAll
    static void serve() {
        server = HttpServerForTests.serving(ui(new WebSettings(List.of("https://shop.example"), false, "demo"))
                .routes());
    }

    private static WebUi ui(WebSettings settings) {
        return new WebUi(
                "/webui-for-tests/",
                settings,
                slug -> CompletableFuture.completedFuture(Optional.ofNullable(SHARED.get(slug))));
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/login",
                "/signup",
                "/mfa",
                "/reset",
                "/verify",
                "/invite/abc",
                "/auth/google/callback",
                "/t/x/kbs",
                "/t/x/kbs/y/documents/z?q=1"
            })
    void everyRoomOfTheDashboardOpensByItsAddress(String path) throws Exception {
        HttpResponse<String> page = server.get(path);

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body()).contains("<title>dashboard</title>").doesNotContain("{{nonce}}");
        assertThat(header(page, "Cache-Control")).isEqualTo("no-cache");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/login | es-MX,es;q=0.9,en;q=0.8 | true",
                "/login | en,es;q=0.5 | false",
                "/login | | false",
                "/signup | es | false",
                "/login/x | es | false"
            })
    void aRoomWithWordsOfItsOwnSaysThemInTheLanguageAskedFor(String path, String asked, boolean spanish)
            throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.uri(path));
        HttpResponse<String> response = server.send(asked == null ? request : request.header("Accept-Language", asked));
        String page = response.body();

        assertThat(response.headers().firstValue("Vary").orElse("")).contains("Accept-Language");
        assertThat(page).contains("Before one is in");
        assertThat(page.contains("in Spanish")).isEqualTo(spanish);
    }

    @ParameterizedTest
    @CsvSource({"/login, true", "/invite/abc, true", "/auth/google/callback, true", "/t/x/kbs, false"})
    void whoeverIsNotInYetIsGivenThePageThatBringsTheEntrance(String path, boolean entrance) throws Exception {
        assertThat(server.get(path).body().contains("Before one is in")).isEqualTo(entrance);
    }

    @Test
    void searchEnginesListAPageWhereItsOwnerSaysSo() throws Exception {
        assertThat(server.get("/kb/demo").body()).contains("noindex");
        assertThat(server.get("/kb/listed").body()).doesNotContain("noindex").contains("index");
    }

    @Test
    void aPageMayLoadNothingButItsOwnAndRunNothingInline() throws Exception {
        HttpResponse<String> page = server.get("/login");

        String nonce = page.body().replaceAll("(?s).*content=\"([^\"]+)\".*", "$1");
        assertThat(header(page, "Content-Security-Policy"))
                .startsWith("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-" + nonce + "';")
                .doesNotContain("unsafe")
                .contains("frame-ancestors 'none'")
                .contains("object-src 'none'")
                .contains("img-src 'self'");
        assertThat(header(page, "X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(server.get("/login").body()).doesNotContain(nonce);
    }

    @Test
    void thePublicPageTellsItsNameBeforeAnyScriptRuns() throws Exception {
        HttpResponse<String> page = server.get("/kb/demo");

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body())
                .contains("<title>Demo</title>")
                .contains("content=\"Ask.\"")
                .contains("data-site=\"demo\"")
                .contains("name=\"robots\" content=\"noindex\"");
        assertThat(server.get("/").body()).isEqualTo(page.body());
    }

    @Test
    void whatIsFilledInIsTextAndNeverATemplate() throws Exception {
        String page = server.get("/kb/hostile").body();

        assertThat(page)
                .doesNotContain("<script>")
                .contains("<title>&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;{{slug}}</title>")
                .contains("content=\"&#39;{{name}}&#39; &amp; $1\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/kb/nothing", "/kb/%3Cscript%3E", "/embed/nothing", "/kb/..%2Fdemo"})
    void whatIsNotSharedIsNotThere(String path) throws Exception {
        HttpResponse<String> page = server.get(path);

        assertThat(page.statusCode()).isEqualTo(404);
        assertThat(page.body()).contains("Nothing is shared here").doesNotContain("script");
    }

    @Test
    void onlyNamedOriginsMayFrameThePanelAndNobodyThePage() throws Exception {
        assertThat(header(server.get("/embed/demo"), "Content-Security-Policy"))
                .contains("frame-ancestors https://own.example https://shop.example;");
        assertThat(header(server.get("/kb/demo"), "Content-Security-Policy")).contains("frame-ancestors 'none'");
    }

    @Test
    void anOriginIsExactOrRefusedAtStart() {
        for (String wrong : new String[] {"*", "https://*.example", "https://a.example/", "'self'", "a.example"}) {
            assertThatThrownBy(() -> new WebSettings(List.of(wrong), false, "demo"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(wrong);
        }
    }

    @Test
    void hashedFilesAreKeptForeverAndMayBeLoadedByAnySite() throws Exception {
        HttpResponse<String> panel = server.get("/assets/panel-A_b1-2.js");

        assertThat(panel.statusCode()).isEqualTo(200);
        assertThat(header(panel, "Cache-Control")).contains("immutable").contains("max-age=31536000");
        assertThat(header(panel, "Access-Control-Allow-Origin")).isEqualTo("*");
        assertThat(header(panel, "Cross-Origin-Resource-Policy")).isEqualTo("cross-origin");
        assertThat(header(panel, "Content-Type")).contains("javascript");
    }

    @Test
    void theLoaderIsKeptForMinutesOnly() throws Exception {
        assertThat(header(server.get("/widget.js"), "Cache-Control")).isEqualTo("public, max-age=300");
    }

    @Test
    void filesTravelPackedWhereTheReaderUnpacks() throws Exception {
        HttpResponse<String> packed = server.send(
                HttpRequest.newBuilder(server.uri("/assets/panel-A_b1-2.js")).header("Accept-Encoding", "gzip, br"));

        assertThat(header(packed, "Content-Encoding")).isEqualTo("gzip");
        assertThat(header(packed, "Vary")).isEqualTo("Accept-Encoding");
        assertThat(header(server.get("/assets/panel-A_b1-2.js"), "Content-Encoding"))
                .isEmpty();
    }

    @Test
    void whatDidNotChangeIsNotSentAgain() throws Exception {
        String tag = header(server.get("/widget.js"), "ETag");

        HttpResponse<String> again =
                server.send(HttpRequest.newBuilder(server.uri("/widget.js")).header("If-None-Match", tag));
        assertThat(again.statusCode()).isEqualTo(304);
        assertThat(again.body()).isEmpty();
    }

    @Test
    void withoutAFrontPageTheFirstAddressLeadsToTheLogin() throws Exception {
        try (HttpServerForTests bare = HttpServerForTests.serving(
                ui(new WebSettings(List.of(), false, "none")).routes())) {
            HttpResponse<String> response = bare.get("/");
            assertThat(response.statusCode()).isEqualTo(303);
            assertThat(header(response, "Location")).isEqualTo("/login");
        }
    }

    @Test
    void publicPagesAreListedOnlyByChoice() throws Exception {
        try (HttpServerForTests listed = HttpServerForTests.serving(
                ui(new WebSettings(List.of(), true, "demo")).routes())) {
            assertThat(listed.get("/kb/demo").body()).contains("name=\"robots\" content=\"index\"");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/assets/..%2Findex.html",
                "/assets/%2e%2e%2fapplication.conf",
                "/assets/..%5Cx.js",
                "/assets/nothing.js",
                "/assets/panel-A_b1-2.js%00.svg",
                "/assets/",
                "/application.conf",
                "/webui/index.html",
                "/index.html",
                "/tea",
            })
    void nothingElseOfTheClassPathIsGiven(String path) throws Exception {
        assertThat(server.get(path).statusCode()).isEqualTo(404);
    }
}
