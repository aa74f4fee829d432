package io.kvasir.ingestion.web;

import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.parameterOptional;

import com.fasterxml.jackson.annotation.JsonValue;
import io.kvasir.http.Access;
import io.kvasir.http.Call;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Idempotent;
import io.kvasir.http.Json;
import io.kvasir.http.Page;
import io.kvasir.http.Problems;
import io.kvasir.ingestion.source.Ledger;
import io.kvasir.ingestion.source.SourceEntry;
import io.kvasir.ingestion.source.SourceItem;
import io.kvasir.ingestion.source.SourceRun;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.outbound.WebAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.jspecify.annotations.Nullable;

/** {@code …/{kbId}/web-sources}. */
public final class WebRoutes {
    private static final String ALL = "/api/v1/knowledge-bases/{kbId}/web-sources";
    private static final String ONE = ALL + "/{sourceId}";
    private static final int DEPTH = 3;
    private static final int MOST_DEPTH = 50;
    private static final int PAGES = 500;

    private final Ledger ledger;
    private final Idempotent idempotent;
    private final WebSourceSettings settings;

    public WebRoutes(Ledger ledger, Idempotent idempotent, WebSourceSettings settings) {
        this.ledger = ledger;
        this.idempotent = idempotent;
        this.settings = settings;
    }

    private enum Kind {
        PAGE,
        SITEMAP,
        CRAWL;

        @JsonValue
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private enum Frequency {
        HOURLY(Duration.ofHours(1)),
        DAILY(Duration.ofDays(1)),
        WEEKLY(Duration.ofDays(7)),
        MONTHLY(Duration.ofDays(30)),
        NEVER(Duration.ZERO);

        private final Duration every;

        Frequency(Duration every) {
            this.every = every;
        }

        Optional<Duration> every() {
            return this == NEVER ? Optional.empty() : Optional.of(every);
        }

        static Frequency of(Optional<Duration> every) {
            for (Frequency one : values()) {
                if (one.every().equals(every)) {
                    return one;
                }
            }
            return WEEKLY;
        }

        @JsonValue
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A site as its owner wants it; of one that is there, what is left out stays.
     *
     * @param maxDepth links from the first page, for a crawl; 3 unless told
     * @param maxPages 500 unless told
     * @param includePaths beginnings of paths; a page must have one of them
     * @param excludePaths beginnings of paths no page may have
     * @param allowedHosts further hosts that belong to the site
     */
    private record Body(
            @Nullable String url,
            @Nullable Kind kind,
            @Nullable Frequency frequency,
            @Nullable Integer maxDepth,
            @Nullable Integer maxPages,
            @Nullable List<String> includePaths,
            @Nullable List<String> excludePaths,
            @Nullable List<String> allowedHosts) {}

    /** A site with how it stands. */
    private record View(
            SourceId id,
            String url,
            Kind kind,
            Frequency frequency,
            int maxDepth,
            int maxPages,
            List<String> includePaths,
            List<String> excludePaths,
            List<String> allowedHosts,
            SourceEntry.State status,
            int pages,
            int knownPages,
            int failedPages,
            Instant createdAt,
            Optional<Instant> lastScrapedAt,
            Optional<Instant> nextScrapeAt,
            Optional<SourceEntry.Problem> error,
            Optional<SourceRun> run) {
        static View of(SourceEntry entry) {
            Site site = Site.read(entry.settings());
            return new View(
                    entry.id(),
                    site.url(),
                    Kind.valueOf(site.mode().name()),
                    Frequency.of(entry.every()),
                    site.depth(),
                    site.pages(),
                    site.include(),
                    site.exclude(),
                    site.hosts(),
                    entry.state(),
                    entry.items().searchable(),
                    entry.items().known(),
                    entry.items().failed(),
                    entry.createdAt(),
                    entry.readAt(),
                    entry.dueAt(),
                    entry.error(),
                    entry.run());
        }
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get(
                                ALL,
                                Access.READ,
                                call -> Page.requested(page -> Problems.answer(
                                        ledger.list(scope(call), WebKind.NAME, page),
                                        found -> Json.ok(found.map(View::of)))))
                        .says("List web sources")
                        .givesPage(View.class),
                Endpoint.post(
                                ALL,
                                Access.MANAGE,
                                call -> idempotent.once(
                                        call.caller(),
                                        id -> entity(
                                                Json.body(Body.class),
                                                body -> Problems.answer(
                                                        ledger.add(
                                                                scope(call),
                                                                WebKind.NAME,
                                                                new SourceId(id),
                                                                id,
                                                                wish(body, Optional.empty())),
                                                        added -> Json.created(View.of(added))))))
                        .says("Add a page, a sitemap or a crawl; it is read at once")
                        .takes(Body.class)
                        .gives(201, View.class)
                        .heedsKey(),
                Endpoint.get(
                                ONE,
                                Access.READ,
                                call -> Problems.answer(
                                        ledger.one(scope(call), WebKind.NAME, source(call)),
                                        found -> Json.ok(View.of(found))))
                        .says("Read a web source")
                        .gives(200, View.class),
                Endpoint.put(
                                ONE,
                                Access.MANAGE,
                                call -> entity(
                                        Json.body(Body.class),
                                        body -> Problems.answer(
                                                ledger.one(scope(call), WebKind.NAME, source(call))
                                                        .thenCompose(found -> found.then(entry -> ledger.change(
                                                                scope(call),
                                                                WebKind.NAME,
                                                                source(call),
                                                                wish(body, Optional.of(entry))))),
                                                changed -> Json.ok(View.of(changed)))))
                        .says("Change a web source; what is left out stays")
                        .takes(Body.class)
                        .gives(200, View.class),
                Endpoint.delete(
                                ONE,
                                Access.MANAGE,
                                call -> Problems.answer(
                                        ledger.remove(scope(call), WebKind.NAME, source(call)),
                                        _ -> Problems.noContent()))
                        .says("Delete a web source; its pages leave the index")
                        .givesNothing(),
                Endpoint.post(
                                ONE + "/scrape",
                                Access.MANAGE,
                                call -> Problems.answer(
                                        ledger.ask(scope(call), WebKind.NAME, source(call)),
                                        asked -> Json.response(StatusCodes.ACCEPTED, View.of(asked))))
                        .says("Read a web source now")
                        .gives(202, View.class),
                Endpoint.post(
                                ONE + "/cancel",
                                Access.MANAGE,
                                call -> Problems.answer(
                                        ledger.cancel(scope(call), WebKind.NAME, source(call)),
                                        cancelled -> Json.ok(View.of(cancelled))))
                        .says("Stop reading a web source; what was read stays")
                        .gives(200, View.class),
                Endpoint.get(
                                ONE + "/history",
                                Access.READ,
                                call -> Page.requested(page -> Problems.answer(
                                        ledger.history(scope(call), WebKind.NAME, source(call), page), Json::ok)))
                        .says("List the readings of a web source, the newest first")
                        .givesPage(SourceRun.class),
                Endpoint.get(
                                ONE + "/pages",
                                Access.READ,
                                call -> parameterOptional(
                                        "problems",
                                        problems -> Page.requested(page -> Problems.answer(
                                                ledger.items(
                                                        scope(call),
                                                        WebKind.NAME,
                                                        source(call),
                                                        problems.filter("true"::equals)
                                                                .isPresent(),
                                                        page),
                                                Json::ok))))
                        .says("List the pages of a web source")
                        .asks(
                                "problems",
                                boolean.class,
                                "true for those only of which nothing new could be read, with the reason")
                        .givesPage(SourceItem.class));
    }

    private static Scope scope(Call call) {
        return new Scope(call.caller().tenant(), new KnowledgeBaseId(call.id("kbId")));
    }

    private static SourceId source(Call call) {
        return new SourceId(call.id("sourceId"));
    }

    /** @throws Json.Refusal where something is wrong with it */
    private Ledger.Wish wish(Body body, Optional<SourceEntry> before) {
        Optional<Site> site = before.map(entry -> Site.read(entry.settings()));
        List<FieldError> errors = new ArrayList<>();
        String url =
                body.url() == null ? site.map(Site::url).orElse("") : body.url().strip();
        if (url.isEmpty()) {
            errors.add(new FieldError("/url", "is required"));
        } else if (WebAddress.parse(url).isEmpty()) {
            errors.add(new FieldError("/url", "must be an http or https address, without user and password"));
        }
        Site.Mode mode = body.kind() == null
                ? site.map(Site::mode).orElse(Site.Mode.PAGE)
                : Site.Mode.valueOf(body.kind().name());
        Site wanted = new Site(
                url,
                mode,
                number(
                        errors,
                        "/maxDepth",
                        body.maxDepth(),
                        site.map(Site::depth).orElse(DEPTH),
                        0,
                        MOST_DEPTH),
                number(
                        errors,
                        "/maxPages",
                        body.maxPages(),
                        site.map(Site::pages).orElse(Math.min(PAGES, settings.mostPages())),
                        1,
                        settings.mostPages()),
                words(errors, "/includePaths", body.includePaths(), site.map(Site::include)),
                words(errors, "/excludePaths", body.excludePaths(), site.map(Site::exclude)),
                words(errors, "/allowedHosts", body.allowedHosts(), site.map(Site::hosts)));
        if (!errors.isEmpty()) {
            throw new Json.Refusal(new Rejection.Invalid("The request has invalid fields", errors));
        }
        Frequency frequency = body.frequency() == null
                ? before.map(entry -> Frequency.of(entry.every())).orElse(Frequency.WEEKLY)
                : body.frequency();
        return new Ledger.Wish(Json.write(wanted), frequency.every());
    }

    private static int number(
            List<FieldError> errors, String at, @Nullable Integer given, int otherwise, int least, int most) {
        if (given != null && (given < least || given > most)) {
            errors.add(new FieldError(at, "must be from " + least + " to " + most));
        }
        return given == null ? otherwise : given;
    }

    private static List<String> words(
            List<FieldError> errors, String at, @Nullable List<String> given, Optional<List<String>> otherwise) {
        if (given == null) {
            return otherwise.orElse(List.of());
        }
        boolean paths = at.endsWith("Paths");
        for (int i = 0; i < given.size(); i++) {
            String word = given.get(i);
            if (word == null || word.isBlank() || word.length() > 500 || paths && !word.startsWith("/")) {
                errors.add(new FieldError(
                        at + "/" + i,
                        paths ? "must be a path such as /docs/" : "must be a host such as docs.example.org"));
            }
        }
        if (given.size() > 100) {
            errors.add(new FieldError(at, "must have 100 entries at most"));
        }
        return given;
    }
}
