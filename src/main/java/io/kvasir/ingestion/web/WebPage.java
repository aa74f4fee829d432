package io.kvasir.ingestion.web;

import io.kvasir.ingestion.source.Read;
import io.kvasir.outbound.Fetched;
import io.kvasir.outbound.WebAddress;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;

/** What an answer holds for us: a page's main text and its links, or a document as it is. */
final class WebPage {
    /** Text of a page that needs no JavaScript, UTF-16 units. */
    private static final int ENOUGH = 200;

    private static final Pattern CHARSET = Pattern.compile("charset=\"?([A-Za-z0-9_.:-]+)", Pattern.CASE_INSENSITIVE);
    private static final Pattern FILE_NAME = Pattern.compile("filename=\"?([^\";]+)", Pattern.CASE_INSENSITIVE);

    /** Kinds of files that documents may be uploaded as, too, and that sites link to. */
    private static final Set<String> DOCUMENTS = Set.of(
            "application/pdf",
            "application/msword",
            "application/rtf",
            "application/epub+zip",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.oasis.opendocument.text",
            "application/vnd.oasis.opendocument.spreadsheet",
            "application/vnd.oasis.opendocument.presentation",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "text/plain",
            "text/markdown",
            "text/csv");

    private final Site site;
    private final String key;
    private final int depth;
    private final Fetched.Answer answer;
    private final SamePages same;

    /** @param key the address it is known by; @param depth of the page, from 0 */
    WebPage(Site site, String key, int depth, Fetched.Answer answer, SamePages same) {
        this.site = site;
        this.key = key;
        this.depth = depth;
        this.answer = answer;
        this.same = same;
    }

    /** @param marks to remember with it */
    Read read(Optional<String> marks) {
        String declared = answer.header("Content-Type").orElse("");
        String type = declared.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        byte[] bytes = answer.body().toArray();
        if (type.equals("text/html") || type.equals("application/xhtml+xml") || type.isEmpty() && markup(bytes)) {
            try {
                return page(
                        Jsoup.parse(
                                new ByteArrayInputStream(bytes),
                                charset(declared),
                                answer.address().toString()),
                        marks);
            } catch (IOException | StackOverflowError e) {
                return new Read.Failed("broken-page", "The page's markup could not be read");
            }
        }
        return DOCUMENTS.contains(type) || pdf(bytes)
                ? new Read.Content(
                        new Read.File(
                                fileName(),
                                Optional.of(type),
                                Optional.of(answer.address().toString()),
                                bytes),
                        marks,
                        List.of(),
                        List.of())
                : new Read.Skipped("unsupported-type", "Files of the type " + type + " are not read", List.of());
    }

    private static boolean markup(byte[] bytes) {
        String start =
                new String(bytes, 0, Math.min(bytes.length, 500), StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
        return start.contains("<html") || start.contains("<!doctype html");
    }

    private static boolean pdf(byte[] bytes) {
        return bytes.length > 4 && bytes[0] == '%' && bytes[1] == 'P' && bytes[2] == 'D' && bytes[3] == 'F';
    }

    /** As the header says, where it does: it counts more than what stands in the page. Null leaves it to the page. */
    @SuppressWarnings("NullAway") // jsoup's own way of saying so
    private static String charset(String declared) {
        Matcher said = CHARSET.matcher(declared);
        try {
            return said.find() && Charset.isSupported(said.group(1)) ? said.group(1) : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private Read page(Document page, Optional<String> marks) {
        PageFacts facts = PageFacts.of(page);
        List<Read.Link> links = facts.followable() ? links(page) : List.of();
        if (!facts.indexable()) {
            return new Read.Skipped("noindex", "The page asks not to be indexed", links);
        }
        Optional<WebAddress> canonical =
                facts.canonical().flatMap(WebAddress::parse).filter(site::holds);
        Optional<String> other =
                canonical.map(Site::key).filter(at -> site.mode() != Site.Mode.PAGE && same.passes(key, at));
        if (other.isPresent()) {
            String known = other.get();
            return new Read.Skipped(
                    "canonical",
                    "Is another address of " + known,
                    List.of(new Read.Link(known, Integer.toString(depth))));
        }
        // Nothing was there; each time it is looked at whether something is by now, and the page is read whole.
        Optional<Read.Link> lost =
                canonical.map(Site::key).filter(same::isNowhere).map(at -> new Read.Link(at, Integer.toString(depth)));
        absolute(page);
        Element text = page.body() == null ? new Element("div") : MainText.of(page, facts.title());
        String plain = text.text().strip();
        if (plain.length() < ENOUGH && scripted(page, plain)) {
            return new Read.Skipped(
                    "javascript", "The page shows its text only with JavaScript, which is not run here", links);
        }
        if (plain.isEmpty()) {
            return new Read.Skipped("no-text", "There is no text on the page", links);
        }
        return new Read.Content(
                new Read.File(
                        named(facts.title()) + ".md",
                        Optional.of("text/markdown"),
                        Optional.of(canonical
                                .filter(_ -> lost.isEmpty())
                                .map(WebAddress::toString)
                                .orElse(answer.address().toString())),
                        PageText.markdown(facts.title(), text).getBytes(StandardCharsets.UTF_8)),
                lost.isPresent() ? Optional.empty() : marks,
                Stream.concat(links.stream(), lost.stream()).toList(),
                List.of());
    }

    /** What is cut out of a page no longer knows where the page was. */
    private static void absolute(Document page) {
        for (Element link : page.select("a[href]")) {
            if (!link.attr("href").startsWith("#")) {
                link.attr("href", link.absUrl("href"));
            }
        }
    }

    /** A page that is made where it is shown: next to no text, but scripts and an empty place for what they make. */
    private static boolean scripted(Document page, String text) {
        boolean asks = page.select("noscript").stream()
                .anyMatch(said -> said.wholeText().toLowerCase(Locale.ROOT).contains("javascript"));
        boolean place = !page.select(
                        "#root:empty, #app:empty, #__next, #__nuxt, #q-app, app-root, [ng-app], [data-reactroot]")
                .isEmpty();
        return !page.select("script").isEmpty() && (asks || place || text.isEmpty());
    }

    private List<Read.Link> links(Document page) {
        if (site.mode() != Site.Mode.CRAWL || depth >= site.depth()) {
            return List.of();
        }
        Map<String, Read.Link> links = new LinkedHashMap<>();
        for (Element link : page.select("a[href], area[href]")) {
            if (link.attr("rel").toLowerCase(Locale.ROOT).contains("nofollow")) {
                continue;
            }
            WebAddress.parse(link.attr("abs:href")).filter(site::holds).ifPresent(to -> {
                String key = Site.key(to);
                links.putIfAbsent(key, new Read.Link(key, Integer.toString(depth + 1)));
            });
        }
        return List.copyOf(links.values());
    }

    private static String named(String title) {
        String plain = title.replaceAll("[\\p{Cntrl}/\\\\]+", " ").strip();
        if (plain.isEmpty()) {
            return "page";
        }
        int end = plain.offsetByCodePoints(0, Math.min(120, plain.codePointCount(0, plain.length())));
        return plain.substring(0, end);
    }

    private String fileName() {
        Optional<String> told = answer.header("Content-Disposition")
                .map(FILE_NAME::matcher)
                .filter(Matcher::find)
                .map(m -> m.group(1));
        String path = answer.address().uri().getPathString();
        String last = told.orElse(path.substring(path.lastIndexOf('/') + 1));
        return named(last.isBlank() ? answer.address().host() : last);
    }
}
