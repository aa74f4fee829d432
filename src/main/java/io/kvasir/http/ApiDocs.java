package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;

import io.kvasir.kernel.Rejection;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code /openapi.json}, and {@code /docs} to read it in a browser, from the class path alone. */
public final class ApiDocs {
    private static final ContentType SCRIPT = MediaTypes.APPLICATION_JAVASCRIPT.toContentType(HttpCharsets.UTF_8);
    private static final ContentType STYLE = MediaTypes.TEXT_CSS.toContentType(HttpCharsets.UTF_8);

    /** What a browser may ask for, and where it stands. */
    private static final Map<String, ContentType> FILES = Map.of(
            "start.js", SCRIPT,
            "swagger-ui-bundle.js", SCRIPT,
            "swagger-ui.css", STYLE);

    private static final List<HttpHeader> HEADERS = List.of(
            RawHeader.create(
                    "Content-Security-Policy",
                    // Swagger UI sets styles on elements and draws its icons from data: addresses.
                    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
                            + "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
            RawHeader.create("X-Content-Type-Options", "nosniff"),
            RawHeader.create("Referrer-Policy", "no-referrer"),
            RawHeader.create("Cache-Control", "no-cache"));

    private final Supplier<List<Endpoint>> inventory;

    /** @param inventory all endpoints, asked for at the first reading: these here are among them */
    public ApiDocs(Supplier<List<Endpoint>> inventory) {
        this.inventory = inventory;
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/openapi.json", Access.PUBLIC, _ -> document())
                        .says("Read this document")
                        .givesMedia(200, "application/json"),
                Endpoint.get("/docs", Access.PUBLIC, _ -> file("/docs/index.html", ContentTypes.TEXT_HTML_UTF8))
                        .says("Read this document in a browser")
                        .givesMedia(200, "text/html"),
                Endpoint.get("/docs/{file}", Access.PUBLIC, call -> asset(call.text("file")))
                        .says("Read a file of the documentation page")
                        .givesMedia(200, "text/javascript"));
    }

    private Route document() {
        return complete(HttpResponse.create()
                .addHeader(RawHeader.create("Cache-Control", "no-cache"))
                .withEntity(HttpEntities.create(
                        ContentTypes.APPLICATION_JSON, Json.bytes(OpenApi.document(inventory.get())))));
    }

    private static Route asset(String name) {
        ContentType type = FILES.get(name);
        if (type == null) {
            return Problems.refuse(new Rejection.NotFound("There is nothing at this address"));
        }
        return file(name.startsWith("swagger-ui") ? library() + name : "/docs/" + name, type);
    }

    private static Route file(String resource, ContentType type) {
        try (InputStream in = ApiDocs.class.getResourceAsStream(resource)) {
            return in == null
                    ? Problems.refuse(new Rejection.NotFound("There is nothing at this address"))
                    : complete(HttpResponse.create()
                            .addHeaders(HEADERS)
                            .withEntity(HttpEntities.create(type, in.readAllBytes())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The folder in the library's jar, which has the version in its name. */
    private static String library() {
        Properties of = new Properties();
        try (InputStream in =
                ApiDocs.class.getResourceAsStream("/META-INF/maven/org.webjars/swagger-ui/pom.properties")) {
            if (in != null) {
                of.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return "/META-INF/resources/webjars/swagger-ui/" + of.getProperty("version") + "/";
    }
}
