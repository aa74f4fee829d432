package io.kvasir.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * {@code ./dev load chat|search|upload|mixed|soak [users=…] [seconds=…] …}: runs one of Gatling's simulations, in a JVM of
 * its own with a class path of its own, against a server of its own or the one at {@code url=}. Ends with 0 where all bars
 * were held, with 1 where one was not, with 2 where it could not be told.
 *
 * @see LoadOptions
 */
public final class LoadBench {
    private LoadBench() {}

    public static void main(String[] args) throws Exception {
        String simulation = args.length > 0 ? args[0] : "";
        LoadOptions options;
        try {
            options = LoadOptions.of(simulation, Arrays.copyOfRange(args, Math.min(1, args.length), args.length));
        } catch (IllegalArgumentException e) {
            System.err.println("load: " + e.getMessage());
            System.exit(2);
            return;
        }
        int code = run(simulation, options);
        System.out.println(
                switch (code) {
                    case 0 -> "PASSED";
                    case 1 -> "FAILED: see the bars above";
                    default -> "NOT TOLD: see above";
                });
        System.exit(code);
    }

    private static int run(String simulation, LoadOptions options) throws Exception {
        try (LoadTarget target = LoadTarget.open(options)) {
            System.out.println(simulation + " against " + target.url() + ": " + options + "; machine load " + load());
            boolean soak = simulation.equals("soak");
            if (soak && target.server().isEmpty()) {
                throw new IllegalArgumentException("a soak needs a server of its own, whose memory it can look at");
            }
            Process gatling = gatling(simulation, options, target);
            Optional<HeapWatch> watch = Optional.empty();
            if (soak) {
                watch = Optional.of(
                        HeapWatch.start(target.server().orElseThrow().pid(), target.data(), options.seconds()));
            }
            int bars = gatling.waitFor();
            int heap = watch.isPresent() ? watch.get().told() : 0;
            System.out.println("machine load " + load());
            // Gatling says 2 where an assertion failed, 1 where it could not run.
            return bars == 2 || heap == 1 ? 1 : bars == 0 && heap == 0 ? 0 : 2;
        }
    }

    private static Process gatling(String simulation, LoadOptions options, LoadTarget target) throws IOException {
        String name = simulation.substring(0, 1).toUpperCase(Locale.ROOT) + simulation.substring(1);
        String classPath = String.join(
                File.pathSeparator,
                "load-tests/gatling/resources",
                "target/load/test-classes",
                Files.readString(Path.of("target/load/test.classpath")).strip());
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx768m",
                "-XX:+UseCompactObjectHeaders",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                // Beside the simulations lie the tests' own.
                "-Dlogback.configurationFile=load-tests/gatling/resources/logback.xml",
                "-Dlogback.statusListenerClass=ch.qos.logback.core.status.NopStatusListener",
                "-Dkvasir.load.url=" + target.url(),
                "-Dkvasir.load.people=" + target.people(),
                "-Dkvasir.load.users=" + options.users(),
                "-Dkvasir.load.seconds=" + options.seconds(),
                "-Dkvasir.load.p95=" + options.p95(),
                "-Dkvasir.load.p99=" + options.p99(),
                "-Dkvasir.load.errors=" + options.errors(),
                "-cp",
                classPath,
                "io.gatling.app.Gatling",
                "--simulation",
                "io.kvasir.load.gatling." + name + "Simulation",
                "--results-folder",
                "target/load/reports"));
        Process process = new ProcessBuilder(command).inheritIO().start();
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(process::destroyForcibly));
        return process;
    }

    private static String load() throws IOException {
        Path file = Path.of("/proc/loadavg");
        return (Files.exists(file) ? Files.readString(file).split(" ")[0] : "?") + " on "
                + Runtime.getRuntime().availableProcessors() + " processors";
    }
}
