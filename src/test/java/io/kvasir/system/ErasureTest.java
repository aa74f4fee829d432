package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.http.Json;
import io.kvasir.ingestion.mailbox.MailDouble;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Types;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A marker is planted wherever a person can write; after the erasure no file of the server holds it. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ErasureTest {
    private static final String MARKER = "Quetzalcoatlus";

    /** What holds ids of what is gone: sealed events, and whom to keep out. */
    private static final Set<String> KEPT =
            Set.of("event_journal", "event_tag", "snapshot", "durable_state", "access_endings");

    @TempDir
    static Path folder;

    private static ServerProcess server;
    private static Api api;
    private static String me;
    private static String tenant;
    private static String kb;
    private static String conversation;
    private static SmallSite site;
    private static MailDouble mail;

    @BeforeAll
    static void plant() throws Exception {
        site = new SmallSite();
        site.page("/" + MARKER, MARKER, "The " + MARKER + " stands on this page too.", "/gone/" + MARKER);
        mail = new MailDouble();
        mail.deliver("INBOX", MailDouble.mail(MARKER + "@example.org", MARKER, "A letter about the " + MARKER + "."));
        server = ServerProcess.start(
                folder.resolve("data"),
                Map.of("KVASIR_OUTBOUND_ALLOWED_NETWORKS", "127.0.0.0/8, ::1/128", "KVASIR_WEB_PAUSE", "0s"),
                "-Djavax.net.ssl.trustStore=" + MailDouble.KEYS,
                "-Djavax.net.ssl.trustStorePassword=" + MailDouble.KEY_PASSWORD);
        api = Api.owner(server);
        JsonNode who = api.get("/api/v1/auth/me").expect(200).body();
        me = who.get("id").asText();
        tenant = who.get("tenantId").asText();
        kb = api.post(
                        "/api/v1/knowledge-bases",
                        Map.of("name", MARKER + " base", "description", MARKER, "systemPrompt", "Speak of " + MARKER),
                        "Idempotency-Key",
                        "once")
                .expect(201)
                .body()
                .get("id")
                .asText();
        String base = "/api/v1/knowledge-bases/" + kb;
        for (int i = 0; i < 3; i++) {
            api.upload(
                            "POST",
                            base + "/documents",
                            MARKER + i + ".md",
                            ("# " + MARKER + "\n\nThe " + MARKER + " was found in Texas in the year " + (1971 + i)
                                            + ".")
                                    .getBytes(StandardCharsets.UTF_8))
                    .expect(202);
        }
        await().atMost(Duration.ofSeconds(60))
                .until(() -> api.get(base).body().get("passages").asInt() >= 3);
        conversation = api.post(
                        "/api/v1/chat/conversations",
                        Map.of("kbId", kb, "endUser", Map.of("name", MARKER, "email", MARKER + "@example.org")))
                .expect(201)
                .body()
                .get("id")
                .asText();
        sources(base);
        api.put(base + "/sites", Map.of("origins", List.of("https://shop.example")))
                .expect(200);
        JsonNode reply = api.post(
                        "/api/v1/chat/conversations/" + conversation + "/messages",
                        Map.of("content", "Where was the " + MARKER + " found?"),
                        "Accept",
                        "application/json",
                        "Idempotency-Key",
                        "twice")
                .expect(200)
                .body();
        assertThat(reply.get("content").asText()).contains(MARKER);
    }

    /**
     * One of each kind: an entry, a site of which a page is gone, a mailbox; a site nobody may go to, which is said of it
     * too; and one that was read and is removed again.
     */
    private static void sources(String base) throws Exception {
        api.made(
                base + "/knowledge",
                Map.of(
                        "question",
                        "Who is " + MARKER + "?",
                        "answer",
                        "The " + MARKER + " flew.",
                        "metadata",
                        Map.of("by", MARKER)));
        Map<String, Object> crawl = Map.of("url", site.url("/" + MARKER), "kind", "crawl");
        String fetched = base + "/web-sources/" + api.made(base + "/web-sources", crawl);
        String removed = base + "/web-sources/" + api.made(base + "/web-sources", crawl);
        String shut = base + "/web-sources/"
                + api.made(base + "/web-sources", Map.of("url", "http://192.0.2.1/" + MARKER, "frequency", "never"));
        String mailbox = base + "/email-accounts/"
                + api.made(
                        base + "/email-accounts",
                        Map.of(
                                "provider",
                                "imap",
                                "email",
                                MailDouble.USER,
                                "host",
                                "localhost",
                                "port",
                                mail.port(),
                                "password",
                                MailDouble.PASSWORD));
        ends(shut, "failed");
        for (String source : List.of(fetched, removed, mailbox)) {
            ends(source, "fresh");
        }
        for (String words : List.of("flew", "letter", "stands on this page")) {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> api.post(
                                    base + "/knowledge/search", Map.of("query", words, "mode", "keyword", "limit", 20))
                            .body()
                            .get("results")
                            .toString()
                            .contains(words));
        }
        api.delete(removed).expect(204);
    }

    private static void ends(String source, String status) {
        await().atMost(Duration.ofSeconds(90))
                .until(() -> api.get(source).body().get("status").asText(), status::equals);
    }

    /** Tables, but the journal's and the news of endings, in which an id still stands. */
    private static List<String> naming(String id) throws Exception {
        List<String> found = new ArrayList<>();
        try (Connection c = DriverManager.getConnection(
                        "jdbc:h2:file:" + folder.resolve("data/kvasir").toAbsolutePath(), "sa", "");
                ResultSet columns = c.getMetaData().getColumns(null, "PUBLIC", "%", "%")) {
            while (columns.next()) {
                String table = columns.getString("TABLE_NAME");
                if (columns.getInt("DATA_TYPE") != Types.VARCHAR || KEPT.contains(table.toLowerCase(Locale.ROOT))) {
                    continue;
                }
                String column = columns.getString("COLUMN_NAME");
                try (var select = c.prepareStatement(
                        "SELECT COUNT(*) FROM \"" + table + "\" WHERE POSITION(?, \"" + column + "\") > 0")) {
                    select.setString(1, id);
                    try (ResultSet rows = select.executeQuery()) {
                        rows.next();
                        if (rows.getLong(1) > 0) {
                            found.add(table + "." + column);
                        }
                    }
                }
            }
        }
        return found;
    }

    @AfterAll
    static void stop() throws Exception {
        api.close();
        server.close();
        site.close();
        mail.close();
    }

    /** Files of the data folder, and the log beside it, in which the marker stands in any encoding that is used here. */
    private static List<String> holding(String marker) throws IOException {
        List<String> found = new ArrayList<>();
        List<String> needles = List.of(marker, marker.toLowerCase(Locale.ROOT));
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                byte[] bytes = Files.readAllBytes(file);
                String narrow = new String(bytes, StandardCharsets.ISO_8859_1);
                String wide = narrow.replace("\0", "");
                if (needles.stream().anyMatch(n -> narrow.contains(n) || wide.contains(n))) {
                    found.add(folder.relativize(file).toString());
                }
            }
        }
        return found;
    }

    @Test
    @Order(1)
    void aPersonTakesTheirDataAway() throws Exception {
        HttpResponse<byte[]> zip = api.client()
                .send(
                        api.request("/api/v1/privacy/export")
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                                .build(),
                        HttpResponse.BodyHandlers.ofByteArray());
        assertThat(zip.statusCode()).isEqualTo(200);
        assertThat(zip.headers().firstValue("Content-Type")).hasValue("application/zip");
        Map<String, String> files = new HashMap<>();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip.body()))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                files.put(entry.getName(), new String(in.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        assertThat(files.get("account.json")).contains(ServerProcess.EMAIL);
        assertThat(files.get("conversations/" + conversation + ".json"))
                .contains("Where was the " + MARKER)
                .contains("assistant");
        assertThat(files.get("knowledge-bases/" + kb + "/knowledge-base.json")).contains(MARKER + " base");
        assertThat(files.keySet()).anyMatch(name -> name.endsWith("/" + MARKER + "0.md"));
        assertThat(files.get("knowledge-bases/" + kb + "/faq.csv")).contains("The " + MARKER + " flew.");
        String sources = files.get("knowledge-bases/" + kb + "/sources.json");
        assertThat(Json.MAPPER.readTree(sources).findValuesAsText("url")).contains(site.url("/" + MARKER));
        assertThat(sources).contains(MailDouble.USER).doesNotContain(MailDouble.PASSWORD);
        assertThat(files.keySet()).anyMatch(name -> name.startsWith("record/"));
    }

    @Test
    @Order(2)
    void whatIsNotOnesOwnIsRefused() throws Exception {
        api.post("/api/v1/privacy/erase", Map.of()).expect(400);
        api.post("/api/v1/privacy/erase", Map.of("tenantId", "other")).expect(400);
        api.post("/api/v1/privacy/erase", Map.of("knowledgeBaseId", "none")).expect(404);
        assertThat(api.post("/api/v1/privacy/erase", Map.of("userId", me))
                        .expect(409)
                        .body()
                        .get("type")
                        .asText())
                .endsWith("last-owner");
        api.get("/api/v1/knowledge-bases/" + kb).expect(200);
    }

    @Test
    @Order(3)
    void theIndexHoldsTheMarkerBefore() throws Exception {
        assertThat(holding(MARKER)).anyMatch(file -> file.contains("index"));
    }

    @Test
    @Order(4)
    void anErasedKnowledgeBaseIsProvedGoneFromEveryStore() throws Exception {
        // Another one shares the index: its passages stay.
        String other = api.made("/api/v1/knowledge-bases", Map.of("name", "Other"));
        api.taught("/api/v1/knowledge-bases/" + other, "other.md", "Parcels leave on Mondays.");

        JsonNode receipt = api.post("/api/v1/privacy/erase", Map.of("knowledgeBaseId", kb))
                .expect(200)
                .body();

        assertThat(receipt.get("complete").asBoolean()).as(receipt.toString()).isTrue();
        Map<String, Long> erased = new HashMap<>();
        receipt.get("stores")
                .forEach(
                        s -> erased.put(s.get("store").asText(), s.get("erased").asLong()));
        assertThat(erased.get("index")).isGreaterThanOrEqualTo(3);
        assertThat(erased.get("files")).isGreaterThanOrEqualTo(3);
        assertThat(erased.get("journal")).isGreaterThanOrEqualTo(4);
        assertThat(erased.get("conversations")).isEqualTo(1);
        // An entry, two sites and a mailbox with a source each, what was found there, and what became of looking at
        // them.
        assertThat(erased.get("sources")).isGreaterThanOrEqualTo(10);
        assertThat(erased.get("catalogue")).isEqualTo(2);
        receipt.get("stores").forEach(s -> assertThat(s.get("left").asLong()).isZero());
        assertThat(holding(MARKER)).isEmpty();
        assertThat(api.post("/api/v1/knowledge-bases/" + other + "/knowledge/search", Map.of("query", "parcels"))
                        .expect(200)
                        .body()
                        .get("results"))
                .isNotEmpty();
    }

    @Test
    @Order(5)
    void anErasedTenantIsGoneAndStaysGoneAfterAStop() throws Exception {
        // What stands plain in tables leaves their files with the next stop.
        api.post("/api/v1/invitations", Map.of("email", MARKER + "@example.net", "role", "viewer"))
                .expect(201);
        api.post("/api/v1/api-keys", Map.of("name", MARKER)).expect(201);
        String last = api.post("/api/v1/knowledge-bases", Map.of("name", "Last"))
                .expect(201)
                .body()
                .get("id")
                .asText();
        api.put(
                        "/api/v1/knowledge-bases/" + last + "/sites",
                        Map.of("origins", List.of("https://" + MARKER.toLowerCase(Locale.ROOT) + ".example")))
                .expect(200);
        JsonNode receipt = api.post("/api/v1/privacy/erase", Map.of("tenantId", tenant))
                .expect(200)
                .body();

        assertThat(receipt.get("complete").asBoolean()).as(receipt.toString()).isTrue();
        server.stop();
        assertThat(naming(tenant)).isEmpty();
        assertThat(naming(kb)).isEmpty();
        assertThat(holding(MARKER)).isEmpty();
    }
}
