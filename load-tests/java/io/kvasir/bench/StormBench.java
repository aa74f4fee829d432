package io.kvasir.bench;

import io.kvasir.http.Json;
import io.kvasir.system.KillStorm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;

/** {@code ./dev bench storm N [SEED]}: the kill storm of the test suite, as long as one likes. */
public final class StormBench {
    private StormBench() {}

    public static void main(String[] args) throws Exception {
        if (args.length < 1) {
            System.err.println("usage: bench storm KILLS [SEED]");
            System.exit(2);
        }
        long seed = args.length > 1 ? Long.parseLong(args[1]) : System.nanoTime();
        Path folder = Files.createTempDirectory("kill-storm");
        System.out.println("seed " + seed + ", logs and data in " + folder);
        try (KillStorm storm = new KillStorm(folder, seed)) {
            Map<String, Integer> happened = storm.run(Integer.parseInt(args[0]));
            happened.forEach((what, n) -> System.out.printf("%-20s %8d%n", what, n));
            System.out.println(Json.write(Map.of("bench", "storm", "seed", seed, "happened", happened)));
        }
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        }
        System.exit(0);
    }
}
