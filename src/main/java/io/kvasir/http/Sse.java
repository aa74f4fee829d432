package io.kvasir.http;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Graph;
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

    private static final AttributeKey<Events> EVENTS = AttributeKey.create("events", Events.class);

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

    /** A stream of whole events that is never cached or buffered on its way. Its entity is empty: see {@link #events}. */
    public static HttpResponse response(Source<ByteString, ?> events) {
        return HttpResponse.create()
                .addHeaders(HEADERS)
                .withEntity(HttpEntities.createChunked(MediaTypes.TEXT_EVENT_STREAM.toContentType(), Source.empty()))
                .addAttribute(EVENTS, new Events(events));
    }

    /** The events of a response that is a stream of them. Beside its entity, where each step would cost three stages. */
    public static Optional<Source<ByteString, ?>> events(HttpResponse response) {
        return response.getAttribute(EVENTS).map(Events::source);
    }

    /** The same response, its events led through this. Others stay as they are. */
    static HttpResponse via(HttpResponse response, Graph<FlowShape<ByteString, ByteString>, ?> flow) {
        return events(response)
                .map(events -> response.addAttribute(EVENTS, new Events(events.via(flow))))
                .orElse(response);
    }

    /** With its events in its entity, for who knows nothing of the attribute. */
    public static HttpResponse whole(HttpResponse response) {
        return events(response)
                .map(events -> response.removeAttribute(EVENTS)
                        .withEntity(HttpEntities.createChunked(response.entity().getContentType(), events)))
                .orElse(response);
    }

    private record Events(Source<ByteString, ?> source) {}
}
