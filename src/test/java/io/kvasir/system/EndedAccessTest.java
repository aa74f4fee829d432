package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.kvasir.http.Json;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.load.FakeLlm;
import io.kvasir.load.FakeReply;
import io.kvasir.system.Town.Caller;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose access ends loses what is open at once: live streams over HTTP, on the whole server. */
class EndedAccessTest {
    @TempDir
    static Path folder;

    private static final FakeLlm LLM = FakeLlm.start(0, FakeReply.DEFAULT);
    private static Town town;
    private static Caller chief;

    private String email;
    private String user;

    @BeforeAll
    static void start() throws Exception {
        town = new Town(
                folder,
                ConfigFactory.parseMap(Map.of(
                        "kvasir.llm.providers.openai.base-url",
                        "http://127.0.0.1:" + LLM.port() + "/v1",
                        "kvasir.llm.providers.openai.models",
                        List.of())));
        chief = town.caller("super_admin");
    }

    @AfterAll
    static void stop() {
        town.close();
        LLM.close();
    }

    @BeforeEach
    void somebody() {
        email = io.kvasir.kernel.Ids.next() + "@example.org";
        user = town.census().user(email, chief.things().get("tenantId"), Role.ADMIN);
    }

    private Caller in() throws Exception {
        return town.login("somebody", email, Set.of(Role.ADMIN));
    }

    /** A stream that is read on and on. */
    private static final class Live implements AutoCloseable {
        private final BufferedReader lines;
        private final List<String> heard = new CopyOnWriteArrayList<>();
        private final Thread reader;
        private volatile boolean ended;

        Live(HttpRequest request) throws Exception {
            HttpResponse<java.io.InputStream> response =
                    town.client().send(request, HttpResponse.BodyHandlers.ofInputStream());
            assertThat(response.statusCode()).isEqualTo(200);
            lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
            reader = Thread.ofVirtual().start(this::read);
            await().until(() -> !heard.isEmpty());
        }

        private void read() {
            try {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    heard.add(line);
                }
                ended = true;
            } catch (IOException closed) {
                // By the test itself: it did not end in order.
            }
        }

        void ends() {
            await().atMost(Duration.ofSeconds(5)).until(() -> ended);
        }

        void hears(String event) {
            await().atMost(Duration.ofSeconds(20)).until(() -> heard.contains("event: " + event));
            assertThat(ended).isFalse();
        }

        @Override
        public void close() throws IOException {
            reader.interrupt();
            lines.close();
        }
    }

    private static Live conversation(String token) throws Exception {
        return new Live(events("/api/v1/chat/conversations/" + chief.things().get("conversationId") + "/events", token)
                .build());
    }

    private static Live jobs(String token) throws Exception {
        return new Live(events("/api/v1/knowledge-bases/" + chief.things().get("kbId") + "/events", token)
                .build());
    }

    private static HttpRequest.Builder events(String path, String token) {
        return HttpRequest.newBuilder(town.uri(path)).header("Authorization", "Bearer " + token);
    }

    private static void post(String path, String body, int wanted) throws Exception {
        town.send("POST", path, chief.token(), body).expect(wanted);
    }

    private static String key(Caller owner) throws Exception {
        return town.send("POST", "/api/v1/api-keys", owner.token(), "{\"name\":\"Stream\"}")
                .expect(201)
                .text();
    }

    @Test
    void aSuspendedUserLosesEveryStreamWhateverItWasOpenedWith() throws Exception {
        Caller somebody = in();
        String key = Json.MAPPER.readTree(key(somebody)).get("key").asText();
        try (Live talk = conversation(somebody.token());
                Live news = jobs(somebody.token());
                Live machine = conversation(key);
                Live another = conversation(chief.token())) {
            post("/api/v1/operations/users/" + user + "/suspend", "", 204);

            talk.ends();
            news.ends();
            machine.ends();
            for (String token : List.of(somebody.token(), key)) {
                town.send("GET", "/api/v1/knowledge-bases", token, "").expect(401);
            }
            // Everybody else's goes on: a question is heard.
            post(
                    "/api/v1/chat/conversations/" + chief.things().get("conversationId") + "/messages",
                    "{\"content\":\"When are refunds paid?\"}",
                    202);
            another.hears("turn.completed");
        }
    }

    @Test
    void aReplyThatIsBeingWrittenIsNotReadOn() throws Exception {
        Caller somebody = in();
        String kb = town.send(
                        "POST",
                        "/api/v1/knowledge-bases",
                        chief.token(),
                        Json.write(Map.of(
                                "name", "Slow", "provider", "openai", "model", "fake:first=50,rate=20,tokens=2000")))
                .expect(201)
                .json()
                .get("id")
                .asText();
        String document = "/api/v1/knowledge-bases/" + kb;
        town.send("POST", document + "/documents", chief.token(), Routes.FILE).expect(202);
        await().atMost(Duration.ofSeconds(30))
                .until(() -> town.send("GET", document, chief.token(), "")
                                .json()
                                .get("passages")
                                .asInt()
                        > 0);
        String conversation = town.send(
                        "POST", "/api/v1/chat/conversations", somebody.token(), "{\"kbId\":\"" + kb + "\"}")
                .expect(201)
                .json()
                .get("id")
                .asText();
        HttpRequest ask = town.request(
                        "POST",
                        "/api/v1/chat/conversations/" + conversation + "/messages",
                        somebody.token(),
                        "{\"content\":\"What are the sample words?\"}")
                .header("Accept", "text/event-stream")
                .timeout(Duration.ofSeconds(120))
                .build();
        try (Live reply = new Live(ask)) {
            reply.hears("delta");
            post("/api/v1/members/" + user + "/suspend", "", 204);

            reply.ends();
            assertThat(reply.heard).doesNotContain("event: turn.completed", "event: turn.failed");
        }
        post("/api/v1/chat/conversations/" + conversation + "/stop", "", 204);
    }

    @Test
    void aLogoutAnEndedSessionAndARevokedKeyEndTheirOwnStreamsAlone() throws Exception {
        Caller first = in();
        Caller second = in();
        Caller third = in();
        var made = Json.MAPPER.readTree(key(third));
        try (Live left = conversation(first.token());
                Live sent = conversation(second.token());
                Live machine = jobs(made.get("key").asText());
                Live stays = conversation(third.token())) {
            town.send("POST", "/api/v1/auth/logout", first.token(), "").expect(204);
            left.ends();
            assertThat(sent.ended).isFalse();

            town.send("DELETE", "/api/v1/auth/sessions/" + second.things().get("sessionId"), third.token(), "")
                    .expect(204);
            sent.ends();
            assertThat(machine.ended).isFalse();

            town.send("DELETE", "/api/v1/api-keys/" + made.get("id").asText(), third.token(), "")
                    .expect(204);
            machine.ends();
            assertThat(stays.ended).isFalse();
        }
    }

    @Test
    void whoIsRemovedOrErasedIsGoneAtOnce() throws Exception {
        Caller removed = in();
        String other = io.kvasir.kernel.Ids.next() + "@example.org";
        String gone = town.census().user(other, chief.things().get("tenantId"), Role.STAFF);
        Caller erased = town.login("erased", other, Set.of(Role.STAFF));
        try (Live first = conversation(removed.token());
                Live second = conversation(erased.token())) {
            town.send("DELETE", "/api/v1/members/" + user, chief.token(), "").expect(204);
            first.ends();
            assertThat(second.ended).isFalse();

            post("/api/v1/privacy/erase", "{\"userId\":\"" + gone + "\"}", 200);
            second.ends();
        }
        town.send("GET", "/api/v1/auth/me", removed.token(), "").expect(401);
        town.send("GET", "/api/v1/auth/me", erased.token(), "").expect(401);
    }

    @Test
    void whatIsSharedNoLongerIsSilentForItsVisitors() throws Exception {
        String kb = town.send("POST", "/api/v1/knowledge-bases", chief.token(), "{\"name\":\"Short\"}")
                .expect(201)
                .json()
                .get("id")
                .asText();
        String share = "/api/v1/knowledge-bases/" + kb + "/share";
        Caller visitor = town.visitor(
                town.send("POST", share, chief.token(), "")
                        .expect(200)
                        .json()
                        .get("slug")
                        .asText(),
                "visitor");
        String talk = "/api/v1/chat/conversations/" + visitor.things().get("conversationId");
        try (Live visiting = new Live(events(talk + "/events", visitor.token()).build());
                Live staff = new Live(events(talk + "/events", chief.token()).build())) {
            town.send("DELETE", share, chief.token(), "").expect(204);

            visiting.ends();
            assertThat(staff.ended).isFalse();
        }
        town.send("GET", talk + "/events", visitor.token(), "").expect(404);
    }

    @Test
    void aSuspendedTenantIsSilentForPeopleAndVisitors() throws Exception {
        Caller owner = town.stranger();
        Caller guest = town.guest();
        String tenant = owner.things().get("tenantId");
        String theirs = "/api/v1/knowledge-bases/" + owner.things().get("kbId") + "/events";
        String talk = "/api/v1/chat/conversations/" + guest.things().get("conversationId") + "/events";
        try (Live news = new Live(events(theirs, owner.token()).build());
                Live visiting = new Live(events(talk, guest.token()).build());
                Live ours = jobs(chief.token())) {
            post("/api/v1/operations/tenants/" + tenant + "/suspend", "", 204);

            news.ends();
            visiting.ends();
            assertThat(ours.ended).isFalse();
        }
        town.send("GET", talk, guest.token(), "").expect(401);
        town.send("GET", "/api/v1/public/" + owner.things().get("slug"), "", "").expect(404);
        town.send("POST", "/api/v1/public/" + owner.things().get("slug") + "/conversations", "", "")
                .expect(404);

        post("/api/v1/operations/tenants/" + tenant + "/resume", "", 204);
        town.send("GET", talk.replace("/events", ""), guest.token(), "").expect(200);
        town.send("GET", "/api/v1/public/" + owner.things().get("slug"), "", "").expect(200);
    }
}
