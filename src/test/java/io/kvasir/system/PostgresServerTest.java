package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.bootstrap.Commands;
import io.kvasir.bootstrap.Server;
import io.kvasir.bootstrap.Settings;
import io.kvasir.jdbc.PostgresForTests;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole server on PostgreSQL: the journeys every other part rests on, over restarts. */
class PostgresServerTest {
    @TempDir
    Path folder;

    private final String database = PostgresForTests.shared().database();

    private Settings settings(Map<String, Object> more) {
        Map<String, Object> all = new HashMap<>(more);
        all.put("kvasir.database.url", database);
        all.put("kvasir.database.user", PostgresForTests.USER);
        return ServerHere.settings(folder.resolve("data"), all);
    }

    private static String created(Api api, String path, Object body) throws Exception {
        return api.post(path, body).expect(201).body().get("id").asText();
    }

    private static String knowledgeBase(Api api, String name) throws Exception {
        return created(api, "/api/v1/knowledge-bases", Map.of("name", name));
    }

    private static void upload(Api api, String kb, String text) throws Exception {
        api.taught("/api/v1/knowledge-bases/" + kb, "refunds.md", text);
    }

    private static JsonNode answer(Api api, String conversation, String question) throws Exception {
        return api.post(
                        "/api/v1/chat/conversations/" + conversation + "/messages",
                        Map.of("content", question),
                        "Accept",
                        "application/json")
                .expect(200)
                .body();
    }

    private static List<String> ids(Api api, String path) throws Exception {
        return api.get(path).expect(200).body().get("items").findValuesAsText("id");
    }

    @Test
    void whatWasSaidAndUploadedOutlivesTheServer() throws Exception {
        String kb;
        String conversation;
        String slug;
        try (Server server = Server.start(settings(Map.of()));
                Api api = ServerHere.owner(server)) {
            kb = knowledgeBase(api, "Shop");
            assertThat(ids(api, "/api/v1/knowledge-bases")).containsExactly(kb);
            upload(api, kb, "# Refunds\n\nRefunds are paid within 14 days after the goods came back.");
            conversation = created(api, "/api/v1/chat/conversations", Map.of("kbId", kb));
            JsonNode reply = answer(api, conversation, "When are refunds paid?");
            assertThat(reply.get("content").asText()).contains("14 days").contains("[1]");
            slug = api.post("/api/v1/knowledge-bases/" + kb + "/share", Map.of())
                    .expect(200)
                    .body()
                    .get("slug")
                    .asText();
            api.get("/health/ready").expect(200);
        }
        try (Server server = Server.start(settings(Map.of()));
                Api api = ServerHere.owner(server)) {
            assertThat(ids(api, "/api/v1/knowledge-bases")).containsExactly(kb);
            assertThat(ids(api, "/api/v1/chat/conversations?kbId=" + kb + "&status=active"))
                    .containsExactly(conversation);
            api.get("/api/v1/public/" + slug).expect(200);
            assertThat(answer(api, conversation, "And when are refunds paid?")
                            .get("content")
                            .asText())
                    .contains("14 days");
            assertThat(ids(api, "/api/v1/chat/conversations/" + conversation + "/messages"))
                    .hasSize(4);
            api.post("/api/v1/chat/conversations/" + conversation + "/close", Map.of())
                    .expect(200);
            assertThat(ids(api, "/api/v1/chat/conversations?status=closed")).containsExactly(conversation);
        }
    }

    @Test
    void aDeletedKnowledgeBaseTakesEverythingWithIt() throws Exception {
        try (Server server = Server.start(settings(Map.of()));
                Api api = ServerHere.owner(server)) {
            String kb = knowledgeBase(api, "Shop");
            upload(api, kb, "Refunds are paid within 14 days.");
            String conversation = created(api, "/api/v1/chat/conversations", Map.of("kbId", kb));
            answer(api, conversation, "When are refunds paid?");

            api.delete("/api/v1/knowledge-bases/" + kb).expect(204);

            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
                assertThat(ids(api, "/api/v1/knowledge-bases")).isEmpty();
                assertThat(ids(api, "/api/v1/chat/conversations")).isEmpty();
                try (Connection c = DriverManager.getConnection(database, PostgresForTests.USER, "");
                        Statement s = c.createStatement();
                        var rows = s.executeQuery("SELECT COUNT(*) FROM blob_chunks")) {
                    rows.next();
                    assertThat(rows.getInt(1)).isZero();
                }
            });
        }
    }

    @Test
    void theSamePostTwiceCreatesOnce() throws Exception {
        try (Server server = Server.start(settings(Map.of()));
                Api api = ServerHere.owner(server)) {
            Map<String, String> body = Map.of("name", "Once");
            JsonNode first = api.post("/api/v1/knowledge-bases", body, "Idempotency-Key", "k1")
                    .expect(201)
                    .body();
            JsonNode second = api.post("/api/v1/knowledge-bases", body, "Idempotency-Key", "k1")
                    .expect(201)
                    .body();

            assertThat(second).isEqualTo(first);
            assertThat(ids(api, "/api/v1/knowledge-bases")).hasSize(1);
        }
    }

    /** The rights that operations.md gives the server's role are enough, and are no more than it says. */
    @Test
    void aRoleThatMayNotChangeTheSchemaServes() throws Exception {
        String role = "r" + database.substring(database.lastIndexOf('/') + 1);
        assertThat(Commands.run(
                        new String[] {"migrate"}, settings(Map.of()), new PrintStream(new ByteArrayOutputStream())))
                .isZero();
        PostgresForTests.shared().execute("CREATE ROLE " + role + " LOGIN");
        try (Connection c = DriverManager.getConnection(database, PostgresForTests.USER, "");
                Statement s = c.createStatement()) {
            s.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO " + role);
            s.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO " + role);
        }
        Settings least = settings(Map.of("kvasir.database.user", role, "kvasir.database.migrate", false));
        try (Server server = Server.start(least);
                Api api = ServerHere.owner(server)) {
            String kb = knowledgeBase(api, "Shop");
            upload(api, kb, "Refunds are paid within 14 days.");
            assertThat(answer(
                                    api,
                                    created(api, "/api/v1/chat/conversations", Map.of("kbId", kb)),
                                    "When are refunds paid?")
                            .get("content")
                            .asText())
                    .contains("14 days");
        }
        try (Connection c = DriverManager.getConnection(database, role, "");
                Statement s = c.createStatement()) {
            assertThatThrownBy(() -> s.execute("DROP TABLE users")).hasMessageContaining("must be owner");
        }
    }
}
