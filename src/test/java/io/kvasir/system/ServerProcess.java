package io.kvasir.system;

import io.kvasir.kernel.FreePort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The real server in a JVM of its own, on a free loopback port, to be killed without warning. */
public final class ServerProcess implements AutoCloseable {
    public static final String EMAIL = "owner@localhost";
    public static final String PASSWORD = "a password for tests";

    /** Without the slower of the two compilers, from which a server that lives for seconds gains nothing. */
    static final String QUICK = "-XX:TieredStopAtLevel=1";

    private final Process process;
    private final int port;
    private final Path log;

    private ServerProcess(Process process, int port, Path log) {
        this.process = process;
        this.port = port;
        this.log = log;
    }

    /**
     * Starts it, quickly, and waits for its first 200: with an archive of its classes, and {@link #QUICK}.
     *
     * @param environment on top of the harness's own
     * @param jvmOptions the last of a kind counts
     */
    public static ServerProcess start(Path dataDir, Map<String, String> environment, String... jvmOptions)
            throws IOException {
        List<String> options = new ArrayList<>(ClassArchive.options());
        options.add(QUICK);
        options.addAll(List.of(jvmOptions));
        return startAsIs(dataDir, environment, options);
    }

    /** As {@link #start}, but as an operator starts it, to be measured. */
    public static ServerProcess startAsIs(Path dataDir, Map<String, String> environment, List<String> jvmOptions)
            throws IOException {
        Files.createDirectories(dataDir);
        int port = FreePort.choose();
        Path log = dataDir.resolveSibling(dataDir.getFileName() + ".log");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("@conf/jvm.options");
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.addAll(jvmOptions);
        command.add("io.kvasir.Main");
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment()
                .putAll(Map.of(
                        "KVASIR_DATA_DIR",
                        dataDir.toString(),
                        "KVASIR_HTTP_PORT",
                        Integer.toString(port),
                        "KVASIR_OWNER_EMAIL",
                        EMAIL,
                        "KVASIR_OWNER_PASSWORD",
                        PASSWORD,
                        "KVASIR_DEMO",
                        "false",
                        "KVASIR_RATE_LIMITS",
                        "false"));
        builder.environment().putAll(environment);
        ServerProcess server = new ServerProcess(builder.start(), port, log);
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(server.process::destroyForcibly));
        try {
            server.awaitFirstAnswer(Duration.ofSeconds(90));
        } catch (IOException e) {
            server.process.destroyForcibly();
            throw e;
        }
        return server;
    }

    public boolean alive() {
        return process.isAlive();
    }

    public URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    public long pid() {
        return process.pid();
    }

    public Path log() {
        return log;
    }

    /** SIGKILL, the server's children too: nothing gets a chance to tidy up. */
    public void kill() throws InterruptedException {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        process.waitFor(20, TimeUnit.SECONDS);
    }

    /** SIGSTOP: it stands still, and its connections stay open. */
    public void freeze() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** Goes on after {@link #freeze}. */
    public void thaw() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        int status = new ProcessBuilder("kill", "-" + name, Long.toString(pid()))
                .inheritIO()
                .start()
                .waitFor();
        if (status != 0) {
            throw new IOException("kill -" + name + " ended with " + status);
        }
    }

    /** @return false where it has not ended by itself in that time */
    public boolean ends(Duration within) throws InterruptedException {
        return process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** SIGTERM, as an operator stops it. @return its exit code */
    public int stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            kill();
            throw new AssertionError("the server did not stop within a minute, see " + log);
        }
        return process.exitValue();
    }

    @Override
    public void close() throws InterruptedException {
        if (process.isAlive()) {
            kill();
        }
    }

    private void awaitFirstAnswer(Duration patience) throws IOException {
        long end = System.nanoTime() + patience.toNanos();
        try (HttpClient client = HttpClient.newHttpClient()) {
            while (System.nanoTime() < end) {
                if (!process.isAlive()) {
                    throw new IOException("the server ended with " + process.exitValue() + ":\n" + tail());
                }
                try {
                    HttpResponse<Void> response = client.send(
                            HttpRequest.newBuilder(uri("/health/live"))
                                    .timeout(Duration.ofSeconds(2))
                                    .build(),
                            HttpResponse.BodyHandlers.discarding());
                    if (response.statusCode() == 200) {
                        return;
                    }
                } catch (IOException notYet) {
                    java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IOException(e);
                }
            }
        }
        throw new IOException("the server did not answer in time:\n" + tail());
    }

    private String tail() throws IOException {
        List<String> lines = Files.readAllLines(log);
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
    }
}
