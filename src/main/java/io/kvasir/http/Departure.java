package io.kvasir.http;

import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.ResponseEntity;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.SharedKillSwitch;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * How a server that leaves its cluster lets its clients go: it says so, and then its event streams end between two
 * events. A reader comes back with its position, to another server, and misses nothing.
 */
public final class Departure {
    private final SharedKillSwitch streams = KillSwitches.shared("event-streams");
    private volatile boolean announced;

    /** These routes, with event streams that end when told. */
    public Route over(Route routes) {
        return Directives.mapResponse(this::bound, () -> routes);
    }

    private HttpResponse bound(HttpResponse response) {
        ResponseEntity entity = response.entity();
        if (!entity.getContentType().mediaType().equals(MediaTypes.TEXT_EVENT_STREAM)) {
            return response;
        }
        Source<ByteString, ?> events = entity.getDataBytes().via(streams.flow());
        return response.withEntity(HttpEntities.createChunked(entity.getContentType(), events));
    }

    public void announce() {
        announced = true;
    }

    public boolean announced() {
        return announced;
    }

    public void endStreams() {
        streams.shutdown();
    }
}
