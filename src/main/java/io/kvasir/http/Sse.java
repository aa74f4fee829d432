package io.kvasir.http;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** Server-sent events as bytes. Written by hand since the library flushes, beats and limits lines in its own way. */
public final class Sse {
    /** What a silent stream says every 15 s, so that proxies keep it open. */
    public static final ByteString KEEP_ALIVE = ByteString.fromString(": keep-alive\n\n");

    /** Tells browsers to come back after a second. */
    public static final ByteString RETRY = ByteString.fromString("retry: 1000\n\n");

    private static final List<org.apache.pekko.http.javadsl.model.HttpHeader> HEADERS =
            List.of(RawHeader.create("Cache-Control", "no-store"), RawHeader.create("X-Accel-Buffering", "no"));

    private Sse() {}

    /**
     * One event.
     *
     * @param id its position; no line breaks
     * @param json one line, as {@link Json#write} gives it
     */
    public static ByteString event(String name, String id, String json) {
        return ByteString.fromArrayUnsafe(
                ("event: " + name + "\nid: " + id + "\ndata: " + json + "\n\n").getBytes(StandardCharsets.UTF_8));
    }

    /** An event without a position: whoever comes back goes on where the last one with a position stood. */
    public static ByteString event(String name, String json) {
        return ByteString.fromArrayUnsafe(
                ("event: " + name + "\ndata: " + json + "\n\n").getBytes(StandardCharsets.UTF_8));
    }

    /** A stream of whole events that is never cached or buffered on its way. */
    public static HttpResponse response(Source<ByteString, ?> events) {
        return HttpResponse.create()
                .addHeaders(HEADERS)
                .withEntity(HttpEntities.createChunked(MediaTypes.TEXT_EVENT_STREAM.toContentType(), events));
    }
}
