package io.kvasir.system;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.kvasir.bootstrap.Server;
import io.kvasir.bootstrap.Settings;
import io.kvasir.http.Json;
import io.kvasir.identity.Census;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.system.Routes.Needs;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * A whole server with two tenants that know nothing of each other. One of them has everybody a tenant can have; all the
 * other has was given {@link #MARKER} for a name, so that it is recognised wherever it does not belong.
 */
final class Town implements AutoCloseable {
    static final String MARKER = "Yggdrasil";
    static final String PASSWORD = ServerProcess.PASSWORD;
    private static final String BOUNDARY = "kvasir-test-boundary";

    /** What somebody can name in a request: ids and the like by the name of the parameter. */
    record Things(Map<String, String> all) {
        Things {
            all = Map.copyOf(all);
        }

        Things with(String name, String value) {
            Map<String, String> more = new HashMap<>(all);
            more.put(name, value);
            return new Things(more);
        }

        boolean has(String name) {
            return all.containsKey(name);
        }

        String get(String name) {
            String value = all.get(name);
            if (value == null) {
                throw new AssertionError("nobody knows a " + name);
            }
            return value;
        }
    }

    /** @param scopes what the credential is good for; a login is good for all */
    record Caller(String name, String email, Set<Role> roles, Set<Needs> scopes, String token, Things things) {
        boolean passes(Routes.Row row) {
            return roles.stream().anyMatch(row.who().roles::contains) && scopes.contains(row.needs());
        }

        boolean visits() {
            return roles.equals(Set.of(Role.END_USER));
        }

        Caller with(Things others) {
            return new Caller(name, email, roles, scopes, token, others);
        }
    }

    /** @param text decoded, a zip's files one after the other; empty for an open stream */
    record Answer(int status, String type, String text, java.net.http.HttpHeaders headers) {
        JsonNode json() {
            try {
                return Json.MAPPER.readTree(text);
            } catch (IOException e) {
                throw new AssertionError("no JSON: " + this, e);
            }
        }

        Answer expect(int wanted) {
            if (status != wanted) {
                throw new AssertionError("expected " + wanted + " but got " + status + ": " + text);
            }
            return this;
        }
    }

    private final Server server;
    private final Census census;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private final String home;
    private final Caller founder;
    private final Caller stranger;
    private final Things second;
    private final Caller guest;
    private final List<Caller> callers = new ArrayList<>();
    private final Map<String, String> spent = new HashMap<>();

    Town(Path folder) throws Exception {
        this(folder, ConfigFactory.empty());
    }

    /** @param more laid over the settings of a town */
    Town(Path folder, Config more) throws Exception {
        Path data = folder.resolve("data");
        server = Server.start(Settings.of(more.withFallback(ConfigFactory.parseMap(Map.of(
                        "kvasir.data-dir",
                        data.toString(),
                        "kvasir.http.port",
                        0,
                        "kvasir.http.rate-limits.on",
                        false,
                        "kvasir.tenancy.first-plan",
                        "enterprise",
                        "kvasir.demo",
                        false,
                        "kvasir.owner.password",
                        PASSWORD)))
                .withFallback(ConfigFactory.load())
                .resolve()));
        census = new Census(data, PASSWORD);
        Caller owner = login("super_admin", ServerProcess.EMAIL, Set.of(Role.SUPER_ADMIN, Role.OWNER));
        home = owner.things().get("tenantId");
        founder = owner.with(filled(owner, "Shop", "Refunds are paid within 14 days."));
        second = filled(owner, "Second", "Parcels leave on Mondays.");

        String elsewhere = census.tenant(MARKER + " & Co");
        census.user(MARKER.toLowerCase(java.util.Locale.ROOT) + "@example.org", elsewhere, Role.OWNER);
        census.user(MARKER + "-staff@example.org", elsewhere, Role.STAFF);
        Caller other =
                login("stranger", MARKER.toLowerCase(java.util.Locale.ROOT) + "@example.org", Set.of(Role.OWNER));
        stranger = other.with(
                filled(other, MARKER, MARKER + " is the name of the tree.").with("throwaway", elsewhere));
        guest = visitor(stranger.things().get("slug"), "guest of the stranger");
        people();
        machines();
    }

    private void people() throws Exception {
        callers.add(founder);
        for (Role role : List.of(Role.OWNER, Role.ADMIN, Role.STAFF, Role.VIEWER)) {
            String name = role.name().toLowerCase(java.util.Locale.ROOT);
            census.user(name + "@example.org", home, role);
            Caller caller = login(name, name + "@example.org", Set.of(role));
            callers.add(caller.with(mixed(founder.things(), caller)));
        }
        callers.add(visitor(founder.things().get("slug"), "visitor"));
    }

    /** The same things as another of the tenant has, but one's own account. */
    private static Things mixed(Things shared, Caller own) {
        Things mixed = shared;
        for (String mine : List.of("myself", "sessionId")) {
            mixed = mixed.with(mine, own.things().get(mine));
        }
        return mixed;
    }

    private void machines() throws Exception {
        Caller owner = caller("owner");
        for (Needs scope : List.of(Needs.READ, Needs.CHAT, Needs.WRITE, Needs.ADMIN)) {
            callers.add(machine(owner, "key of the owner for " + scope, EnumSet.of(scope)));
        }
        Set<Needs> all = EnumSet.of(Needs.READ, Needs.CHAT, Needs.WRITE, Needs.ADMIN);
        callers.add(machine(owner, "key of the owner for all", all));
        callers.add(machine(caller("admin"), "key of the admin for all", all));

        Caller leaving = login("leaver", "viewer@example.org", Set.of(Role.VIEWER));
        spent.put("a login that ended", leaving.token());
        send("POST", "/api/v1/auth/logout", leaving.token(), "{}").expect(204);
        spent.put("an expired login", census.expired(owner.token()));
        spent.put("a login with another's signature", forged(owner.token()));
        spent.put("an unsigned login", unsigned(owner.token()));
        spent.put("a revoked key", revoked(owner));
        spent.put("an expired key", expiredKey(owner));
        spent.put("a key that never was", "kvk_" + "A".repeat(43));
        String suspended = census.user("suspended@example.org", home, Role.ADMIN);
        spent.put(
                "a suspended member's login",
                login("suspended", "suspended@example.org", Set.of(Role.ADMIN)).token());
        send("POST", "/api/v1/members/" + suspended + "/suspend", owner.token(), "")
                .expect(204);
    }

    Caller caller(String name) {
        return callers.stream().filter(c -> c.name().equals(name)).findFirst().orElseThrow();
    }

    /** Everybody of the first tenant, with every kind of credential that is good. */
    List<Caller> callers() {
        return callers;
    }

    /** Credentials that are good no more, or never were, by what is wrong with them. */
    Map<String, String> spent() {
        return spent;
    }

    /** The owner of the other tenant. */
    Caller stranger() {
        return stranger;
    }

    /** A visitor of the other tenant. */
    Caller guest() {
        return guest;
    }

    /** A second knowledge base of the first tenant, and what hangs on it. */
    Things second() {
        return second;
    }

    Census census() {
        return census;
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    HttpClient client() {
        return client;
    }

    // people and what is theirs

    Caller login(String name, String email, Set<Role> roles) throws Exception {
        JsonNode in = send("POST", "/api/v1/auth/login", "", Json.write(Map.of("email", email, "password", PASSWORD)))
                .expect(200)
                .json();
        String token = in.get("accessToken").asText();
        Things things = new Things(Map.of(
                "tenantId",
                in.get("tenantId").asText(),
                "myself",
                send("GET", "/api/v1/auth/me", token, "")
                        .expect(200)
                        .json()
                        .get("id")
                        .asText(),
                "sessionId",
                session(token),
                "throwaway",
                "none"));
        return new Caller(name, email, roles, EnumSet.allOf(Needs.class), token, things);
    }

    private String session(String token) throws Exception {
        for (JsonNode session : send("GET", "/api/v1/auth/sessions", token, "")
                .expect(200)
                .json()
                .get("items")) {
            if (session.get("current").asBoolean()) {
                return session.get("id").asText();
            }
        }
        throw new AssertionError("no current session");
    }

    Caller visitor(String slug, String name) throws Exception {
        JsonNode in = send("POST", "/api/v1/public/" + slug + "/conversations", "", "")
                .expect(201)
                .json();
        String conversation = in.get("id").asText();
        Things things = founder.things()
                .with("slug", slug)
                .with("conversationId", conversation)
                .with("messageId", conversation + "-1-a");
        Caller visitor = new Caller(
                name,
                "",
                Set.of(Role.END_USER),
                EnumSet.of(Needs.CHAT),
                in.get("accessToken").asText(),
                things);
        asked(visitor, conversation);
        return visitor;
    }

    private Caller machine(Caller owner, String name, Set<Needs> scopes) throws Exception {
        List<String> wanted = scopes.stream()
                .map(scope -> scope.name().toLowerCase(java.util.Locale.ROOT))
                .toList();
        JsonNode made = send(
                        "POST", "/api/v1/api-keys", owner.token(), Json.write(Map.of("name", name, "scopes", wanted)))
                .expect(201)
                .json();
        return new Caller(
                name, owner.email(), owner.roles(), scopes, made.get("key").asText(), owner.things());
    }

    /** A knowledge base of a tenant with everything that can hang on it, shared, and the tenant's own things. */
    private Things filled(Caller owner, String name, String text) throws Exception {
        Things things = owner.things();
        things = things.with("kbId", knowledgeBase(owner, name));
        things = things.with("slug", shared(owner, things.get("kbId")));
        things = document(owner, things, name, text);
        things = things.with("entryId", entry(owner, things, name)).with("sourceId", site(owner, things));
        String site = "/api/v1/knowledge-bases/" + things.get("kbId") + "/web-sources/" + things.get("sourceId");
        // Nobody may go there, so it has failed for good, and stays as it is.
        await().atMost(Duration.ofSeconds(60))
                .until(() -> send("GET", site, owner.token(), "")
                        .json()
                        .get("status")
                        .asText()
                        .equals("failed"));
        String conversation = conversation(owner, things.get("kbId"), name);
        asked(owner, conversation);
        String documents = "/api/v1/knowledge-bases/" + things.get("kbId") + "/documents/";
        String document = things.get("documentId");
        await().atMost(Duration.ofSeconds(60))
                .until(() -> send("GET", documents + document, owner.token(), "")
                        .json()
                        .at("/job/status")
                        .asText()
                        .equals("completed"));
        things = things.with("accountId", mailbox(owner, things));
        return things.with("conversationId", conversation)
                .with("messageId", conversation + "-1-a")
                .with("keyId", key(owner, name))
                .with("invitationId", invitation(owner, name + Ids.next() + "@example.org"))
                .with("userId", member(owner, name));
    }

    /** One that can't be opened, and is at rest once that is known. */
    private String mailbox(Caller owner, Things things) throws Exception {
        String mailboxes = "/api/v1/knowledge-bases/" + things.get("kbId") + "/email-accounts";
        String id = send(
                        "POST",
                        mailboxes,
                        owner.token(),
                        Json.write(Map.of(
                                "provider",
                                "imap",
                                "email",
                                Ids.next() + "@example.org",
                                "host",
                                "127.0.0.1",
                                "password",
                                "a secret")))
                .expect(201)
                .json()
                .get("id")
                .asText();
        await().atMost(Duration.ofSeconds(30))
                .until(() -> send("GET", mailboxes + "/" + id, owner.token(), "")
                        .json()
                        .get("status")
                        .asText()
                        .equals("failed"));
        return id;
    }

    private String member(Caller owner, String name) {
        return census.user(name + Ids.next() + "@example.org", owner.things().get("tenantId"), Role.VIEWER);
    }

    private String knowledgeBase(Caller owner, String name) throws Exception {
        return send(
                        "POST",
                        "/api/v1/knowledge-bases",
                        owner.token(),
                        Json.write(Map.of("name", name, "description", "Of " + name)))
                .expect(201)
                .json()
                .get("id")
                .asText();
    }

    private String shared(Caller owner, String kb) throws Exception {
        return send("POST", "/api/v1/knowledge-bases/" + kb + "/share", owner.token(), "")
                .expect(200)
                .json()
                .get("slug")
                .asText();
    }

    private Things document(Caller owner, Things things, String name, String text) throws Exception {
        JsonNode job = send(
                        "POST",
                        "/api/v1/knowledge-bases/" + things.get("kbId") + "/documents",
                        owner.token(),
                        multipart(name + ".md", text))
                .expect(202)
                .json()
                .get("jobs")
                .get(0);
        return things.with("documentId", job.get("documentId").asText())
                .with("jobId", job.get("id").asText());
    }

    private String entry(Caller owner, Things things, String name) throws Exception {
        return made(
                owner,
                things,
                "/knowledge",
                Json.write(Map.of(
                        "question",
                        "Who is " + name + "?",
                        "answer",
                        "It is " + (owner.name().startsWith("stranger") ? MARKER : name) + ".")));
    }

    private String site(Caller owner, Things things) throws Exception {
        return made(owner, things, "/web-sources", "{\"url\":\"http://192.0.2.1/\",\"frequency\":\"never\"}");
    }

    private String made(Caller owner, Things things, String path, String body) throws Exception {
        return send("POST", "/api/v1/knowledge-bases/" + things.get("kbId") + path, owner.token(), body)
                .expect(201)
                .json()
                .get("id")
                .asText();
    }

    private String conversation(Caller owner, String kb, String name) throws Exception {
        return send(
                        "POST",
                        "/api/v1/chat/conversations",
                        owner.token(),
                        Json.write(Map.of("kbId", kb, "endUser", Map.of("name", name))))
                .expect(201)
                .json()
                .get("id")
                .asText();
    }

    private void asked(Caller caller, String conversation) throws Exception {
        HttpRequest request = request(
                        "POST",
                        "/api/v1/chat/conversations/" + conversation + "/messages",
                        caller.token(),
                        "{\"content\":\"Who is " + (caller.name().startsWith("stranger") ? MARKER : "who") + "?\"}")
                .header("Accept", "application/json")
                .build();
        send(request).expect(200);
    }

    private String key(Caller owner, String name) throws Exception {
        return send("POST", "/api/v1/api-keys", owner.token(), Json.write(Map.of("name", name)))
                .expect(201)
                .json()
                .get("id")
                .asText();
    }

    private String invitation(Caller owner, String email) throws Exception {
        return send("POST", "/api/v1/invitations", owner.token(), Json.write(Map.of("email", email, "role", "viewer")))
                .expect(201)
                .json()
                .get("id")
                .asText();
    }

    /** Gives a knowledge base a document. */
    void upload(Caller owner, String kb, String name, String text) throws Exception {
        send("POST", "/api/v1/knowledge-bases/" + kb + "/documents", owner.token(), multipart(name, text))
                .expect(202);
    }

    /** The same caller with things of their own that may be used up. */
    Caller fresh(Caller caller, Set<String> names) throws Exception {
        Caller now = caller;
        for (String name : names) {
            now = fresh(now, name);
        }
        return now;
    }

    private Caller fresh(Caller caller, String name) throws Exception {
        Things things = caller.things();
        if (caller.visits()) {
            return name.equals("conversationId") ? visitor(things.get("slug"), caller.name()) : caller;
        }
        return switch (name) {
            case "kbId" -> caller.with(things.with(name, knowledgeBase(founder, "Fresh")));
            case "documentId" -> caller.with(document(founder, things, "fresh", "Fresh words."));
            case "entryId" -> caller.with(things.with(name, entry(founder, things, "fresh")));
            case "sourceId" -> caller.with(things.with(name, site(founder, things)));
            case "accountId" -> caller.with(things.with(name, mailbox(founder, things)));
            case "conversationId" -> caller.with(things.with(name, conversation(founder, things.get("kbId"), "fresh")));
            case "userId" -> caller.with(things.with(name, member(founder, "fresh")));
            case "tenantId" -> caller.with(things.with(name, census.tenant("Fresh")));
            case "keyId" -> caller.with(things.with(name, key(founder, "Fresh")));
            case "invitationId" -> caller.with(things.with(name, invitation(founder, Ids.next() + "@example.org")));
            case "address" -> caller.with(things.with(name, Ids.next() + "@example.org"));
            case "sessionId" -> {
                Caller again = login(caller.name(), caller.email(), caller.roles());
                yield caller.with(things.with(name, again.things().get(name)));
            }
            default -> throw new AssertionError("Town does not know how to make a fresh " + name);
        };
    }

    // credentials that are no good

    private String revoked(Caller owner) throws Exception {
        JsonNode made = send("POST", "/api/v1/api-keys", owner.token(), "{\"name\":\"Revoked\"}")
                .expect(201)
                .json();
        send("DELETE", "/api/v1/api-keys/" + made.get("id").asText(), owner.token(), "")
                .expect(204);
        return made.get("key").asText();
    }

    private String expiredKey(Caller owner) throws Exception {
        JsonNode made = send(
                        "POST",
                        "/api/v1/api-keys",
                        owner.token(),
                        Json.write(Map.of(
                                "name", "Expired", "endsAt", Instant.now().plusSeconds(3600))))
                .expect(201)
                .json();
        census.sql(c -> {
            try (var update = c.prepareStatement("UPDATE api_keys SET ends_at = CURRENT_TIMESTAMP WHERE id = ?")) {
                update.setString(1, made.get("id").asText());
                return update.executeUpdate();
            }
        });
        return made.get("key").asText();
    }

    private static String forged(String token) {
        char first = token.charAt(token.lastIndexOf('.') + 1);
        return token.substring(0, token.lastIndexOf('.') + 1)
                + (first == 'A' ? 'B' : 'A')
                + token.substring(token.lastIndexOf('.') + 2);
    }

    private static String unsigned(String token) {
        String head = java.util.Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString("{\"alg\":\"none\",\"typ\":\"at+jwt\"}".getBytes(StandardCharsets.UTF_8));
        return head + token.substring(token.indexOf('.'), token.lastIndexOf('.') + 1);
    }

    // requests

    private static String multipart(String name, String text) {
        return "--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name
                + "\"\r\nContent-Type: text/markdown\r\n\r\n" + text + "\r\n--" + BOUNDARY + "--\r\n";
    }

    /** @param token empty for none; @param body JSON, {@link Routes#FILE}, what {@link #multipart} gave, or empty for none */
    HttpRequest.Builder request(String method, String path, String token, String body) {
        String content = body.equals(Routes.FILE) ? multipart("sample.md", "Sample words.") : body;
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path)).timeout(Duration.ofSeconds(60));
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        if (content.isEmpty()) {
            return request.method(method, HttpRequest.BodyPublishers.noBody());
        }
        return request.header(
                        "Content-Type",
                        content.startsWith("--") ? "multipart/form-data; boundary=" + BOUNDARY : "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(content));
    }

    Answer send(String method, String path, String token, String body) throws Exception {
        return send(request(method, path, token, body).build());
    }

    Answer send(HttpRequest request) throws Exception {
        HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream in = response.body()) {
            String type = response.headers().firstValue("Content-Type").orElse("");
            String text =
                    switch (type) {
                        case "text/event-stream", "text/event-stream; charset=UTF-8" -> "";
                        case "application/zip" -> unzipped(in.readAllBytes());
                        default -> new String(in.readAllBytes(), StandardCharsets.UTF_8);
                    };
            return new Answer(response.statusCode(), type, text, response.headers());
        }
    }

    private static String unzipped(byte[] zip) throws IOException {
        StringBuilder text = new StringBuilder();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                text.append(entry.getName())
                        .append('\n')
                        .append(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                        .append('\n');
            }
        }
        return text.toString();
    }

    @Override
    public void close() {
        client.shutdownNow();
        census.close();
        server.close();
    }
}
