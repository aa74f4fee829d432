package io.kvasir.http;

import io.kvasir.kernel.Principal;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.KillSwitch;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * What is being sent at the moment, and to whom: an access that ends takes along what is still open for it. Every
 * answer of an endpoint that asks who calls passes here, so a new stream is ended like the others without knowing it.
 */
public final class OpenStreams {
    /** Endings that are looked up by answers on their way; who was overtaken by more is taken for ended. */
    private static final int REMEMBERED = 1_000;

    private final Set<Open> open = ConcurrentHashMap.newKeySet();
    private final Deque<Predicate<Principal>> recent = new ArrayDeque<>();
    private long endings;

    private static final class Open {
        private final Principal caller;
        private final KillSwitch end;

        Open(Principal caller, KillSwitch end) {
            this.caller = caller;
            this.end = end;
        }
    }

    /** Ends at once whatever is open for these callers, and what is about to be. @return how many were open */
    public int end(Predicate<Principal> whose) {
        synchronized (recent) {
            endings++;
            recent.addLast(whose);
            if (recent.size() > REMEMBERED) {
                recent.removeFirst();
            }
        }
        int ended = 0;
        for (Open one : open) {
            if (whose.test(one.caller)) {
                one.end.shutdown();
                ended++;
            }
        }
        return ended;
    }

    /** How many answers are being sent. */
    public int size() {
        return open.size();
    }

    /** How many endings there were; to be asked before it is found out who calls. */
    long endings() {
        synchronized (recent) {
            return endings;
        }
    }

    /** @param since {@link #endings} before the caller was known: an ending in between counts too */
    HttpResponse ending(HttpResponse response, Principal caller, long since) {
        if (Sse.events(response).isPresent()) {
            return Sse.via(response, until(caller, since));
        }
        // Made anew, not transformed: a transformed entity that ends by its flow leaves the connection waiting (1.3.0).
        ContentType type = response.entity().getContentType();
        Source<ByteString, ?> bytes = response.entity().getDataBytes();
        return switch (response.entity()) {
            case HttpEntity.Chunked _ ->
                response.withEntity(HttpEntities.createChunked(type, bytes.via(until(caller, since))));
            case HttpEntity.CloseDelimited _ ->
                response.withEntity(HttpEntities.createCloseDelimited(type, bytes.via(until(caller, since))));
            case HttpEntity.Default whole ->
                response.withEntity(
                        HttpEntities.create(type, whole.getContentLength(), bytes.via(until(caller, since))));
            default -> response;
        };
    }

    private Flow<ByteString, ByteString, NotUsed> until(Principal caller, long since) {
        return Flow.of(ByteString.class)
                .viaMat(KillSwitches.single(), Keep.right())
                .watchTermination((end, done) -> {
                    Open one = new Open(caller, end);
                    open.add(one);
                    done.whenComplete((_, _) -> open.remove(one));
                    if (endedSince(caller, since)) {
                        end.shutdown();
                    }
                    return NotUsed.getInstance();
                });
    }

    private boolean endedSince(Principal caller, long since) {
        synchronized (recent) {
            long missed = endings - since;
            return missed > recent.size()
                    || missed > 0
                            && recent.stream().skip(recent.size() - missed).anyMatch(whose -> whose.test(caller));
        }
    }
}
