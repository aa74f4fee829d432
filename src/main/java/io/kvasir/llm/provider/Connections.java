package io.kvasir.llm.provider;

import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatFailure.Kind;
import io.kvasir.socket.Sockets;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.ClientTransport;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.OutgoingConnection;
import org.apache.pekko.http.javadsl.OutgoingConnectionBuilder;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.settings.ClientConnectionSettings;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.QueueOfferResult;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The connections to one provider, kept alive between calls; each carries one call at a time. Pekko HTTP's own pool can't
 * take a request back that waits for its response, so a reply that is stopped early would go on costing money: here any
 * call can be dropped at any time, and its connection closes at once. Thread-safe.
 */
final class Connections {
    /** Beyond what calls watch themselves: a connection is never the first to lose patience. */
    private static final Duration LONGER = Duration.ofSeconds(5);

    private static final RuntimeException DROPPED = new ChatFailure(Kind.CUT_OFF, "Nobody waits any more");

    private final org.apache.pekko.actor.typed.ActorSystem<?> system;
    private final ProviderSettings.Pool limits;
    private final URI base;
    private final ClientConnectionSettings settings;
    private final Deque<Connection> idle = new ArrayDeque<>();
    private final Deque<Exchange> queue = new ArrayDeque<>();
    private final Duration connectWithin;
    private final Duration patience;
    private int open;

    Connections(org.apache.pekko.actor.typed.ActorSystem<?> system, ProviderSettings provider) {
        this.system = system;
        this.limits = provider.pool();
        this.base = provider.baseUrl();
        ProviderSettings.Timeouts timeouts = provider.timeouts();
        this.connectWithin = timeouts.connect();
        Duration silence =
                timeouts.firstToken().compareTo(timeouts.idle()) > 0 ? timeouts.firstToken() : timeouts.idle();
        this.patience = silence.plus(LONGER);
        this.settings = ClientConnectionSettings.create(system.classicSystem());
    }

    /** One connection. Its stream ends when the connection does. */
    final class Connection extends ClientTransport {
        private @Nullable UniqueKillSwitch cord;
        private @Nullable BoundedSourceQueue<HttpRequest> requests;
        private @Nullable Exchange exchange;
        private long idleSince;
        private boolean used;
        private boolean closed;

        private void open() {
            Http http = Http.get(system);
            OutgoingConnectionBuilder builder = http.connectionTo(String.valueOf(base.getHost()))
                    .withClientConnectionSettings(settings.withTransport(this));
            OutgoingConnectionBuilder to = base.getPort() > 0 ? builder.toPort(base.getPort()) : builder;
            Flow<HttpRequest, HttpResponse, CompletionStage<OutgoingConnection>> flow = "https".equals(base.getScheme())
                    ? to.withCustomHttpsConnectionContext(http.defaultClientHttpsContext())
                            .https()
                    : to.http();
            Pair<BoundedSourceQueue<HttpRequest>, CompletionStage<Done>> running = Source.<HttpRequest>queue(1)
                    .via(flow)
                    .watchTermination(Keep.both())
                    .to(Sink.fromGraph(new Responses(this::arrived)))
                    .run(system);
            requests = running.first();
            running.second().whenComplete((_, problem) -> closed(this, problem));
        }

        /** Called while the stream starts: below HTTP and TLS there is a cord to pull. */
        @Override
        public Flow<ByteString, ByteString, CompletionStage<OutgoingConnection>> connectTo(
                String host, int port, ClientConnectionSettings how, ActorSystem classic) {
            return BidiFlow.fromGraph(KillSwitches.<ByteString, ByteString>singleBidi())
                    .join(Sockets.get(system).connect(host, port, connectWithin, patience), Keep.both())
                    .mapMaterializedValue(both -> {
                        cord = both.first();
                        return both.second().thenApply(Connections::connected);
                    });
        }

        private void arrived(HttpResponse response) {
            CompletableFuture<HttpResponse> waits;
            synchronized (Connections.this) {
                waits = exchange == null ? null : exchange.response;
            }
            if (waits == null || !waits.complete(response)) {
                drop(); // a response nobody asked for, or a second one
            }
        }

        private boolean offer(HttpRequest request) {
            BoundedSourceQueue<HttpRequest> to = requests;
            return to != null && to.offer(request) == QueueOfferResult.enqueued();
        }

        private void drop() {
            UniqueKillSwitch pull = cord;
            if (pull != null) {
                pull.abort(DROPPED);
            }
        }
    }

    Exchange call(HttpRequest request) {
        Exchange exchange = new Exchange(this, request);
        dropStale();
        Connection free;
        synchronized (this) {
            free = idle.pollLast(); // the one used last is the least likely to be closed meanwhile
            if (free != null) {
                free.exchange = exchange;
                exchange.on = free;
            } else if (open < limits.connections()) {
                open++;
            } else if (open + queue.size() < limits.waiting()) {
                queue.addLast(exchange);
                return exchange;
            } else {
                exchange.over = true;
                exchange.response.completeExceptionally(
                        new ChatFailure(Kind.UNAVAILABLE, "Too many calls wait for the provider"));
                return exchange;
            }
        }
        send(exchange, free);
        return exchange;
    }

    /** What stands between may have forgotten a silent connection without a word; the others waited longer still. */
    private void dropStale() {
        List<Connection> stale;
        synchronized (this) {
            Connection latest = idle.peekLast();
            if (latest == null || System.nanoTime() - latest.idleSince < patience.toNanos()) {
                return;
            }
            stale = List.copyOf(idle);
            idle.clear();
        }
        stale.forEach(Connection::drop);
    }

    /** @param free null to open one, which is counted already */
    private void send(Exchange exchange, @Nullable Connection free) {
        if (free != null) {
            if (!free.offer(exchange.request)) {
                closed(free, null); // it ended this very moment
            }
            return;
        }
        Connection fresh = new Connection();
        boolean gone;
        synchronized (this) {
            fresh.exchange = exchange;
            exchange.on = fresh;
        }
        fresh.open();
        fresh.offer(exchange.request);
        synchronized (this) {
            gone = exchange.over;
        }
        if (gone) {
            fresh.drop(); // dropped between the queue and the connection
        }
    }

    /** Whether it ever had a connection, or one was tried for it. */
    synchronized boolean sent(Exchange exchange) {
        return exchange.on != null;
    }

    void finished(Exchange exchange) {
        Connection freed;
        Exchange next;
        synchronized (this) {
            freed = exchange.on;
            if (exchange.over || freed == null || freed.closed || freed.exchange != exchange) {
                return;
            }
            exchange.over = true;
            freed.used = true;
            next = queue.pollFirst();
            freed.exchange = next;
            if (next == null) {
                freed.idleSince = System.nanoTime();
                idle.addLast(freed);
            } else {
                next.on = freed;
            }
        }
        if (next != null) {
            send(next, freed);
        }
    }

    void aborted(Exchange exchange) {
        Connection on;
        synchronized (this) {
            if (exchange.over) {
                return;
            }
            exchange.over = true;
            if (queue.remove(exchange)) {
                return;
            }
            on = exchange.on;
        }
        if (on != null) {
            on.drop();
        }
    }

    private static OutgoingConnection connected(Pair<InetSocketAddress, InetSocketAddress> ends) {
        return new OutgoingConnection(
                new org.apache.pekko.http.scaladsl.Http.OutgoingConnection(ends.first(), ends.second()));
    }

    private void closed(Connection connection, @Nullable Throwable problem) {
        Exchange broken;
        Exchange next;
        boolean repeat;
        synchronized (this) {
            if (connection.closed) {
                return;
            }
            connection.closed = true;
            idle.remove(connection);
            broken = connection.exchange;
            connection.exchange = null;
            // One kept alive may have been closed by the other side before it saw the request: a fresh one tells.
            repeat = broken != null && connection.used && !broken.over && !broken.repeated && !broken.response.isDone();
            if (repeat && broken != null) {
                broken.repeated = true;
                next = broken;
            } else {
                next = queue.pollFirst();
            }
            if (next == null) {
                open--;
            }
        }
        if (broken != null && !repeat) {
            broken.response.completeExceptionally(problem == null ? new ClosedBeforeResponse() : problem);
        }
        if (next != null) {
            send(next, null);
        }
    }

    /** The other side closed in good order, but without an answer. */
    private static final class ClosedBeforeResponse extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ClosedBeforeResponse() {
            super("closed before a response", null, false, false);
        }
    }

    /** Those that carry a call. */
    synchronized int busy() {
        return open - idle.size();
    }

    synchronized int waiting() {
        return queue.size();
    }
}
