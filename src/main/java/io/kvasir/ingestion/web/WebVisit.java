package io.kvasir.ingestion.web;

import io.kvasir.http.Json;
import io.kvasir.ingestion.source.Found;
import io.kvasir.ingestion.source.Listing;
import io.kvasir.ingestion.source.Opened;
import io.kvasir.ingestion.source.Read;
import io.kvasir.ingestion.source.SourceFault;
import io.kvasir.ingestion.source.Visit;
import io.kvasir.outbound.Fetched;
import io.kvasir.outbound.OutboundHttp;
import io.kvasir.outbound.WebAddress;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** One reading of a site, politely: robots.txt and the host's turns come before every request, the guard within it. */
final class WebVisit implements Visit {
    private static final int MOST_SITEMAPS = 500;
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
    private static final int TRIES = 2;
    private static final int MOST_REDIRECTS = 5;
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

    private final Opened source;
    private final Site site;
    private final OutboundHttp http;
    private final HostTurns turns;
    private final WebSourceSettings settings;
    private final Clock clock;
    private final Map<String, Rules> rules = new ConcurrentHashMap<>();
    private final SamePages same;

    WebVisit(Opened source, Site site, OutboundHttp http, HostTurns turns, WebSourceSettings settings, Clock clock) {
        this.source = source;
        this.site = site;
        this.http = http;
        this.turns = turns;
        this.settings = settings;
        this.clock = clock;
        this.same = new SamePages(
                saidBefore(source),
                source.memory()
                        .map(word -> Json.read(word, Memory.class).nowhere())
                        .orElse(Set.of()),
                nowhere -> source.remember(Json.write(new Memory(nowhere))));
    }

    private static Map<String, String> saidBefore(Opened source) {
        Map<String, String> said = new HashMap<>();
        for (String code : List.of("canonical", "redirected")) {
            source.passedOver(code).forEach((page, to) -> {
                if (!to.isEmpty()) {
                    said.put(page, to.getFirst().key());
                }
            });
        }
        return said;
    }

    /** What robots.txt says. @param away why it could not be asked: what is known then stays */
    private record Rules(Robots robots, Optional<Read.Failed> away) {}

    /** What is remembered of the site. @param nowhere addresses that pages gave as their own, and where nothing was */
    private record Memory(Set<String> nowhere) {
        Memory {
            nowhere = Set.copyOf(nowhere);
        }
    }

    /** What is remembered of a page. @param depth at which it was read: its links are as deep as it is */
    private record Marks(
            @Nullable String etag,
            @Nullable String modified,
            @Nullable Integer depth) {}

    @Override
    public int atOnce() {
        return settings.pagesAtOnce();
    }

    @Override
    public int mostItems() {
        return Math.min(site.pages(), settings.mostPages());
    }

    // what there is

    @Override
    public void list(Listing listing) throws SourceFault {
        switch (site.mode()) {
            case PAGE -> listing.found(Site.key(site.first()), "0");
            case CRAWL -> listing.found(Site.key(site.first()), "0");
            case SITEMAP -> sitemaps(listing);
        }
    }

    private void sitemaps(Listing listing) throws SourceFault {
        Deque<WebAddress> waiting = new ArrayDeque<>(List.of(site.first()));
        Set<String> seen = new HashSet<>();
        while (!waiting.isEmpty() && seen.size() < MOST_SITEMAPS) {
            WebAddress address = waiting.poll();
            if (!seen.add(Site.key(address))) {
                continue;
            }
            Sitemap map = sitemap(address);
            for (String page : map.pages()) {
                address.resolve(page).filter(site::holds).ifPresent(at -> listing.found(Site.key(at), "0"));
            }
            for (String other : map.others()) {
                address.resolve(other).filter(site::holds).ifPresent(waiting::add);
            }
        }
    }

    /** One that can't be read ends the visit: what it would have named must not vanish. */
    private Sitemap sitemap(WebAddress address) throws SourceFault {
        Fetched fetched = fetch(address, Map.of(), true);
        if (fetched instanceof Fetched.Failed(Fetched.Reason reason, String detail)) {
            throw SourceFault.passing(code(reason), detail);
        }
        Fetched.Answer answer = (Fetched.Answer) fetched;
        if (answer.status() != 200) {
            throw SourceFault.passing("http-" + answer.status(), "The sitemap answered with status " + answer.status());
        }
        try {
            return Sitemap.read(answer.body().toArray());
        } catch (IOException e) {
            throw SourceFault.passing("no-sitemap", "The sitemap could not be read. " + e.getMessage());
        }
    }

    private static int depth(String note) {
        return note.isEmpty() ? 0 : Integer.parseInt(note);
    }

    // one page

    @Override
    public Read read(Found item) throws SourceFault {
        Read read = asked(item);
        if (read instanceof Read.Failed(String code, String detail)
                && item.key().equals(Site.key(site.first()))
                && (code.equals("refused-address") || code.equals("bad-address"))) {
            // Nothing of the site is to be had, and time changes nothing about that.
            throw SourceFault.lasting(code, detail);
        }
        return read;
    }

    private Read asked(Found item) {
        WebAddress address = WebAddress.parse(item.key()).orElseThrow();
        if (!wanted(item, address)) {
            return new Read.Gone();
        }
        Map<String, String> conditions = conditions(item.marks()
                .map(json -> Json.read(json, Marks.class))
                .filter(marks -> Objects.equals(marks.depth(), depth(item.note()))));
        for (int hop = 0; hop <= MOST_REDIRECTS; hop++) {
            Rules allowed = rules(address);
            if (allowed.away().isPresent()) {
                return allowed.away().get();
            }
            if (!allowed.robots().allows(address)) {
                return new Read.Skipped("robots", "The site's robots.txt does not allow this page", List.of());
            }
            Fetched fetched = fetch(address, conditions, false);
            if (!(fetched instanceof Fetched.Answer answer)) {
                Fetched.Failed failed = (Fetched.Failed) fetched;
                return new Read.Failed(code(failed.reason()), failed.detail());
            }
            Optional<String> location =
                    REDIRECTS.contains(answer.status()) ? answer.header("Location") : Optional.empty();
            if (location.isEmpty()) {
                return answered(item, answer);
            }
            Optional<WebAddress> next = address.resolve(location.get());
            if (next.isEmpty()) {
                return new Read.Failed("bad-address", "Redirected to what is not a web address");
            }
            Optional<Read> elsewhere = elsewhere(item, next.get());
            if (elsewhere.isPresent()) {
                return elsewhere.get();
            }
            address = next.get();
        }
        return new Read.Failed("too-many-redirects", "More than " + MOST_REDIRECTS + " redirects");
    }

    /** Whether it belongs to what the owner wants now: it may have been found while they wanted something else. */
    private boolean wanted(Found item, WebAddress address) {
        return site.mode() == Site.Mode.PAGE || site.holds(address) && depth(item.note()) <= site.depth();
    }

    private static Map<String, String> conditions(Optional<Marks> marks) {
        Map<String, String> headers = new HashMap<>();
        headers.put("Accept", "text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.5");
        marks.map(Marks::etag).ifPresent(etag -> headers.put("If-None-Match", etag));
        marks.map(Marks::modified).ifPresent(modified -> headers.put("If-Modified-Since", modified));
        return headers;
    }

    private Read answered(Found item, Fetched.Answer answer) {
        int status = answer.status();
        if (status == 304) {
            return new Read.Same();
        }
        if (status == 404 || status == 410) {
            same.gone(item.key());
            return site.mode() == Site.Mode.PAGE && !item.known()
                    ? new Read.Failed("http-" + status, "There is no such page")
                    : new Read.Gone();
        }
        if (status < 200 || status >= 300) {
            return new Read.Failed("http-" + status, "The page answered with status " + status);
        }
        same.there(item.key());
        return new WebPage(site, item.key(), depth(item.note()), answer, same).read(marks(item, answer));
    }

    /** What becomes of an address that only leads to another; empty where it is to be followed there. */
    private Optional<Read> elsewhere(Found item, WebAddress to) {
        String key = Site.key(to);
        if (site.mode() == Site.Mode.PAGE || key.equals(item.key())) {
            return Optional.empty();
        }
        if (!site.holds(to)) {
            return Optional.of(new Read.Skipped("redirected", "Leads away from the site, to " + key, List.of()));
        }
        return same.passes(item.key(), key)
                ? Optional.of(
                        new Read.Skipped("redirected", "Leads to " + key, List.of(new Read.Link(key, item.note()))))
                : Optional.empty();
    }

    private static Optional<String> marks(Found item, Fetched.Answer answer) {
        Optional<String> etag = answer.header("ETag");
        Optional<String> modified = answer.header("Last-Modified");
        return etag.isEmpty() && modified.isEmpty()
                ? Optional.empty()
                : Optional.of(Json.write(new Marks(etag.orElse(null), modified.orElse(null), depth(item.note()))));
    }

    // politeness

    private Rules rules(WebAddress address) {
        String origin = address.scheme() + "://" + Site.authority(address);
        Rules known = rules.get(origin);
        if (known != null) {
            return known;
        }
        // Within, so that those who come at once ask once.
        synchronized (rules) {
            return rules.computeIfAbsent(origin, _ -> asked(origin));
        }
    }

    private Rules asked(String origin) {
        String at = origin + "/robots.txt";
        Fetched fetched = waited(WebAddress.parse(at).orElseThrow(), Map.of(), settings.pause(), true);
        Robots robots = Robots.of(fetched, at, settings.agent());
        return switch (fetched) {
            case Fetched.Failed(Fetched.Reason reason, String detail) ->
                new Rules(robots, Optional.of(new Read.Failed(code(reason), detail)));
            case Fetched.Answer answer
            when answer.status() >= 500 ->
                new Rules(
                        robots,
                        Optional.of(new Read.Failed(
                                "robots-unreachable",
                                "The site's robots.txt answered with status " + answer.status()
                                        + ", so nothing is read until it can be asked")));
            case Fetched.Answer _ -> new Rules(robots, Optional.empty());
        };
    }

    private Fetched fetch(WebAddress address, Map<String, String> headers, boolean follow) {
        Rules allowed = rules(address);
        Duration pause = allowed.robots()
                .delay()
                .filter(delay -> delay.compareTo(settings.pause()) > 0)
                .orElse(settings.pause());
        for (int attempt = 1; ; attempt++) {
            Fetched fetched = waited(address, headers, pause, follow);
            if (attempt == TRIES
                    || !(fetched instanceof Fetched.Answer answer)
                    || answer.status() != 429 && answer.status() != 503) {
                return fetched;
            }
            source.pause(wait(answer));
        }
    }

    private static Duration wait(Fetched.Answer answer) {
        Duration asked = answer.header("Retry-After")
                .filter(text -> text.matches("[0-9]{1,6}"))
                .map(text -> Duration.ofSeconds(Long.parseLong(text)))
                .orElse(Duration.ofSeconds(2));
        return asked.compareTo(LONGEST_WAIT) < 0 ? asked : LONGEST_WAIT;
    }

    private Fetched waited(WebAddress address, Map<String, String> headers, Duration pause, boolean follow) {
        Instant turn = source.await(turns.next(Site.authority(address), pause));
        Duration until = Duration.between(clock.instant(), turn);
        if (until.isPositive()) {
            source.pause(until);
        }
        OutboundHttp.Call call = follow ? http.get(address) : http.get(address).withoutRedirects();
        for (Map.Entry<String, String> header : headers.entrySet()) {
            call = call.withHeader(header.getKey(), header.getValue());
        }
        return source.await(http.fetch(call));
    }

    private static String code(Fetched.Reason reason) {
        return reason.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
