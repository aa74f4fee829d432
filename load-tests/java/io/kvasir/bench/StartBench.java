package io.kvasir.bench;

import io.kvasir.http.Json;
import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** {@code ./dev bench start [RUNS]}: from starting the JVM to the first 200, with the class archive and without, in turn. */
public final class StartBench {
    private StartBench() {}

    public static void main(String[] args) throws Exception {
        int runs = args.length > 0 ? Integer.parseInt(args[0]) : 5;
        Path folder = Files.createTempDirectory("bench-start");
        Path archive = folder.resolve("kvasir.jsa");
        // The first run makes the data directory, and its orderly stop the archive.
        once(folder.resolve("data"), List.of("-XX:ArchiveClassesAtExit=" + archive));
        double[] with = new double[runs];
        double[] without = new double[runs];
        for (int i = 0; i < runs; i++) {
            with[i] = once(folder.resolve("data"), List.of("-XX:SharedArchiveFile=" + archive));
            without[i] = once(folder.resolve("data"), List.of());
            System.out.printf("run %d: with archive %.2f s, without %.2f s%n", i + 1, with[i], without[i]);
        }
        double a = median(with);
        double b = median(without);
        System.out.printf("median: with archive %.2f s, without %.2f s, ratio %.2f%n", a, b, a / b);
        System.out.println(Json.write(Map.of("bench", "start", "withArchiveS", a, "withoutS", b, "ratio", a / b)));
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        }
        System.exit(0);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** @return seconds to the first 200 */
    private static double once(Path data, List<String> options) throws IOException, InterruptedException {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "@conf/jvm.options"));
        command.addAll(options);
        command.addAll(List.of("-jar", "target/kvasir.jar"));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.to(new File(data + ".log")));
        builder.environment()
                .putAll(Map.of(
                        "KVASIR_DATA_DIR",
                        data.toString(),
                        "KVASIR_HTTP_PORT",
                        Integer.toString(port),
                        "KVASIR_DEMO",
                        "false"));
        long start = System.nanoTime();
        Process process = builder.start();
        try (HttpClient client = HttpClient.newHttpClient()) {
            while (process.isAlive()) {
                try {
                    if (client.send(
                                            HttpRequest.newBuilder(
                                                            URI.create("http://127.0.0.1:" + port + "/health/live"))
                                                    .build(),
                                            HttpResponse.BodyHandlers.discarding())
                                    .statusCode()
                            == 200) {
                        return (System.nanoTime() - start) / 1e9;
                    }
                } catch (IOException notYet) {
                    LockSupport.parkNanos(10_000_000);
                }
            }
            throw new IOException("the server did not start, see " + data + ".log");
        } finally {
            process.destroy();
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
    }
}
