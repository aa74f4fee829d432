package io.kvasir.ingestion.web;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;

/**
 * What a page says about itself.
 *
 * @param language BCP 47 as the page gives it
 * @param canonical the address it wants to be known by, absolute
 * @param indexable false where a robots meta tag asks not to be indexed
 * @param followable false where it asks that its links be left alone
 */
record PageFacts(
        String title,
        Optional<String> language,
        Optional<String> canonical,
        Optional<Instant> modified,
        boolean indexable,
        boolean followable) {
    private static final Pattern SEPARATOR = Pattern.compile("\\s+[|\\-–—\\\\/>»·]\\s+");

    static PageFacts of(Document page) {
        String robots = Stream.of("robots", "kvasir")
                .map(name -> meta(page, name))
                .flatMap(Optional::stream)
                .reduce("", (one, other) -> one + "," + other)
                .toLowerCase(Locale.ROOT);
        return new PageFacts(
                title(page),
                Stream.of(
                                page.selectFirst("html") == null
                                        ? Optional.<String>empty()
                                        : said(page.select("html").attr("lang")),
                                meta(page, "og:locale").map(l -> l.replace('_', '-')),
                                said(page.select("meta[http-equiv=content-language]")
                                        .attr("content")))
                        .flatMap(Optional::stream)
                        .findFirst(),
                said(page.select("link[rel=canonical]").attr("abs:href")),
                Stream.of("article:modified_time", "og:updated_time", "article:published_time", "last-modified")
                        .map(name -> meta(page, name).flatMap(PageFacts::instant))
                        .flatMap(Optional::stream)
                        .findFirst(),
                !robots.contains("noindex") && !robots.contains("none"),
                !robots.contains("nofollow") && !robots.contains("none"));
    }

    /** What the page calls itself to others; else its title without the name of the site. */
    private static String title(Document page) {
        Optional<String> told = Stream.of("og:title", "twitter:title", "dc:title", "parsely-title")
                .map(name -> meta(page, name))
                .flatMap(Optional::stream)
                .findFirst();
        if (told.isPresent()) {
            return told.get();
        }
        String whole = page.title().strip();
        String[] parts = SEPARATOR.split(whole);
        String shorter = whole;
        if (parts.length > 1) {
            int last = whole.lastIndexOf(parts[parts.length - 1]);
            shorter = SEPARATOR
                    .splitAsStream(whole.substring(0, last))
                    .reduce((a, b) -> a + " " + b)
                    .orElse(whole)
                    .strip();
            if (words(shorter) < 3) {
                shorter = parts[parts.length - 1].strip();
            }
        }
        Element heading = page.selectFirst("h1");
        if (words(shorter) < 3 || shorter.length() > 150) {
            shorter = heading != null && page.select("h1").size() == 1 ? heading.text() : whole;
        }
        return shorter.isBlank() ? (heading == null ? whole : heading.text()) : shorter;
    }

    private static int words(String text) {
        return text.isBlank() ? 0 : text.strip().split("\\s+").length;
    }

    private static Optional<String> meta(Document page, String name) {
        return page.select("meta").stream()
                .filter(meta -> Stream.of(meta.attr("property"), meta.attr("name"), meta.attr("http-equiv"))
                        .flatMap(value ->
                                Stream.of(value.toLowerCase(Locale.ROOT).split("\\s+")))
                        .anyMatch(name::equals))
                .map(meta -> meta.attr("content").strip())
                .filter(content -> !content.isEmpty())
                .findFirst();
    }

    private static Optional<Instant> instant(String text) {
        try {
            return Optional.of(OffsetDateTime.parse(text).toInstant());
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    private static Optional<String> said(String text) {
        return Optional.of(text.strip()).filter(value -> !value.isEmpty());
    }
}
