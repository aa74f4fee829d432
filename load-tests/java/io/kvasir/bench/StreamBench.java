package io.kvasir.bench;

import io.kvasir.http.Json;
import io.kvasir.load.EventClient;
import io.kvasir.load.EventClient.Call;
import io.kvasir.load.EventClient.Marks;
import io.kvasir.load.FakeLlm;
import io.kvasir.load.FakeReply;
import io.kvasir.system.Api;
import io.kvasir.system.ServerProcess;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;

/**
 * {@code ./dev bench stream [parts=first,cpu,idle,control] [seconds=10] [warm=60] [rate=50] [streams=500] [requests=50] [idle=9500]}:
 * what it costs to relay a reply. The server runs in a JVM of its own, the fake LLM and the readers in this one.
 *
 * <ul>
 *   <li>first: time to the first token, {@code requests} a second, through the server and straight from the fake LLM, after
 *       {@code warm} seconds of half as many
 *   <li>cpu: the server's CPU per token it relays, {@code streams} replies of {@code rate} tokens a second
 *   <li>idle: resident memory per open stream on which nothing happens, one conversation each
 *   <li>control: the last two for a bare Pekko HTTP and a bare Netty server that make up the tokens themselves, and the CPU
 *       of a bare Netty that relays them
 * </ul>
 */
public final class StreamBench {
    private static final Marks EVENTS = new Marks("retry: 1000", "event: delta", "event: turn.completed");
    private static final Marks PROVIDER = new Marks("HTTP/1.1 200", "\"content\":\"", "[DONE]");

    /**
     * How long streams are left alone before they are weighed: what the burst of opening them left in the heap goes back to
     * the system with the collections of a JVM at rest, one each 15 s (conf/jvm.options).
     */
    private static final int REST_SECONDS = 50;

    private final StreamOptions options;
    private final EventClient readers = new EventClient(1);
    private final Map<String, Object> result = new LinkedHashMap<>();
    private int asked;

    private StreamBench(StreamOptions options) {
        this.options = options;
    }

    public static void main(String[] args) throws Exception {
        new StreamBench(StreamOptions.of(args)).run();
        System.exit(0);
    }

    private void run() throws Exception {
        result.put("bench", "stream");
        result.put("options", options);
        System.out.printf("%-44s %10s%n", "what", "value");
        if (options.has("first") || options.has("cpu") || options.has("idle")) {
            Path folder = Files.createTempDirectory("bench-stream");
            try (FakeLlm llm = FakeLlm.start(0, FakeReply.DEFAULT);
                    ServerProcess server = ServerProcess.startAsIs(
                            folder.resolve("data"),
                            Map.of("KVASIR_OPENAI_BASE_URL", llm.url(), "KVASIR_CONFIG", config(folder)),
                            List.of(options.jvm()));
                    Api api = Api.owner(server)) {
                String kb = knowledgeBase(api);
                warm(server, api, kb);
                if (options.has("idle")) {
                    idle(server, api, kb);
                }
                if (options.has("first")) {
                    firstToken(server, api, kb, llm);
                }
                if (options.has("cpu")) {
                    cpu(server, api, kb, llm);
                }
            } finally {
                try (var files = Files.walk(folder)) {
                    files.sorted(Comparator.reverseOrder())
                            .forEach(f -> f.toFile().delete());
                }
            }
        }
        if (options.has("control")) {
            control("bare Pekko HTTP", "barePekko.", "io.kvasir.bench.BarePekko");
            control("bare Netty", "bareNetty.", "io.kvasir.bench.BareNetty");
            if (options.has("cpu")) {
                try (FakeLlm llm = FakeLlm.start(0, FakeReply.DEFAULT)) {
                    control(
                            "bare Netty relay",
                            "nettyRelay.",
                            "io.kvasir.bench.NettyRelay",
                            String.valueOf(llm.port()));
                }
            }
        }
        System.out.println(Json.write(result));
    }

    private void firstToken(ServerProcess server, Api api, String kb, FakeLlm llm) throws Exception {
        String model = "fake:first=20,rate=0,tokens=5";
        model(api, kb, model);
        // Each is asked again after ten seconds only: one whose answer still comes would refuse.
        List<String> conversations = conversations(api, kb, 10 * options.requests());
        int port = server.uri("/").getPort();
        byte[] straight = EventClient.request(
                "POST",
                "/v1/chat/completions",
                Map.of(),
                Json.write(Map.of("model", model, "stream", true, "messages", List.of())));
        // No question twice: a vector that is remembered costs nothing.
        IntFunction<byte[]> through =
                i -> ask(api, conversations.get(i % conversations.size()), "When are refunds paid in " + asked++ + "?");
        IntFunction<byte[]> known =
                i -> ask(api, conversations.get(i % conversations.size()), "When are refunds paid?");
        paced(port, through, Math.max(1, options.requests() / 2), options.warm(), EVENTS);
        double cpu = ProcessUse.cpuMicros(server.pid());
        double[] kvasir = paced(port, through, options.requests(), options.seconds(), EVENTS);
        cpu = ProcessUse.cpuMicros(server.pid()) - cpu;
        double[] again = paced(port, known, options.requests(), options.seconds(), EVENTS);
        double[] direct = paced(llm.port(), _ -> straight, options.requests(), options.seconds(), PROVIDER);
        report("first token through the server, p50 ms", "firstTokenMsP50", at(kvasir, 0.5));
        report("first token through the server, p99 ms", "firstTokenMsP99", at(kvasir, 0.99));
        report("first token straight, p50 ms", "straightMsP50", at(direct, 0.5));
        report("first token straight, p99 ms", "straightMsP99", at(direct, 0.99));
        report("added to the first token, p50 ms (bar 8)", "addedMsP50", at(kvasir, 0.5) - at(direct, 0.5));
        report("  the same for a question asked before", "addedKnownMsP50", at(again, 0.5) - at(direct, 0.5));
        report("CPU per question, ms", "cpuMillisPerQuestion", cpu / 1_000 / kvasir.length);
    }

    /** Milliseconds to the first token of so many requests a second, sorted. */
    private double[] paced(int port, IntFunction<byte[]> request, int rate, int seconds, Marks marks) {
        int n = rate * seconds;
        List<Call> calls = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < n; i++) {
            LockSupport.parkNanos(start + i * 1_000_000_000L / rate - System.nanoTime());
            calls.add(readers.open(port, request.apply(i), marks));
        }
        double[] millis = calls.stream()
                .mapToDouble(call ->
                        call.ended().orTimeout(30, TimeUnit.SECONDS).join().firstTokenMs())
                .sorted()
                .toArray();
        calls.forEach(Call::close);
        return millis;
    }

    private void cpu(ServerProcess server, Api api, String kb, FakeLlm llm) throws Exception {
        int tokens = options.rate() * (options.warm() + options.seconds() + 4);
        model(api, kb, "fake:first=200,rate=" + options.rate() + ",tokens=" + tokens);
        List<String> conversations = conversations(api, kb, options.streams());
        List<Call> calls = new ArrayList<>();
        for (String conversation : conversations) {
            calls.add(readers.open(server.uri("/").getPort(), ask(api, conversation), EVENTS));
            LockSupport.parkNanos(3_000_000_000L / options.streams());
        }
        CompletableFuture.allOf(calls.stream().map(Call::begun).toArray(CompletableFuture[]::new))
                .get(60, TimeUnit.SECONDS);
        TimeUnit.SECONDS.sleep(options.warm());
        double cpu = ProcessUse.cpuMicros(server.pid());
        long sent = llm.stats().tokens();
        long deltas = calls.stream().mapToLong(Call::deltas).sum();
        long from = System.nanoTime();
        TimeUnit.SECONDS.sleep(options.seconds());
        double seconds = (System.nanoTime() - from) / 1e9;
        cpu = ProcessUse.cpuMicros(server.pid()) - cpu;
        sent = llm.stats().tokens() - sent;
        deltas = calls.stream().mapToLong(Call::deltas).sum() - deltas;
        CompletableFuture.allOf(calls.stream().map(Call::ended).toArray(CompletableFuture[]::new))
                .get(60, TimeUnit.SECONDS);
        calls.forEach(Call::close);
        report("tokens relayed a second", "tokensPerSecond", sent / seconds);
        report("tokens in one delta", "tokensPerDelta", (double) sent / deltas);
        report("CPU per relayed token, us (bar 15)", "cpuMicrosPerToken", cpu / sent);
    }

    private void idle(ServerProcess server, Api api, String kb) throws Exception {
        List<String> conversations = conversations(api, kb, options.idle());
        // What making them left behind is tidied up first, the database's file above all.
        TimeUnit.SECONDS.sleep(REST_SECONDS);
        idle(
                "",
                "",
                server.pid(),
                server.uri("/").getPort(),
                i -> EventClient.request(
                        "GET",
                        "/api/v1/chat/conversations/" + conversations.get(i) + "/events",
                        Map.of("Authorization", "Bearer " + api.token()),
                        ""));
    }

    private void idle(String what, String key, long pid, int port, IntFunction<byte[]> request) throws Exception {
        // Twice: what the first collection frees, the heap gives back at the second.
        ProcessUse.collectGarbage(pid);
        ProcessUse.collectGarbage(pid);
        long alive = ProcessUse.heapBytes(pid);
        long before = ProcessUse.residentBytes(pid);
        List<Call> calls = new ArrayList<>();
        Semaphore opening = new Semaphore(64);
        for (int i = 0; i < options.idle(); i++) {
            opening.acquire();
            Call call = readers.open(port, request.apply(i), EVENTS);
            call.begun().whenComplete((_, _) -> opening.release());
            calls.add(call);
        }
        CompletableFuture.allOf(calls.stream().map(Call::begun).toArray(CompletableFuture[]::new))
                .get(120, TimeUnit.SECONDS);
        TimeUnit.SECONDS.sleep(REST_SECONDS);
        long after = ProcessUse.residentBytes(pid);
        ProcessUse.collectGarbage(pid);
        ProcessUse.collectGarbage(pid);
        long settled = ProcessUse.residentBytes(pid);
        alive = ProcessUse.heapBytes(pid) - alive;
        long dropped = calls.stream().filter(Call::closed).count();
        report(what + "open streams", key + "idleStreams", calls.size());
        report(what + "of these dropped", key + "idleDropped", dropped);
        report(
                what + "resident KB per idle stream" + (what.isEmpty() ? " (bar 16)" : ""),
                key + "idleKbPerStream",
                (after - before) / 1024.0 / calls.size());
        report(
                what + "  the same after a collection",
                key + "idleSettledKbPerStream",
                (settled - before) / 1024.0 / calls.size());
        report(what + "  of which alive in the heap", key + "idleHeapKbPerStream", alive / 1024.0 / calls.size());
        report(what + "resident MB in all", key + "residentMb", after / 1024.0 / 1024.0);
        closed(calls, pid);
    }

    /**
     * Closes them and waits until the other side has noticed, so that its work on that disturbs nothing measured later. It
     * has fewer files of its own than there were calls.
     */
    private static void closed(List<Call> calls, long pid) throws Exception {
        calls.forEach(Call::close);
        long until = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (ProcessUse.openFiles(pid) > calls.size() && System.nanoTime() < until) {
            TimeUnit.MILLISECONDS.sleep(200);
        }
        TimeUnit.SECONDS.sleep(2);
    }

    private void control(String what, String key, String main, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "@conf/jvm.options"));
        command.addAll(List.of(options.jvm()));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            var lines = process.inputReader(StandardCharsets.UTF_8);
            String line = lines.readLine();
            while (line != null && !line.startsWith("port ")) {
                line = lines.readLine();
            }
            int port = Integer.parseInt(String.valueOf(line).substring(5));
            List<Call> calls = new ArrayList<>();
            byte[] talk = EventClient.request("GET", "/" + options.rate(), Map.of(), "");
            if (options.has("cpu")) {
                for (int i = 0; i < options.streams(); i++) {
                    calls.add(readers.open(port, talk, EVENTS));
                    LockSupport.parkNanos(2_000_000_000L / options.streams());
                }
                TimeUnit.SECONDS.sleep(options.warm());
                double cpu = ProcessUse.cpuMicros(process.pid());
                long said = calls.stream().mapToLong(Call::deltas).sum();
                TimeUnit.SECONDS.sleep(options.seconds());
                cpu = ProcessUse.cpuMicros(process.pid()) - cpu;
                said = calls.stream().mapToLong(Call::deltas).sum() - said;
                report(what + ": CPU per token, us", key + "cpuMicrosPerToken", cpu / said);
                closed(calls, process.pid());
            }
            if (options.has("idle") && arguments.length == 0) {
                byte[] silent = EventClient.request("GET", "/0", Map.of(), "");
                idle(what + ": ", key, process.pid(), port, _ -> silent);
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private static String config(Path folder) throws Exception {
        // Any model name: it tells the fake LLM how to behave. Tokens outlive the run.
        return Files.writeString(folder.resolve("bench.conf"), """
                        kvasir.llm.providers.openai { models = [], base-url = ${KVASIR_OPENAI_BASE_URL} }
                        kvasir.identity.access-token = 2h
                        """).toString();
    }

    private static String knowledgeBase(Api api) throws Exception {
        String kb = api.made(
                "/api/v1/knowledge-bases", Map.of("name", "Bench", "provider", "openai", "model", "fake:tokens=5"));
        api.taught(
                "/api/v1/knowledge-bases/" + kb,
                "refunds.md",
                "# Refunds\n\nRefunds are paid within 14 days after the goods came back to the store.\n");
        return kb;
    }

    private void warm(ServerProcess server, Api api, String kb) throws Exception {
        model(api, kb, "fake:first=5,rate=500,tokens=50");
        for (int round = 0; round < 5; round++) {
            List<Call> calls = new ArrayList<>();
            for (String conversation : conversations(api, kb, 40)) {
                calls.add(readers.open(server.uri("/").getPort(), ask(api, conversation), EVENTS));
            }
            CompletableFuture.allOf(calls.stream().map(Call::ended).toArray(CompletableFuture[]::new))
                    .get(60, TimeUnit.SECONDS);
            calls.forEach(Call::close);
        }
    }

    private static void model(Api api, String kb, String model) throws Exception {
        api.put("/api/v1/knowledge-bases/" + kb, Map.of("name", "Bench", "model", model))
                .expect(200);
    }

    private static List<String> conversations(Api api, String kb, int n) throws Exception {
        Semaphore atOnce = new Semaphore(16);
        List<CompletableFuture<String>> all = new ArrayList<>();
        byte[] body = Json.bytes(Map.of("kbId", kb));
        for (int i = 0; i < n; i++) {
            atOnce.acquire();
            CompletableFuture<String> one = api.client()
                    .sendAsync(
                            api.request("/api/v1/chat/conversations")
                                    .header("Content-Type", "application/json")
                                    .POST(java.net.http.HttpRequest.BodyPublishers.ofByteArray(body))
                                    .build(),
                            java.net.http.HttpResponse.BodyHandlers.ofString())
                    .thenApply(response -> Json.read(response.body(), com.fasterxml.jackson.databind.JsonNode.class)
                            .get("id")
                            .asText());
            one.whenComplete((_, _) -> atOnce.release());
            all.add(one);
        }
        return all.stream().map(CompletableFuture::join).toList();
    }

    private static byte[] ask(Api api, String conversation) {
        return ask(api, conversation, "When are refunds paid?");
    }

    private static byte[] ask(Api api, String conversation, String question) {
        return EventClient.request(
                "POST",
                "/api/v1/chat/conversations/" + conversation + "/messages",
                Map.of("Authorization", "Bearer " + api.token(), "Accept", "text/event-stream"),
                Json.write(Map.of("content", question)));
    }

    private static double at(double[] sorted, double share) {
        return sorted[(int) Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
    }

    private void report(String what, String key, double value) {
        System.out.printf("%-44s %10.2f%n", what, value);
        result.put(key, Math.round(value * 100) / 100.0);
    }
}
