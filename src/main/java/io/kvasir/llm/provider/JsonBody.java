package io.kvasir.llm.provider;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/** Writes calls. */
public final class JsonBody {
    private static final JsonFactory JSON = new JsonFactory();

    private JsonBody() {}

    /** Writes the fields of the one object of a body. */
    @FunctionalInterface
    public interface Fields {
        void write(JsonGenerator json) throws IOException;
    }

    /** A POST of one JSON object. @param path below the base URL, with its leading slash */
    public static HttpRequest post(ProviderSettings settings, String path, Fields fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(4096);
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            fields.write(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return HttpRequest.POST(target(settings.baseUrl(), path))
                .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, bytes.toByteArray()));
    }

    /** What stands in the request line: the connection knows the host. */
    private static String target(URI base, String path) {
        String below = String.valueOf(base.getRawPath()).replaceFirst("/+$", "") + path;
        return base.getRawQuery() == null ? below : below + (path.indexOf('?') < 0 ? "?" : "&") + base.getRawQuery();
    }

    /** A lone surrogate, which UTF-8 cannot say, becomes a question mark. */
    public static String wellFormed(String text) {
        return text.chars().anyMatch(c -> Character.isSurrogate((char) c))
                ? new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8)
                : text;
    }
}
