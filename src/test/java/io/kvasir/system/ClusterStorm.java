package io.kvasir.system;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.http.Json;
import io.kvasir.load.FakeReply;
import io.kvasir.system.ClusterProcesses.Member;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * What clients of three servers notice when one of them is killed, and when all are restarted one by one: how long until
 * every knowledge base answers again, whether readers of live replies miss or see twice a single character, whether
 * anything that was acknowledged is gone, whether a request that may be repeated ever fails.
 */
public final class ClusterStorm implements AutoCloseable {
    private static final Duration GIVE_UP = Duration.ofSeconds(60);

    private final ClusterProcesses cluster;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .executor(
                    Executors.newFixedThreadPool(4, Thread.ofPlatform().daemon().factory()))
            .build();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<String> bases = new ArrayList<>();
    private final List<String> filled = new ArrayList<>();
    /** The last description each knowledge base acknowledged, as a number. */
    private final Map<String, Integer> described = new ConcurrentHashMap<>();

    private final Map<String, Boolean> begun = new ConcurrentHashMap<>();
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger repeated = new AtomicInteger();
    private final Queue<String> failed = new ConcurrentLinkedQueue<>();
    private String token = "";

    /**
     * What a kill did.
     *
     * @param answeredMs from the kill to the first answer of the last knowledge base
     * @param mostAnsweredMs to that of nine tenths of them; where this is close to {@code answeredMs}, the cluster was late,
     *     else a few requests were
     * @param undisturbedMs the control: to the last answer where all are asked in the same way just before, and nobody is killed
     * @param askedAgain how often a knowledge base had to be asked by another request
     * @param lost characters readers saw that the stored reply has not, or that they never saw
     * @param repeated characters readers saw twice
     * @param ended replies that came to their end
     * @param cut replies that were marked as interrupted, since the node that gave them died
     * @param acknowledgedLost acknowledged changes that are gone
     * @param timeline milliseconds from the kill to what those that stayed did about it
     */
    public record Kill(
            boolean oldest,
            long answeredMs,
            long mostAnsweredMs,
            long undisturbedMs,
            int askedAgain,
            long lost,
            long repeated,
            int ended,
            int cut,
            int resumed,
            int acknowledged,
            int acknowledgedLost,
            Map<String, String> timeline) {}

    /**
     * What a restart of all did.
     *
     * @param again requests that needed another server or another try
     * @param failed what was not done for good, and why
     */
    public record Roll(int requests, int again, List<String> failed, long tookMs) {}

    /**
     * @param patient servers that take each other for dead late, for a machine that is too busy to tell slow from dead
     * @param links whether there is a network between them that can be parted
     */
    public ClusterStorm(Path folder, int knowledgeBases, FakeReply reply, boolean patient, boolean links)
            throws Exception {
        List<String> jvm = new ArrayList<>(List.of("-Xmx600m", "-Dlogback.configurationFile=logback.xml"));
        if (patient) {
            jvm.add("-Dpekko.cluster.failure-detector.acceptable-heartbeat-pause=8s");
        } else {
            // What is measured is compiled as an operator's server is.
            jvm.add("-XX:TieredStopAtLevel=4");
        }
        cluster = new ClusterProcesses(
                folder, 3, reply, Map.of("KVASIR_LOG_FORMAT", "text", "KVASIR_CLUSTER_LOG_LEVEL", "INFO"), jvm, links);
        try {
            try (Api api = new Api(cluster.oldest()::uri)) {
                api.login();
                token = api.token();
            }
            fill(knowledgeBases);
        } catch (Exception e) {
            close();
            throw e;
        }
    }

    public ClusterProcesses cluster() {
        return cluster;
    }

    private void fill(int knowledgeBases) throws Exception {
        Semaphore few = new Semaphore(8);
        List<Future<String>> made = new ArrayList<>();
        for (int i = 0; i < knowledgeBases; i++) {
            String name = "Base " + i;
            made.add(threads.submit(() -> {
                few.acquire();
                try {
                    return id(send(
                            "POST",
                            "/api/v1/knowledge-bases",
                            Map.of("name", name, "provider", "openai", "model", "gpt-4o-mini")));
                } finally {
                    few.release();
                }
            }));
        }
        for (Future<String> one : made) {
            bases.add(one.get());
        }
        for (String base : bases.subList(0, Math.min(8, bases.size()))) {
            try (Api api = new Api(cluster.oldest()::uri)) {
                api.token(token);
                String job = api.upload(
                                "POST",
                                "/api/v1/knowledge-bases/" + base + "/documents",
                                "refunds.md",
                                "# Refunds\n\nRefunds are paid within fourteen days.".getBytes(StandardCharsets.UTF_8))
                        .expect(202)
                        .body()
                        .get("jobs")
                        .get(0)
                        .get("id")
                        .asText();
                String path = "/api/v1/knowledge-bases/" + base + "/jobs/" + job;
                while (!api.get(path).expect(200).body().get("status").asText().equals("completed")) {
                    LockSupport.parkNanos(50_000_000);
                }
                filled.add(base);
            }
        }
    }

    /**
     * Replies are given and all knowledge bases asked, over and over, for at least that long. A server that has just been
     * started compiles its code with all it has; a kill is to meet servers that have been up for a while.
     */
    public void warm(Duration atLeast, int streams) throws Exception {
        for (long began = System.nanoTime(); System.nanoTime() - began < atLeast.toNanos(); ) {
            List<Future<?>> reading = new ArrayList<>();
            for (Reader reader : read(streams, reading)) {
                reader.awaitSome();
            }
            while (!reading.stream().allMatch(Future::isDone)) {
                asked(System.nanoTime(), new AtomicInteger());
            }
        }
    }

    private List<Reader> read(int streams, List<Future<?>> reading) {
        List<Reader> readers = new ArrayList<>();
        for (int i = 0; i < streams; i++) {
            Reader reader = new Reader(filled.get(i % filled.size()), cluster.any());
            readers.add(reader);
            reading.add(threads.submit(reader));
        }
        return readers;
    }

    /** Kills one of the three while replies are given and changes made; afterwards it is started again. */
    public Kill kill(boolean oldest, int streams) throws Exception {
        return lose(oldest, streams, cluster::kill, _ -> {});
    }

    /**
     * The same with one that stands still until the others have taken over, and then goes on: it has to find out by itself
     * that it is a member no more, and end, and whatever it still meant to write counts for nothing.
     */
    public Kill freeze(boolean oldest, int streams) throws Exception {
        return lose(oldest, streams, cluster::freeze, frozen -> {
            frozen.server().thaw();
            if (!frozen.server().ends(GIVE_UP)) {
                frozen.server().kill();
                throw new AssertionError("a server that was put out goes on");
            }
        });
    }

    /**
     * The same with one that is cut off from the others, but from nobody else: clients still come to it, and the database
     * still takes what it writes. It has to find out by itself that it is the smaller part, and end.
     */
    public Kill part(boolean oldest, int streams) throws Exception {
        return lose(oldest, streams, cluster::part, this::ends);
    }

    /**
     * The same where the oldest and the youngest do not hear each other any more, but the third hears both: nobody can tell
     * who of the two is at fault, so both have to end, and the third goes on.
     */
    public Kill cut(int streams) throws Exception {
        Member other = cluster.youngest();
        Kill kill = lose(true, streams, oldest -> cluster.cut(oldest, other), oldest -> {
            for (Member one : List.of(oldest, other)) {
                ends(one);
            }
        });
        cluster.join(other.number());
        return kill;
    }

    private void ends(Member lonely) throws InterruptedException {
        if (!lonely.server().ends(GIVE_UP)) {
            lonely.server().kill();
            throw new AssertionError("a server that does not hear a member goes on");
        }
        cluster.over(lonely);
    }

    /** Ends a member, or has it end. @return when, as {@link System#nanoTime} */
    @FunctionalInterface
    private interface Loss {
        long of(Member victim) throws IOException, InterruptedException;
    }

    @FunctionalInterface
    private interface Afterwards {
        void with(Member victim) throws IOException, InterruptedException;
    }

    private Kill lose(boolean oldest, int streams, Loss loss, Afterwards afterwards) throws Exception {
        described.clear();
        begun.clear();
        AtomicBoolean going = new AtomicBoolean(true);
        List<Future<?>> reading = new ArrayList<>();
        List<Reader> readers = read(streams, reading);
        for (Reader reader : readers) {
            reader.awaitSome();
        }
        List<Future<?>> writing = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int number = i;
            writing.add(threads.submit(() -> write(number, going)));
        }
        LockSupport.parkNanos(500_000_000);

        // The same without a kill: what a thousand requests at once cost beside the streams, whatever becomes of a
        // server.
        AtomicInteger tries = new AtomicInteger();
        long undisturbed = asked(System.nanoTime(), tries).getLast();
        tries.set(0);

        Member victim = oldest ? cluster.oldest() : cluster.youngest();
        Instant killedAt = Instant.now();
        List<Long> answered = asked(loss.of(victim), tries);
        afterwards.with(victim);
        Map<String, String> timeline = timeline(killedAt, answered);
        going.set(false);
        for (Future<?> one : writing) {
            one.get();
        }
        for (Future<?> one : reading) {
            one.get();
        }
        long lost = 0;
        long twice = 0;
        int ended = 0;
        int cut = 0;
        int resumed = 0;
        for (Reader reader : readers) {
            String stored = stored(reader);
            String seen = reader.text.toString();
            if (!seen.equals(stored)) {
                int same = common(seen, stored);
                lost += Math.max(seen.length(), stored.length()) - same;
            }
            twice += reader.twice;
            lost += reader.missed;
            ended += reader.last.equals("turn.completed") ? 1 : 0;
            cut += reader.last.equals("turn.failed") ? 1 : 0;
            resumed += reader.opened > 1 ? 1 : 0;
        }
        int gone = gone();
        int acknowledged =
                described.values().stream().mapToInt(Integer::intValue).sum() + begun.size();
        cluster.join(victim.number());
        return new Kill(
                oldest,
                answered.getLast(),
                answered.get(answered.size() * 9 / 10),
                undisturbed,
                tries.get(),
                lost,
                twice,
                ended,
                cut,
                resumed,
                acknowledged,
                gone,
                timeline);
    }

    /** Asks all knowledge bases at once. @return when each answered first, in milliseconds since, ascending */
    private List<Long> asked(long since, AtomicInteger tries) throws Exception {
        List<Future<Long>> answers = new ArrayList<>();
        for (String base : bases) {
            answers.add(threads.submit(() -> {
                send("GET", "/api/v1/knowledge-bases/" + base, null, tries);
                return System.nanoTime();
            }));
        }
        List<Long> answered = new ArrayList<>();
        for (Future<Long> answer : answers) {
            answered.add((answer.get() - since) / 1_000_000);
        }
        answered.sort(null);
        return answered;
    }

    private Map<String, String> timeline(Instant killed, List<Long> answered) throws IOException {
        Map<String, String> told = new LinkedHashMap<>(KillTimeline.of(
                killed, cluster.members().stream().map(m -> m.server().log()).toList()));
        for (int tenths = 1; tenths < 10; tenths += 2) {
            told.put(tenths + " of 10 answered", Long.toString(answered.get(answered.size() * tenths / 10)));
        }
        return told;
    }

    /** Restarts all of them one by one, in order, under load. */
    public Roll roll(int clients) throws Exception {
        requests.set(0);
        repeated.set(0);
        failed.clear();
        described.clear();
        begun.clear();
        AtomicBoolean going = new AtomicBoolean(true);
        List<Future<?>> load = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            int number = i;
            load.add(threads.submit(() -> write(number, going)));
        }
        long began = System.nanoTime();
        for (Member member : cluster.members()) {
            cluster.stop(member);
            cluster.join(member.number());
        }
        long took = (System.nanoTime() - began) / 1_000_000;
        going.set(false);
        for (Future<?> one : load) {
            one.get();
        }
        int gone = gone();
        if (gone > 0) {
            failed.add(gone + " acknowledged changes are gone");
        }
        return new Roll(requests.get(), repeated.get(), List.copyOf(failed), took);
    }

    /** Changes and reads that may be repeated. */
    private Void write(int number, AtomicBoolean going) throws Exception {
        for (int n = 1; going.get(); n++) {
            String base = bases.get((number * 7 + 3) % bases.size());
            try {
                send(
                        "PUT",
                        "/api/v1/knowledge-bases/" + base,
                        Map.of("name", "Base", "description", Integer.toString(n)));
                described.put(base, n);
                String conversation = id(send("POST", "/api/v1/chat/conversations", Map.of("kbId", base)));
                begun.put(conversation, true);
                send("GET", "/api/v1/chat/conversations/" + conversation, null);
                send("GET", "/api/v1/knowledge-bases?limit=10", null);
            } catch (IOException gaveUp) {
                failed.add(String.valueOf(gaveUp.getMessage()));
            }
        }
        return null;
    }

    private int gone() throws Exception {
        int gone = 0;
        for (Map.Entry<String, Integer> one : described.entrySet()) {
            int now = send("GET", "/api/v1/knowledge-bases/" + one.getKey(), null)
                    .get("description")
                    .asInt(0);
            gone += now < one.getValue() ? 1 : 0;
        }
        for (String conversation : begun.keySet()) {
            try {
                send("GET", "/api/v1/chat/conversations/" + conversation, null);
            } catch (IOException notFound) {
                gone++;
            }
        }
        return gone;
    }

    /**
     * As a load balancer does it: to the next server where the connection breaks or the answer is 502, 503 or 504; a POST
     * with the same key.
     *
     * @throws IOException where nobody did it in a minute, or it was refused
     */
    private JsonNode send(String method, String path, @org.jspecify.annotations.Nullable Object body)
            throws IOException, InterruptedException {
        return send(method, path, body, repeated);
    }

    private JsonNode send(
            String method, String path, @org.jspecify.annotations.Nullable Object body, AtomicInteger again)
            throws IOException, InterruptedException {
        requests.incrementAndGet();
        String key = io.kvasir.kernel.Ids.next();
        long end = System.nanoTime() + GIVE_UP.toNanos();
        String why = "";
        for (boolean first = true; System.nanoTime() < end; first = false) {
            if (!first) {
                again.incrementAndGet();
                LockSupport.parkNanos(50_000_000);
            }
            HttpRequest.Builder request = HttpRequest.newBuilder(cluster.any().uri(path))
                    .timeout(Duration.ofSeconds(20))
                    .header("Authorization", "Bearer " + token)
                    .header("Content-Type", "application/json")
                    .method(
                            method,
                            body == null
                                    ? HttpRequest.BodyPublishers.noBody()
                                    : HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body)));
            if (method.equals("POST")) {
                request.header("Idempotency-Key", key);
            }
            try {
                HttpResponse<byte[]> response = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
                if (response.statusCode() < 300) {
                    return Json.MAPPER.readTree(response.body());
                }
                why = response.statusCode() + " " + new String(response.body(), StandardCharsets.UTF_8);
                // 409: the first try of this key is still under way.
                if (response.statusCode() != 409 && !later(response.statusCode())) {
                    break;
                }
            } catch (IOException broken) {
                why = broken.toString();
            }
        }
        throw new IOException(method + " " + path + " was not done: " + why);
    }

    private static boolean later(int status) {
        return status >= 502 && status <= 504;
    }

    private static String id(JsonNode made) {
        return made.get("id").asText();
    }

    private String stored(Reader reader) throws IOException, InterruptedException {
        for (int i = 0; ; i++) {
            JsonNode items = send("GET", "/api/v1/chat/conversations/" + reader.conversation + "/messages", null)
                    .get("items");
            JsonNode reply = items.get(items.size() - 1);
            if (!reply.get("status").asText().equals("running") || i == 100) {
                return reply.get("content").asText();
            }
            LockSupport.parkNanos(100_000_000);
        }
    }

    private static int common(String a, String b) {
        int n = 0;
        while (n < a.length() && n < b.length() && a.charAt(n) == b.charAt(n)) {
            n++;
        }
        return n;
    }

    /** One that asks and reads along, and goes on elsewhere by its position where its server goes. */
    private final class Reader implements Callable<Void> {
        private final String base;
        private final StringBuffer text = new StringBuffer();
        private Member at;
        private volatile String conversation = "";
        private volatile String last = "";
        private String position = "";
        private int opened;
        private long twice;
        private long missed;
        private volatile @org.jspecify.annotations.Nullable Exception broken;

        Reader(String base, Member at) {
            this.base = base;
            this.at = at;
        }

        void awaitSome() throws Exception {
            long end = System.nanoTime() + GIVE_UP.toNanos();
            // One that failed before it said a word is over, too.
            while (text.isEmpty() && last.isEmpty()) {
                if (broken != null) {
                    throw new ExecutionException(broken);
                }
                if (System.nanoTime() > end) {
                    throw new AssertionError("no reply began");
                }
                LockSupport.parkNanos(10_000_000);
            }
        }

        @Override
        public Void call() throws Exception {
            try {
                conversation = id(send("POST", "/api/v1/chat/conversations", Map.of("kbId", base)));
                String events = "/api/v1/chat/conversations/" + conversation + "/events";
                long end = System.nanoTime() + GIVE_UP.toNanos();
                String messages = "/api/v1/chat/conversations/" + conversation + "/messages";
                // Its shard may just be on its way to another member: then it is told to come again, as everybody is.
                while (later(read(request(at.uri(messages))
                                .POST(HttpRequest.BodyPublishers.ofString("{\"content\":\"When are refunds paid?\"}"))
                                .build()))
                        && System.nanoTime() < end) {
                    LockSupport.parkNanos(100_000_000);
                    at = cluster.any();
                }
                end = System.nanoTime() + GIVE_UP.toNanos();
                while (last.isEmpty() && System.nanoTime() < end) {
                    LockSupport.parkNanos(100_000_000);
                    at = cluster.any();
                    HttpRequest.Builder again = request(at.uri(events)).GET();
                    read((position.isEmpty() ? again : again.header("Last-Event-ID", position)).build());
                }
                return null;
            } catch (Exception e) {
                broken = e;
                throw e;
            }
        }

        private HttpRequest.Builder request(URI uri) {
            return HttpRequest.newBuilder(uri)
                    .header("Authorization", "Bearer " + token)
                    .header("Content-Type", "application/json")
                    .header("Accept", "text/event-stream");
        }

        /** @return the status of the answer; 0 where there was none */
        private int read(HttpRequest request) throws InterruptedException {
            int status = 0;
            try {
                HttpResponse<InputStream> response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
                status = response.statusCode();
                try (SseReader events = new SseReader(status, response.body())) {
                    if (status != 200) {
                        return status;
                    }
                    opened++;
                    while (last.isEmpty()) {
                        Optional<SseReader.Event> next = events.next();
                        if (next.isEmpty()) {
                            return status;
                        }
                        heard(next.get());
                    }
                }
            } catch (IOException cutOff) {
                // Its server is gone: on to another one.
            }
            return status;
        }

        private void heard(SseReader.Event event) {
            position = event.id();
            switch (event.name()) {
                case "delta" -> {
                    text.append(event.data().get("text").asText());
                    long offset = Long.parseLong(event.id().substring(event.id().indexOf(':') + 1));
                    // The position says how long the reply is with this piece.
                    twice += Math.max(0, text.length() - offset);
                    missed += Math.max(0, offset - text.length());
                }
                case "turn.completed", "turn.failed", "turn.stopped" -> last = event.name();
                default -> {}
            }
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        threads.shutdownNow();
        http.shutdownNow();
        cluster.close();
    }
}
