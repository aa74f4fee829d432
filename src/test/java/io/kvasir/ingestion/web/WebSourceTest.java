package io.kvasir.ingestion.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.kvasir.http.Json;
import io.kvasir.http.Page;
import io.kvasir.ingestion.source.Ledger;
import io.kvasir.ingestion.source.SourceContract;
import io.kvasir.ingestion.source.SourceEntry;
import io.kvasir.ingestion.source.SourceItem;
import io.kvasir.ingestion.source.SourceKind;
import io.kvasir.ingestion.source.SourceRun;
import io.kvasir.kernel.SourceId;
import io.kvasir.outbound.AddressGuard;
import io.kvasir.outbound.Network;
import io.kvasir.outbound.OutboundHttp;
import io.kvasir.outbound.OutboundSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A site on 127.0.0.2, which the guard lets through here; on 127.0.0.1 sits a canary nobody may reach. */
class WebSourceTest extends SourceContract {
    private static final String FILLER =
            "This paragraph is here so that the page has enough to say for itself, with a comma, and another one. ";

    /** @param body as sent; @param headers beside the type */
    private record Reply(int status, String type, byte[] body, Map<String, String> headers) {
        static Reply html(String html) {
            return new Reply(200, "text/html; charset=utf-8", html.getBytes(StandardCharsets.UTF_8), Map.of());
        }

        static Reply to(String where) {
            return new Reply(302, "text/plain", new byte[0], Map.of("Location", where));
        }
    }

    private final Map<String, String> things = new ConcurrentSkipListMap<>();
    private final Map<String, Reply> pages = new ConcurrentHashMap<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final List<Long> askedAt = new CopyOnWriteArrayList<>();
    private final AtomicInteger canaries = new AtomicInteger();
    private final HttpServer server = started("127.0.0.2", this::answer);
    private final HttpServer canary = started("127.0.0.1", exchange -> {
        canaries.incrementAndGet();
        send(exchange, Reply.html(page("secret", "a secret text", "")));
    });
    private volatile boolean reachable = true;
    private volatile Duration slow = Duration.ZERO;
    private volatile boolean etags = true;
    /** Whether each answer ends its connection. */
    private volatile boolean closing;

    private final OutboundHttp http = outbound();
    private final SourceKind kind = kind(Duration.ZERO);

    private SourceKind kind(Duration pause) {
        return new WebKind(http, desk.transactor, new WebSourceSettings(pause, 4, 1_000, "kvasir"), Clock.systemUTC());
    }

    private static final OutboundSettings OUTBOUND = new OutboundSettings(
            List.of(Network.of("127.0.0.2/32")),
            5,
            1_000_000,
            Duration.ofSeconds(2),
            Duration.ofSeconds(5),
            "Kvasir-test");

    private OutboundHttp outbound() {
        return new OutboundHttp(desk.system, OUTBOUND, new AddressGuard(OUTBOUND.allowedNetworks()));
    }

    private interface Answer {
        void apply(HttpExchange exchange) throws IOException;
    }

    private static HttpServer started(String address, Answer answer) {
        return started(address, 0, answer);
    }

    private static HttpServer started(String address, int port, Answer answer) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(address, port), 0);
            server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
            server.createContext("/", exchange -> {
                try (exchange) {
                    answer.apply(exchange);
                }
            });
            server.start();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @AfterEach
    void stop() {
        server.stop(0);
        canary.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().toString();
        asked.add(path);
        askedAt.add(System.nanoTime());
        if (!reachable) {
            send(exchange, new Reply(500, "text/plain", "broken".getBytes(StandardCharsets.UTF_8), Map.of()));
            return;
        }
        Reply reply = pages.get(path);
        if (reply == null && path.equals("/")) {
            reply = Reply.html(page(
                    "The front",
                    "All there is.",
                    things.keySet().stream()
                            .map(name -> "<a href='/t/" + name + "'>" + name + "</a> ")
                            .collect(Collectors.joining())));
        }
        if (reply == null && path.startsWith("/t/") && things.containsKey(path.substring(3))) {
            pause();
            String name = path.substring(3);
            reply = Reply.html(page(name, things.get(name), ""));
        }
        send(
                exchange,
                reply == null ? new Reply(404, "text/plain", "no".getBytes(StandardCharsets.UTF_8), Map.of()) : reply);
    }

    private void pause() {
        try {
            TimeUnit.NANOSECONDS.sleep(slow.toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void send(HttpExchange exchange, Reply reply) throws IOException {
        String etag = "\"" + java.util.Arrays.hashCode(reply.body()) + "\"";
        if (etags && reply.status() == 200) {
            exchange.getResponseHeaders().add("ETag", etag);
            if (etag.equals(exchange.getRequestHeaders().getFirst("If-None-Match"))) {
                asked.add("304");
                exchange.sendResponseHeaders(304, -1);
                return;
            }
        }
        if (closing) {
            exchange.getResponseHeaders().add("Connection", "close");
        }
        exchange.getResponseHeaders().add("Content-Type", reply.type());
        reply.headers().forEach(exchange.getResponseHeaders()::add);
        exchange.sendResponseHeaders(reply.status(), reply.body().length == 0 ? -1 : reply.body().length);
        exchange.getResponseBody().write(reply.body());
    }

    private static String page(String title, String text, String links) {
        return "<!doctype html><html lang=en><head><title>" + title
                + "</title></head><body><nav><a href='/'>Home</a></nav>"
                + "<article><h2>About " + title + "</h2><p>" + FILLER + text + "</p><p>" + FILLER + "</p>" + links
                + "</article></body></html>";
    }

    private String at(String path) {
        return "http://127.0.0.2:" + server.getAddress().getPort() + path;
    }

    @Override
    protected SourceKind kind() {
        return kind;
    }

    @Override
    protected String settings() {
        return site(at("/"), Site.Mode.CRAWL, Function.identity());
    }

    private static String site(String url, Site.Mode mode, Function<Site, Site> change) {
        return Json.write(change.apply(new Site(url, mode, 3, 500, List.of(), List.of(), List.of())));
    }

    @Override
    protected void put(String name, String text) {
        things.put(name, text);
    }

    @Override
    protected void take(String name) {
        things.remove(name);
    }

    @Override
    protected void reachable(boolean is) {
        reachable = is;
    }

    @Override
    protected void slow(Duration each) {
        slow = each;
    }

    private SourceEntry added(String settings) {
        got(ledger().add(desk.scope, "web", source(), new Ledger.Wish(settings, Optional.empty())));
        return read();
    }

    private Map<String, String> problems() {
        Map<String, String> problems = new TreeMap<>();
        for (SourceItem item : got(ledger().items(
                                desk.scope, "web", source(), true, new Page.Request(100, Optional.empty())))
                .items()) {
            problems.put(
                    item.key().replace(at(""), ""), item.problem().orElseThrow().code());
        }
        return problems;
    }

    private void html(String path, String html) {
        pages.put(path, Reply.html(html));
    }

    // what a crawl does

    private long times(String path) {
        return asked.stream().filter(path::equals).count();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatNothingLeadsToAnyMoreLeavesThoughItIsStillThere(boolean conditional) {
        etags = conditional;
        html("/", page("Front", "front text", "<a href='/hub'>h</a><a href='/end'>e</a>"));
        html("/hub", page("Hub", "hub text", "<a href='/leaf'>l</a>"));
        html("/leaf", page("Leaf", "leaf text", "<a href='/leaf/next'>n</a>"));
        html("/leaf/next", page("Next", "next text", ""));
        html("/end", page("End", "end text", ""));
        added(settings());
        assertThat(desk.texts()).hasSize(5);
        again();
        assertThat(desk.texts()).hasSize(5);

        // The front page is as it was; what it leads to is not.
        html("/hub", page("Hub", "hub text, another", ""));
        assertThat(again().run().orElseThrow().removed()).isEqualTo(2);
        assertThat(found("leaf text")).isFalse();
        assertThat(found("next text")).isFalse();
        assertThat(found("hub text, another")).isTrue();
        assertThat(found("end text")).isTrue();

        html("/end", page("End", "end text", "<a href='/leaf'>l</a>"));
        again();
        assertThat(found("next text")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aPageThatCannotBeReadStillLeadsWhereItLed(boolean reindexed) {
        html("/", page("Front", "front text", "<a href='/hub'>h</a>"));
        html("/hub", page("Hub", "hub text", "<a href='/leaf'>l</a>"));
        html("/leaf", page("Leaf", "leaf text", ""));
        added(settings());
        pages.put("/hub", new Reply(500, "text/plain", new byte[0], Map.of()));
        String last = now().run().orElseThrow().id();
        if (reindexed) {
            ledger().reread(desk.scope).toCompletableFuture().join();
            await().until(() -> !now().run().orElseThrow().id().equals(last));
            read();
        } else {
            again();
        }
        assertThat(found("leaf text")).isTrue();
        assertThat(found("hub text")).isTrue();
        assertThat(problems()).isEqualTo(Map.of("/hub", "http-500"));
    }

    @Test
    void whatTheOwnerWantsOfASiteHoldsForPagesThatDidNotChangeToo() {
        html("/", page("Front", "front text", "<a href='/a'>a</a>"));
        html("/a", page("A", "a text", "<a href='/a/b'>b</a>"));
        html("/a/b", page("B", "b text", ""));
        added(site(
                at("/"), Site.Mode.CRAWL, s -> new Site(s.url(), s.mode(), 1, 500, List.of(), List.of(), List.of())));
        assertThat(found("b text")).isFalse();
        wish(s -> new Site(s.url(), s.mode(), 2, 500, List.of(), List.of(), List.of()));
        await().atMost(Duration.ofSeconds(20)).until(() -> found("b text"));
        wish(s -> new Site(s.url(), s.mode(), 2, 500, List.of(), List.of("/a/b"), List.of()));
        await().atMost(Duration.ofSeconds(20)).until(() -> !found("b text"));
        assertThat(found("a text")).isTrue();
    }

    private void wish(Function<Site, Site> change) {
        got(ledger().change(
                        desk.scope,
                        "web",
                        source(),
                        new Ledger.Wish(site(at("/"), Site.Mode.CRAWL, change), Optional.empty())));
    }

    @Test
    void ofPagesThatSayTheyAreEachOtherOneIsKept() {
        String canonical = "<head><link rel=canonical href='%s'>";
        html(
                "/",
                page(
                        "Front",
                        "front text",
                        "<a href='/a'>a</a><a href='/b'>b</a><a href='/x'>x</a><a href='/s'>s</a>"));
        html("/a", page("A", "ab text", "").replace("<head>", canonical.formatted("/b")));
        html("/b", page("B", "ab text", "").replace("<head>", canonical.formatted("/a")));
        for (String[] next : new String[][] {{"/x", "/y"}, {"/y", "/z"}, {"/z", "/x"}}) {
            html(next[0], page("Ring", "ring text", "").replace("<head>", canonical.formatted(next[1])));
        }
        // The address a page says it has leads back to the page.
        html("/s", page("Slash", "slash text", "").replace("<head>", canonical.formatted("/s/")));
        pages.put("/s/", Reply.to("/s"));
        added(settings());
        for (int reading = 0; reading < 2; reading++) {
            for (String text : List.of("ab text", "ring text", "slash text")) {
                assertThat(desk.texts().stream().filter(known -> known.contains(text)))
                        .as(text)
                        .hasSize(1);
            }
            again();
        }
    }

    @Test
    void ofPagesThatSayTheyAreEachOtherOneIsKeptAlsoWhereAnotherNodeReadsOn() {
        html("/", page("Front", "front text", "<a href='/a'>a</a>"));
        html("/a", page("A", "ab text", "").replace("<head>", "<head><link rel=canonical href='/t/b'>"));
        pages.put("/t/b", new Reply(503, "text/plain", new byte[0], Map.of("Retry-After", "1")));
        got(ledger().add(desk.scope, "web", source(), new Ledger.Wish(settings(), Optional.empty())));
        await().atMost(Duration.ofSeconds(20)).until(() -> asked.contains("/t/b"));
        ledger().close();
        html("/t/b", page("B", "ab text", "").replace("<head>", "<head><link rel=canonical href='/a'>"));
        desk.node(kind(Duration.ZERO));
        read();
        assertThat(times("/a")).isEqualTo(1);
        assertThat(desk.texts().stream().filter(known -> known.contains("ab text")))
                .hasSize(1);
    }

    @Test
    void aPageThatSaysItIsWhereNothingIsSpeaksForItself() {
        html("/", page("Front", "front text", "<a href='/a'>a</a>"));
        html("/a", page("A", "the only text", "").replace("<head>", "<head><link rel=canonical href='/gone'>"));
        added(settings());
        assertThat(times("/gone")).as("nobody knows before it was looked at").isEqualTo(1);
        again();
        assertThat(desk.texts().stream().filter(known -> known.contains("the only text")))
                .hasSize(1);
        again();
        assertThat(desk.texts().stream().filter(known -> known.contains("the only text")))
                .as("it stays")
                .hasSize(1);

        // And where something is there after all, that is the page.
        html("/gone", page("A", "the only text, at its address", ""));
        again();
        again();
        assertThat(desk.texts().stream().filter(known -> known.contains("the only text")))
                .singleElement()
                .asString()
                .contains("at its address");
    }

    @Test
    void aPageThatSaysItIsWhereNothingWasFoundBeforeSpeaksForItselfAtOnce() {
        html("/", page("Front", "front text", "<a href='/gone'>gone</a><a href='/list'>list</a>"));
        html("/list", page("List", "list text", "<a href='/a'>a</a>"));
        html("/a", page("A", "the only text", "").replace("<head>", "<head><link rel=canonical href='/gone'>"));
        added(settings());
        for (int reading = 0; reading < 3; reading++) {
            assertThat(desk.texts().stream().filter(known -> known.contains("the only text")))
                    .hasSize(1);
            again();
        }
    }

    @Test
    void aRedirectCostsNoPageTwice() {
        html("/", page("Front", "front text", "<a href='/old'>o</a><a href='/older'>o</a><a href='/away'>a</a>"));
        pages.put("/older", Reply.to("/old"));
        pages.put("/old", Reply.to("/new"));
        pages.put("/away", Reply.to("http://127.0.0.1:" + canary.getAddress().getPort() + "/"));
        pages.put("/robots.txt", robots("Disallow: /secret"));
        html("/new", page("New", "new text", "<a href='/in'>in</a>"));
        pages.put("/in", Reply.to("/secret"));
        html("/secret", page("Secret", "secret text", ""));
        added(settings());
        assertThat(found("new text")).isTrue();
        for (String path : List.of("/", "/older", "/old", "/new", "/away", "/in")) {
            assertThat(times(path)).as(path).isEqualTo(1);
        }
        assertThat(times("/secret")).isZero();
        assertThat(problems())
                .isEqualTo(Map.of(
                        "/older",
                        "redirected",
                        "/old",
                        "redirected",
                        "/away",
                        "redirected",
                        "/in",
                        "redirected",
                        "/secret",
                        "robots"));

        // One page by itself is followed to where it is; never in a circle, never to what robots.txt keeps.
        got(ledger().add(
                        desk.scope,
                        "web",
                        new SourceId("one"),
                        new Ledger.Wish(site(at("/older"), Site.Mode.PAGE, Function.identity()), Optional.empty())));
        await().atMost(Duration.ofSeconds(20))
                .until(() -> got(ledger().one(desk.scope, "web", new SourceId("one")))
                                .items()
                                .searchable()
                        == 1);
        pages.put("/round", Reply.to("/round?again"));
        pages.put("/round?again", Reply.to("/round"));
        for (String path : List.of("/round", "/in")) {
            SourceId id = new SourceId(path.substring(1));
            got(ledger().add(
                            desk.scope,
                            "web",
                            id,
                            new Ledger.Wish(site(at(path), Site.Mode.PAGE, Function.identity()), Optional.empty())));
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> got(ledger().one(desk.scope, "web", id))
                            .run()
                            .filter(run -> run.status() != SourceRun.Status.RUNNING)
                            .isPresent());
            assertThat(got(ledger().one(desk.scope, "web", id)).items().searchable())
                    .isZero();
        }
        assertThat(times("/secret")).isZero();
        assertThat(canaries).hasValue(0);
    }

    private static Reply robots(String rules) {
        return new Reply(
                200, "text/plain", ("User-agent: *\n" + rules + "\n").getBytes(StandardCharsets.UTF_8), Map.of());
    }

    @Test
    void anUnchangedPageIsNotSentAgain() {
        put("one", "the first text");
        add();
        read();
        asked.clear();
        again();
        assertThat(asked.stream().filter("304"::equals)).hasSize(2);
        etags = false;
        assertThat(again().run().orElseThrow().unchanged()).isEqualTo(2);
    }

    @Test
    void whatASiteDoesNotWantIsLeftAlone() {
        pages.put(
                "/robots.txt",
                new Reply(
                        200,
                        "text/plain",
                        "User-agent: kvasir\nDisallow: /private\n".getBytes(StandardCharsets.UTF_8),
                        Map.of()));
        html(
                "/",
                page(
                        "Front",
                        "front text",
                        "<a href='/private/x'>x</a><a href='/hidden'>h</a><a rel=nofollow href='/never'>n</a>"));
        html("/private/x", page("Private", "private text", ""));
        html("/never", page("Never", "never text", ""));
        html(
                "/hidden",
                "<html><head><meta name=robots content='noindex,nofollow'><title>Hidden</title></head><body><p>"
                        + FILLER + "hidden text</p><a href='/never'>n</a></body></html>");
        added(settings());
        assertThat(asked).doesNotContain("/private/x", "/never");
        assertThat(found("hidden text")).isFalse();
        assertThat(found("front text")).isTrue();
        assertThat(problems()).isEqualTo(Map.of("/private/x", "robots", "/hidden", "noindex"));
    }

    @Test
    void pagesAreKnownByOneAddress() {
        html(
                "/",
                page(
                        "Front",
                        "front text",
                        "<a href='/moved'>m</a><a href='/copy?utm_source=x'>c</a><a href='/page#part'>p</a>"));
        pages.put("/moved", Reply.to("/page"));
        html("/page", page("Page", "page text", ""));
        html("/copy", page("Copy", "page text", "").replace("<head>", "<head><link rel=canonical href='/page'>"));
        added(settings());
        assertThat(desk.texts().stream().filter(text -> text.contains("page text")))
                .hasSize(1);
        assertThat(problems()).isEqualTo(Map.of("/moved", "redirected", "/copy", "canonical"));
    }

    @Test
    void limitsOfDepthPagesPathsAndHostsAreKept() {
        html(
                "/docs/",
                page(
                        "0",
                        "depth 0",
                        "<a href='/docs/1'>1</a><a href='/blog/1'>b</a><a href='http://127.0.0.1:"
                                + canary.getAddress().getPort() + "/'>c</a><a href='/docs/old/1'>o</a>"));
        for (int i = 1; i < 5; i++) {
            html("/docs/" + i, page("" + i, "depth " + i, "<a href='/docs/" + (i + 1) + "'>next</a>"));
        }
        html("/blog/1", page("Blog", "blog text", ""));
        html("/docs/old/1", page("Old", "old text", ""));
        added(site(
                at("/docs/"),
                Site.Mode.CRAWL,
                s -> new Site(s.url(), s.mode(), 2, 500, List.of("/docs/"), List.of("/docs/old"), List.of())));
        assertThat(found("depth 2")).isTrue();
        assertThat(found("depth 3")).isFalse();
        assertThat(found("blog text")).isFalse();
        assertThat(found("old text")).isFalse();
        assertThat(canaries).hasValue(0);

        got(ledger().change(
                        desk.scope,
                        "web",
                        source(),
                        new Ledger.Wish(
                                site(
                                        at("/docs/"),
                                        Site.Mode.CRAWL,
                                        s -> new Site(s.url(), s.mode(), 9, 2, List.of(), List.of(), List.of())),
                                Optional.empty())));
        await().atMost(Duration.ofSeconds(20)).until(() -> desk.texts().size() == 2);
    }

    @Test
    void whatIsNoPageIsTakenForWhatItIs() {
        html(
                "/",
                page(
                        "Front",
                        "front text",
                        "<a href='/file.pdf'>pdf</a><a href='/app'>a</a><a href='/old'>o</a><a href='/pic'>i</a>"));
        byte[] pdf = "%PDF-1.4 not much of one".getBytes(StandardCharsets.UTF_8);
        pages.put("/file.pdf", new Reply(200, "application/pdf", pdf, Map.of()));
        pages.put("/pic", new Reply(200, "image/png", new byte[] {1, 2}, Map.of()));
        html(
                "/app",
                "<html><head><title>App</title></head><body><div id=root></div><noscript>You need to enable JavaScript</noscript><script src=x.js></script></body></html>");
        pages.put(
                "/old",
                new Reply(
                        200,
                        "text/html",
                        ("<html><head><meta charset=windows-1252><title>Old</title></head><body><p>" + FILLER
                                        + "Caf\u00E9</p></body></html>")
                                .getBytes(Charset.forName("windows-1252")),
                        Map.of()));
        added(settings());
        assertThat(found("%PDF-1.4 not much of one")).isTrue();
        assertThat(found("Caf\u00E9")).isTrue();
        assertThat(problems()).isEqualTo(Map.of("/app", "javascript", "/pic", "unsupported-type"));
    }

    @Test
    void aPageKeepsItsStructure() {
        html(
                "/only",
                "<html><head><title>Prices of things</title></head><body><article><h1>Prices of things</h1><p>" + FILLER
                        + "See <a href='/more'>more</a>.</p><h3>List</h3><ul><li>one<ul><li>inner</li></ul></li><li>two</li></ul>"
                        + "<table><tr><th>Thing</th><th>Price</th></tr><tr><td>Cup</td><td>3|4</td></tr></table><pre>a\n  b</pre></article></body></html>");
        added(site(at("/only"), Site.Mode.PAGE, Function.identity()));
        String text = desk.texts().iterator().next();
        assertThat(text)
                .startsWith("# Prices of things\n\n")
                .contains("See [more](" + at("/more") + ").")
                .contains("### List\n\n- one\n  - inner\n- two\n")
                .contains("| Thing | Price |\n| Cup | 3\\|4 |")
                .contains("```\na\n  b\n```");
        assertThat(asked).containsExactly("/robots.txt", "/only");
    }

    @Test
    void aSitemapNamesThePages() throws IOException {
        put("one", "the first text");
        put("two", "the second text");
        put("three", "a third text");
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(zipped)) {
            zip.write(("<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>"
                            + at("/t/one") + "</loc></url><url><loc>http://127.0.0.1:"
                            + canary.getAddress().getPort() + "/</loc></url></urlset>")
                    .getBytes(StandardCharsets.UTF_8));
        }
        pages.put("/one.xml.gz", new Reply(200, "application/gzip", zipped.toByteArray(), Map.of()));
        pages.put(
                "/two.txt",
                new Reply(200, "text/plain", (at("/t/two") + "\n").getBytes(StandardCharsets.UTF_8), Map.of()));
        pages.put(
                "/sitemap.xml",
                new Reply(
                        200,
                        "application/xml",
                        ("<sitemapindex><sitemap><loc>" + at("/one.xml.gz")
                                        + "</loc></sitemap><sitemap><loc>/two.txt</loc></sitemap></sitemapindex>")
                                .getBytes(StandardCharsets.UTF_8),
                        Map.of()));
        added(site(at("/sitemap.xml"), Site.Mode.SITEMAP, Function.identity()));
        assertThat(found("the first text")).isTrue();
        assertThat(found("the second text")).isTrue();
        assertThat(found("a third text")).isFalse();
        assertThat(canaries).hasValue(0);

        // A broken sitemap is no empty one.
        pages.put("/two.txt", new Reply(500, "text/plain", new byte[0], Map.of()));
        assertThat(again().run().orElseThrow().status()).isEqualTo(SourceRun.Status.FAILED);
        assertThat(found("the second text")).isTrue();
        pages.put("/two.txt", new Reply(200, "text/plain", at("/t/three").getBytes(StandardCharsets.UTF_8), Map.of()));
        again();
        assertThat(found("the second text")).isFalse();
        assertThat(found("a third text")).isTrue();
    }

    // politeness

    @Test
    void aHostIsAskedByAllInTurns() {
        put("one", "the first text");
        put("two", "the second text");
        put("three", "a third text");
        Duration pause = Duration.ofMillis(400);
        // Two nodes, two sources, one host.
        Ledger other = desk.node(kind(pause));
        ledger().close();
        Ledger another = desk.node(kind(pause));
        for (String id : List.of("a", "b")) {
            got(other.add(desk.scope, "web", new SourceId(id), new Ledger.Wish(settings(), Optional.empty())));
        }
        await().atMost(Duration.ofSeconds(30))
                .until(() -> List.of("a", "b").stream()
                        .allMatch(id -> got(another.one(desk.scope, "web", new SourceId(id)))
                                        .state()
                                == SourceEntry.State.FRESH));
        List<Long> times = new ArrayList<>(askedAt);
        times.sort(null);
        assertThat(times).hasSizeGreaterThanOrEqualTo(10);
        // One that was late on its way makes the next seem early; a slow machine alone would pass a test of the whole
        // time.
        assertThat(IntStream.range(1, times.size())
                        .mapToLong(i -> times.get(i) - times.get(i - 1))
                        .filter(gap -> gap < pause.toNanos() / 2)
                        .count())
                .isLessThanOrEqualTo(2);
    }

    // safety

    @Test
    void aNameThatChangesItsMindWhileItsSiteIsReadReachesNothing() {
        for (int i = 0; i < 4; i++) {
            put("thing" + i, "text number " + i + ".");
        }
        closing = true;
        AtomicInteger lookups = new AtomicInteger();
        AddressGuard rebinding = new AddressGuard(
                OUTBOUND.allowedNetworks(),
                // robots.txt and the first page, then what lies behind our walls.
                _ -> List.of(InetAddress.getByName(lookups.getAndIncrement() < 2 ? "127.0.0.2" : "127.0.0.1")));
        HttpServer inside = started("127.0.0.1", server.getAddress().getPort(), exchange -> {
            canaries.incrementAndGet();
            send(exchange, Reply.html(page("secret", "a secret text", "")));
        });
        try {
            ledger().close();
            desk.node(new WebKind(
                    new OutboundHttp(desk.system, OUTBOUND, rebinding),
                    desk.transactor,
                    new WebSourceSettings(Duration.ZERO, 4, 1_000, "kvasir"),
                    Clock.systemUTC()));
            added(site(
                    "http://rebind.example:" + server.getAddress().getPort() + "/",
                    Site.Mode.CRAWL,
                    Function.identity()));
            assertThat(lookups.get()).isGreaterThanOrEqualTo(6);
            assertThat(found("All there is.")).isTrue();
            assertThat(new java.util.HashSet<>(problems().values())).containsExactly("refused-address");
            assertThat(canaries).hasValue(0);
            assertThat(found("a secret text")).isFalse();
        } finally {
            inside.stop(0);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://127.0.0.1:PORT/",
                "http://localhost:PORT/",
                "http://2130706433:PORT/",
                "http://0177.0.0.1:PORT/",
                "http://0x7f.0.0.1:PORT/",
                "http://0x7f000001:PORT/",
                "http://127.1:PORT/",
                "http://0:PORT/",
                "http://0.0.0.0:PORT/",
                "http://[::1]:PORT/",
                "http://[::ffff:127.0.0.1]:PORT/",
                "http://[::ffff:7f00:1]:PORT/",
                "http://[::127.0.0.1]:PORT/",
                "http://[64:ff9b::7f00:1]:PORT/",
                "http://[64:ff9b:1::7f00:1]:PORT/",
                "http://[2002:7f00:1::]:PORT/",
                "http://127.0.0.1%2f@127.0.0.2:PORT/",
                "http://127.0.0.1.:PORT/",
                "http://\u2460\u2461\u2466.0.0.1:PORT/",
                "http://127\u30020\u30020\u30021:PORT/",
                "REDIRECT",
                "META",
                "ROBOTS"
            })
    void noFormOfAnAddressReachesWhatIsPrivate(String form) {
        String secret = "http://127.0.0.1:" + canary.getAddress().getPort() + "/";
        String url =
                switch (form) {
                    case "REDIRECT" -> {
                        pages.put("/go", Reply.to(secret));
                        yield at("/go");
                    }
                    case "META" -> {
                        html(
                                "/meta",
                                page(
                                                "Meta",
                                                "meta text",
                                                "<a href='" + secret + "'>x</a><iframe src='" + secret + "'></iframe>")
                                        .replace(
                                                "<head>",
                                                "<head><meta http-equiv=refresh content='0;url=" + secret
                                                        + "'><link rel=canonical href='" + secret + "'>"));
                        yield at("/meta");
                    }
                    case "ROBOTS" -> {
                        pages.put("/robots.txt", Reply.to(secret + "robots.txt"));
                        html("/page", page("Page", "page text", ""));
                        yield at("/page");
                    }
                    default -> form.replace("PORT", "" + canary.getAddress().getPort());
                };
        if (io.kvasir.outbound.WebAddress.parse(url).isPresent()) {
            added(site(
                    url,
                    Site.Mode.CRAWL,
                    s -> new Site(
                            s.url(),
                            s.mode(),
                            3,
                            50,
                            List.of(),
                            List.of(),
                            List.of("127.0.0.1:" + canary.getAddress().getPort()))));
        }
        assertThat(canaries).hasValue(0);
        assertThat(found("a secret text")).isFalse();
    }
}
