package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.http.Json;
import io.kvasir.system.Town.Answer;
import io.kvasir.system.Town.Caller;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What pages of other origins may do, as their browsers ask it of the whole server. */
class SitesTest {
    private static final String SHOP = "https://shop.example";

    @TempDir
    static Path folder;

    private static Town town;
    private static Caller owner;
    private static String slug;
    private static String kb;

    @BeforeAll
    static void start() throws Exception {
        town = new Town(folder);
        owner = town.caller("super_admin");
        slug = owner.things().get("slug");
        kb = owner.things().get("kbId");
    }

    @AfterAll
    static void stop() {
        town.close();
    }

    @BeforeEach
    void sites() throws Exception {
        name(kb, List.of(SHOP));
        name(town.second().get("kbId"), List.of("https://second.example"));
    }

    private static Answer name(String base, List<String> origins) throws Exception {
        return town.send(
                "PUT",
                "/api/v1/knowledge-bases/" + base + "/sites",
                owner.token(),
                Json.write(Map.of("origins", origins)));
    }

    private static Answer from(String origin, String method, String path, String token, String body) throws Exception {
        return town.send(
                town.request(method, path, token, body).header("Origin", origin).build());
    }

    private static Answer preflight(String origin, String method, String path) throws Exception {
        return town.send(HttpRequest.newBuilder(town.uri(path))
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                .headers(
                        "Origin", origin,
                        "Access-Control-Request-Method", method,
                        "Access-Control-Request-Headers", "authorization,content-type")
                .build());
    }

    private static List<String> header(Answer answer, String name) {
        return answer.headers().allValues(name);
    }

    private static void lets(Answer answer, String origin) {
        assertThat(header(answer, "Access-Control-Allow-Origin")).containsExactly(origin);
        assertThat(header(answer, "Access-Control-Allow-Credentials")).isEmpty();
        assertThat(header(answer, "Vary")).contains("Origin");
    }

    private static void keepsOut(Answer answer) {
        assertThat(answer.status()).isEqualTo(403);
        assertThat(header(answer, "Access-Control-Allow-Origin")).isEmpty();
        assertThat(header(answer, "Vary")).contains("Origin");
    }

    @Test
    void thePageOfANamedSiteTalksAsTheWidgetDoes() throws Exception {
        String base = "/api/v1/public/" + slug;
        lets(from(SHOP, "GET", base, "", "").expect(200), SHOP);
        lets(preflight(SHOP, "POST", base + "/conversations").expect(204), SHOP);
        Answer admitted = from(SHOP, "POST", base + "/conversations", "", "").expect(201);
        lets(admitted, SHOP);
        String id = admitted.json().get("id").asText();
        String token = admitted.json().get("accessToken").asText();
        String talk = "/api/v1/chat/conversations/" + id;

        Answer asking = preflight(SHOP, "POST", talk + "/messages").expect(204);
        lets(asking, SHOP);
        assertThat(header(asking, "Access-Control-Allow-Methods")).containsExactly("POST");
        assertThat(header(asking, "Access-Control-Allow-Headers").getFirst())
                .contains("Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID");
        assertThat(header(asking, "Access-Control-Max-Age")).containsExactly("600");
        HttpRequest ask = town.request("POST", talk + "/messages", token, "{\"content\":\"When are refunds paid?\"}")
                .headers("Origin", SHOP, "Accept", "application/json")
                .build();
        Answer reply = town.send(ask).expect(200);
        lets(reply, SHOP);
        lets(from(SHOP, "GET", talk + "/messages", token, "").expect(200), SHOP);
        lets(from(SHOP, "GET", talk + "/events", token, "").expect(200), SHOP);
        lets(
                from(SHOP, "POST", base + "/conversations/" + id + "/token", token, "")
                        .expect(200),
                SHOP);
        String rate = "/api/v1/chat/messages/" + reply.json().get("id").asText() + "/feedback";
        lets(preflight(SHOP, "POST", rate).expect(204), SHOP);
        lets(from(SHOP, "POST", rate, token, "{\"rating\":\"up\"}").expect(204), SHOP);

        // A refusal can be read too: the widget tells what is wrong.
        lets(from(SHOP, "GET", talk, "no token", "").expect(401), SHOP);
        lets(from(SHOP, "POST", talk + "/messages", token, "{}").expect(400), SHOP);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://evil.example",
                "https://shop.example.evil",
                "https://evilshop.example",
                "https://sub.shop.example",
                "http://shop.example",
                "https://shop.example:8443",
                "https://shop.example/",
                "https://second.example",
                "null",
                "*"
            })
    void everyOtherPageIsKeptOutBeforeAnythingHappens(String origin) throws Exception {
        String base = "/api/v1/public/" + slug;
        Caller visitor = town.caller("visitor");
        String talk = "/api/v1/chat/conversations/" + visitor.things().get("conversationId");
        int before = conversations();

        keepsOut(preflight(origin, "POST", base + "/conversations"));
        keepsOut(from(origin, "GET", base, "", ""));
        keepsOut(from(origin, "POST", base + "/conversations", "", ""));
        keepsOut(preflight(origin, "POST", talk + "/messages"));
        keepsOut(from(origin, "GET", talk + "/messages", visitor.token(), ""));
        keepsOut(from(origin, "POST", talk + "/messages", visitor.token(), "{\"content\":\"Let me in\"}"));

        assertThat(conversations()).isEqualTo(before);
        assertThat(town.send("GET", talk + "/messages", visitor.token(), "").text())
                .doesNotContain("Let me in");
    }

    private static int conversations() throws Exception {
        return town.send("GET", "/api/v1/chat/conversations?limit=200", owner.token(), "")
                .expect(200)
                .json()
                .get("items")
                .size();
    }

    @Test
    void noEndpointLetsAForeignPageReadAndNoneSaysAnybody() throws Exception {
        JsonNode paths =
                town.send("GET", "/openapi.json", "", "").expect(200).json().get("paths");
        for (var path : paths.properties()) {
            for (var operation : path.getValue().properties()) {
                String method = operation.getKey().toUpperCase(Locale.ROOT);
                String uri = path.getKey();
                for (var thing : owner.things().all().entrySet()) {
                    uri = uri.replace("{" + thing.getKey() + "}", thing.getValue());
                }
                uri = uri.replaceAll("\\{[^}]+}", "x");
                Answer asked = preflight("https://evil.example", method, uri);
                assertThat(asked.status()).as(method + " " + uri).isEqualTo(403);
                assertThat(header(asked, "Access-Control-Allow-Origin")).isEmpty();
                if (method.equals("GET")) {
                    Answer read = from("https://evil.example", method, uri, owner.token(), "");
                    assertThat(header(read, "Access-Control-Allow-Origin"))
                            .as(method + " " + uri)
                            .isEmpty();
                    assertThat(header(read, "Access-Control-Allow-Credentials")).isEmpty();
                }
                // A site of the widget is let in to the widget's calls alone.
                Answer widget = preflight(SHOP, method, uri);
                boolean public1 = path.getKey().startsWith("/api/v1/public/{slug}")
                        || path.getKey().startsWith("/api/v1/chat/conversations/{conversationId}")
                        || path.getKey().startsWith("/api/v1/chat/messages/{messageId}");
                assertThat(header(widget, "Access-Control-Allow-Origin"))
                        .as(method + " " + uri)
                        .isEqualTo(public1 ? List.of(SHOP) : List.of());
            }
        }
    }

    @Test
    void ourOwnPagesNeedNoList() throws Exception {
        String own = "http://" + town.uri("/").getAuthority();
        name(kb, List.of());

        Answer face = from(own, "GET", "/api/v1/public/" + slug, "", "").expect(200);
        assertThat(header(face, "Access-Control-Allow-Origin")).isEmpty();
        assertThat(header(face, "Vary")).contains("Origin");
        from(own, "POST", "/api/v1/public/" + slug + "/conversations", "", "").expect(201);
        keepsOut(from(SHOP, "GET", "/api/v1/public/" + slug, "", ""));
    }

    @Test
    void whatIsSharedNoLongerIsShutForItsSitesToo() throws Exception {
        String base = town.send("POST", "/api/v1/knowledge-bases", owner.token(), "{\"name\":\"Short\"}")
                .expect(201)
                .json()
                .get("id")
                .asText();
        name(base, List.of(SHOP)).expect(200);
        String share = "/api/v1/knowledge-bases/" + base + "/share";
        String address = town.send("POST", share, owner.token(), "")
                .expect(200)
                .json()
                .get("slug")
                .asText();
        Answer in = from(SHOP, "POST", "/api/v1/public/" + address + "/conversations", "", "")
                .expect(201);
        String talk = "/api/v1/chat/conversations/" + in.json().get("id").asText();
        String token = in.json().get("accessToken").asText();
        from(SHOP, "GET", talk, token, "").expect(200);

        town.send("DELETE", share, owner.token(), "").expect(204);

        keepsOut(from(SHOP, "GET", "/api/v1/public/" + address, "", ""));
        keepsOut(from(SHOP, "GET", talk, token, ""));
        keepsOut(preflight(SHOP, "POST", talk + "/messages"));
        town.send("GET", talk, token, "").expect(404);
        town.send("POST", talk + "/messages", token, "{\"content\":\"Hello?\"}").expect(404);
        town.send("GET", talk, owner.token(), "").expect(200);
    }

    @Test
    void sitesAreNamedExactly() throws Exception {
        assertThat(name(kb, List.of("https://Shop.example", "http://localhost:3000", "https://shop.example"))
                        .expect(200)
                        .json()
                        .get("origins"))
                .hasSize(2);
        lets(
                from("http://localhost:3000", "GET", "/api/v1/public/" + slug, "", "")
                        .expect(200),
                "http://localhost:3000");
        for (String wrong : List.of(
                "*",
                "null",
                "https://*.example",
                "https://shop.example/",
                "shop.example",
                "ftp://shop.example",
                "https://shop.example/page",
                "https://a b",
                "",
                "https://shop.example;x")) {
            Answer refused = name(kb, List.of(SHOP, wrong)).expect(400);
            assertThat(refused.json().at("/errors/0/pointer").asText()).isEqualTo("/origins/1");
        }
        name(kb, java.util.Collections.nCopies(51, SHOP)).expect(400);
        assertThat(town.send("GET", "/api/v1/knowledge-bases/" + kb + "/sites", owner.token(), "")
                        .expect(200)
                        .text())
                .startsWith("{\"origins\":[\"http://localhost:3000\",\"https://shop.example\"]");
    }

    private static String secret() throws Exception {
        return town.send("POST", "/api/v1/knowledge-bases/" + kb + "/sites/secret", owner.token(), "")
                .expect(201)
                .json()
                .get("secret")
                .asText();
    }

    private static Answer begin(String user, String signature) throws Exception {
        return from(
                SHOP,
                "POST",
                "/api/v1/public/" + slug + "/conversations",
                "",
                Json.write(Map.of("user", user, "signature", signature)));
    }

    private static String signed(String secret, String user) throws Exception {
        javax.crypto.Mac mac = javax.crypto.Mac.getInstance("HmacSHA256");
        mac.init(new javax.crypto.spec.SecretKeySpec(
                secret.getBytes(java.nio.charset.StandardCharsets.UTF_8), "HmacSHA256"));
        return java.util.HexFormat.of().formatHex(mac.doFinal(user.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    }

    @Test
    void aVisitorIsWhomTheOwnersServerSignedAndNobodyElse() throws Exception {
        String ada =
                "{\"id\":\"42\",\"name\":\"Ada Lovelace\",\"email\":\"ada@shop.example\",\"metadata\":{\"plan\":\"gold\"},"
                        + "\"until\":\"2099-01-01T00:00:00Z\"}";
        String secret = secret();
        int before = conversations();

        lets(begin(ada.replace("42", "43"), signed(secret, ada)).expect(403), SHOP);
        begin(ada, signed(secret + "x", ada)).expect(403);
        String old = ada.replace("2099", "2020");
        begin(old, signed(secret, old)).expect(403);
        for (String wrong : List.of(
                "no JSON",
                "{}",
                "{\"id\":\" \"}",
                "{\"id\":\"42\",\"role\":\"owner\"}",
                "{\"id\":\"42\",\"name\":\"" + "x".repeat(301) + "\"}")) {
            begin(wrong, signed(secret, wrong)).expect(400);
        }
        begin(ada, "short").expect(400);
        assertThat(conversations()).isEqualTo(before);

        String id = begin(ada, signed(secret, ada)).expect(201).json().get("id").asText();
        JsonNode known = town.send("GET", "/api/v1/chat/conversations/" + id, owner.token(), "")
                .expect(200)
                .json()
                .get("endUser");
        assertThat(known.get("name").asText()).isEqualTo("Ada Lovelace");
        assertThat(known.get("email").asText()).isEqualTo("ada@shop.example");
        assertThat(known.at("/metadata/id").asText()).isEqualTo("42");
        assertThat(known.at("/metadata/plan").asText()).isEqualTo("gold");

        String fresh = secret();
        begin(ada, signed(secret, ada)).expect(403);
        begin(ada, signed(fresh, ada)).expect(201);
        String settings = "/api/v1/knowledge-bases/" + kb + "/sites";
        assertThat(town.send("GET", settings, owner.token(), "").text())
                .contains("\"signed\":true")
                .doesNotContain(fresh);
        town.send("DELETE", settings + "/secret", owner.token(), "").expect(204);
        begin(ada, signed(fresh, ada)).expect(403);
        assertThat(town.send("GET", "/api/v1/audit?limit=200", owner.token(), "")
                        .text())
                .doesNotContain(fresh)
                .doesNotContain(secret);
    }

    @Test
    void theOwnerSaysWhetherSearchEnginesMayListThePage() throws Exception {
        String settings = "/api/v1/knowledge-bases/" + kb + "/sites";
        assertThat(town.send("GET", settings, owner.token(), "")
                        .json()
                        .get("indexed")
                        .isNull())
                .isTrue();
        town.send("PUT", settings, owner.token(), "{\"origins\":[\"" + SHOP + "\"],\"indexed\":true}")
                .expect(200);
        name(kb, List.of(SHOP)).expect(200);
        assertThat(town.send("GET", settings, owner.token(), "")
                        .json()
                        .get("indexed")
                        .asBoolean())
                .isTrue();
        town.send("PUT", settings, owner.token(), "{\"origins\":[\"" + SHOP + "\"],\"indexed\":false}")
                .expect(200);
        assertThat(town.send("GET", settings, owner.token(), "")
                        .json()
                        .get("indexed")
                        .asBoolean())
                .isFalse();
    }
}
