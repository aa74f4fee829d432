package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.bootstrap.Server;
import io.kvasir.identity.Census;
import io.kvasir.kernel.Principal.Role;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/** One tenant's sitemap of 20,000 pages on a whole server, and what another tenant does meanwhile. */
@Tag("alone")
class BackfillTest {
    private static final int MANY = 20_000;
    private static final Duration BAR = Duration.ofSeconds(2);

    @TempDir
    Path folder;

    private static String html(String path) {
        return path.startsWith("/p/")
                ? "<!doctype html><html><head><title>Page</title></head><body><p>The page " + path
                        + " says something.</p></body></html>"
                : "";
    }

    private static String sitemap(SmallSite site) {
        StringBuilder xml = new StringBuilder("<?xml version='1.0'?><urlset>");
        for (int i = 0; i < MANY; i++) {
            xml.append("<url><loc>").append(site.url("/p/" + i)).append("</loc></url>");
        }
        return xml + "</urlset>";
    }

    /** How long it takes until a page given by a person can be found. */
    private static Duration upload(Api api, String kb) throws Exception {
        return api.taught(kb, "note.md", "# Note\n\nParcels leave on Mondays.\n");
    }

    private static Duration question(Api api, String conversation) throws Exception {
        long began = System.nanoTime();
        api.post(
                        "/api/v1/chat/conversations/" + conversation + "/messages",
                        Map.of("content", "When do parcels leave?"),
                        "Accept",
                        "application/json")
                .expect(200);
        return Duration.ofNanos(System.nanoTime() - began);
    }

    /** A machine that does something else for a moment is not what is measured here. */
    private static Duration median(List<Duration> all) {
        return all.stream().sorted().toList().get(all.size() / 2);
    }

    @Test
    void neitherUploadsNorQuestionsOfAnotherWaitForTwentyThousandPages(TestReporter reporter) throws Exception {
        Path data = folder.resolve("data");
        try (SmallSite site = new SmallSite(BackfillTest::html);
                Server server = Server.start(ServerHere.settings(
                        data,
                        Map.of(
                                "kvasir.outbound.allowed-networks",
                                SmallSite.NETWORK,
                                "kvasir.sources.web.pause",
                                "0s",
                                "kvasir.http.rate-limits.on",
                                false,
                                "kvasir.tenancy.first-plan",
                                "enterprise")));
                Census census = new Census(data, ServerProcess.PASSWORD);
                Api many = ServerHere.owner(server);
                Api one = new Api(path -> ServerHere.uri(server, path))) {
            census.user("one@example.org", census.tenant("One"), Role.OWNER);
            one.token(one.post(
                            "/api/v1/auth/login",
                            Map.of("email", "one@example.org", "password", ServerProcess.PASSWORD))
                    .expect(200)
                    .body()
                    .get("accessToken")
                    .asText());
            String id = one.made("/api/v1/knowledge-bases", Map.of("name", "One"));
            String kb = "/api/v1/knowledge-bases/" + id;
            String conversation = one.made("/api/v1/chat/conversations", Map.of("kbId", id));
            List<Duration> uploads = new ArrayList<>();
            List<Duration> questions = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                uploads.add(upload(one, kb));
                questions.add(question(one, conversation));
            }
            // The first ones warm the server up.
            Duration upload = median(uploads.subList(3, 10));
            Duration question = median(questions.subList(3, 10));

            site.pages.put("/sitemap.xml", sitemap(site));
            String sources = "/api/v1/knowledge-bases/" + many.made("/api/v1/knowledge-bases", Map.of("name", "Many"))
                    + "/web-sources";
            String source = sources + "/"
                    + many.made(
                            sources,
                            Map.of(
                                    "url",
                                    site.url("/sitemap.xml"),
                                    "kind",
                                    "sitemap",
                                    "maxPages",
                                    MANY,
                                    "frequency",
                                    "never"));
            Map<String, List<Duration>> meanwhile = new LinkedHashMap<>();
            int afterwards = 0;
            while (afterwards < 7) {
                boolean all =
                        many.get(source).expect(200).body().at("/run/found").asInt() >= MANY;
                String when = all ? " with 20,000 pages queued" : " while pages are queued";
                meanwhile
                        .computeIfAbsent("upload" + when, _ -> new ArrayList<>())
                        .add(upload(one, kb));
                meanwhile
                        .computeIfAbsent("question" + when, _ -> new ArrayList<>())
                        .add(question(one, conversation));
                afterwards += all ? 1 : 0;
            }
            meanwhile.forEach((what, took) -> reporter.publishEntry(
                    what,
                    took.stream().map(Duration::toMillis).toList() + " ms, alone "
                            + (what.startsWith("upload") ? uploads : questions)
                                    .stream().map(Duration::toMillis).toList()));
            assertThat(meanwhile).as("phases that were measured").hasSize(4);
            meanwhile.forEach(
                    (what, took) -> assertThat(median(took).minus(what.startsWith("upload") ? upload : question))
                            .as(what)
                            .isLessThan(BAR));
            assertThat(many.get(source).body().at("/run/fetched").asInt()).isLessThan(MANY);
            many.post(source + "/cancel", Map.of()).expect(200);
            await().atMost(Duration.ofSeconds(30))
                    .until(() ->
                            many.get(source).body().at("/run/status").asText().equals("cancelled"));
        }
    }
}
