package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.optionalHeaderValueByName;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;
import static org.apache.pekko.http.javadsl.server.Directives.pathSingleSlash;
import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.kvasir.kernel.Rejection;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;

/** The pages: {@code /} and what it needs, from the class path and from nowhere else. */
public final class WebUi {
    /** No way out of the folder can be written with these. */
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,60}\\.(js|css|svg)");

    private static final Map<String, ContentType> TYPES = Map.of(
            "js", MediaTypes.APPLICATION_JAVASCRIPT.toContentType(HttpCharsets.UTF_8),
            "css", MediaTypes.TEXT_CSS.toContentType(HttpCharsets.UTF_8),
            "svg", MediaTypes.IMAGE_SVG_XML.toContentType(),
            "html", ContentTypes.TEXT_HTML_UTF8);

    private static final List<HttpHeader> HEADERS = List.of(
            RawHeader.create(
                    "Content-Security-Policy",
                    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; "
                            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"),
            RawHeader.create("X-Content-Type-Options", "nosniff"),
            RawHeader.create("Referrer-Policy", "no-referrer"),
            RawHeader.create("Cross-Origin-Opener-Policy", "same-origin"),
            RawHeader.create("Cross-Origin-Resource-Policy", "same-origin"),
            RawHeader.create("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
            // Asked each time whether it changed, answered with 304 mostly: an upgrade is seen at once.
            RawHeader.create("Cache-Control", "no-cache"));

    private final Map<String, Optional<File>> files = new ConcurrentHashMap<>();

    private record File(byte[] bytes, ContentType type, String tag) {}

    public Route routes() {
        return concat(
                pathSingleSlash(() -> get(() -> serve("index.html"))),
                pathPrefix(
                        "assets",
                        () -> path(
                                segment(),
                                name -> get(() -> NAME.matcher(name).matches()
                                        ? serve("assets/" + name)
                                        : Problems.refuse(
                                                new Rejection.NotFound("There is nothing at this address"))))));
    }

    private Route serve(String name) {
        return optionalHeaderValueByName(
                "If-None-Match",
                known -> files.computeIfAbsent(name, WebUi::read)
                        .map(file -> complete(respond(file, known)))
                        .orElseGet(() -> Problems.refuse(new Rejection.NotFound("There is nothing at this address"))));
    }

    private static HttpResponse respond(File file, Optional<String> known) {
        HttpResponse response =
                HttpResponse.create().addHeaders(HEADERS).addHeader(RawHeader.create("ETag", file.tag()));
        return known.filter(file.tag()::equals).isPresent()
                ? response.withStatus(StatusCodes.NOT_MODIFIED)
                : response.withEntity(HttpEntities.create(file.type(), file.bytes()));
    }

    private static Optional<File> read(String name) {
        try (InputStream in = WebUi.class.getResourceAsStream("/webui/" + name)) {
            if (in == null) {
                return Optional.empty();
            }
            byte[] bytes = in.readAllBytes();
            ContentType type = TYPES.getOrDefault(
                    name.substring(name.lastIndexOf('.') + 1), ContentTypes.APPLICATION_OCTET_STREAM);
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return Optional.of(new File(bytes, type, '"' + HexFormat.of().formatHex(digest, 0, 12) + '"'));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
