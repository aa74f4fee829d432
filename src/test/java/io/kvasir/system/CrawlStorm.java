package io.kvasir.system;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * Has a real server crawl a generated site of many pages, kills it in the middle again and again, and holds it to this:
 * every page is found exactly once in the end; a page is fetched again only where it was being read at a kill, and so
 * are as many as are read at once at most; memory stays within the heap it was given and a fixed room beside it;
 * uploads beside it take less than two seconds longer than those before it, by their medians.
 */
public final class CrawlStorm implements AutoCloseable {
    /** Pages a server fetches at once: as many may be fetched again after each kill. */
    private static final int AT_ONCE = 4;
    /** Among the newest so many requests are those whose pages are being read: others may overtake a page, but not for long. */
    private static final int NEWEST = 16 * AT_ONCE;
    /** What a server takes beside its heap: code, threads, the embedding model, files of the index mapped into memory. */
    private static final long BESIDE_HEAP_MB = 448;

    private static final long MOST_DELAY_MILLIS = 2_000;
    private static final int CONTROLS = 5;

    private static final String BASES = "/api/v1/knowledge-bases";

    private final int pages;
    private final Path folder;
    private final AtomicIntegerArray fetched;
    private final Deque<Integer> newest = new ArrayDeque<>();
    private final AtomicInteger robots = new AtomicInteger();
    private final AtomicInteger others = new AtomicInteger();
    /** For each kill the pages that were asked for last before it. */
    private final List<Set<Integer>> atKills = new ArrayList<>();

    private final List<String> again = new ArrayList<>();
    private final HttpServer site;
    private long largestRss;
    /** Milliseconds of uploads without a crawl and beside it. */
    private final List<Long> alone = new ArrayList<>();

    private final List<Long> beside = new ArrayList<>();

    public CrawlStorm(Path folder, int pages) throws IOException {
        this.folder = folder;
        this.pages = pages;
        this.fetched = new AtomicIntegerArray(pages);
        this.site = HttpServer.create(new InetSocketAddress("127.0.0.2", 0), 0);
        site.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        site.createContext("/", exchange -> {
            try (exchange) {
                int page = number(exchange.getRequestURI().getPath());
                byte[] body =
                        page < 0 || page >= pages ? new byte[0] : page(page).getBytes(StandardCharsets.UTF_8);
                if (body.length > 0) {
                    asked(page);
                } else {
                    (exchange.getRequestURI().getPath().equals("/robots.txt") ? robots : others).incrementAndGet();
                }
                exchange.getResponseHeaders().add("Content-Type", "text/html; charset=utf-8");
                exchange.sendResponseHeaders(body.length == 0 ? 404 : 200, body.length == 0 ? -1 : body.length);
                exchange.getResponseBody().write(body);
            }
        });
        site.start();
    }

    private void asked(int page) {
        fetched.incrementAndGet(page);
        synchronized (newest) {
            newest.addLast(page);
            if (newest.size() > NEWEST) {
                newest.removeFirst();
            }
        }
    }

    private static int number(String path) {
        return path.equals("/") ? 0 : path.matches("/p/[0-9]{1,6}") ? Integer.parseInt(path.substring(3)) : -1;
    }

    private static String word(int page) {
        StringBuilder word = new StringBuilder("q");
        for (int n = page + 1; n > 0; n /= 20) {
            word.append("bcdfghjklmnprstvwxyz".charAt(n % 20)).append('o');
        }
        return word.toString();
    }

    /** Ten further pages, the one before, and the first. */
    private String page(int page) {
        StringBuilder links = new StringBuilder("<a href='/'>Home</a>");
        for (int i = 1; i <= 10 && page * 10 + i < pages; i++) {
            links.append("<a href='/p/").append(page * 10 + i).append("'>next</a>");
        }
        if (page > 1) {
            links.append("<a href='/p/").append(page - 1).append("'>before</a>");
        }
        return "<!doctype html><html lang=en><head><title>Page " + page
                + "</title></head><body><article><p>The page number "
                + page + " is about the " + word(page) + " and about nothing else.</p></article><nav>" + links
                + "</nav></body></html>";
    }

    /** What was measured. @param heap as for {@code -Xmx}; @throws AssertionError where a promise was broken */
    public Map<String, Long> run(int kills, String heap) throws Exception {
        Map<String, String> environment = Map.of(
                "KVASIR_OUTBOUND_ALLOWED_NETWORKS", "127.0.0.2/32",
                "KVASIR_WEB_PAUSE", "0s",
                "KVASIR_ACCESS_TOKEN", "4h");
        String path = "";
        String other = "";
        long began = System.nanoTime();
        JsonNode end = null;
        for (int life = 0; life <= kills; life++) {
            try (ServerProcess server = ServerProcess.start(folder.resolve("data"), environment, "-Xmx" + heap);
                    Api api = Api.owner(server)) {
                if (path.isEmpty()) {
                    String kb = api.made(BASES, Map.of("name", "Site"));
                    other = BASES + "/" + api.made(BASES, Map.of("name", "Beside"));
                    // The first ones also warm the server up.
                    for (int i = 0; i < 2 * CONTROLS; i++) {
                        long took = upload(api, other);
                        if (i >= CONTROLS) {
                            alone.add(took);
                        }
                    }
                    path = BASES + "/" + kb + "/web-sources";
                    path = path + "/"
                            + api.made(
                                    path,
                                    Map.of(
                                            "url",
                                            "http://127.0.0.2:"
                                                    + site.getAddress().getPort() + "/",
                                            "kind",
                                            "crawl",
                                            "frequency",
                                            "never",
                                            "maxDepth",
                                            20,
                                            "maxPages",
                                            pages + 100));
                }
                end = follow(
                        server, api, path, other, life == kills ? Integer.MAX_VALUE : pages * (life + 1) / (kills + 2));
                if (life == kills) {
                    check(api, path, end);
                } else {
                    server.kill();
                    synchronized (newest) {
                        atKills.add(Set.copyOf(newest));
                    }
                }
            }
        }
        return told(end, System.nanoTime() - began, kills, heap);
    }

    /** Until so many pages were fetched, or all is done. */
    private JsonNode follow(ServerProcess server, Api api, String path, String other, int until) throws Exception {
        for (int look = 0; ; look++) {
            JsonNode now = api.get(path).expect(200).body();
            largestRss = Math.max(largestRss, rss(server.pid()));
            // The run and its source are read one after the other: at its end one may be older than the other.
            boolean running = List.of("added", "fetching", "processing")
                            .contains(now.get("status").asText())
                    || now.at("/run/status").asText("running").equals("running");
            if (now.at("/run/fetched").asInt() >= until || !running) {
                return now;
            }
            if (look % 50 == 20) {
                beside.add(upload(api, other));
            }
            LockSupport.parkNanos(200_000_000);
        }
    }

    /** A page given by a person. @return milliseconds until it can be found */
    private static long upload(Api api, String other) throws Exception {
        return api.taught(other, "note.md", "# Note\n\nA note of one page.\n").toMillis();
    }

    private void check(Api api, String path, JsonNode end) throws Exception {
        require(end.get("status").asText().equals("fresh"), "the source is " + end);
        require(end.get("pages").asInt() == pages, "searchable are " + end.get("pages") + " pages of " + pages);
        require(end.at("/run/fetched").asInt() == pages, "the run says " + end.get("run"));
        require(end.at("/run/changed").asInt() == pages, "the run says " + end.get("run"));
        String search = path.substring(0, path.indexOf("/web-sources")) + "/knowledge/search";
        for (int page = 0; page < pages; page += Math.max(1, pages / 20)) {
            JsonNode found = api.post(search, Map.of("query", word(page), "mode", "keyword", "limit", 10))
                    .expect(200)
                    .body()
                    .get("results");
            require(
                    found.size() == 1 && found.get(0).get("text").asText().contains(word(page)),
                    word(page) + " of page " + page + " gave " + found);
        }
    }

    /** Of every fetch beyond the first of a page, why it was. */
    public List<String> again() {
        return again;
    }

    private void explain(int page) {
        List<Integer> killed = new ArrayList<>();
        for (int kill = 0; kill < atKills.size(); kill++) {
            if (atKills.get(kill).contains(page)) {
                killed.add(kill + 1);
            }
        }
        require(
                fetched.get(page) - 1 <= killed.size(),
                "page " + page + " was fetched " + fetched.get(page) + " times, though it was being read at "
                        + killed.size() + " kills");
        again.add("page " + page + ": was being read at kill "
                + killed.stream().map(String::valueOf).collect(Collectors.joining(", ")));
    }

    private Map<String, Long> told(JsonNode end, long nanos, int kills, String heap) {
        long total = 0;
        long most = 0;
        for (int page = 0; page < pages; page++) {
            require(fetched.get(page) > 0, "page " + page + " was never fetched");
            total += fetched.get(page);
            most = Math.max(most, fetched.get(page));
            if (fetched.get(page) > 1) {
                explain(page);
            }
        }
        long largest = megabytes(heap) + BESIDE_HEAP_MB;
        Map<String, Long> told = new LinkedHashMap<>();
        told.put("pages", (long) pages);
        told.put("searchable", end.get("pages").asLong());
        told.put("kills", (long) kills);
        told.put("fetches of pages", total);
        told.put("of these again", total - pages);
        told.put("of these allowed", (long) kills * AT_ONCE);
        told.put("fetches of robots.txt", (long) robots.get());
        told.put("fetches of one page at most", most);
        told.put("largest RSS, MB", largestRss / 1024);
        told.put("largest RSS allowed, MB", largest);
        told.put("uploads beside", (long) beside.size());
        told.put("upload without, ms", median(alone));
        told.put("upload beside, ms", median(beside));
        told.put(
                "slowest beside, ms",
                beside.stream().mapToLong(Long::longValue).max().orElse(0));
        told.put("seconds", nanos / 1_000_000_000);
        require(others.get() == 0, others + " addresses were asked for that no page names", told);
        require(
                robots.get() <= kills + 1,
                "robots.txt was asked for " + robots + " times in " + (kills + 1) + " lives",
                told);
        require(largestRss / 1024 <= largest, "the server took more memory than " + largest + " MB", told);
        require(
                median(beside) - median(alone) < MOST_DELAY_MILLIS,
                "uploads took " + MOST_DELAY_MILLIS + " ms longer beside the crawl",
                told);
        require(
                total <= pages + (long) kills * AT_ONCE,
                (total - pages) + " pages were fetched again, though " + kills + " kills allow " + kills * AT_ONCE,
                told);
        return told;
    }

    private static long megabytes(String heap) {
        long number = Long.parseLong(heap.substring(0, heap.length() - 1));
        return switch (heap.charAt(heap.length() - 1)) {
            case 'g', 'G' -> number * 1024;
            case 'm', 'M' -> number;
            default -> throw new IllegalArgumentException("the heap is such as 512m or 1g");
        };
    }

    /** Kilobytes. */
    private static long rss(long pid) throws IOException {
        try (var lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElse(0);
        }
    }

    private static void require(boolean held, String otherwise, Map<String, Long> measured) {
        require(held, otherwise + "; " + measured);
    }

    private static long median(List<Long> of) {
        return of.isEmpty() ? 0 : of.stream().sorted().toList().get(of.size() / 2);
    }

    private static void require(boolean held, String otherwise) {
        if (!held) {
            throw new AssertionError(otherwise);
        }
    }

    @Override
    public void close() {
        site.stop(0);
    }
}
