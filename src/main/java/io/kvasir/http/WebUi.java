package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.optionalHeaderValueByName;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;
import static org.apache.pekko.http.javadsl.server.Directives.pathSingleSlash;
import static org.apache.pekko.http.javadsl.server.PathMatchers.remaining;
import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.kvasir.kernel.Rejection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.StatusCode;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * The pages, from the class path and from nowhere else: the dashboard, the public page of a shared knowledge base, the
 * widget. Owns their headers; what they talk about comes by the API.
 */
public final class WebUi {
    /**
     * What a public page says before its script runs.
     *
     * @param sites origins whose pages may frame it
     * @param indexed whether search engines may list it; empty: as the server's setting says
     */
    public record Face(String name, String description, Set<String> sites, Optional<Boolean> indexed) {
        public Face {
            sites = Set.copyOf(sites);
        }
    }

    /** No way out of the folder can be written with these. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,100}\\.(js|css|svg|woff2)");

    private static final Pattern SLUG = Pattern.compile("[A-Za-z0-9_-]{1,100}");

    /** The first segment of the addresses for which one has to be logged in. */
    private static final String INSIDE = "t";

    /** The first segments of the dashboard's own addresses. */
    private static final List<String> ROOMS =
            List.of("login", "signup", "mfa", "reset", "verify", "invite", "auth", INSIDE);

    private static final Map<String, ContentType> TYPES = Map.of(
            "js", MediaTypes.APPLICATION_JAVASCRIPT.toContentType(HttpCharsets.UTF_8),
            "css", MediaTypes.TEXT_CSS.toContentType(HttpCharsets.UTF_8),
            "svg", MediaTypes.IMAGE_SVG_XML.toContentType(),
            "woff2", MediaTypes.FONT_WOFF_2.toContentType(),
            "html", ContentTypes.TEXT_HTML_UTF8);

    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'%s; connect-src 'self'; img-src 'self'; font-src 'self'; "
                    + "base-uri 'none'; form-action 'none'; frame-ancestors %s; object-src 'none'";

    private static final List<HttpHeader> ALWAYS = List.of(
            RawHeader.create("X-Content-Type-Options", "nosniff"),
            RawHeader.create("Permissions-Policy", "camera=(), microphone=(), geolocation=()"));

    private static final String REVALIDATED = "no-cache";
    private static final String FOREVER = "public, max-age=31536000, immutable";
    private static final String MINUTES = "public, max-age=300";

    private static final String NOTHING = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="noindex"><title>Nothing is shared here</title><link rel="icon" href="/icon.svg" type="image/svg+xml"></head>
            <body><main><h1>Nothing is shared here</h1><p>The link may be old, or sharing has ended.</p></main></body></html>
            """;

    private final String folder;
    private final WebSettings settings;
    private final Function<String, CompletionStage<Optional<Face>>> shared;
    private final Map<String, Optional<File>> files = new ConcurrentHashMap<>();
    private final SecureRandom random = new SecureRandom();

    private record File(byte[] bytes, byte[] small, ContentType type, String tag) {}

    /** @param shared the public face of a slug, while it is shared */
    public WebUi(WebSettings settings, Function<String, CompletionStage<Optional<Face>>> shared) {
        this("/webui/", settings, shared);
    }

    /** @param folder where the built pages lie on the class path */
    WebUi(String folder, WebSettings settings, Function<String, CompletionStage<Optional<Face>>> shared) {
        this.folder = folder;
        this.settings = settings;
        this.shared = shared;
    }

    public Route routes() {
        List<Route> all = new ArrayList<>();
        all.add(pathSingleSlash(() -> get(() -> onSuccess(
                shared.apply(settings.front()),
                face -> face.map(f -> page("public.html", settings.front(), f, "'none'"))
                        .orElseGet(() -> complete(HttpResponse.create()
                                .withStatus(StatusCodes.SEE_OTHER)
                                .addHeader(RawHeader.create("Location", "/login"))))))));
        all.add(named("kb", slug -> get(() -> shown("public.html", slug, _ -> "'none'"))));
        all.add(named("embed", slug -> get(() -> shown("embed.html", slug, this::framers))));
        all.add(named("try", slug -> get(() -> shown("try.html", slug, _ -> "'none'"))));
        all.add(pathPrefix(
                "assets",
                () -> path(
                        segment(),
                        name -> get(() ->
                                NAME.matcher(name).matches() ? file("assets/" + name, FOREVER, true) : missing()))));
        all.add(path("widget.js", () -> get(() -> file("widget.js", MINUTES, true))));
        all.add(path("icon.svg", () -> get(() -> file("icon.svg", MINUTES, false))));
        for (String room : ROOMS) {
            String template = room.equals(INSIDE) ? "index.html" : "entrance.html";
            all.add(pathPrefix(room, () -> path(remaining(), _ -> get(() -> dashboard(template)))));
            all.add(path(
                    room,
                    () -> get(() -> optionalHeaderValueByName(
                            "Accept-Language", asked -> dashboard(worded(room, asked, template))))));
        }
        return concat(all.getFirst(), all.subList(1, all.size()).toArray(Route[]::new));
    }

    private static Route named(String prefix, Function<String, Route> inner) {
        return pathPrefix(prefix, () -> path(segment(), inner));
    }

    private static Route missing() {
        return Problems.refuse(new Rejection.NotFound("There is nothing at this address"));
    }

    private String framers(Face face) {
        Set<String> all = new TreeSet<>(settings.frameOrigins());
        all.addAll(face.sites());
        return all.isEmpty() ? "'none'" : String.join(" ", all);
    }

    /** The template that shows a room's own words before its programs are there, in the language a browser asks for first. */
    private String worded(String room, Optional<String> asked, String otherwise) {
        String name = room + (asked.orElse("").startsWith("es") ? ".es.html" : ".en.html");
        return template(name).isPresent() ? name : otherwise;
    }

    /**
     * The page of the dashboard, whatever room of it is asked for; each with a nonce of its own for the styles that
     * dialogs set while they are open.
     *
     * @param template its two forms differ in what they have the browser fetch at once
     */
    private Route dashboard(String template) {
        return extractRequest(request -> template(template)
                .map(html -> {
                    byte[] nonce = new byte[18];
                    random.nextBytes(nonce);
                    String text = Base64.getEncoder().encodeToString(nonce);
                    return complete(html(
                            request,
                            StatusCodes.OK,
                            html.replace("{{nonce}}", text),
                            POLICY.formatted(" 'nonce-" + text + "'", "'none'")));
                })
                .orElseGet(WebUi::missing));
    }

    private Route shown(String template, String slug, Function<Face, String> framers) {
        return SLUG.matcher(slug).matches()
                ? onSuccess(
                        shared.apply(slug),
                        face -> face.map(f -> page(template, slug, f, framers.apply(f)))
                                .orElseGet(this::nothing))
                : nothing();
    }

    private Route nothing() {
        return extractRequest(request -> complete(html(
                request,
                StatusCodes.NOT_FOUND,
                template("nothing.html").orElse(NOTHING),
                POLICY.formatted("", "'none'"))));
    }

    private Route page(String template, String slug, Face face, String framers) {
        return extractRequest(request -> template(template)
                .map(html -> complete(html(
                        request,
                        StatusCodes.OK,
                        filled(
                                html,
                                Map.of(
                                        "name",
                                        face.name(),
                                        "description",
                                        face.description(),
                                        "slug",
                                        slug,
                                        "robots",
                                        face.indexed().orElse(settings.indexPublicPages()) ? "index" : "noindex")),
                        POLICY.formatted("", framers))))
                .orElseGet(WebUi::missing));
    }

    /** One pass: what is filled in is never looked at again, and is text wherever it stands. */
    private static String filled(String template, Map<String, String> values) {
        return Pattern.compile("\\{\\{([a-z]+)}}")
                .matcher(template)
                .replaceAll(found ->
                        java.util.regex.Matcher.quoteReplacement(escaped(values.getOrDefault(found.group(1), ""))));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }

    private static HttpResponse html(HttpRequest request, StatusCode status, String html, String policy) {
        byte[] bytes = html.getBytes(StandardCharsets.UTF_8);
        HttpResponse response = HttpResponse.create()
                .withStatus(status)
                .addHeaders(ALWAYS)
                .addHeader(RawHeader.create("Content-Security-Policy", policy))
                .addHeader(RawHeader.create("Referrer-Policy", "no-referrer"))
                .addHeader(RawHeader.create("Cross-Origin-Opener-Policy", "same-origin"))
                .addHeader(RawHeader.create("Cache-Control", REVALIDATED))
                .addHeader(RawHeader.create("Vary", "Accept-Encoding, Accept-Language"));
        return zips(request)
                ? response.addHeader(RawHeader.create("Content-Encoding", "gzip"))
                        .withEntity(HttpEntities.create(ContentTypes.TEXT_HTML_UTF8, zipped(bytes)))
                : response.withEntity(HttpEntities.create(ContentTypes.TEXT_HTML_UTF8, bytes));
    }

    /** @param foreign whether scripts of other origins' pages may load it: the widget's files */
    private Route file(String name, String caching, boolean foreign) {
        return extractRequest(request -> files.computeIfAbsent(name, this::read)
                .map(file -> complete(respond(request, file, caching, foreign)))
                .orElseGet(WebUi::missing));
    }

    private static HttpResponse respond(HttpRequest request, File file, String caching, boolean foreign) {
        HttpResponse response = HttpResponse.create()
                .addHeaders(ALWAYS)
                .addHeader(RawHeader.create("Content-Security-Policy", POLICY.formatted("", "'none'")))
                .addHeader(RawHeader.create("Cache-Control", caching))
                .addHeader(RawHeader.create("Vary", "Accept-Encoding"))
                .addHeader(RawHeader.create("Cross-Origin-Resource-Policy", foreign ? "cross-origin" : "same-origin"))
                .addHeader(RawHeader.create("ETag", file.tag()));
        if (foreign) {
            // Everybody may read what everybody may load; no credential goes along.
            response = response.addHeader(RawHeader.create("Access-Control-Allow-Origin", "*"));
        }
        if (request.getHeader("If-None-Match")
                .filter(known -> known.value().equals(file.tag()))
                .isPresent()) {
            return response.withStatus(StatusCodes.NOT_MODIFIED);
        }
        return zips(request) && file.small().length < file.bytes().length
                ? response.addHeader(RawHeader.create("Content-Encoding", "gzip"))
                        .withEntity(HttpEntities.create(file.type(), file.small()))
                : response.withEntity(HttpEntities.create(file.type(), file.bytes()));
    }

    private static boolean zips(HttpRequest request) {
        return request.getHeader("Accept-Encoding")
                .filter(accepted -> accepted.value().contains("gzip"))
                .isPresent();
    }

    private Optional<String> template(String name) {
        return files.computeIfAbsent(name, this::read).map(file -> new String(file.bytes(), StandardCharsets.UTF_8));
    }

    private Optional<File> read(String name) {
        try (InputStream in = WebUi.class.getResourceAsStream(folder + name)) {
            if (in == null) {
                return Optional.empty();
            }
            byte[] bytes = in.readAllBytes();
            ContentType type = TYPES.getOrDefault(
                    name.substring(name.lastIndexOf('.') + 1), ContentTypes.APPLICATION_OCTET_STREAM);
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return Optional.of(
                    new File(bytes, zipped(bytes), type, '"' + HexFormat.of().formatHex(digest, 0, 12) + '"'));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static byte[] zipped(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length / 2 + 64);
        try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
            zip.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }
}
