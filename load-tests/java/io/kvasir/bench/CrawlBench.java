package io.kvasir.bench;

import io.kvasir.http.Json;
import io.kvasir.system.CrawlStorm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;

/**
 * {@code ./dev bench crawl PAGES [KILLS] [HEAP]}: the crawl of the test suite, as large as one likes. Ends with 0 where all
 * promises of {@link CrawlStorm} were held, else with 1 and the one that was broken.
 */
public final class CrawlBench {
    private CrawlBench() {}

    public static void main(String[] args) throws Exception {
        if (args.length < 1) {
            System.err.println("usage: bench crawl PAGES [KILLS] [HEAP]");
            System.exit(2);
        }
        Path folder = Files.createTempDirectory("crawl");
        System.out.println("logs and data in " + folder);
        try (CrawlStorm storm = new CrawlStorm(folder, Integer.parseInt(args[0]))) {
            Map<String, Long> told =
                    storm.run(args.length > 1 ? Integer.parseInt(args[1]) : 2, args.length > 2 ? args[2] : "512m");
            told.forEach((what, n) -> System.out.printf("%-28s %8d%n", what, n));
            System.out.println("fetched again:");
            storm.again().forEach(why -> System.out.println("  " + why));
            System.out.println(Json.write(Map.of("bench", "crawl", "passed", true, "told", told)));
        } catch (AssertionError broken) {
            System.out.println(Json.write(Map.of(
                    "bench",
                    "crawl",
                    "passed",
                    false,
                    "why",
                    String.valueOf(broken.getMessage()),
                    "logs",
                    folder.toString())));
            System.out.println("FAILED: " + broken.getMessage());
            System.exit(1);
        }
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        }
        System.out.println("PASSED");
        System.exit(0);
    }
}
