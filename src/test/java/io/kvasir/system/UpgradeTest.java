package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.bootstrap.Commands;
import io.kvasir.bootstrap.Server;
import io.kvasir.bootstrap.Settings;
import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.DatabaseSettings;
import io.kvasir.jdbc.PostgresForTests;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.h2.tools.RunScript;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From the version before to this one with data in it, and back to the state of before by its backup. */
class UpgradeTest {
    /** What the server of schema version 3 left behind: one knowledge base with a document, and two conversations. */
    private static final Path BEFORE = Path.of("src/test/resources/previous/v3.sql");

    private static final String KB = "01a1fe8f071ec7a0d3d120be9d278ad2";
    private static final String SLUG = "01a1fe8f2b249993fcf501fddb37b550";
    private static final String DOCUMENT = "01a1fe8f27993ce6e9691a118eee4bae";
    private static final String OPEN = "01a1fe8f3b94344e17bc642ec41db9cb";
    private static final String CLOSED = "01a1fe8f4abbd2f138bf355337fa2ae4";

    @TempDir
    Path folder;

    private Path data;
    private String url;

    @BeforeEach
    void before() throws Exception {
        data = folder.resolve("data");
        Files.createDirectories(data);
        url = "jdbc:h2:file:" + data.resolve("kvasir");
        RunScript.execute(url, "sa", "", BEFORE.toString(), StandardCharsets.UTF_8, false);
    }

    private Settings settings() {
        return ServerHere.settings(data, Map.of("kvasir.master-key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    }

    private static int command(String name, Settings settings) {
        return Commands.run(new String[] {name}, settings, new PrintStream(OutputStream.nullOutputStream()));
    }

    private static List<String> ids(Api api, String path) throws Exception {
        return api.get(path).expect(200).body().get("items").findValuesAsText("id");
    }

    @Test
    void everythingOfBeforeIsThereAndGoesOn() throws Exception {
        try (Server server = Server.start(settings());
                Api api = new Api(path -> URI.create("http://127.0.0.1:" + server.port() + path))) {
            api.login();
            JsonNode kb = api.get("/api/v1/knowledge-bases/" + KB).expect(200).body();
            assertThat(kb.get("name").asText()).isEqualTo("Shop of before");
            assertThat(kb.get("embeddingModel").asText()).isEqualTo("bge-small-en-v1.5-q");
            assertThat(ids(api, "/api/v1/knowledge-bases")).containsExactly(KB);
            api.get("/api/v1/public/" + SLUG).expect(200);
            HttpResponse<String> file = api.client()
                    .send(
                            api.request("/api/v1/knowledge-bases/" + KB + "/documents/" + DOCUMENT + "/content")
                                    .GET()
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(file.body()).contains("Refunds are paid within 14 days");
            assertThat(ids(api, "/api/v1/chat/conversations?status=active")).containsExactly(OPEN);
            assertThat(ids(api, "/api/v1/chat/conversations?status=closed")).containsExactly(CLOSED);
            String messages = "/api/v1/chat/conversations/" + OPEN + "/messages";
            assertThat(api.get(messages)
                            .expect(200)
                            .body()
                            .get("items")
                            .get(0)
                            .get("content")
                            .asText())
                    .isEqualTo("When are refunds paid?");

            api.post(messages, Map.of("content", "And now?"), "Accept", "application/json")
                    .expect(200);
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> !api.get("/api/v1/chat/conversations?status=active")
                            .body()
                            .get("items")
                            .get(0)
                            .get("updatedAt")
                            .asText()
                            .startsWith("2026-11-21T14:42"));
        }
        command("rebuild-read-models", settings());
        assertThat(command("check-read-models", settings())).isZero();
    }

    @Test
    void theBackupOfBeforeIsTheWayBack() throws Exception {
        Path backup = folder.resolve("backup");
        copy(data, backup);
        String before = content(url, "sa");
        assertThat(newest(url, "sa")).isEqualTo("3");

        assertThat(command("migrate", settings())).isZero();
        assertThat(Integer.parseInt(newest(url, "sa"))).isGreaterThanOrEqualTo(10);

        delete(data);
        copy(backup, data);
        assertThat(newest(url, "sa")).isEqualTo("3");
        assertThat(content(url, "sa")).isEqualTo(before);
        assertThat(command("migrate", settings())).as("and forward again").isZero();
    }

    @Test
    void andOnPostgresqlToo() throws Exception {
        PostgresForTests postgres = PostgresForTests.shared();
        String before = postgres.database();
        Flyway.configure()
                .dataSource(before, PostgresForTests.USER, "")
                .locations("classpath:db/migration/postgresql", "classpath:db/migration/common")
                .target("3")
                .load()
                .migrate();
        try (Connection c = DriverManager.getConnection(before, PostgresForTests.USER, "");
                PreparedStatement insert = c.prepareStatement(
                        "INSERT INTO conversations (tenant, id, knowledge_base, status, created_at, updated_at) VALUES ('t', ?, 'k', 'active', now(), now())")) {
            for (int i = 0; i < 10; i++) {
                insert.setString(1, "c" + i);
                insert.executeUpdate();
            }
        }
        String rows = content(before, PostgresForTests.USER);
        String backup = postgres.copyOf(name(before));

        Database.open(new DatabaseSettings(
                        before, PostgresForTests.USER, "", 4, Duration.ofSeconds(5), Duration.ofSeconds(60), true))
                .close();
        assertThat(Integer.parseInt(newest(before, PostgresForTests.USER))).isGreaterThanOrEqualTo(10);
        assertThat(content(before, PostgresForTests.USER)).contains("c9").isNotEqualTo(rows);

        postgres.execute("DROP DATABASE " + name(before));
        String restored = postgres.copyOf(name(backup));
        assertThat(newest(restored, PostgresForTests.USER)).isEqualTo("3");
        assertThat(content(restored, PostgresForTests.USER)).isEqualTo(rows);
    }

    private static String name(String database) {
        return database.substring(database.lastIndexOf('/') + 1);
    }

    /** The newest schema version. */
    private static String newest(String url, String user) throws SQLException {
        return told(
                url,
                user,
                "SELECT \"version\" FROM \"flyway_schema_history\" WHERE \"version\" IS NOT NULL ORDER BY \"installed_rank\" DESC LIMIT 1");
    }

    /** What lists are made of, whole. */
    private static String content(String url, String user) throws SQLException {
        return told(url, user, "SELECT * FROM conversations ORDER BY id")
                + told(url, user, "SELECT * FROM knowledge_bases ORDER BY id");
    }

    private static String told(String url, String user, String sql) throws SQLException {
        StringBuilder told = new StringBuilder();
        try (Connection c = DriverManager.getConnection(url, user, "");
                Statement s = c.createStatement();
                ResultSet rows = s.executeQuery(sql)) {
            int columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                for (int i = 1; i <= columns; i++) {
                    told.append(i == 1 ? "" : ", ").append(rows.getString(i));
                }
            }
        }
        return told.toString();
    }

    private static void copy(Path from, Path to) throws Exception {
        Files.createDirectories(to);
        try (var files = Files.list(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    private static void delete(Path folder) throws Exception {
        try (var files = Files.walk(folder)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
