package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.bootstrap.Commands;
import io.kvasir.bootstrap.Server;
import io.kvasir.bootstrap.Settings;
import io.kvasir.http.Json;
import io.kvasir.jdbc.PostgresForTests;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PostgreSQL is killed under load and started again on the same data and port. */
class DatabaseAwayTest {
    private static final int CLIENTS = 12;

    @TempDir
    Path folder;

    /** Acknowledged conversations, and how many of their questions were. */
    private final Map<String, Integer> acknowledged = new ConcurrentHashMap<>();

    private final Set<String> knowledgeBases = ConcurrentHashMap.newKeySet();
    private final Queue<Answer> refused = new ConcurrentLinkedQueue<>();
    private volatile boolean over;

    private record Answer(String request, int status, boolean retryAfter, boolean problem) {}

    @Test
    void requestsAreToldToComeAgainAndNothingAcknowledgedIsLost() throws Exception {
        try (PostgresForTests postgres = PostgresForTests.start()) {
            String database = postgres.database();
            Settings settings = settings(database);
            try (Server server = Server.start(settings)) {
                Api api = new Api(path -> URI.create("http://127.0.0.1:" + server.port() + path));
                api.login();
                String kb = created(send(api, "/api/v1/knowledge-bases", Map.of("name", "Shop")));
                List<Thread> clients = new ArrayList<>();
                for (int i = 0; i < CLIENTS; i++) {
                    boolean makes = i % 4 == 0;
                    clients.add(Thread.ofVirtual().start(() -> load(api, kb, makes)));
                }
                await().atMost(Duration.ofSeconds(60)).until(() -> acknowledged.size() > 50);

                postgres.kill();
                await().atMost(Duration.ofSeconds(60)).until(() -> refused.size() > 3 * CLIENTS);
                HttpResponse<byte[]> ready = api.client()
                        .send(api.request("/health/ready").GET().build(), HttpResponse.BodyHandlers.ofByteArray());
                assertThat(ready.statusCode()).isEqualTo(503);

                postgres.up();
                long back = System.nanoTime();
                int before = acknowledged.size();
                int bases = knowledgeBases.size();
                await().atMost(Duration.ofSeconds(10))
                        .until(() -> acknowledged.size() > before && knowledgeBases.size() > bases);
                System.out.printf(
                        "%d acknowledged, %d refused, back %.1f s after the database%n",
                        before, refused.size(), (System.nanoTime() - back) / 1e9);
                over = true;
                for (Thread client : clients) {
                    client.join();
                }

                assertThat(refused).allSatisfy(answer -> {
                    assertThat(answer.status()).as(answer.request()).isEqualTo(503);
                    assertThat(answer.retryAfter()).isTrue();
                    assertThat(answer.problem()).isTrue();
                });
                verify(api);
                api.close();
                await().atMost(Duration.ofSeconds(60)).until(() -> followed(database));
            }
            ByteArrayOutputStream said = new ByteArrayOutputStream();
            assertThat(Commands.run(
                            new String[] {"check-read-models"},
                            settings,
                            new PrintStream(said, true, StandardCharsets.UTF_8)))
                    .as(said.toString(StandardCharsets.UTF_8))
                    .isZero();
        }
    }

    private void load(Api api, String kb, boolean makes) {
        try {
            while (!over) {
                if (makes) {
                    HttpResponse<byte[]> made = send(api, "/api/v1/knowledge-bases", Map.of("name", "Another"));
                    if (noted(made, 201)) {
                        knowledgeBases.add(created(made));
                    }
                    noted(send(api.request("/api/v1/chat/conversations?limit=1").GET(), api), 200);
                    continue;
                }
                HttpResponse<byte[]> made = send(api, "/api/v1/chat/conversations", Map.of("kbId", kb));
                if (!noted(made, 201)) {
                    continue;
                }
                String conversation = created(made);
                acknowledged.put(conversation, 0);
                String messages = "/api/v1/chat/conversations/" + conversation + "/messages";
                if (noted(send(api, messages, Map.of("content", "When are refunds paid?")), 202)) {
                    acknowledged.put(conversation, 1);
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** @return whether it was acknowledged; what was not is kept */
    private boolean noted(HttpResponse<byte[]> response, int wanted) {
        if (response.statusCode() == wanted) {
            return true;
        }
        refused.add(new Answer(
                response.request().method() + " " + response.uri().getPath() + " "
                        + new String(response.body(), StandardCharsets.UTF_8),
                response.statusCode(),
                response.headers().firstValue("Retry-After").isPresent(),
                response.headers().firstValue("Content-Type").orElse("").startsWith("application/problem+json")));
        return false;
    }

    private void verify(Api api) throws Exception {
        for (Map.Entry<String, Integer> one : acknowledged.entrySet()) {
            JsonNode messages = api.get("/api/v1/chat/conversations/" + one.getKey() + "/messages")
                    .expect(200)
                    .body()
                    .get("items");
            assertThat(messages.size()).as("of %s", one.getKey()).isGreaterThanOrEqualTo(2 * one.getValue());
        }
        assertThat(all(api, "/api/v1/chat/conversations")).containsAll(acknowledged.keySet());
        assertThat(all(api, "/api/v1/knowledge-bases")).containsAll(knowledgeBases);
    }

    /** The rows of all lists are as new as the journal. */
    private static boolean followed(String database) throws SQLException {
        try (Connection c = DriverManager.getConnection(database, PostgresForTests.USER, "");
                Statement s = c.createStatement();
                ResultSet row = s.executeQuery("""
                        SELECT (SELECT COALESCE(SUM(version), 0) FROM conversations)
                            + (SELECT COALESCE(SUM(version), 0) FROM knowledge_bases)
                            = (SELECT COUNT(*) FROM event_journal
                               WHERE persistence_id NOT LIKE 'tenant|%')
                        """)) {
            row.next();
            return row.getBoolean(1);
        }
    }

    private static Set<String> all(Api api, String path) throws Exception {
        List<String> ids = new ArrayList<>();
        String cursor = "";
        do {
            JsonNode page = api.get(path + "?limit=100" + cursor).expect(200).body();
            ids.addAll(page.get("items").findValuesAsText("id"));
            cursor = page.get("nextCursor").isNull()
                    ? ""
                    : "&cursor=" + page.get("nextCursor").asText();
        } while (!cursor.isEmpty());
        return ids.stream().collect(Collectors.toSet());
    }

    private static String created(HttpResponse<byte[]> response) throws IOException {
        assertThat(response.statusCode()).isEqualTo(201);
        return Json.MAPPER.readTree(response.body()).get("id").asText();
    }

    private static HttpResponse<byte[]> send(Api api, String path, Object body)
            throws IOException, InterruptedException {
        return send(
                api.request(path)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body))),
                api);
    }

    private static HttpResponse<byte[]> send(HttpRequest.Builder request, Api api)
            throws IOException, InterruptedException {
        return api.client().send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    private Settings settings(String database) {
        return ServerHere.settings(
                folder.resolve("data"),
                Map.of("kvasir.database.url", database, "kvasir.database.user", PostgresForTests.USER));
    }
}
