package io.kvasir.system;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.load.FakeLlm;
import io.kvasir.load.FakeReply;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Kills a real server again and again while it takes in, replaces and deletes documents and answers questions, and holds
 * it to what it acknowledged: nothing lost, every passage there exactly once, unfinished jobs go on by themselves, a cut
 * reply is marked and can be asked again.
 */
public final class KillStorm implements AutoCloseable {
    private static final int SECTIONS = 8;
    /** One of so many that were seen after a kill is looked at again after the next; all are at the end. */
    private static final int EACH_TIME = 8;

    private final Path folder;
    private final Random random;
    private final FakeLlm llm = FakeLlm.start(0, FakeReply.DEFAULT.with("first=50,rate=40,tokens=60"));
    private final Map<String, String> environment;
    /** Acknowledged documents by id, and the word that marks their newest acknowledged version. */
    private final Map<String, String> documents = new ConcurrentHashMap<>();
    /** Words of versions that must not be found any more. */
    private final Map<String, Boolean> gone = new ConcurrentHashMap<>();
    /** Documents a kill caught in the middle of a change nobody acknowledged: either outcome is right. */
    private final Map<String, Boolean> doubtful = new ConcurrentHashMap<>();
    /** Acknowledged questions: conversation and turn, with the reply where its end was seen. */
    private final Map<Asked, Optional<String>> asked = new ConcurrentHashMap<>();

    /** Documents, and questions with the outcome that was acknowledged, that were there after a kill. */
    private final Set<Object> seen = new HashSet<>();

    private final AtomicInteger word = new AtomicInteger();
    private final Map<String, Integer> counts = new TreeMap<>();
    private String quick = "";
    private String slow = "";

    private record Asked(String conversation, String turn) {}

    public KillStorm(Path folder, long seed) {
        this.folder = folder;
        this.random = new Random(seed);
        this.environment = Map.of(
                "KVASIR_OPENAI_BASE_URL", "http://127.0.0.1:" + llm.port() + "/v1", "KVASIR_OPENAI_API_KEY", "fake");
    }

    /** What happened how often. @throws AssertionError where a promise was broken */
    public Map<String, Integer> run(int kills) throws Exception {
        for (int i = 0; i < kills; i++) {
            try (ServerProcess server = ServerProcess.start(folder.resolve("data"), environment)) {
                String token;
                try (Api api = Api.owner(server)) {
                    prepare(api);
                    verifyAcknowledged(api, EACH_TIME);
                    token = api.token();
                }
                int before = counted("answered");
                List<Thread> clients = clients(server, token);
                LockSupport.parkNanos((long) (200_000_000 + random.nextDouble() * 2_500_000_000L));
                if (i % 2 == 0) {
                    awaitAnswers(before + 1);
                }
                server.kill();
                count("kills");
                for (Thread client : clients) {
                    client.join();
                }
            }
        }
        try (ServerProcess server = ServerProcess.start(folder.resolve("data"), environment);
                Api api = Api.owner(server)) {
            verifyAcknowledged(api, 1);
            awaitJobs(api);
            verifyPassages(api);
            askAgain(api);
            server.stop();
        }
        Map<String, Integer> result = new LinkedHashMap<>(counts);
        result.put("documents", documents.size());
        result.put("questions", asked.size());
        return result;
    }

    private synchronized void count(String what) {
        counts.merge(what, 1, Integer::sum);
    }

    private synchronized int counted(String what) {
        return counts.getOrDefault(what, 0);
    }

    /** On a slow machine the kill would come before anything was answered, every time. */
    private void awaitAnswers(int least) {
        long end = System.nanoTime() + 20_000_000_000L;
        while (counted("answered") < least && System.nanoTime() < end) {
            LockSupport.parkNanos(20_000_000);
        }
    }

    private void prepare(Api api) throws Exception {
        if (quick.isEmpty()) {
            quick = created(api, Map.of("name", "Quick"));
            slow = created(api, Map.of("name", "Slow", "provider", "openai", "model", "gpt-4o-mini"));
            for (String kb : List.of(quick, slow)) {
                added(api, kb, "always there, about refunds that are paid within fourteen days");
            }
        }
    }

    private static String created(Api api, Map<String, String> body) throws Exception {
        return api.post("/api/v1/knowledge-bases", body)
                .expect(201)
                .body()
                .get("id")
                .asText();
    }

    private List<Thread> clients(ServerProcess server, String token) {
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            long seed = random.nextLong();
            boolean asks = i >= 2;
            clients.add(Thread.ofPlatform().start(() -> client(server, token, new Random(seed), asks)));
        }
        return clients;
    }

    /** With a token that is there: hashing four passwords would take the time in which the kill should come. */
    private void client(ServerProcess server, String token, Random dice, boolean asks) {
        try (Api api = new Api(server::uri)) {
            api.token(token);
            while (true) {
                if (asks) {
                    ask(api, dice);
                } else {
                    change(api, dice);
                }
            }
        } catch (IOException killed) {
            // The connection broke: the kill has come.
            count("clients cut off");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void change(Api api, Random dice) throws IOException, InterruptedException {
        List<String> known = documents.keySet().stream()
                .filter(d -> !doubtful.containsKey(d))
                .toList();
        int kind = dice.nextInt(10);
        if (kind < 6 || known.size() < 3) {
            added(api, quick, "");
            return;
        }
        String document = known.get(dice.nextInt(known.size()));
        if (doubtful.putIfAbsent(document, true) != null) {
            return;
        }
        int status;
        if (kind < 8) {
            String next = nextWord();
            status = api.upload("PUT", path(document), "replaced.md", text(next, ""))
                    .status();
            if (status == 202) {
                gone.put(documents.put(document, next), true);
                count("replaced");
            }
        } else {
            status = api.delete(path(document)).status();
            if (status == 204) {
                gone.put(documents.remove(document), true);
                count("deleted");
            }
        }
        if (status < 300 || status == 404) {
            doubtful.remove(document);
        } else {
            // Not acknowledged: it may or may not have happened.
            count("changes answered " + status);
        }
    }

    private String path(String document) {
        return "/api/v1/knowledge-bases/" + quick + "/documents/" + document;
    }

    private String nextWord() {
        return "zq" + word.incrementAndGet() + "xj";
    }

    private void added(Api api, String kb, String more) throws IOException, InterruptedException {
        String marker = nextWord();
        Api.Reply reply =
                api.upload("POST", "/api/v1/knowledge-bases/" + kb + "/documents", marker + ".md", text(marker, more));
        if (reply.status() == 202 && kb.equals(quick)) {
            documents.put(reply.body().get("jobs").get(0).get("documentId").asText(), marker);
            count("added");
        }
    }

    /** Sections that become a passage each, every one with a word of its own that begins with the document's. */
    private static byte[] text(String marker, String more) {
        StringBuilder text = new StringBuilder("# Document " + marker + "\n\n" + more + "\n\n");
        for (int i = 0; i < SECTIONS; i++) {
            text.append("## Part ")
                    .append(i)
                    .append("\n\nThe word of this part is ")
                    .append(marker)
                    .append("p")
                    .append(i)
                    .append(". It stands here once, among other words about parcels and refunds.\n\n");
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private void ask(Api api, Random dice) throws IOException, InterruptedException {
        String kb = dice.nextInt(3) == 0 ? quick : slow;
        Api.Reply made = api.post("/api/v1/chat/conversations", Map.of("kbId", kb));
        if (made.status() != 201) {
            return;
        }
        String conversation = made.body().get("id").asText();
        HttpRequest.Builder request = api.request("/api/v1/chat/conversations/" + conversation + "/messages")
                .header("Accept", "text/event-stream")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"content\":\"When are refunds paid?\"}"));
        try (SseReader events = SseReader.open(api, request)) {
            if (events.status() != 200) {
                return;
            }
            StringBuilder text = new StringBuilder();
            Asked question = null;
            for (Optional<SseReader.Event> next = events.next(); next.isPresent(); next = events.next()) {
                JsonNode data = next.get().data();
                switch (next.get().name()) {
                    case "turn.started" -> {
                        question = new Asked(conversation, data.get("turnId").asText());
                        asked.put(question, Optional.empty());
                    }
                    case "delta" -> text.append(data.get("text").asText());
                    case "turn.completed" -> {
                        asked.put(question, Optional.of(text.toString()));
                        count("answered");
                    }
                    default -> {}
                }
            }
        }
    }

    /** Everything that was acknowledged is there, and no reply pretends to be still running. */
    private void verifyAcknowledged(Api api, int ofSeen) throws Exception {
        for (String document : documents.keySet()) {
            if (!doubtful.containsKey(document) && due(document, ofSeen)) {
                require(api.get(path(document)).status() == 200, "the acknowledged document " + document + " is lost");
            }
        }
        for (Map.Entry<Asked, Optional<String>> one : asked.entrySet()) {
            if (!due(Map.entry(one.getKey(), one.getValue()), ofSeen)) {
                continue;
            }
            JsonNode reply = reply(api, one.getKey());
            String status = reply.get("status").asText();
            if (one.getValue().isPresent()) {
                require(status.equals("completed"), "a completed reply is " + status);
                require(reply.get("content").asText().equals(one.getValue().get()), "a completed reply changed");
            } else {
                require(
                        status.equals("failed") || status.equals("completed") || status.equals("running"),
                        "a reply is " + status);
                if (status.equals("failed")) {
                    require(
                            reply.get("error").get("code").asText().equals("interrupted"),
                            "a cut reply is marked " + reply.get("error"));
                    count("replies found cut");
                }
                require(!status.equals("running") || settled(api, one.getKey()), "a cut reply is not marked");
            }
        }
    }

    /** Whether it is to be looked at: always the first time, then one in so many times. */
    private boolean due(Object what, int ofSeen) {
        return seen.add(what) || random.nextInt(ofSeen) == 0;
    }

    private static boolean settled(Api api, Asked question) throws Exception {
        for (int i = 0; i < 50; i++) {
            if (!reply(api, question).get("status").asText().equals("running")) {
                return true;
            }
            LockSupport.parkNanos(100_000_000);
        }
        return false;
    }

    private static JsonNode reply(Api api, Asked question) throws Exception {
        JsonNode items = api.get("/api/v1/chat/conversations/" + question.conversation() + "/messages")
                .expect(200)
                .body()
                .get("items");
        for (JsonNode item : items) {
            if (item.get("turnId").asText().equals(question.turn())
                    && item.get("role").asText().equals("assistant")) {
                return item;
            }
        }
        throw new AssertionError("the acknowledged question " + question + " is lost: " + items);
    }

    private void awaitJobs(Api api) throws Exception {
        for (int i = 0; i < 1_200; i++) {
            boolean busy = false;
            String cursor = "";
            do {
                JsonNode page = api.get("/api/v1/knowledge-bases/" + quick + "/jobs?limit=200" + cursor)
                        .expect(200)
                        .body();
                for (JsonNode job : page.get("items")) {
                    String status = job.get("status").asText();
                    require(!status.equals("failed"), "a job failed: " + job);
                    busy |= !status.equals("completed");
                }
                cursor = page.get("nextCursor").isNull()
                        ? ""
                        : "&cursor=" + page.get("nextCursor").asText();
            } while (!cursor.isEmpty());
            if (!busy) {
                return;
            }
            LockSupport.parkNanos(100_000_000);
        }
        throw new AssertionError("unfinished jobs did not go on by themselves");
    }

    private void verifyPassages(Api api) throws Exception {
        for (Map.Entry<String, String> document : documents.entrySet()) {
            if (!doubtful.containsKey(document.getKey())) {
                for (int i = 0; i < SECTIONS; i++) {
                    String part = document.getValue() + "p" + i;
                    require(found(api, part) == 1, part + " is found " + found(api, part) + " times");
                }
            }
        }
        for (String word : gone.keySet()) {
            require(found(api, word + "p0") == 0, word + " is still found");
        }
    }

    private int found(Api api, String word) throws Exception {
        JsonNode results = api.post(
                        "/api/v1/knowledge-bases/" + quick + "/knowledge/search",
                        Map.of("query", word, "mode", "keyword", "limit", 20))
                .expect(200)
                .body()
                .get("results");
        int count = 0;
        for (JsonNode result : results) {
            if (result.get("text").asText().contains(word + ".")) {
                count++;
            }
        }
        return count;
    }

    private void askAgain(Api api) throws Exception {
        for (Map.Entry<Asked, Optional<String>> one : asked.entrySet()) {
            if (one.getValue().isEmpty()) {
                JsonNode reply = api.post(
                                "/api/v1/chat/conversations/" + one.getKey().conversation() + "/messages",
                                Map.of("content", "When are refunds paid?"),
                                "Accept",
                                "application/json")
                        .expect(200)
                        .body();
                require(reply.get("status").asText().equals("completed"), "asking again gave " + reply);
                count("asked again");
                return;
            }
        }
    }

    private static void require(boolean holds, String broken) {
        if (!holds) {
            throw new AssertionError(broken);
        }
    }

    @Override
    public void close() {
        llm.close();
    }
}
