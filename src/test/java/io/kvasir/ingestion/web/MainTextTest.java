package io.kvasir.ingestion.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class MainTextTest {
    private static final Path PAGES = Path.of(
                    Optional.ofNullable(System.getenv("KVASIR_TEST_DATA")).orElse("../shared/data"))
            .resolve("web/readability");

    /** F1 of the multisets of tokens of what was found and of what people expect. */
    @Test
    void findsTheTextOfRealPages() throws IOException {
        Assumptions.assumeTrue(Files.isDirectory(PAGES), "no test data at " + PAGES);
        Map<String, Double> scores = new TreeMap<>();
        try (Stream<Path> pages = Files.list(PAGES)) {
            for (Path page : (Iterable<Path>) pages::iterator) {
                Document source =
                        Jsoup.parse(Files.readString(page.resolve("source.html")), "http://fakehost/test/page.html");
                String found = MainText.of(source, PageFacts.of(source).title()).text();
                String expected = Jsoup.parse(Files.readString(page.resolve("expected.html")))
                        .text();
                scores.put(page.getFileName().toString(), f1(MainText.tokens(found), MainText.tokens(expected)));
            }
        }
        double mean = scores.values().stream().mapToDouble(s -> s).average().orElse(0);
        scores.entrySet().stream()
                .sorted(Map.Entry.comparingByValue())
                .limit(12)
                .forEach(e -> System.out.printf("F1 %.3f %s%n", e.getValue(), e.getKey()));
        System.out.printf("F1 mean %.4f%n", mean);
        assertThat(mean).isGreaterThanOrEqualTo(0.95);
    }

    private static double f1(Map<String, Integer> found, Map<String, Integer> expected) {
        double common = found.entrySet().stream()
                .mapToInt(e -> Math.min(e.getValue(), expected.getOrDefault(e.getKey(), 0)))
                .sum();
        double all = Stream.of(found, expected)
                .map(Map::values)
                .flatMap(java.util.Collection::stream)
                .mapToInt(n -> n)
                .sum();
        return all == 0 ? 1 : 2 * common / all;
    }
}
