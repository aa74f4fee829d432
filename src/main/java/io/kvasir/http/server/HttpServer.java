package io.kvasir.http.server;

import io.kvasir.socket.Sockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.TLSProtocol;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.TLSPlacebo;
import org.apache.pekko.util.ByteString;
import scala.concurrent.duration.FiniteDuration;

/**
 * An HTTP server: Pekko HTTP reads the requests and writes the responses, with the settings of {@code pekko.http.server},
 * and event streams go past it, straight to the connection (see {@link ServerConnection}).
 */
public final class HttpServer {
    private final Sockets.Listening listening;
    private final Open open;

    private HttpServer(Sockets.Listening listening, Open open) {
        this.listening = listening;
        this.open = open;
    }

    /** What is connected, and how long it takes until it is closed. */
    private static final class Open {
        private final Map<ServerConnection.Handle, CompletableFuture<Done>> all = new ConcurrentHashMap<>();
        private volatile boolean leaving;

        void add(ServerConnection.Handle connection, CompletionStage<Done> closed) {
            CompletableFuture<Done> gone = new CompletableFuture<>();
            all.put(connection, gone);
            closed.thenAccept(done -> {
                all.remove(connection);
                gone.complete(done);
            });
            if (leaving) {
                connection.end(false);
            }
        }

        void leave() {
            leaving = true;
            all.keySet().forEach(connection -> connection.end(false));
        }

        CompletionStage<Done> ended() {
            CompletableFuture<?>[] now = all.values().toArray(CompletableFuture<?>[]::new);
            return now.length == 0
                    ? CompletableFuture.completedFuture(Done.getInstance())
                    : CompletableFuture.allOf(now).thenCompose(_ -> ended());
        }
    }

    /**
     * @param port 0 for any that is free
     * @param handler answers one request
     * @throws IOException where the address is taken or not ours
     */
    public static HttpServer start(
            ActorSystem<?> system, String host, int port, Function<HttpRequest, CompletionStage<HttpResponse>> handler)
            throws IOException {
        ServerSettings settings = ServerSettings.create(system.classicSystem());
        BidiFlow<HttpResponse, ByteString, ByteString, HttpRequest, NotUsed> protocol = Http.get(system)
                .serverLayer(settings, Optional.empty(), system.classicSystem().log())
                .atop(BidiFlow.fromFlows(
                        Flow.<TLSProtocol.SslTlsOutbound>create(),
                        Flow.<TLSProtocol.SessionBytes>create().map(TLSProtocol.SslTlsInbound.class::cast)))
                .atop(TLSPlacebo.getInstance());
        Duration silence = settings.getTimeouts().idleTimeout() instanceof FiniteDuration finite
                ? Duration.ofNanos(finite.toNanos())
                : Duration.ofDays(365);
        Open open = new Open();
        Materializer materializer = Materializer.matFromSystem(system);
        return new HttpServer(
                Sockets.get(system)
                        .listen(
                                new InetSocketAddress(host, port),
                                settings.getBacklog(),
                                settings.getMaxConnections(),
                                silence,
                                accepted -> open.add(
                                        accepted.flow()
                                                .joinMat(
                                                        Flow.fromGraph(new ServerConnection(
                                                                protocol,
                                                                handler,
                                                                accepted.from(),
                                                                silence,
                                                                accepted.sparing())),
                                                        Keep.right())
                                                .run(materializer),
                                        accepted.closed())),
                open);
    }

    public int port() {
        return listening.address().getPort();
    }

    /**
     * Lets nobody in any more, closes what is idle, ends event streams between two events, and lets what else is being
     * answered come to its end.
     *
     * @param deadline after this whatever is still open is closed
     * @return completes when all connections have ended
     */
    public CompletionStage<Done> terminate(Duration deadline) {
        listening.close();
        open.leave();
        CompletableFuture.delayedExecutor(deadline.toMillis(), TimeUnit.MILLISECONDS)
                .execute(() -> open.all.keySet().forEach(connection -> connection.end(true)));
        return open.ended();
    }
}
