package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.bootstrap.Server;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who did what is on record, on the whole server. */
class RecordTest {
    @TempDir
    static Path folder;

    private static Server server;
    private static Api api;

    @BeforeAll
    static void start() throws Exception {
        server = Server.start(ServerHere.settings(folder.resolve("data"), Map.of()));
        api = new Api(path -> URI.create("http://127.0.0.1:" + server.port() + path));
        api.login();
    }

    @AfterAll
    static void stop() {
        api.close();
        server.close();
    }

    private static List<JsonNode> record(String query) throws Exception {
        List<JsonNode> entries = new ArrayList<>();
        api.get("/api/v1/audit?" + query).expect(200).body().get("items").forEach(entries::add);
        return entries;
    }

    @Test
    void aChangeIsOnRecordWithBeforeAndAfterAndFromWhere() throws Exception {
        String id = api.post("/api/v1/knowledge-bases", Map.of("name", "First"))
                .expect(201)
                .body()
                .get("id")
                .asText();
        String path = "/api/v1/knowledge-bases/" + id;
        api.put(path, Map.of("name", "Second")).expect(200);
        api.put(path, Map.of("name", "")).expect(400);
        api.upload("POST", path + "/documents", "one.txt", "Hello there.".getBytes(StandardCharsets.UTF_8))
                .expect(202);
        api.put(path + "/rag-config", Map.of("maxResults", 7)).expect(200);
        api.delete(path).expect(204);

        List<JsonNode> entries = record("subject=knowledge-bases/" + id);
        assertThat(entries)
                .extracting(e -> e.get("action").asText())
                .containsExactly(
                        "knowledge-bases.deleted",
                        "knowledge-bases.rag-config.changed",
                        "knowledge-bases.documents.created",
                        "knowledge-bases.changed",
                        "knowledge-bases.created");
        JsonNode changed = entries.get(3);
        assertThat(changed.at("/before/name").asText()).isEqualTo("First");
        assertThat(changed.at("/after/name").asText()).isEqualTo("Second");
        assertThat(changed.at("/origin/address").asText()).isEqualTo("127.0.0.1");
        assertThat(changed.at("/origin/userAgent").asText()).startsWith("Java-http-client");
        assertThat(changed.get("actor").asText()).startsWith("user/");
        assertThat(entries.get(0).at("/before/name").asText()).isEqualTo("Second");
        assertThat(entries.get(1).at("/before/maxResults").asInt()).isEqualTo(5);
        assertThat(entries.get(1).at("/after/maxResults").asInt()).isEqualTo(7);
    }

    @Test
    void loginsAndFailuresAreOnRecordWithoutTheirSecrets() throws Exception {
        String token = api.token();
        api.token("");
        api.post("/api/v1/auth/login", Map.of("email", ServerProcess.EMAIL, "password", "not the password"))
                .expect(401);
        api.post("/api/v1/auth/login", Map.of("email", "nobody@example.org", "password", "not the password"))
                .expect(401);
        api.token(token);

        assertThat(record("action=auth.login.used")).isNotEmpty();
        // A refusal does not wait for its line: how long it takes must not tell whether there is such an account.
        List<JsonNode> failed =
                Awaitility.await().until(() -> record("action=auth.login.failed"), lines -> !lines.isEmpty());
        assertThat(failed).singleElement().satisfies(e -> {
            assertThat(e.get("actor").asText()).isEqualTo("nobody");
            assertThat(e.get("subject").asText()).startsWith("user/");
            assertThat(e.at("/origin/address").asText()).isEqualTo("127.0.0.1");
        });
        assertThat(record("").toString()).doesNotContain("not the password").doesNotContain(token);
    }

    @Test
    void theRecordProvesItselfAndIsExported() throws Exception {
        api.put("/api/v1/tenant/settings", Map.of("conversationDays", 9)).expect(200);
        assertThat(api.get("/api/v1/audit/proof")
                        .expect(200)
                        .body()
                        .get("broken")
                        .isNull())
                .isTrue();

        HttpResponse<String> csv = api.client()
                .send(api.request("/api/v1/audit/export").GET().build(), HttpResponse.BodyHandlers.ofString());
        assertThat(csv.statusCode()).isEqualTo(200);
        assertThat(csv.headers().firstValue("Content-Type")).hasValue("text/csv; charset=UTF-8");
        assertThat(csv.body()).startsWith("number,at,actor,action").contains("tenant.settings.changed");
        assertThat(record("action=audit.export.exported")).isNotEmpty();
        api.get("/api/v1/audit?from=yesterday").expect(400);
    }

    @Test
    void theRecordIsForOwnersAlone() throws Exception {
        String token = api.token();
        api.token("");
        api.get("/api/v1/audit").expect(401);
        api.token(token);
    }
}
