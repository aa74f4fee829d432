package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kvasir.bootstrap.Server;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the server answers is what its OpenAPI document says, of which the dashboard's types are made. */
class ContractTest {
    private static final String KB = "/api/v1/knowledge-bases/{kbId}";

    @TempDir
    static Path folder;

    private static Server server;
    private static Api api;
    private static JsonNode document;
    private static Described described;

    @BeforeAll
    static void start() throws Exception {
        server = Server.start(ServerHere.settings(folder.resolve("data"), Map.of()));
        api = ServerHere.owner(server);
        document = api.get("/openapi.json").expect(200).body();
        described = new Described(document);
    }

    @AfterAll
    static void stop() {
        api.close();
        server.close();
    }

    private static JsonNode holds(String method, String template, Api.Reply reply) {
        assertThat(described.faults(method, template, reply.status(), reply.body()))
                .as("%s %s: %s", method, template, reply.body())
                .isEmpty();
        return reply.body();
    }

    private static JsonNode got(String template, String path) throws Exception {
        return holds("get", template, api.get(path).expect(200));
    }

    private static JsonNode posted(int status, String template, String path, Object body) throws Exception {
        return holds("post", template, api.post(path, body).expect(status));
    }

    /** A page that is not empty: of an empty one nothing is proved. */
    private static JsonNode listed(String template, String path) throws Exception {
        JsonNode page = got(template, path);
        assertThat(page.get("items")).as(path).isNotEmpty();
        return page.get("items").get(0);
    }

    private static String made(String template, String path, Object body) throws Exception {
        return posted(201, template, path, body).get("id").asText();
    }

    @Test
    void knowledgeBasesDocumentsAndSearches() throws Exception {
        String kb = "/api/v1/knowledge-bases/"
                + made("/api/v1/knowledge-bases", "/api/v1/knowledge-bases", Map.of("name", "Shop"));
        holds(
                "put",
                KB,
                api.put(kb, Map.of("description", "Of a shop", "temperature", 0.4))
                        .expect(200));
        assertThat(posted(200, KB + "/share", kb + "/share", Map.of())
                        .get("slug")
                        .asText())
                .isNotEmpty();
        JsonNode shared = got(KB, kb);
        assertThat(shared.get("public").asBoolean()).isTrue();
        listed("/api/v1/knowledge-bases", "/api/v1/knowledge-bases?limit=5");
        got("/api/v1/public/{slug}", "/api/v1/public/" + shared.get("slug").asText());

        api.taught(kb, "refunds.md", "# Refunds\n\nRefunds are paid within 14 days.");
        holds(
                "post",
                KB + "/documents",
                api.upload("POST", kb + "/documents", "blank.md", "   ".getBytes(StandardCharsets.UTF_8))
                        .expect(202));
        String document = listed(KB + "/documents", kb + "/documents").get("id").asText();
        got(KB + "/documents/{documentId}", kb + "/documents/" + document);
        String job = listed(KB + "/jobs", kb + "/jobs").get("id").asText();
        got(KB + "/jobs/{jobId}", kb + "/jobs/" + job);
        awaitFailed(kb);
        holds(
                "put",
                KB + "/documents/{documentId}",
                api.upload(
                                "PUT",
                                kb + "/documents/" + document,
                                "refunds.md",
                                "Refunds take longer.".getBytes(StandardCharsets.UTF_8))
                        .expect(202));

        for (boolean explain : List.of(false, true)) {
            JsonNode found = posted(
                    200,
                    KB + "/knowledge/search",
                    kb + "/knowledge/search",
                    Map.of("query", "When are refunds paid?", "explain", explain));
            assertThat(found.at("/results/0").has("stages")).isEqualTo(explain);
        }
        got(KB + "/rag-config", kb + "/rag-config");
        holds(
                "put",
                KB + "/rag-config",
                api.put(kb + "/rag-config", Map.of("maxResults", 7)).expect(200));
        holds(
                "put",
                KB + "/sites",
                api.put(kb + "/sites", Map.of("origins", List.of("https://shop.example")))
                        .expect(200));
        got(KB + "/sites", kb + "/sites");
        posted(201, KB + "/sites/secret", kb + "/sites/secret", Map.of());
        posted(202, KB + "/reindex", kb + "/reindex", Map.of());
        holds("delete", KB + "/share", api.delete(kb + "/share").expect(204));
    }

    private static void awaitFailed(String kb) {
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            for (JsonNode job : got(KB + "/jobs", kb + "/jobs").get("items")) {
                if (job.get("status").asText().equals("failed")) {
                    return job.has("error");
                }
            }
            return false;
        });
    }

    @Test
    void questionsSitesAndMailboxes() throws Exception {
        String kb = "/api/v1/knowledge-bases/" + api.made("/api/v1/knowledge-bases", Map.of("name", "Sources"));
        String entry = made(
                KB + "/knowledge",
                kb + "/knowledge",
                Map.of("question", "Where are you?", "answer", "Here.", "metadata", Map.of("floor", 2)));
        listed(KB + "/knowledge", kb + "/knowledge");
        holds(
                "put",
                KB + "/knowledge/{entryId}",
                api.put(kb + "/knowledge/" + entry, Map.of("question", "Where?", "answer", "There."))
                        .expect(200));
        holds(
                "post",
                KB + "/knowledge/import",
                api.upload(
                                "POST",
                                kb + "/knowledge/import",
                                "faq.csv",
                                "question,answer\nWhen?,Now.\n".getBytes(StandardCharsets.UTF_8))
                        .expect(200));
        got(KB + "/faq-config", kb + "/faq-config");

        String web = kb + "/web-sources";
        String site = made(KB + "/web-sources", web, Map.of("url", "http://127.0.0.1:1/", "kind", "page"));
        listed(KB + "/web-sources", web);
        listed(KB + "/web-sources/{sourceId}/history", web + "/" + site + "/history");
        got(KB + "/web-sources/{sourceId}", web + "/" + site);

        String mail = kb + "/email-accounts";
        String box = made(
                KB + "/email-accounts",
                mail,
                Map.of(
                        "provider", "imap",
                        "email", "help@shop.example",
                        "host", "127.0.0.1",
                        "port", 1,
                        "password", "a long secret word",
                        "autoSync", false));
        listed(KB + "/email-accounts", mail);
        got(KB + "/email-accounts/{accountId}/history", mail + "/" + box + "/history");
    }

    @Test
    void conversations() throws Exception {
        String kb = api.made("/api/v1/knowledge-bases", Map.of("name", "Talk"));
        api.taught("/api/v1/knowledge-bases/" + kb, "a.md", "# Refunds\n\nRefunds are paid within 14 days.");
        String all = "/api/v1/chat/conversations";
        String one = made(all, all, Map.of("kbId", kb, "endUser", Map.of("name", "Ada")));
        JsonNode reply = holds(
                "post",
                all + "/{conversationId}/messages",
                api.post(
                                all + "/" + one + "/messages",
                                Map.of("content", "When are refunds paid?"),
                                "Accept",
                                "application/json")
                        .expect(200));
        assertThat(reply.get("citations")).isNotEmpty();
        holds(
                "post",
                "/api/v1/chat/messages/{messageId}/feedback",
                api.post("/api/v1/chat/messages/" + reply.get("id").asText() + "/feedback", Map.of("rating", "up"))
                        .expect(204));
        JsonNode messages = got(all + "/{conversationId}/messages", all + "/" + one + "/messages");
        assertThat(messages.at("/items/1/feedback").asText()).isEqualTo("up");
        got(all + "/{conversationId}", all + "/" + one);
        listed(all, all + "?kbId=" + kb);
        posted(200, all + "/{conversationId}/close", all + "/" + one + "/close", Map.of());
        assertThat(listed(all, all + "?status=closed").get("status").asText()).isEqualTo("closed");
    }

    @Test
    void peopleAndTheirWorkspace() throws Exception {
        JsonNode in = posted(
                200,
                "/api/v1/auth/login",
                "/api/v1/auth/login",
                Map.of("email", ServerProcess.EMAIL, "password", ServerProcess.PASSWORD));
        assertThat(in.get("accessToken").asText()).isNotEmpty();
        got("/api/v1/auth/me", "/api/v1/auth/me");
        listed("/api/v1/auth/sessions", "/api/v1/auth/sessions");
        posted(200, "/api/v1/auth/mfa/setup", "/api/v1/auth/mfa/setup", Map.of());
        listed("/api/v1/members", "/api/v1/members");
        made("/api/v1/invitations", "/api/v1/invitations", Map.of("email", "ada@shop.example", "role", "STAFF"));
        listed("/api/v1/invitations", "/api/v1/invitations");
        made("/api/v1/api-keys", "/api/v1/api-keys", Map.of("name", "Nightly"));
        listed("/api/v1/api-keys", "/api/v1/api-keys");
        got("/api/v1/usage", "/api/v1/usage");
        got("/api/v1/models", "/api/v1/models");
        got("/api/v1/oauth/providers", "/api/v1/oauth/providers");
        listed("/api/v1/audit", "/api/v1/audit");
    }

    @Test
    void refusalsAreProblems() throws Exception {
        assertThat(described.problem(
                        api.get("/api/v1/knowledge-bases/none").expect(404).body()))
                .isEmpty();
        assertThat(described.problem(api.post("/api/v1/knowledge-bases", Map.of("name", ""))
                        .expect(400)
                        .body()))
                .isEmpty();
    }

    @Test
    void aDocumentThatSaysSomethingElseIsFound() throws Exception {
        ObjectNode other = document.deepCopy();
        ObjectNode me = (ObjectNode) other.at("/components/schemas/Me");
        ((ObjectNode) me.get("properties")).put("mfaEnabled", 1).remove("email");
        ((ObjectNode) me.get("properties")).putObject("mfaEnabled").put("type", "string");
        me.withArray("required").add("nickname");

        assertThat(new Described(other)
                        .faults(
                                "get",
                                "/api/v1/auth/me",
                                200,
                                api.get("/api/v1/auth/me").body()))
                .hasSize(3)
                .anySatisfy(fault -> assertThat(fault).contains("/email is not in the document"))
                .anySatisfy(fault -> assertThat(fault).contains("/nickname is missing"))
                .anySatisfy(fault -> assertThat(fault).contains("/mfaEnabled is"));
    }
}
