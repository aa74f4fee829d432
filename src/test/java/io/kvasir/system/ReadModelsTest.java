package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.bootstrap.Commands;
import io.kvasir.bootstrap.Server;
import io.kvasir.bootstrap.Settings;
import io.kvasir.jdbc.DatabaseSettings;
import io.kvasir.jdbc.TestDatabase;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Lists follow the journal: exactly, over restarts, and again from nothing. */
@ParameterizedClass
@EnumSource(TestDatabase.class)
class ReadModelsTest {
    @TempDir
    Path folder;

    private final DatabaseSettings database;

    ReadModelsTest(TestDatabase kind) {
        database = kind.settings();
    }

    private Settings settings() {
        return ServerHere.settings(
                folder.resolve("data"),
                Map.of("kvasir.database.url", database.url(), "kvasir.database.user", database.user()));
    }

    private static String created(Api api, String path, Object body) throws Exception {
        return api.post(path, body).expect(201).body().get("id").asText();
    }

    private static void ask(Api api, String conversation) throws Exception {
        api.post(
                        "/api/v1/chat/conversations/" + conversation + "/messages",
                        Map.of("content", "When are refunds paid?"),
                        "Accept",
                        "application/json")
                .expect(200);
    }

    private static JsonNode conversations(Api api) throws Exception {
        return api.get("/api/v1/chat/conversations").expect(200).body().get("items");
    }

    private long number(String sql) {
        try (Connection c = connection();
                Statement s = c.createStatement();
                var rows = s.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private int execute(String sql) throws SQLException {
        try (Connection c = connection();
                Statement s = c.createStatement()) {
            return s.executeUpdate(sql);
        }
    }

    private Connection connection() throws SQLException {
        return DriverManager.getConnection(database.url(), database.user(), "");
    }

    /** All rows are as new as the journal. */
    private void followed() {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> number("SELECT COALESCE(SUM(version), 0) FROM conversations")
                                + number("SELECT COALESCE(SUM(version), 0) FROM knowledge_bases")
                        == number(
                                "SELECT COUNT(*) FROM \"event_journal\" WHERE \"persistence_id\" NOT LIKE 'tenant|%'"));
    }

    private record Run(int code, String said) {}

    private Run command(String name) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        int code = Commands.run(new String[] {name}, settings(), new PrintStream(said, true, StandardCharsets.UTF_8));
        return new Run(code, said.toString(StandardCharsets.UTF_8));
    }

    @Test
    void listsFollowTheJournalOverRestarts() throws Exception {
        String conversation;
        try (Server server = Server.start(settings());
                Api api = ServerHere.owner(server)) {
            String kb = created(api, "/api/v1/knowledge-bases", Map.of("name", "Shop"));
            assertThat(number("SELECT COUNT(*) FROM knowledge_bases WHERE version > 0"))
                    .as("listed before it is acknowledged")
                    .isEqualTo(1);
            conversation = created(api, "/api/v1/chat/conversations", Map.of("kbId", kb));
            assertThat(conversations(api)).hasSize(1);
            ask(api, conversation);
            followed();
            Instant said =
                    Instant.parse(conversations(api).get(0).get("updatedAt").asText());
            assertThat(said)
                    .isAfter(Instant.parse(
                            conversations(api).get(0).get("createdAt").asText()));
            // The rows were written ahead; what follows the journal comes a moment later.
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> number("SELECT COUNT(*) FROM \"pekko_projection_offset_store\"") > 0);
        }
        try (Server server = Server.start(settings());
                Api api = ServerHere.owner(server)) {
            ask(api, conversation);
            followed();
            api.post("/api/v1/chat/conversations/" + conversation + "/close", Map.of())
                    .expect(200);
            assertThat(conversations(api).get(0).get("status").asText()).isEqualTo("closed");
            followed();
        }
        assertThat(command("check-read-models")).isEqualTo(new Run(0, "Every row is what its events say.\n"));
    }

    @Test
    void whatWasNotWrittenAheadComesWithTheProjection() throws Exception {
        try (Server server = Server.start(settings());
                Api api = ServerHere.owner(server)) {
            String kb = created(api, "/api/v1/knowledge-bases", Map.of("name", "Shop"));
            String conversation = created(api, "/api/v1/chat/conversations", Map.of("kbId", kb));
            execute("DELETE FROM conversations");
            execute("UPDATE knowledge_bases SET version = 0, confirmed = FALSE");

            ask(api, conversation);
            api.post("/api/v1/knowledge-bases/" + kb + "/share", Map.of()).expect(200);

            await().atMost(Duration.ofSeconds(30))
                    .until(() -> conversations(api).size() == 1);
            followed();
        }
        assertThat(command("check-read-models").code()).isZero();
    }

    @Test
    void aCheckNamesWhatDiffersAndARebuildMendsIt() throws Exception {
        String kb;
        String lost;
        String changed;
        try (Server server = Server.start(settings());
                Api api = ServerHere.owner(server)) {
            kb = created(api, "/api/v1/knowledge-bases", Map.of("name", "Shop"));
            lost = created(api, "/api/v1/chat/conversations", Map.of("kbId", kb));
            changed = created(api, "/api/v1/chat/conversations", Map.of("kbId", kb));
            ask(api, changed);
            followed();
        }
        assertThat(execute("DELETE FROM conversations WHERE id = '" + lost + "'"))
                .isEqualTo(1);
        assertThat(execute("UPDATE conversations SET status = 'closed', version = 1000 WHERE id = '" + changed + "'"))
                .isEqualTo(1);
        execute("INSERT INTO conversations (tenant, id, knowledge_base, status, created_at, updated_at, version)"
                + " SELECT tenant, 'nobody', knowledge_base, status, created_at, updated_at, 3 FROM conversations");
        execute("UPDATE knowledge_bases SET slug = 'nobody-said-so'");

        Run check = command("check-read-models");

        assertThat(check.code()).isEqualTo(1);
        assertThat(check.said())
                .contains(lost + ": the row is absent")
                .contains(changed + ": the row is Row[")
                .contains("nobody: the row is Row[")
                .contains("nobody-said-so")
                .contains("4 rows differ.");
        assertThat(command("rebuild-read-models"))
                .isEqualTo(new Run(0, "4 rows were made anew; the others were right.\n"));
        assertThat(command("check-read-models").code()).isZero();
        try (Server server = Server.start(settings());
                Api api = ServerHere.owner(server)) {
            assertThat(conversations(api)).hasSize(2);
            ask(api, lost);
            followed();
        }
    }

    @Test
    void aDeletedKnowledgeBaseLeavesNoRow() throws Exception {
        try (Server server = Server.start(settings());
                Api api = ServerHere.owner(server)) {
            String kb = created(api, "/api/v1/knowledge-bases", Map.of("name", "Shop"));
            ask(api, created(api, "/api/v1/chat/conversations", Map.of("kbId", kb)));

            api.delete("/api/v1/knowledge-bases/" + kb).expect(204);

            assertThat(api.get("/api/v1/knowledge-bases").body().get("items")).isEmpty();
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> number("SELECT COUNT(*) FROM knowledge_bases")
                                    + number("SELECT COUNT(*) FROM conversations")
                            == 0);
        }
        assertThat(command("check-read-models").code()).isZero();
        assertThat(command("no-such-command").code()).isEqualTo(2);
    }
}
