package io.kvasir.http;

import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.SharedKillSwitch;

/**
 * How a server that leaves its cluster lets its clients go: it says so, and then its event streams end between two
 * events. A reader comes back with its position, to another server, and misses nothing.
 */
public final class Departure {
    private final SharedKillSwitch streams = KillSwitches.shared("event-streams");
    private volatile boolean announced;

    /** These routes, with event streams that end when told. */
    public Route over(Route routes) {
        return Directives.mapResponse(response -> Sse.via(response, streams.flow()), () -> routes);
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
