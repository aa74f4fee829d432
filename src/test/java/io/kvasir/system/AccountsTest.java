package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.ConfigFactory;
import io.kvasir.http.Json;
import io.kvasir.identity.Census;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.system.Town.Answer;
import io.kvasir.system.Town.Caller;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Accounts, members, second factors, personal data and the record over HTTP: what goes well, what is wrong, who may not. */
class AccountsTest {
    private static final String FRESH = "another correct horse";

    @TempDir
    static Path folder;

    private static Town town;
    private static Caller chief;
    private static String tenant;

    @BeforeAll
    static void start() throws Exception {
        town = new Town(folder, ConfigFactory.parseString("kvasir.identity.registration = OPEN"));
        chief = town.caller("super_admin");
        tenant = chief.things().get("tenantId");
    }

    @AfterAll
    static void stop() {
        town.close();
    }

    private static Answer post(String path, Object body) throws Exception {
        return post(path, "", body);
    }

    private static Answer post(String path, String token, Object body) throws Exception {
        return town.send("POST", path, token, body instanceof String text ? text : Json.write(body));
    }

    private static Answer get(String path, String token) throws Exception {
        return town.send("GET", path, token, "");
    }

    private static String address() {
        return Ids.next() + "@example.org";
    }

    private static Caller member(Role role) throws Exception {
        String email = address();
        town.census().user(email, tenant, role);
        return town.login("member", email, Set.of(role));
    }

    private static void faults(Answer answer, String... pointers) {
        answer.expect(400);
        assertThat(answer.json().get("errors").findValuesAsText("pointer")).containsExactlyInAnyOrder(pointers);
    }

    /** What the newest mail of this kind to somebody carries. */
    private static String mailed(String to, String link) {
        Pattern token = Pattern.compile(Pattern.quote(link) + "(\\S+)");
        return await().atMost(Duration.ofSeconds(30))
                .until(
                        () -> {
                            try (Stream<Path> mails = Files.list(folder.resolve("data/outbox"))) {
                                for (Path mail : mails.sorted(java.util.Comparator.reverseOrder())
                                        .toList()) {
                                    if (!mail.toString().endsWith(".eml")) {
                                        continue;
                                    }
                                    try (InputStream in = Files.newInputStream(mail)) {
                                        MimeMessage message =
                                                new MimeMessage(Session.getInstance(new Properties()), in);
                                        Matcher found = token.matcher(String.valueOf(message.getContent()));
                                        if (message.getAllRecipients()[0]
                                                        .toString()
                                                        .equals(to)
                                                && found.find()) {
                                            return found.group(1);
                                        }
                                    }
                                }
                                return "";
                            }
                        },
                        found -> !found.isEmpty());
    }

    // accounts

    @Test
    void oneRegistersProvesTheAddressAndOwnsATenant() throws Exception {
        String email = address();
        post("/api/v1/auth/register", Map.of("email", email, "password", FRESH, "tenantName", "Own"))
                .expect(202);
        post("/api/v1/auth/login", Map.of("email", email, "password", FRESH)).expect(401);
        String token = mailed(email, "/verify#token=");

        JsonNode in = post("/api/v1/auth/email/verify", Map.of("token", token))
                .expect(200)
                .json();

        JsonNode me = get("/api/v1/auth/me", in.get("accessToken").asText())
                .expect(200)
                .json();
        assertThat(me.get("email").asText()).isEqualTo(email);
        assertThat(me.get("roles").get(0).asText()).isEqualTo("OWNER");
        assertThat(in.get("tenants").get(0).get("name").asText()).isEqualTo("Own");
        post("/api/v1/auth/email/verify", Map.of("token", token)).expect(404);
    }

    @Test
    void whatIsWrongWithARegistrationIsToldByField() throws Exception {
        faults(post("/api/v1/auth/register", Map.of("email", "nobody", "password", "")), "/email", "/password");
        faults(post("/api/v1/auth/register", Map.of("email", address(), "password", "short")), "/password");
        faults(
                post(
                        "/api/v1/auth/register",
                        Map.of("email", address(), "password", FRESH, "invitation", "x", "tenantName", "T")),
                "/email",
                "/tenantName");
        faults(post("/api/v1/auth/register", Map.of("email", address(), "password", FRESH, "role", "OWNER")), "/role");
        faults(post("/api/v1/auth/email/verify", Map.of("token", "")), "/token");
        faults(post("/api/v1/auth/invitations/accept", Map.of("token", "x", "password", "")), "/password");
        faults(post("/api/v1/auth/password/forgot", Map.of("email", "x")), "/email");
        post("/api/v1/auth/register", "no json").expect(400);
    }

    @Test
    void aForgottenPasswordIsReplacedByTheMailedLinkOnceAndSessionsEnd() throws Exception {
        String email = address();
        town.census().user(email, tenant, Role.VIEWER);
        Caller before = town.login("forgetful", email, Set.of(Role.VIEWER));
        // Whether there is an account is told by the mail alone.
        Answer unknown =
                post("/api/v1/auth/password/forgot", Map.of("email", address())).expect(202);
        Answer known =
                post("/api/v1/auth/password/forgot", Map.of("email", email)).expect(202);
        assertThat(known.text()).isEqualTo(unknown.text());
        String token = mailed(email, "/reset#token=");

        faults(post("/api/v1/auth/password/reset", Map.of("token", token, "password", "short")), "/password");
        post("/api/v1/auth/password/reset", Map.of("token", token, "password", FRESH))
                .expect(204);

        get("/api/v1/auth/me", before.token()).expect(401);
        post("/api/v1/auth/login", Map.of("email", email, "password", Town.PASSWORD))
                .expect(401);
        post("/api/v1/auth/login", Map.of("email", email, "password", FRESH)).expect(200);
        post("/api/v1/auth/password/reset", Map.of("token", token, "password", FRESH))
                .expect(404);
    }

    @Test
    void aPasswordIsChangedByTheOldOneAndOtherSessionsEnd() throws Exception {
        Caller here = member(Role.VIEWER);
        Caller there = town.login("there", here.email(), here.roles());
        String path = "/api/v1/auth/password/change";

        faults(post(path, here.token(), Map.of("oldPassword", "wrong", "password", FRESH)), "/oldPassword");
        faults(post(path, here.token(), Map.of("oldPassword", Town.PASSWORD, "password", "short")), "/password");
        post(path, here.token(), Map.of("oldPassword", Town.PASSWORD, "password", FRESH))
                .expect(204);

        get("/api/v1/auth/me", here.token()).expect(200);
        get("/api/v1/auth/me", there.token()).expect(401);
        post(path, Map.of("oldPassword", FRESH, "password", FRESH)).expect(401);
    }

    // members

    @Test
    void whoIsInvitedJoinsWithTheRoleThatWasGiven() throws Exception {
        String email = address();
        Caller admin = member(Role.ADMIN);
        post("/api/v1/invitations", admin.token(), Map.of("email", email, "role", "owner"))
                .expect(403);
        faults(post("/api/v1/invitations", admin.token(), Map.of("email", "x", "role", "viewer")), "/email");
        post("/api/v1/invitations", admin.token(), Map.of("email", email, "role", "super_admin"))
                .expect(400);
        post("/api/v1/invitations", member(Role.STAFF).token(), Map.of("email", email, "role", "viewer"))
                .expect(403);
        post("/api/v1/invitations", admin.token(), Map.of("email", email, "role", "staff"))
                .expect(201);
        String token = mailed(email, "/invite/");

        JsonNode in = post("/api/v1/auth/invitations/accept", Map.of("token", token, "password", FRESH))
                .expect(200)
                .json();

        assertThat(in.get("tenantId").asText()).isEqualTo(tenant);
        assertThat(get("/api/v1/auth/me", in.get("accessToken").asText())
                        .expect(200)
                        .json()
                        .get("roles")
                        .get(0)
                        .asText())
                .isEqualTo("STAFF");
        post("/api/v1/auth/invitations/accept", Map.of("token", token, "password", FRESH))
                .expect(404);

        // A withdrawn one is good for nothing.
        String late = address();
        String id = post("/api/v1/invitations", admin.token(), Map.of("email", late, "role", "viewer"))
                .expect(201)
                .json()
                .get("id")
                .asText();
        String withdrawn = mailed(late, "/invite/");
        town.send("DELETE", "/api/v1/invitations/" + id, admin.token(), "").expect(204);
        town.send("DELETE", "/api/v1/invitations/" + id, admin.token(), "").expect(404);
        post("/api/v1/auth/invitations/accept", Map.of("token", withdrawn, "password", FRESH))
                .expect(404);
    }

    @Test
    void nobodyDecidesAboutARoleAboveTheirOwn() throws Exception {
        Caller admin = member(Role.ADMIN);
        Caller owner = member(Role.OWNER);
        Caller viewer = member(Role.VIEWER);
        String them = "/api/v1/members/" + viewer.things().get("myself");

        town.send("PUT", them, admin.token(), "{\"role\":\"staff\"}").expect(204);
        town.send("PUT", them, admin.token(), "{\"role\":\"owner\"}").expect(403);
        town.send("PUT", them, admin.token(), "{\"role\":\"king\"}").expect(400);
        town.send("PUT", them, admin.token(), "{}").expect(400);
        assertThat(get("/api/v1/auth/me", viewer.token())
                        .json()
                        .get("roles")
                        .get(0)
                        .asText())
                .isEqualTo("STAFF");
        String above = "/api/v1/members/" + owner.things().get("myself");
        String top = "/api/v1/members/" + chief.things().get("myself");
        for (String who : List.of(above, top)) {
            town.send("PUT", who, admin.token(), "{\"role\":\"viewer\"}").expect(403);
            town.send("DELETE", who, admin.token(), "").expect(403);
            post(who + "/suspend", admin.token(), "").expect(403);
        }
        town.send("DELETE", top, owner.token(), "").expect(403);
        town.send("DELETE", "/api/v1/members/" + Ids.next(), owner.token(), "").expect(404);

        post(them + "/suspend", admin.token(), "").expect(204);
        get("/api/v1/auth/me", viewer.token()).expect(401);
        post(them + "/resume", admin.token(), "").expect(204);
        get("/api/v1/auth/me", viewer.token()).expect(200);
    }

    @Test
    void aKeyIsShownOnceAndDoesNoMoreThanItsScopesAndItsMaker() throws Exception {
        Caller admin = member(Role.ADMIN);
        JsonNode made = post(
                        "/api/v1/api-keys", admin.token(), "{\"name\":\"Machine\",\"scopes\":[\"read\",\"admin\"]}")
                .expect(201)
                .json();
        String key = made.get("key").asText();
        assertThat(get("/api/v1/api-keys", admin.token()).expect(200).text())
                .contains(made.get("prefix").asText())
                .doesNotContain(key);
        get("/api/v1/knowledge-bases", key).expect(200);
        get("/api/v1/audit", key).expect(403);
        post("/api/v1/knowledge-bases", key, Map.of("name", "X")).expect(403);
        get("/api/v1/members", key).expect(403);

        String me = "/api/v1/members/" + admin.things().get("myself");
        town.send("PUT", me, chief.token(), "{\"role\":\"owner\"}").expect(204);
        get("/api/v1/audit", key).expect(200);

        post("/api/v1/api-keys", admin.token(), "{\"name\":\"\"}").expect(400);
        post("/api/v1/api-keys", admin.token(), "{\"name\":\"X\",\"scopes\":[]}")
                .expect(400);
        post("/api/v1/api-keys", admin.token(), "{\"name\":\"X\",\"scopes\":[\"account\"]}")
                .expect(400);
        post("/api/v1/api-keys", admin.token(), "{\"name\":\"X\",\"endsAt\":\"2001-01-01T00:00:00Z\"}")
                .expect(400);
    }

    // the second factor

    @Test
    void aSecondFactorIsAskedForAfterItWasVerified() throws Exception {
        Caller somebody = member(Role.STAFF);
        JsonNode setup =
                post("/api/v1/auth/mfa/setup", somebody.token(), "").expect(200).json();
        String secret = setup.get("secret").asText();
        assertThat(setup.get("otpauthUri").asText())
                .startsWith("otpauth://totp/")
                .contains(secret);
        Map<String, String> login = Map.of("email", somebody.email(), "password", Town.PASSWORD);
        assertThat(post("/api/v1/auth/login", login).expect(200).json().has("accessToken"))
                .isTrue();

        post("/api/v1/auth/mfa/verify", somebody.token(), Map.of("code", "abcdef"))
                .expect(400);
        JsonNode codes = post("/api/v1/auth/mfa/verify", somebody.token(), Map.of("code", Census.code(secret)))
                .expect(200)
                .json()
                .get("recoveryCodes");
        assertThat(codes).hasSize(10);

        JsonNode asked = post("/api/v1/auth/login", login).expect(200).json();
        assertThat(asked.get("mfaRequired").asBoolean()).isTrue();
        assertThat(asked.has("accessToken")).isFalse();
        String challenge = asked.get("challenge").asText();
        get("/api/v1/auth/me", challenge).expect(401);
        String recovery = codes.get(0).asText();
        JsonNode in = post("/api/v1/auth/mfa/verify", Map.of("challenge", challenge, "code", recovery))
                .expect(200)
                .json();
        get("/api/v1/auth/me", in.get("accessToken").asText()).expect(200);

        // Each recovery code once; neither the challenge nor an API key gets further.
        String next = post("/api/v1/auth/login", login)
                .expect(200)
                .json()
                .get("challenge")
                .asText();
        assertThat(post("/api/v1/auth/mfa/verify", Map.of("challenge", next, "code", recovery))
                        .status())
                .isBetween(400, 401);
        post("/api/v1/auth/mfa/verify", Map.of("challenge", "none", "code", "123456"))
                .expect(401);
        Caller machine = town.caller("key of the owner for all");
        post("/api/v1/auth/mfa/setup", machine.token(), "").expect(403);
        post("/api/v1/auth/mfa/verify", machine.token(), Map.of("code", "123456"))
                .expect(403);
        post("/api/v1/auth/mfa/setup", "").expect(401);

        post("/api/v1/auth/mfa/disable", somebody.token(), Map.of("code", "")).expect(400);
        post(
                        "/api/v1/auth/mfa/disable",
                        somebody.token(),
                        Map.of("code", codes.get(1).asText()))
                .expect(204);
        assertThat(post("/api/v1/auth/login", login).expect(200).json().has("accessToken"))
                .isTrue();
    }

    // personal data

    @Test
    void aPersonsDataIsForThemAndForOwnersNotForOthers() throws Exception {
        Caller viewer = member(Role.VIEWER);
        Caller admin = member(Role.ADMIN);
        Caller owner = member(Role.OWNER);
        Map<String, String> them = Map.of("userId", viewer.things().get("myself"));
        Map<String, String> top = Map.of("userId", chief.things().get("myself"));

        assertThat(post("/api/v1/privacy/export", viewer.token(), "{}")
                        .expect(200)
                        .text())
                .contains(viewer.email());
        assertThat(post("/api/v1/privacy/export", owner.token(), them)
                        .expect(200)
                        .text())
                .contains(viewer.email());
        post("/api/v1/privacy/export", admin.token(), them).expect(403);
        post("/api/v1/privacy/erase", admin.token(), them).expect(403);
        post("/api/v1/privacy/export", owner.token(), top).expect(403);
        post("/api/v1/privacy/erase", owner.token(), top).expect(403);
        post("/api/v1/privacy/export", owner.token(), Map.of("userId", Ids.next()))
                .expect(404);
        post("/api/v1/privacy/erase", owner.token(), Map.of("userId", Ids.next()))
                .expect(404);
        post(
                        "/api/v1/privacy/erase",
                        viewer.token(),
                        Map.of("knowledgeBaseId", chief.things().get("kbId")))
                .expect(403);
        post("/api/v1/privacy/erase", admin.token(), Map.of("tenantId", tenant)).expect(403);
        post("/api/v1/privacy/export", viewer.token(), Map.of("userId", "../x")).expect(400);
        post("/api/v1/privacy/erase", viewer.token(), Map.of("userId", "a", "tenantId", "b"))
                .expect(400);

        JsonNode receipt =
                post("/api/v1/privacy/erase", viewer.token(), them).expect(200).json();
        assertThat(receipt.get("complete").asBoolean()).isTrue();
        get("/api/v1/auth/me", viewer.token()).expect(401);
    }

    @Test
    void anAccountWithoutATenantIsNobodysToErase() throws Exception {
        String email = address();
        String user = town.census().user(email, tenant, Role.VIEWER);
        town.send("DELETE", "/api/v1/members/" + user, chief.token(), "").expect(204);

        post("/api/v1/privacy/erase", town.stranger().token(), Map.of("userId", user))
                .expect(404);

        assertThat(post("/api/v1/auth/login", Map.of("email", email, "password", Town.PASSWORD))
                        .status())
                .isEqualTo(403);
    }

    @Test
    void aTenantWithKeysAndInvitationsIsErasedWhole() throws Exception {
        String other = town.census().tenant("Leaving");
        String email = address();
        town.census().user(email, other, Role.OWNER);
        Caller owner = town.login("leaving", email, Set.of(Role.OWNER));
        String key = post("/api/v1/api-keys", owner.token(), "{\"name\":\"Machine\"}")
                .expect(201)
                .json()
                .get("key")
                .asText();
        post("/api/v1/invitations", owner.token(), Map.of("email", address(), "role", "viewer"))
                .expect(201);
        String kb = post("/api/v1/knowledge-bases", owner.token(), Map.of("name", "Gone"))
                .expect(201)
                .json()
                .get("id")
                .asText();
        String slug = post("/api/v1/knowledge-bases/" + kb + "/share", owner.token(), "")
                .expect(200)
                .json()
                .get("slug")
                .asText();
        Caller visitor = town.visitor(slug, "visitor of what is gone");

        JsonNode receipt = post("/api/v1/privacy/erase", owner.token(), Map.of("tenantId", other))
                .expect(200)
                .json();

        assertThat(receipt.get("complete").asBoolean()).as(receipt.toString()).isTrue();
        for (String token : List.of(owner.token(), key, visitor.token())) {
            get("/api/v1/auth/me", token).expect(401);
        }
    }

    @Test
    void whatIsTakenAwayTellsOfTheAccountInThisTenantAlone() throws Exception {
        String email = address();
        town.census().user(email, tenant, Role.ADMIN);
        Caller person = town.login("person", email, Set.of(Role.ADMIN));
        post("/api/v1/api-keys", person.token(), "{\"name\":\"Robot\"}").expect(201);

        String files =
                post("/api/v1/privacy/export", person.token(), "{}").expect(200).text();

        JsonNode account = Json.MAPPER.readTree(files.substring(files.indexOf("account.json\n") + 13));
        assertThat(account.get("email").asText()).isEqualTo(email);
        assertThat(account.get("role").asText()).isEqualTo("ADMIN");
        assertThat(account.get("logins").get(0).get("address").asText()).isEqualTo("127.0.0.1");
        assertThat(account.get("keys").get(0).get("name").asText()).isEqualTo("Robot");
        assertThat(files).doesNotContain("argon2").doesNotContain("refresh");

        String elsewhere = town.census().tenant("Elsewhere");
        town.census().member(account.get("id").asText(), elsewhere, Role.OWNER);
        String there = post("/api/v1/auth/switch", person.token(), Map.of("tenantId", elsewhere))
                .expect(200)
                .json()
                .get("accessToken")
                .asText();
        assertThat(post("/api/v1/privacy/export", there, "{}").expect(200).text())
                .contains(email)
                .doesNotContain("Robot");
    }

    @Test
    void anErasedPersonsMailsAndLinksAreGoneToo() throws Exception {
        String email = address();
        post("/api/v1/invitations", chief.token(), Map.of("email", email, "role", "viewer"))
                .expect(201);
        JsonNode in = post(
                        "/api/v1/auth/invitations/accept",
                        Map.of("token", mailed(email, "/invite/"), "password", FRESH, "name", "Somebody"))
                .expect(200)
                .json();
        post("/api/v1/auth/password/forgot", Map.of("email", email)).expect(202);
        mailed(email, "/reset#token=");
        String user = get("/api/v1/auth/me", in.get("accessToken").asText())
                .json()
                .get("id")
                .asText();
        assertThat(rows("mailed_links", email)).isEqualTo(1);

        JsonNode receipt = post("/api/v1/privacy/erase", chief.token(), Map.of("userId", user))
                .expect(200)
                .json();

        assertThat(receipt.get("complete").asBoolean()).as(receipt.toString()).isTrue();
        for (JsonNode store : receipt.get("stores")) {
            if (store.get("store").asText().equals("outbox")) {
                assertThat(store.get("erased").asLong()).isEqualTo(2);
            }
        }
        assertThat(rows("mailed_links", email)).isZero();
        assertThat(rows("users", email)).isZero();
        try (Stream<Path> mails = Files.list(folder.resolve("data/outbox"))) {
            for (Path mail : mails.toList()) {
                assertThat(Files.readString(mail)).doesNotContain(email);
            }
        }
    }

    private static int rows(String table, String email) {
        return town.census().sql(c -> {
            try (var select = c.prepareStatement("SELECT COUNT(*) FROM " + table + " WHERE email = ?")) {
                select.setString(1, email);
                try (var found = select.executeQuery()) {
                    found.next();
                    return found.getInt(1);
                }
            }
        });
    }

    @Test
    void noControlCharacterComesAsFarAsADatabaseThatFailsOnIt() throws Exception {
        String nul = "a\\u0000b";
        faults(post("/api/v1/auth/login", "{\"email\":\"" + nul + "\",\"password\":\"x\"}"), "/email");
        faults(
                post(
                        "/api/v1/auth/register",
                        "{\"email\":\"" + address() + "\",\"password\":\"" + FRESH + "\",\"tenantName\":\"" + nul
                                + "\"}"),
                "/tenantName");
        faults(post("/api/v1/api-keys", chief.token(), "{\"name\":\"" + nul + "\"}"), "/name");
        get("/api/v1/audit?actor=%00", chief.token()).expect(400);
        get("/api/v1/operations/tenants?cursor=AAAA", chief.token()).expect(400);
    }

    // who runs the server

    @Test
    void whoRunsTheServerGivesATenantItsPlan() throws Exception {
        String other = town.census().tenant("Growing");
        String email = address();
        town.census().user(email, other, Role.OWNER);
        Caller owner = town.login("growing", email, Set.of(Role.OWNER));
        String plan = "/api/v1/operations/tenants/" + other + "/plan";
        assertThat(get(plan, chief.token()).expect(200).json().get("plan").asText())
                .isEqualTo("enterprise");

        JsonNode standing = town.send("PUT", plan, chief.token(), "{\"plan\":\"free\"}")
                .expect(200)
                .json();

        assertThat(standing.get("plan").asText()).isEqualTo("free");
        JsonNode usage = get("/api/v1/usage", owner.token()).expect(200).json();
        assertThat(usage.get("plan").asText()).isEqualTo("free");
        assertThat(usage.get("counts")).isEqualTo(standing.get("counts"));
        for (int i = 0; i < 3; i++) {
            post("/api/v1/knowledge-bases", owner.token(), "{\"name\":\"One\"}").expect(201);
        }
        JsonNode problem = post("/api/v1/knowledge-bases", owner.token(), "{\"name\":\"One too many\"}")
                .expect(402)
                .json();
        assertThat(problem.at("/limit/what").asText()).isEqualTo("knowledge-bases");
        assertThat(problem.at("/limit/limit").asLong()).isEqualTo(3);
        town.send("PUT", plan, chief.token(), "{\"plan\":\"pro\"}").expect(200);
        post("/api/v1/knowledge-bases", owner.token(), "{\"name\":\"Room again\"}")
                .expect(201);

        JsonNode line = get("/api/v1/audit?action=operations.tenants.plan.changed&limit=1", chief.token())
                .expect(200)
                .json()
                .at("/items/0");
        assertThat(line.at("/before/plan").asText()).isEqualTo("free");
        assertThat(line.at("/after/plan").asText()).isEqualTo("pro");
    }

    @Test
    void whatIsNoPlanOrNoTenantIsSaid() throws Exception {
        String plan = "/api/v1/operations/tenants/" + town.census().tenant("T") + "/plan";
        faults(town.send("PUT", plan, chief.token(), "{\"plan\":\"platinum\"}"), "/plan");
        faults(town.send("PUT", plan, chief.token(), "{}"), "/plan");
        town.send("PUT", plan, chief.token(), "{\"plan\":\"free\",\"limits\":{}}")
                .expect(400);
        String nobodys = "/api/v1/operations/tenants/" + Ids.next() + "/plan";
        get(nobodys, chief.token()).expect(404);
        town.send("PUT", nobodys, chief.token(), "{\"plan\":\"free\"}").expect(404);
        get(plan, member(Role.OWNER).token()).expect(403);
    }

    @Test
    void thePlansAreThereToChooseFrom() throws Exception {
        JsonNode plans = get("/api/v1/plans", member(Role.VIEWER).token())
                .expect(200)
                .json()
                .get("items");

        assertThat(plans.findValuesAsText("name")).containsExactly("business", "enterprise", "free", "pro");
        assertThat(plans.get(2).at("/limits/messages").asLong()).isEqualTo(500);
        assertThat(plans.get(1).get("limits")).isEmpty();
    }

    @Test
    void whoRunsTheServerDoesNotShutThemselvesOut() throws Exception {
        String people = "/api/v1/operations/users/" + chief.things().get("myself") + "/suspend";
        for (String path : List.of(people, "/api/v1/operations/tenants/" + tenant + "/suspend")) {
            assertThat(town.send("POST", path, chief.token(), "")
                            .expect(409)
                            .json()
                            .get("type")
                            .asText())
                    .endsWith(":own-access");
        }
        get("/api/v1/auth/me", chief.token()).expect(200);
    }

    @Test
    void whoRunsTheServerFindsTenantsAndPeople() throws Exception {
        String other = town.census().tenant("Found");
        String email = address();
        String user = town.census().user(email, other, Role.STAFF);

        JsonNode found = get(
                        "/api/v1/operations/users?email=" + email.toUpperCase(java.util.Locale.ROOT), chief.token())
                .expect(200)
                .json()
                .get("items");
        assertThat(found).hasSize(1);
        assertThat(found.get(0).get("id").asText()).isEqualTo(user);
        assertThat(found.get(0).at("/tenants/0/id").asText()).isEqualTo(other);
        assertThat(get("/api/v1/operations/users?email=nobody@x", chief.token())
                        .expect(200)
                        .json()
                        .get("items"))
                .isEmpty();
        get("/api/v1/operations/users?limit=0", chief.token()).expect(400);

        town.send("POST", "/api/v1/operations/tenants/" + other + "/suspend", chief.token(), "")
                .expect(204);
        java.util.List<String> seen = new java.util.ArrayList<>();
        String cursor = "";
        do {
            JsonNode page = get("/api/v1/operations/tenants?limit=2" + cursor, chief.token())
                    .expect(200)
                    .json();
            for (JsonNode tenant : page.get("items")) {
                seen.add(tenant.get("id").asText());
                if (tenant.get("id").asText().equals(other)) {
                    assertThat(tenant.get("name").asText()).isEqualTo("Found");
                    assertThat(tenant.get("people").asInt()).isEqualTo(1);
                    assertThat(tenant.get("suspendedAt").isTextual()).isTrue();
                }
            }
            cursor = page.get("nextCursor").isTextual()
                    ? "&cursor=" + page.get("nextCursor").asText()
                    : "";
        } while (!cursor.isEmpty());
        assertThat(seen).contains(other, tenant).doesNotHaveDuplicates();
    }

    // the record

    @Test
    void theRecordIsFilteredByWhoWhatWhichAndWhen() throws Exception {
        Caller admin = member(Role.ADMIN);
        String id = post("/api/v1/knowledge-bases", admin.token(), Map.of("name", "Filtered"))
                .expect(201)
                .json()
                .get("id")
                .asText();
        String path = "/api/v1/knowledge-bases/" + id;
        town.send("PUT", path, chief.token(), "{\"name\":\"Renamed\"}").expect(200);
        String actor = "user/" + admin.things().get("myself");

        assertThat(actions("actor=" + actor))
                .contains("knowledge-bases.created")
                .doesNotContain("knowledge-bases.changed");
        assertThat(actions("subject=knowledge-bases/" + id))
                .containsExactly("knowledge-bases.changed", "knowledge-bases.created");
        assertThat(actions("subject=knowledge-bases/" + id + "&action=knowledge-bases.created"))
                .containsExactly("knowledge-bases.created");
        assertThat(actions("subject=knowledge-bases/" + id + "&to=2001-01-01T00:00:00Z"))
                .isEmpty();
        assertThat(actions("subject=knowledge-bases/" + id + "&from=2001-01-01T00:00:00Z"))
                .hasSize(2);
        get("/api/v1/audit?to=tomorrow", chief.token()).expect(400);
        get("/api/v1/audit?limit=0", chief.token()).expect(400);
        get("/api/v1/audit", admin.token()).expect(403);
        get("/api/v1/audit/export", admin.token()).expect(403);
        get("/api/v1/audit/proof", admin.token()).expect(403);
    }

    private static List<String> actions(String query) throws Exception {
        return get("/api/v1/audit?" + query, chief.token())
                .expect(200)
                .json()
                .get("items")
                .findValuesAsText("action");
    }

    @Test
    void noCellOfTheExportIsAFormula() throws Exception {
        String formula = "=HYPERLINK(\"https://evil.example\",\"x\")";
        town.send(town.request("POST", "/api/v1/knowledge-bases", chief.token(), "{\"name\":\"=1+1\"}")
                        .header("User-Agent", formula)
                        .build())
                .expect(201);

        Answer csv = get("/api/v1/audit/export?action=knowledge-bases.created", chief.token())
                .expect(200);

        assertThat(csv.type()).startsWith("text/csv");
        assertThat(csv.headers().firstValue("Content-Disposition")).hasValue("attachment; filename=\"audit.csv\"");
        List<CSVRecord> lines = CSVParser.parse(csv.text(), CSVFormat.RFC4180).getRecords();
        assertThat(lines.getFirst().get(8)).isEqualTo("userAgent");
        assertThat(lines).anyMatch(line -> line.get(8).equals("'" + formula));
        assertThat(lines)
                .allSatisfy(line -> assertThat(line)
                        .noneMatch(cell -> !cell.isEmpty() && "=+-@\t\r\n".indexOf(cell.charAt(0)) >= 0));
    }

    // plan and settings

    @Test
    void settingsAreForOwnersUsageForEverybodyOfTheTenant() throws Exception {
        Caller viewer = member(Role.VIEWER);
        get("/api/v1/usage", viewer.token()).expect(200);
        get("/api/v1/tenant/settings", viewer.token()).expect(200);
        town.send("PUT", "/api/v1/tenant/settings", viewer.token(), "{\"conversationDays\":5}")
                .expect(403);
        town.send("PUT", "/api/v1/tenant/settings", member(Role.ADMIN).token(), "{\"conversationDays\":5}")
                .expect(403);
        faults(
                town.send(
                        "PUT",
                        "/api/v1/tenant/settings",
                        chief.token(),
                        "{\"conversationDays\":0,\"spendCapMicros\":-1}"),
                "/conversationDays",
                "/spendCapMicros");
        get("/api/v1/usage?to=x", viewer.token()).expect(400);
        get("/api/v1/usage", town.caller("visitor").token()).expect(404);
    }
}
