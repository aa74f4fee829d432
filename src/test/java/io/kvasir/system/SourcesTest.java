package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.bootstrap.Server;
import io.kvasir.ingestion.mailbox.MailDouble;
import io.kvasir.load.FakeLlm;
import io.kvasir.load.FakeReply;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Questions and sites through the outer face of a server. */
class SourcesTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String NOBODY = "00000000000000000000000000000000";

    @TempDir
    static Path folder;

    private static final FakeLlm LLM = FakeLlm.start(0, FakeReply.DEFAULT);
    private static Server server;
    private static Api api;
    private static SmallSite site;

    private String base;

    @BeforeAll
    static void start() throws Exception {
        site = new SmallSite();
        server = Server.start(ServerHere.settings(
                folder.resolve("data"),
                Map.of(
                        "kvasir.outbound.allowed-networks",
                        SmallSite.NETWORK,
                        "kvasir.sources.web.pause",
                        "0s",
                        "kvasir.http.rate-limits.on",
                        false,
                        "kvasir.llm.providers.openai.base-url",
                        "http://127.0.0.1:" + LLM.port() + "/v1",
                        "kvasir.llm.providers.openai.api-key",
                        "sk-test",
                        "kvasir.llm.providers.openai.models",
                        List.of())));
        api = ServerHere.owner(server);
    }

    @AfterAll
    static void stop() {
        api.close();
        server.close();
        site.close();
        LLM.close();
    }

    @BeforeEach
    void knowledgeBase() throws Exception {
        base = "/api/v1/knowledge-bases/" + api.made("/api/v1/knowledge-bases", Map.of("name", "Shop"));
        site.pages.clear();
        site.asked.clear();
        site.broken = false;
    }

    private List<String> hits(String words) throws Exception {
        return api.post(base + "/knowledge/search", Map.of("query", words, "mode", "keyword", "limit", 20))
                .expect(200)
                .body()
                .get("results")
                .valueStream()
                .map(hit -> hit.get("text").asText())
                .toList();
    }

    private void finds(String word) {
        await().atMost(SOON).until(() -> hits(word).stream().anyMatch(text -> text.contains(word)));
    }

    private void findsNoMore(String word) {
        await().atMost(SOON).until(() -> hits(word).stream().noneMatch(text -> text.contains(word)));
    }

    private static Set<String> pointers(Api.Reply refused) {
        assertThat(refused.body().get("type").asText()).startsWith("urn:kvasir:problem:");
        return new HashSet<>(refused.body().get("errors").findValuesAsText("pointer"));
    }

    // questions

    private JsonNode asked(String conversation, String question) throws Exception {
        return api.post(
                        "/api/v1/chat/conversations/" + conversation + "/messages",
                        Map.of("content", question),
                        "Accept",
                        "application/json")
                .expect(200)
                .body();
    }

    @Test
    void aQuestionAskedWordForWordIsAnsweredWithoutAModelWhereTheOwnerWantsIt() throws Exception {
        base = "/api/v1/knowledge-bases/"
                + api.made(
                        "/api/v1/knowledge-bases",
                        Map.of("name", "Shop", "provider", "openai", "model", "gpt-4o-mini"));
        api.made(
                base + "/knowledge",
                Map.of("question", "When are refunds paid?", "answer", "Within 14 days after the goods came back."));
        finds("goods came back");
        // By its question as well.
        assertThat(hits("refunds")).isNotEmpty();
        String conversation =
                api.made("/api/v1/chat/conversations", Map.of("kbId", base.substring(base.lastIndexOf('/') + 1)));

        asked(conversation, "When are refunds paid?");
        long before = LLM.stats().calls();
        assertThat(before).as("calls of the model before the setting").isPositive();

        assertThat(api.get(base + "/faq-config")
                        .expect(200)
                        .body()
                        .get("answerExactly")
                        .asBoolean())
                .isFalse();
        api.put(base + "/faq-config", Map.of("answerExactly", true)).expect(200);
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(asked(conversation, "  when are REFUNDS paid ")
                                .get("usage")
                                .get("provider")
                                .asText())
                        .isEqualTo("prepared"));
        long calls = LLM.stats().calls();
        JsonNode reply = asked(conversation, "When are refunds paid?");
        assertThat(LLM.stats().calls()).isEqualTo(calls);
        assertThat(reply.get("content").asText()).isEqualTo("Within 14 days after the goods came back. [1]");
        assertThat(reply.get("citations").get(0).get("title").asText()).isEqualTo("When are refunds paid?");
        assertThat(reply.at("/usage/promptTokens").asInt()).isZero();

        // Another question is the model's, and so is this one once the entry is gone.
        asked(conversation, "When are refunds not paid, and why?");
        assertThat(LLM.stats().calls()).isGreaterThan(calls);
        String entry = api.get(base + "/knowledge").body().at("/items/0/id").asText();
        api.delete(base + "/knowledge/" + entry).expect(204);
        assertThat(asked(conversation, "When are refunds paid?")
                        .at("/usage/provider")
                        .asText())
                .isNotEqualTo("prepared");
    }

    @Test
    void questionsAreAddedReadChangedMovedAndDeleted() throws Exception {
        String all = base + "/knowledge";
        Map<String, Object> question =
                Map.of("question", "A?", "answer", "aardvark", "language", "en", "metadata", Map.of("by", "Ann"));
        Api.Reply added = api.post(all, question, "Idempotency-Key", "k1").expect(201);
        String a = added.body().get("id").asText();
        assertThat(api.post(all, question, "Idempotency-Key", "k1")
                        .expect(201)
                        .body()
                        .get("id")
                        .asText())
                .isEqualTo(a);
        String b = api.made(all, Map.of("question", "B?", "answer", "badger"));
        finds("aardvark");
        finds("badger");
        JsonNode read = api.get(all + "/" + a).expect(200).body();
        assertThat(read.at("/metadata/by").asText()).isEqualTo("Ann");
        assertThat(read.get("language").asText()).isEqualTo("en");

        api.put(all + "/" + a, Map.of("answer", "anteater")).expect(200);
        finds("anteater");
        findsNoMore("aardvark");
        api.put(all + "/" + a, Map.of("after", b)).expect(200);
        assertThat(api.get(all).body().get("items").findValuesAsText("question"))
                .containsExactly("B?", "A?");
        assertThat(api.get(all + "?limit=1").body().get("items")).hasSize(1);

        api.delete(all + "/" + a).expect(204);
        api.get(all + "/" + a).expect(404);
        api.delete(all + "/" + a).expect(404);
        findsNoMore("anteater");
    }

    @Test
    void whatIsWrongWithAQuestionIsSaid() throws Exception {
        String all = base + "/knowledge";
        String one = all + "/" + api.made(all, Map.of("question", "A?", "answer", "a"));
        assertThat(pointers(api.post(all, Map.of("answer", "a")).expect(400))).containsExactly("/question");
        assertThat(pointers(
                        api.post(all, Map.of("question", "?!", "answer", " ")).expect(400)))
                .containsExactlyInAnyOrder("/question", "/answer");
        assertThat(pointers(api.post(all, Map.of("question", "B?", "answer", "b", "language", "klingon!"))
                        .expect(400)))
                .containsExactly("/language");
        assertThat(pointers(api.put(one, Map.of("question", "q".repeat(2_001))).expect(400)))
                .containsExactly("/question");
        assertThat(pointers(api.put(one, Map.of("after", NOBODY)).expect(400))).containsExactly("/after");
        api.post(all, Map.of("question", "B?", "answer", "b", "tenantId", "x")).expect(400);
        api.put(all + "/" + NOBODY, Map.of("answer", "b")).expect(404);
        api.put(base + "/faq-config", Map.of("answerAlways", true)).expect(400);
        api.get(all + "?cursor=nonsense").expect(400);
        api.post("/api/v1/knowledge-bases/" + NOBODY + "/knowledge", Map.of("question", "A?", "answer", "a"))
                .expect(404);
        assertThat(api.get(all).body().get("items")).hasSize(1);
    }

    @Test
    void aListOfQuestionsIsTakenWholeOrNotAtAllAndGivenBack() throws Exception {
        String all = base + "/knowledge";
        Api.Reply wrong = api.upload(
                        "POST",
                        all + "/import",
                        "faq.csv",
                        "question,answer\nA?,a\n,b\nC?,\n".getBytes(StandardCharsets.UTF_8))
                .expect(400);
        assertThat(pointers(wrong)).containsExactlyInAnyOrder("/lines/3/question", "/lines/4/answer");
        assertThat(api.get(all).body().get("items")).isEmpty();
        for (byte[] broken : List.of(new byte[] {(byte) 0xFF, 0}, "title\nx\n".getBytes(StandardCharsets.UTF_8))) {
            api.upload("POST", all + "/import", "faq.csv", broken).expect(400);
        }
        assertThat(api.upload("POST", all + "/import", "faq.csv", new byte[6 * 1024 * 1024])
                        .status())
                .isEqualTo(413);
        api.post(all + "/import", Map.of()).expect(415);

        assertThat(api.upload(
                                "POST",
                                all + "/import",
                                "faq.csv",
                                "question,answer\nA?,\"an owl, and\nanother\"\nB?,a bee\n"
                                        .getBytes(StandardCharsets.UTF_8))
                        .expect(200)
                        .body()
                        .get("created")
                        .asInt())
                .isEqualTo(2);
        finds("owl");
        HttpResponse<String> exported = api.client()
                .send(
                        api.request(all + "/export").GET().build(),
                        HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
        assertThat(exported.headers().firstValue("Content-Type").orElse("")).startsWith("text/csv");
        assertThat(exported.headers().firstValue("Content-Disposition").orElse(""))
                .startsWith("attachment");
        assertThat(exported.body()).contains("A?").contains("\"an owl, and\nanother\"");
        assertThat(api.upload(
                                "POST",
                                all + "/import",
                                "faq.csv",
                                exported.body().getBytes(StandardCharsets.UTF_8))
                        .expect(200)
                        .body()
                        .get("unchanged")
                        .asInt())
                .isEqualTo(2);
    }

    // sites

    private JsonNode rested(String source) {
        await().atMost(SOON)
                .until(() -> !Set.of("added", "fetching", "processing")
                        .contains(
                                api.get(source).expect(200).body().get("status").asText()));
        return json(source);
    }

    private static JsonNode json(String path) {
        try {
            return api.get(path).expect(200).body();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private Map<String, String> problems(String source) {
        Map<String, String> problems = new HashMap<>();
        json(source + "/pages?problems=true").get("items").forEach(page -> {
            assertThat(page.at("/problem/detail").asText()).isNotBlank();
            problems.put(
                    page.get("key").asText().replace(site.url(""), ""),
                    page.at("/problem/code").asText());
        });
        return problems;
    }

    @Test
    void aSiteIsReadAtOnceWeeklyAndWhenAsked() throws Exception {
        site.page("/", "Front", "All about the walrus.", "/one", "/app", "/hidden");
        site.page("/one", "One", "All about the narwhal.");
        site.pages.put(
                "/app",
                "<html><head><title>App</title></head><body><div id=root></div><script src=x.js></script></body></html>");
        site.page("/hidden", "Hidden", "All about the kraken.");
        site.pages.put("/robots.txt", "User-agent: kvasir\nDisallow: /hidden\n");
        JsonNode added = api.post(base + "/web-sources", Map.of("url", site.url("/"), "kind", "crawl"))
                .expect(201)
                .body();
        assertThat(added.get("frequency").asText()).isEqualTo("weekly");
        String one = base + "/web-sources/" + added.get("id").asText();
        JsonNode read = rested(one);
        assertThat(read.get("status").asText()).as(read.toString()).isEqualTo("fresh");
        assertThat(read.get("pages").asInt()).isEqualTo(2);
        assertThat(Instant.parse(read.get("nextScrapeAt").asText()))
                .isBetween(Instant.now().plus(Duration.ofDays(6)), Instant.now().plus(Duration.ofDays(8)));
        finds("walrus");
        finds("narwhal");
        assertThat(problems(one)).isEqualTo(Map.of("/app", "javascript", "/hidden", "robots"));
        assertThat(site.asked).doesNotContain("/hidden");
        JsonNode title = api.post(base + "/knowledge/search", Map.of("query", "narwhal", "mode", "keyword"))
                .body()
                .at("/results/0");
        assertThat(title.get("title").asText()).isEqualTo("One");
        assertThat(title.get("url").asText()).isEqualTo(site.url("/one"));

        site.page("/", "Front", "All about the walrus.");
        api.post(one + "/scrape", Map.of()).expect(202);
        findsNoMore("narwhal");
        await().atMost(SOON)
                .until(() -> json(one + "/history").get("items").size() == 2
                        && !json(one + "/history")
                                .at("/items/0/status")
                                .asText()
                                .equals("running"));
        JsonNode newest = json(one + "/history").at("/items/0");
        assertThat(newest.get("cause").asText()).isEqualTo("asked");
        assertThat(newest.get("removed").asInt()).isEqualTo(1);
        assertThat(json(one + "/history?limit=1").get("items")).hasSize(1);
        assertThat(json(one + "/history?limit=1").get("nextCursor").isNull()).isFalse();
        api.post(one + "/cancel", Map.of()).expect(409);

        api.put(one, Map.of("frequency", "never")).expect(200);
        await().atMost(SOON).until(() -> json(one).get("nextScrapeAt").isNull());
        assertThat(json(one).get("kind").asText()).isEqualTo("crawl");

        api.delete(one).expect(204);
        api.get(one).expect(404);
        api.post(one + "/scrape", Map.of()).expect(404);
        findsNoMore("walrus");
    }

    @Test
    void aSiteThatIsAwaySaysSoAndKeepsWhatWasKnown() throws Exception {
        site.page("/", "Front", "All about the dugong.");
        String one =
                base + "/web-sources/" + api.made(base + "/web-sources", Map.of("url", site.url("/"), "kind", "page"));
        rested(one);
        finds("dugong");
        site.broken = true;
        api.post(one + "/scrape", Map.of()).expect(202);
        await().atMost(SOON).until(() -> json(one).get("status").asText().equals("stale"));
        JsonNode away = json(one);
        assertThat(away.at("/error/code").asText()).isEqualTo("robots-unreachable");
        assertThat(away.at("/run/status").asText()).isEqualTo("failed");
        // Tried again by itself long before the week is over.
        assertThat(Instant.parse(away.get("nextScrapeAt").asText()))
                .isBefore(Instant.now().plusSeconds(3_600));
        assertThat(hits("dugong")).isNotEmpty();
        site.broken = false;
        api.post(one + "/scrape", Map.of()).expect(202);
        await().atMost(SOON).until(() -> json(one).get("status").asText().equals("fresh"));
        assertThat(json(one).get("error").isNull()).isTrue();
    }

    @Test
    void whatIsWrongWithASiteIsSaid() throws Exception {
        String all = base + "/web-sources";
        Map<String, Object> wrong = new LinkedHashMap<>();
        wrong.put("/url", "ftp://example.org/");
        wrong.put("/maxDepth", 51);
        wrong.put("/maxPages", 0);
        wrong.put("/includePaths/0", List.of("docs"));
        wrong.put("/excludePaths/0", List.of(" "));
        wrong.put("/allowedHosts/0", List.of(""));
        wrong.put("/kind", "everything");
        wrong.put("/frequency", "sometimes");
        for (Map.Entry<String, Object> field : wrong.entrySet()) {
            Map<String, Object> body = new HashMap<>(Map.of("url", site.url("/")));
            body.put(field.getKey().split("/")[1], field.getValue());
            assertThat(pointers(api.post(all, body).expect(400))).containsExactly(field.getKey());
        }
        assertThat(pointers(api.post(all, Map.of()).expect(400))).containsExactly("/url");
        assertThat(pointers(api.post(all, Map.of("url", "http://ann:secret@example.org/"))
                        .expect(400)))
                .containsExactly("/url");
        api.post(all, Map.of("url", site.url("/"), "tenantId", "x")).expect(400);
        api.post("/api/v1/knowledge-bases/" + NOBODY + "/web-sources", Map.of("url", site.url("/")))
                .expect(404);
        for (String path : List.of("", "/history", "/pages")) {
            api.get(all + "/" + NOBODY + path).expect(404);
        }
        api.put(all + "/" + NOBODY, Map.of("maxDepth", 1)).expect(404);
        api.delete(all + "/" + NOBODY).expect(404);
        api.post(all + "/" + NOBODY + "/cancel", Map.of()).expect(404);
        assertThat(json(all).get("items")).isEmpty();

        String inside = all + "/" + api.made(all, Map.of("url", "http://127.0.0.1:1/"));
        JsonNode refused = rested(inside);
        assertThat(refused.get("status").asText()).isEqualTo("failed");
        assertThat(refused.at("/error/code").asText()).isEqualTo("refused-address");
        assertThat(refused.get("nextScrapeAt").isNull()).isTrue();
        assertThat(pointers(api.put(inside, Map.of("url", "nonsense")).expect(400)))
                .containsExactly("/url");
    }

    // events

    @Test
    void whatBecomesOfSourcesIsToldAsItHappens() throws Exception {
        site.page("/", "Front", "All about the walrus.");
        HttpRequest.Builder request = api.request(base + "/events").header("Accept", "text/event-stream");
        List<JsonNode> told = new CopyOnWriteArrayList<>();
        try (SseReader events = SseReader.open(api, request)) {
            Thread reader = Thread.ofVirtual().start(() -> {
                try {
                    for (var event = events.next(); event.isPresent(); event = events.next()) {
                        if (event.get().name().equals("source.changed")) {
                            told.add(event.get().data());
                        }
                    }
                } catch (java.io.IOException closed) {
                    // By the test itself.
                }
            });
            String id = api.made(base + "/web-sources", Map.of("url", site.url("/"), "kind", "page"));
            await().atMost(SOON).until(() -> states(told, id).contains("fresh"));
            JsonNode fresh = told.getLast();
            assertThat(fresh.get("kind").asText()).isEqualTo("web");
            assertThat(fresh.at("/items/searchable").asInt()).isEqualTo(1);
            assertThat(fresh.at("/run/status").asText()).isEqualTo("completed");
            assertThat(fresh.toString()).doesNotContain("127.0.0.2");

            site.broken = true;
            api.post(base + "/web-sources/" + id + "/scrape", Map.of()).expect(202);
            await().atMost(SOON).until(() -> states(told, id).contains("stale"));
            assertThat(told.getLast().at("/error/code").asText()).isNotBlank();

            // A question added is a change of the list of questions, told alike.
            api.made(base + "/knowledge", Map.of("question", "A?", "answer", "a"));
            await().atMost(SOON).until(() -> states(told, "faq").contains("fresh"));

            // Whoever comes later is told first how each stands.
            try (SseReader late = SseReader.open(api, api.request(base + "/events"))) {
                Set<String> first = new HashSet<>();
                while (first.size() < 2) {
                    SseReader.Event event = late.next().orElseThrow();
                    if (event.name().equals("source.changed")) {
                        first.add(event.data().get("sourceId").asText() + " "
                                + event.data().get("state").asText());
                    }
                }
                assertThat(first).containsExactlyInAnyOrder(id + " stale", "faq fresh");
            }

            api.delete(base + "/web-sources/" + id).expect(204);
            await().atMost(SOON).until(() -> states(told, id).contains("removed"));
            reader.interrupt();
        }
    }

    private static List<String> states(List<JsonNode> told, String id) {
        return told.stream()
                .filter(news -> news.get("sourceId").asText().equals(id))
                .map(news -> news.get("state").asText())
                .toList();
    }

    // mail

    @Test
    void anUploadedMailAndAMailboxOfManyAreReadLikeDocuments() throws Exception {
        api.upload(
                        "POST",
                        base + "/documents",
                        "one.eml",
                        MailDouble.mail("a@example.org", "Tea", "The kettle sings like a capybara.")
                                .getBytes(StandardCharsets.UTF_8))
                .expect(202);
        StringBuilder mbox = new StringBuilder();
        for (String animal : List.of("okapi", "quokka")) {
            mbox.append("From ann@example.org Sat Jan  3 01:05:34 1996\n")
                    .append(MailDouble.mail(animal + "@example.org", "About", "A letter about the " + animal + "."))
                    .append("\n\n");
        }
        api.upload("POST", base + "/documents", "all.mbox", mbox.toString().getBytes(StandardCharsets.UTF_8))
                .expect(202);
        finds("capybara");
        finds("okapi");
        finds("quokka");
    }
}
