package io.kvasir.bench;

import io.kvasir.http.Json;
import io.kvasir.load.EventClient;
import io.kvasir.load.EventClient.Call;
import io.kvasir.load.EventClient.Marks;
import io.kvasir.load.FakeLlm;
import io.kvasir.load.FakeReply;
import io.kvasir.system.Api;
import io.kvasir.system.ServerProcess;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code ./dev bench login [seconds=10] [logins=20] [requests=20] [rounds=3]}: what a wave of logins costs those who
 * chat. {@code requests} questions a second are asked for {@code seconds}, {@code rounds} times by turns with nobody
 * logging in (the control) and with {@code logins} people who log in again and again, all at once. The server runs in a
 * JVM of its own, the fake LLM and the readers in this one.
 */
public final class LoginBench {
    private static final Marks EVENTS = new Marks("retry: 1000", "event: delta", "event: turn.completed");
    private static final String MODEL = "fake:first=20,rate=0,tokens=5";

    private final Map<String, Integer> options =
            new LinkedHashMap<>(Map.of("seconds", 10, "logins", 20, "requests", 20, "rounds", 3));
    private final EventClient readers = new EventClient(1);
    private final Map<String, Object> result = new LinkedHashMap<>();

    private LoginBench(String[] args) {
        for (String arg : args) {
            String[] sides = arg.split("=", 2);
            if (sides.length != 2 || !options.containsKey(sides[0])) {
                throw new IllegalArgumentException("not one of seconds, logins, requests and rounds =VALUE: " + arg);
            }
            options.put(sides[0], Integer.parseInt(sides[1]));
        }
    }

    public static void main(String[] args) throws Exception {
        new LoginBench(args).run();
        System.exit(0);
    }

    private void run() throws Exception {
        result.put("bench", "login");
        result.put("options", options);
        Path folder = Files.createTempDirectory("bench-login");
        try (FakeLlm llm = FakeLlm.start(0, FakeReply.DEFAULT);
                ServerProcess server = ServerProcess.start(
                        folder.resolve("data"),
                        Map.of(
                                "KVASIR_OPENAI_BASE_URL",
                                llm.url(),
                                "KVASIR_CONFIG",
                                config(folder),
                                // Each of the many is somebody elsewhere.
                                "KVASIR_HTTP_PROXIES",
                                "1"));
                Api api = Api.owner(server)) {
            List<String> conversations = conversations(api, options.get("requests") * options.get("seconds"));
            paced(server, api, conversations);
            List<double[]> quiet = new ArrayList<>();
            List<double[]> busy = new ArrayList<>();
            List<double[]> entered = new ArrayList<>();
            for (int round = 0; round < options.get("rounds"); round++) {
                boolean first = round % 2 == 0;
                if (first) {
                    quiet.add(paced(server, api, conversations));
                }
                try (Crowd crowd = new Crowd(server, options.get("logins"))) {
                    busy.add(paced(server, api, conversations));
                    entered.add(crowd.millis());
                }
                if (!first) {
                    quiet.add(paced(server, api, conversations));
                }
            }
            told(sorted(quiet), sorted(busy), sorted(entered));
        } finally {
            try (var files = Files.walk(folder)) {
                files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
            }
        }
        System.out.println(Json.write(result));
    }

    private void told(double[] quiet, double[] busy, double[] logins) {
        System.out.printf("%-52s %10s%n", "what", "value");
        report("first token, nobody logs in, p50 ms", "quietMsP50", at(quiet, 0.5));
        report("first token, nobody logs in, p95 ms", "quietMsP95", at(quiet, 0.95));
        report("first token beside the logins, p50 ms", "busyMsP50", at(busy, 0.5));
        report("first token beside the logins, p95 ms", "busyMsP95", at(busy, 0.95));
        report("  p50 beside to p50 without", "ratioP50", at(busy, 0.5) / at(quiet, 0.5));
        report("  p95 beside to p95 without", "ratioP95", at(busy, 0.95) / at(quiet, 0.95));
        report("a login, p50 ms", "loginMsP50", at(logins, 0.5));
        report("a login, p95 ms", "loginMsP95", at(logins, 0.95));
        report(
                "logins a second",
                "loginsPerSecond",
                logins.length / (double) (options.get("rounds") * options.get("seconds")));
    }

    /** People who log in again as soon as they are in, each from an address of their own. */
    private static final class Crowd implements AutoCloseable {
        private final AtomicBoolean over = new AtomicBoolean();
        private final ConcurrentLinkedQueue<Double> millis = new ConcurrentLinkedQueue<>();
        private final ConcurrentLinkedQueue<Integer> refused = new ConcurrentLinkedQueue<>();
        private final List<Thread> threads = new ArrayList<>();
        private final HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

        Crowd(ServerProcess server, int size) {
            for (int i = 0; i < size; i++) {
                HttpRequest login = HttpRequest.newBuilder(server.uri("/api/v1/auth/login"))
                        .timeout(Duration.ofSeconds(60))
                        .header("Content-Type", "application/json")
                        .header("X-Forwarded-For", "198.18.0." + (i + 1))
                        .POST(HttpRequest.BodyPublishers.ofByteArray(
                                Json.bytes(Map.of("email", ServerProcess.EMAIL, "password", ServerProcess.PASSWORD))))
                        .build();
                threads.add(Thread.ofVirtual().start(() -> again(login)));
            }
        }

        private void again(HttpRequest login) {
            try {
                while (!over.get()) {
                    long began = System.nanoTime();
                    int status = client.send(login, HttpResponse.BodyHandlers.discarding())
                            .statusCode();
                    if (status == 200) {
                        millis.add((System.nanoTime() - began) / 1e6);
                    } else {
                        refused.add(status);
                    }
                }
            } catch (IOException | InterruptedException e) {
                if (!over.get()) {
                    throw new IllegalStateException("a login broke", e);
                }
            }
        }

        double[] millis() {
            if (!refused.isEmpty()) {
                throw new IllegalStateException("logins were refused: " + refused);
            }
            return millis.stream().mapToDouble(Double::doubleValue).toArray();
        }

        @Override
        public void close() throws InterruptedException {
            over.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
            client.close();
        }
    }

    private static String config(Path folder) throws IOException {
        // Any model name: it tells the fake LLM how to behave. Tokens outlive the run.
        return Files.writeString(folder.resolve("bench.conf"), """
                        kvasir.llm.providers.openai { models = [], base-url = ${KVASIR_OPENAI_BASE_URL} }
                        kvasir.identity.access-token = 2h
                        """).toString();
    }

    private static List<String> conversations(Api api, int n) throws Exception {
        String kb = api.made("/api/v1/knowledge-bases", Map.of("name", "Bench", "provider", "openai", "model", MODEL));
        api.taught("/api/v1/knowledge-bases/" + kb, "refunds.md", "Refunds are paid within 14 days.");
        List<String> made = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            made.add(api.made("/api/v1/chat/conversations", Map.of("kbId", kb)));
        }
        return made;
    }

    /** Milliseconds to the first token of each question. */
    private double[] paced(ServerProcess server, Api api, List<String> conversations) {
        List<Call> calls = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < conversations.size(); i++) {
            LockSupport.parkNanos(start + i * 1_000_000_000L / options.get("requests") - System.nanoTime());
            calls.add(readers.open(
                    server.uri("/").getPort(),
                    EventClient.request(
                            "POST",
                            "/api/v1/chat/conversations/" + conversations.get(i) + "/messages",
                            Map.of("Authorization", "Bearer " + api.token(), "Accept", "text/event-stream"),
                            Json.write(Map.of("content", "When are refunds paid?"))),
                    EVENTS));
        }
        double[] millis = calls.stream()
                .mapToDouble(call ->
                        call.ended().orTimeout(30, TimeUnit.SECONDS).join().firstTokenMs())
                .toArray();
        calls.forEach(Call::close);
        return millis;
    }

    private static double[] sorted(List<double[]> rounds) {
        return rounds.stream().flatMapToDouble(Arrays::stream).sorted().toArray();
    }

    private static double at(double[] sorted, double quantile) {
        return sorted.length == 0 ? Double.NaN : sorted[(int) Math.min(sorted.length - 1.0, sorted.length * quantile)];
    }

    private void report(String what, String key, double value) {
        System.out.printf("%-52s %10.2f%n", what, value);
        result.put(key, Math.round(value * 100) / 100.0);
    }
}
