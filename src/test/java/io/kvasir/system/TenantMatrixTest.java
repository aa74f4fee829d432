package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kvasir.http.Access;
import io.kvasir.http.Json;
import io.kvasir.system.Routes.Row;
import io.kvasir.system.Town.Answer;
import io.kvasir.system.Town.Caller;
import io.kvasir.system.Town.Things;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every endpoint of the server, with every kind of caller and credential, asked for what is one's own, another tenant's
 * and nobody's. Made from the inventory the server itself tells: a new endpoint without a row in {@link Routes} fails
 * here, and so does one whose row is not what it does.
 */
class TenantMatrixTest {
    private static final Pattern PARAMETER = Pattern.compile("\\{([^}]+)}");
    private static final Pattern PLACE = Pattern.compile("<([^>]+)>");
    private static final String NOBODYS = "0123456789abcdef0123456789abcdef";

    /** Names that must not carry a meaning of their own in any body. */
    private static final List<String> SMUGGLED =
            List.of("id", "tenantId", "tenant", "userId", "ownerId", "role", "roles");

    private static final List<String> TRAVERSALS = List.of(
            "..%2f..%2fmembers",
            "%2e%2e",
            "%2e%2e%2f",
            "a%2fb",
            "..%5c..%5cx",
            "%00",
            "%0d%0aX-Evil:1",
            "%25",
            "*",
            "%27%20OR%20%271%27=%271",
            "x".repeat(3000),
            "%F0%9F%8C%B3");

    /** Changes from one look to the next by itself. */
    private static final Set<String> RESTLESS = Set.of("usedAt", "requestId", "head", "entries");

    @TempDir
    static Path folder;

    private static Town town;
    private static JsonNode document;
    private static Map<String, String> theirsBefore;

    private final List<String> leaks = new ArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        town = new Town(folder);
        document = town.send("GET", "/openapi.json", "", "").expect(200).json();
        theirsBefore = theirs();
    }

    @AfterAll
    static void stop() {
        town.close();
    }

    /** Whatever was tried: all the other tenant has is as it was. */
    @AfterEach
    void theOtherTenantIsUntouched() throws Exception {
        Map<String, String> now = theirs();
        theirsBefore.forEach(
                (route, before) -> assertThat(now.get(route)).as(route).isEqualTo(before));
    }

    // the inventory

    /** Method and path of every endpoint there is, with what the document says of it. */
    private static Map<String, JsonNode> inventory() {
        Map<String, JsonNode> found = new TreeMap<>();
        document.get("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .properties()
                        .forEach(method -> found.put(
                                method.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey(), method.getValue())));
        return found;
    }

    private static List<Row> guarded() {
        return Routes.all().stream()
                .filter(row -> row.who() != Routes.Who.ANYBODY && inventory().containsKey(row.route()))
                .toList();
    }

    @Test
    void everyEndpointHasItsRowAndEveryRowItsEndpoint() {
        Map<String, JsonNode> inventory = inventory();
        assertThat(Routes.all().stream().map(Row::route)).doesNotHaveDuplicates();
        for (Row row : Routes.all()) {
            if (!inventory.containsKey(row.route())) {
                leaks.add("There is no endpoint " + row.route() + " any more: take its row out of Routes");
            }
        }
        inventory.forEach((route, operation) -> {
            Optional<Row> row = Routes.of(route);
            if (row.isEmpty()) {
                leaks.add(
                        route + " has no row in Routes (src/test/java/io/kvasir/system/Routes.java): say there who may"
                                + " call it, with which scope of a key, and give a sample of its body. The server says: "
                                + operation.get("x-access").asText());
                return;
            }
            Access access = Access.valueOf(operation.get("x-access").asText());
            if (!access.roles().equals(row.get().who().roles)) {
                leaks.add(route + " is for " + access.roles() + ", its row in Routes says "
                        + row.get().who().roles);
            }
            described(route, operation, row.get());
        });
        assertThat(leaks).isEmpty();
    }

    private void described(String route, JsonNode operation, Row row) {
        JsonNode content = operation.at("/requestBody/content");
        boolean file = content.has("multipart/form-data");
        boolean json = content.has("application/json");
        if ((file || json) && row.bodies().isEmpty()) {
            leaks.add(route + " takes a body, but its row in Routes has no sample of one: add .body(…)");
        }
        if (!file && !json && !row.bodies().isEmpty()) {
            leaks.add(route + " takes no body, but its row in Routes has a sample of one");
        }
        if (row.who() == Routes.Who.ANYBODY) {
            return;
        }
        Matcher parameters = PARAMETER.matcher(row.path());
        while (parameters.find()) {
            known(route, "{" + parameters.group(1) + "} of its path", parameters.group(1));
        }
        if (json) {
            fields(content.at("/application~1json/schema")).forEach((name, _) -> {
                if (name.endsWith("Id") && row.bodies().stream().noneMatch(body -> body.contains("'" + name + "'"))) {
                    leaks.add(route + " takes an id " + name + " in its body, but no sample in its row in Routes names"
                            + " one: add a body with '" + name + "':'<" + name + ">'");
                }
            });
        }
        for (String body : row.bodies()) {
            Matcher places = PLACE.matcher(body);
            while (places.find()) {
                if (!town.stranger().things().has(places.group(1))
                        && !places.group(1).equals("address")) {
                    leaks.add(route + ": Town makes no " + places.group(1) + " for both tenants");
                }
            }
        }
    }

    private void known(String route, String what, String name) {
        if (!town.caller("owner").things().has(name)
                || !town.stranger().things().has(name)) {
            leaks.add(route + ": Town makes no " + name + " for both tenants, so " + what
                    + " cannot be tried: add one to Town.filled");
        }
    }

    private static Map<String, JsonNode> fields(JsonNode schema) {
        JsonNode resolved =
                schema.has("$ref") ? document.at(schema.get("$ref").asText().substring(1)) : schema;
        Map<String, JsonNode> fields = new LinkedHashMap<>();
        resolved.path("properties").properties().forEach(e -> fields.put(e.getKey(), e.getValue()));
        return fields;
    }

    // who comes in

    @Test
    void nobodyComesInWithoutAGoodCredential() throws Exception {
        Things ours = town.caller("owner").things();
        String good = town.caller("owner").token();
        for (Row row : guarded()) {
            for (String body : bodies(row)) {
                expect(row, "nobody", send(row, ours, "", body), Set.of(401));
            }
            String body = bodies(row).getFirst();
            for (Map.Entry<String, String> spent : town.spent().entrySet()) {
                expect(row, spent.getKey(), send(row, ours, spent.getValue(), body), Set.of(401));
            }
            String path = path(row, ours);
            String filled = filled(body, ours);
            expect(
                    row,
                    "a token after the question mark",
                    town.send(row.method(), path + "?access_token=" + good + "&token=" + good, "", filled),
                    Set.of(401));
            for (Map.Entry<String, String> carrier : Map.of(
                            "X-API-Key", good,
                            "Cookie", "__Host-kvasir-session=" + good + "; token=" + good,
                            "Proxy-Authorization", "Bearer " + good,
                            "Authorization", "Basic " + good)
                    .entrySet()) {
                HttpRequest request = town.request(row.method(), path, "", filled)
                        .header(carrier.getKey(), carrier.getValue())
                        .build();
                expect(row, "a token in " + carrier.getKey(), town.send(request), Set.of(401));
            }
        }
        assertThat(leaks).isEmpty();
    }

    @Test
    void whoIsNotMeantIsRefusedWhateverTheCredential() throws Exception {
        for (Row row : guarded()) {
            for (Caller caller : town.callers()) {
                if (!caller.passes(row)) {
                    for (String body : bodies(row)) {
                        expect(
                                row,
                                caller.name(),
                                send(row, caller.things(), caller.token(), body),
                                Set.of(caller.visits() ? 404 : 403));
                    }
                }
            }
        }
        assertThat(leaks).isEmpty();
    }

    @Test
    void whoIsMeantIsLetInToWhatIsTheirs() throws Exception {
        for (Row row : guarded()) {
            for (Caller caller : town.callers()) {
                if (caller.passes(row)) {
                    for (String body : bodies(row)) {
                        Caller now = town.fresh(caller, row.fresh());
                        Answer answer = send(row, now.things(), now.token(), body);
                        expect(row, caller.name() + " with what is theirs", answer, row.gives());
                        clean(row, caller.name() + " with what is theirs", answer, true);
                    }
                }
            }
        }
        assertThat(leaks).isEmpty();
    }

    // what is another's

    @Test
    void whatIsAnothersLooksLikeWhatIsNotThere() throws Exception {
        Things theirs = town.stranger().things();
        for (Row row : guarded()) {
            List<String> names = names(row);
            if (row.everywhere() || names.isEmpty()) {
                continue;
            }
            for (Caller caller : town.callers()) {
                if (caller.passes(row)) {
                    // The slug of a public address is public.
                    for (Set<String> chosen : choices(
                            names.stream().filter(n -> !n.equals("slug")).toList())) {
                        same(row, caller, chosen, theirs, caller.name() + " with another tenant's " + chosen);
                    }
                }
            }
        }
        assertThat(leaks).isEmpty();
    }

    @Test
    void anotherKnowledgeBaseOfTheSameTenantIsAnother() throws Exception {
        for (Row row : guarded()) {
            List<String> names = names(row);
            if (names.contains("kbId") && names.size() > 1) {
                Caller owner = town.caller("owner");
                // That knowledge base is there, and its owner may know: what is told need not be what nobody's gets.
                Answer other = town.send(
                        row.method(),
                        path(row, owner.things().with("kbId", town.second().get("kbId"))),
                        owner.token(),
                        filled(bodies(row).getFirst(), owner.things()));
                expect(row, "the owner with another knowledge base's kbId", other, Set.of(404));
                Set<String> others = new HashSet<>(names);
                others.remove("kbId");
                same(row, owner, others, town.second(), "the owner with another knowledge base's " + others);
            }
        }
        assertThat(leaks).isEmpty();
    }

    @Test
    void aVisitorTouchesNoConversationButTheirOwn() throws Exception {
        Caller visitor = town.caller("visitor");
        Caller another = town.visitor(visitor.things().get("slug"), "another visitor");
        for (Row row : guarded()) {
            if (visitor.passes(row)) {
                Set<String> names = new HashSet<>(names(row));
                names.remove("slug");
                if (!names.isEmpty()) {
                    same(row, visitor, names, another.things(), "a visitor with another visitor's " + names);
                    same(row, visitor, names, town.caller("owner").things(), "a visitor with the staff's " + names);
                    same(row, town.guest(), names, visitor.things(), "another tenant's visitor with ours");
                }
            }
        }
        // Where what is shared is another knowledge base, a conversation with the first is not there.
        String token = "/api/v1/public/%s/conversations/%s/token";
        String conversation = visitor.things().get("conversationId");
        assertThat(town.send("POST", token.formatted(visitor.things().get("slug"), conversation), visitor.token(), "")
                        .status())
                .isEqualTo(200);
        assertThat(town.send("POST", token.formatted(town.second().get("slug"), conversation), visitor.token(), "")
                        .status())
                .isEqualTo(404);
        assertThat(leaks).isEmpty();
    }

    @Test
    void anothersIdInABodyLooksLikeNobodys() throws Exception {
        Things theirs = town.stranger().things();
        for (Row row : guarded()) {
            for (String body : row.bodies()) {
                Set<String> places = new HashSet<>();
                Matcher found = PLACE.matcher(body);
                while (found.find()) {
                    if (theirs.has(found.group(1))) {
                        places.add(found.group(1));
                    }
                }
                if (places.isEmpty()) {
                    continue;
                }
                for (Caller caller : town.callers()) {
                    if (caller.passes(row)) {
                        String what = caller.name() + " with another tenant's " + places + " in the body";
                        Things foreign = caller.things();
                        Things nobodys = caller.things();
                        for (String place : places) {
                            foreign = foreign.with(place, theirs.get(place));
                            nobodys = nobodys.with(place, NOBODYS);
                        }
                        Answer answer = send(row, caller.things(), caller.token(), filled(body, foreign));
                        Answer wanted = send(row, caller.things(), caller.token(), filled(body, nobodys));
                        expect(row, what, answer, Set.of(400, 403, 404));
                        alike(row, what, answer, wanted);
                    }
                }
            }
        }
        assertThat(leaks).isEmpty();
    }

    @Test
    void anothersIdAfterTheQuestionMarkFindsNothing() throws Exception {
        Map<String, JsonNode> inventory = inventory();
        for (Row row : guarded()) {
            for (JsonNode parameter : inventory.get(row.route()).path("parameters")) {
                if (!parameter.get("in").asText().equals("query")) {
                    continue;
                }
                String name = parameter.get("name").asText();
                for (String value : queried(row, name)) {
                    for (Caller caller : town.callers()) {
                        if (caller.passes(row)) {
                            String path = path(row, caller.things()) + "?" + name + "="
                                    + URLEncoder.encode(value, StandardCharsets.UTF_8);
                            String what = caller.name() + " with another tenant's " + name;
                            Answer answer = town.send(row.method(), path, caller.token(), "");
                            clean(row, what, answer, true);
                            if (name.endsWith("Id")
                                    && answer.status() == 200
                                    && !answer.json().path("items").isEmpty()) {
                                leaks.add(row.route() + ": " + what + " finds something: " + cut(answer.text()));
                            }
                        }
                    }
                }
            }
        }
        assertThat(leaks).isEmpty();
    }

    /** What of the other tenant's could stand for a parameter, its own cursor among it. */
    private static List<String> queried(Row row, String name) throws Exception {
        Things theirs = town.stranger().things();
        if (name.equals("cursor")) {
            Answer page = town.send(
                    "GET", path(row, theirs) + "?limit=1", town.stranger().token(), "");
            return page.status() == 200 && page.json().path("nextCursor").isTextual()
                    ? List.of(page.json().get("nextCursor").asText())
                    : List.of();
        }
        return switch (name) {
            case "actor" -> List.of("user/" + theirs.get("myself"));
            case "subject" -> List.of("knowledge-bases/" + theirs.get("kbId"), "user/" + theirs.get("myself"));
            default -> theirs.has(name) ? List.of(theirs.get(name)) : List.of();
        };
    }

    // what a request may not say

    @Test
    void noBodyNamesATenantAnOwnerOrARoleOfItsOwnAccord() throws Exception {
        Map<String, JsonNode> inventory = inventory();
        for (Row row : Routes.all()) {
            JsonNode schema = inventory.get(row.route()).at("/requestBody/content/application~1json/schema");
            for (String body : row.bodies()) {
                if (body.equals(Routes.FILE) || schema.isMissingNode()) {
                    continue;
                }
                Caller caller = town.caller("super_admin");
                for (String smuggled : SMUGGLED) {
                    if (fields(schema).containsKey(smuggled)) {
                        continue;
                    }
                    ObjectNode with = (ObjectNode) Json.MAPPER.readTree(filled(body, caller.things()));
                    with.put(smuggled, town.stranger().things().get("tenantId"));
                    String token = row.who() == Routes.Who.ANYBODY ? "" : caller.token();
                    expect(
                            row,
                            "a body that says " + smuggled,
                            send(row, caller.things(), token, Json.write(with)),
                            Set.of(400));
                }
            }
        }
        assertThat(leaks).isEmpty();
    }

    @Test
    void nothingWrittenIntoAPathLeadsElsewhere() throws Exception {
        Caller caller = town.caller("super_admin");
        for (Row row : Routes.all()) {
            Matcher parameters = PARAMETER.matcher(row.path());
            while (parameters.find()) {
                for (String traversal : TRAVERSALS) {
                    String before = path(row.path().substring(0, parameters.start()), caller.things());
                    String after = path(row.path().substring(parameters.end()), caller.things());
                    String token = row.who() == Routes.Who.ANYBODY ? "" : caller.token();
                    Answer answer = town.send(
                            row.method(),
                            before + traversal + after,
                            token,
                            filled(bodies(row).getFirst(), caller.things()));
                    String what = cut(traversal) + " for " + parameters.group(1);
                    boolean open = row.who() == Routes.Who.ANYBODY;
                    if (answer.status() < (open ? 300 : 400)
                            || answer.status() >= 500
                            || !open && answer.status() == 401) {
                        leaks.add(row.route() + ": " + what + " gives " + answer.status() + " " + cut(answer.text()));
                    }
                    clean(row, what, answer, true);
                }
            }
        }
        assertThat(leaks).isEmpty();
    }

    // how it is asked

    private static List<String> bodies(Row row) {
        return row.bodies().isEmpty() ? List.of("") : row.bodies();
    }

    private static List<String> names(Row row) {
        List<String> names = new ArrayList<>();
        Matcher parameters = PARAMETER.matcher(row.path());
        while (parameters.find()) {
            names.add(parameters.group(1));
        }
        return names;
    }

    private static String path(Row row, Things things) {
        return path(row.path(), things);
    }

    private static String path(String template, Things things) {
        return PARAMETER
                .matcher(template)
                .replaceAll(found ->
                        Matcher.quoteReplacement(things.has(found.group(1)) ? things.get(found.group(1)) : "x"));
    }

    private static String filled(String body, Things given) {
        Things things = given.has("address") ? given : given.with("address", "new@example.org");
        return PLACE.matcher(body.replace('\'', '"'))
                .replaceAll(found -> Matcher.quoteReplacement(things.get(found.group(1))));
    }

    private static Answer send(Row row, Things things, String token, String body) throws Exception {
        return town.send(row.method(), path(row, things), token, filled(body, things));
    }

    /** All of them, and each one alone. */
    private static Set<Set<String>> choices(List<String> names) {
        Set<Set<String>> choices = new HashSet<>();
        names.forEach(name -> choices.add(Set.of(name)));
        if (!names.isEmpty()) {
            choices.add(Set.copyOf(names));
        }
        return choices;
    }

    /** Asks with some of another's things, and with nobody's in their place: both must be told the same. */
    private void same(Row row, Caller caller, Set<String> chosen, Things others, String what) throws Exception {
        Things foreign = caller.things();
        Things nobodys = caller.things();
        for (String name : chosen) {
            foreign = foreign.with(name, others.get(name));
            nobodys = nobodys.with(name, name.equals("messageId") ? NOBODYS + "-1-a" : NOBODYS);
        }
        String body = filled(bodies(row).getFirst(), caller.things());
        Answer answer = town.send(row.method(), path(row, foreign), caller.token(), body);
        Answer wanted = town.send(row.method(), path(row, nobodys), caller.token(), body);
        expect(row, what, answer, Set.of(404));
        alike(row, what, answer, wanted);
    }

    private void alike(Row row, String what, Answer answer, Answer wanted) {
        clean(row, what, answer, false);
        if (answer.status() != wanted.status() || !told(answer).equals(told(wanted))) {
            leaks.add(row.route() + ": " + what + " is told " + cut(told(answer)) + ", with nobody's "
                    + cut(told(wanted)));
        }
    }

    private static String told(Answer answer) {
        if (!answer.type().contains("json")) {
            return answer.text();
        }
        JsonNode json = answer.json();
        quiet(json);
        return json.toString();
    }

    private void expect(Row row, String who, Answer answer, Set<Integer> wanted) {
        if (!wanted.contains(answer.status())) {
            leaks.add(row.route() + ": " + who + " gets " + answer.status() + " and not " + wanted + ": "
                    + cut(answer.text()));
        }
    }

    /** No word and, where none was sent, no id of the other tenant's. */
    private void clean(Row row, String what, Answer answer, boolean ids) {
        if (answer.status() >= 500) {
            leaks.add(row.route() + ": " + what + " breaks the server: " + answer.status());
        }
        // Who runs the server sees the names of all tenants.
        if (!row.everywhere()
                && answer.text().toLowerCase(Locale.ROOT).contains(Town.MARKER.toLowerCase(Locale.ROOT))) {
            leaks.add(row.route() + ": " + what + " reads what is another's: " + cut(answer.text()));
        }
        if (ids && !row.everywhere()) {
            town.stranger().things().all().forEach((name, id) -> {
                if (id.length() == NOBODYS.length()
                        && answer.text().contains(id)
                        && !row.route().contains("/audit")) {
                    leaks.add(row.route() + ": " + what + " reads another's " + name + ": " + cut(answer.text()));
                }
            });
        }
    }

    private static String cut(String text) {
        return text.length() > 300 ? text.substring(0, 300) + "…" : text;
    }

    // what the other tenant has

    /** Everything its owner can read, by route. */
    private static Map<String, String> theirs() throws Exception {
        Caller owner = town.stranger();
        Map<String, String> found = new TreeMap<>();
        for (Row row : guarded()) {
            if (row.method().equals("GET")
                    && !row.everywhere()
                    && !row.path().endsWith("/export")
                    && !row.path().endsWith("/events")) {
                Answer answer = town.send("GET", path(row, owner.things()), owner.token(), "");
                found.put(row.route(), answer.status() + " " + told(answer));
            }
        }
        assertThat(found.values()).allMatch(text -> text.startsWith("200 "));
        return found;
    }

    private static void quiet(JsonNode node) {
        if (node instanceof ObjectNode object) {
            object.remove(RESTLESS);
        }
        node.forEach(TenantMatrixTest::quiet);
    }
}
