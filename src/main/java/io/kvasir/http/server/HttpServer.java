package io.kvasir.http.server;

import io.kvasir.socket.Sockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
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

/**
 * An HTTP server: Pekko HTTP reads the requests and writes the responses, with the settings of {@code pekko.http.server},
 * and event streams go past it, straight to the connection (see {@link ServerConnection}).
 */
public final class HttpServer {
    private final Sockets.Listening listening;
    private final Set<ServerConnection.Handle> open;

    private HttpServer(Sockets.Listening listening, Set<ServerConnection.Handle> open) {
        this.listening = listening;
        this.open = open;
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
        Duration silence = Duration.ofNanos(settings.getTimeouts().idleTimeout().toNanos());
        Set<ServerConnection.Handle> open = ConcurrentHashMap.newKeySet();
        CompletableFuture<Sockets.Listening> bound = new CompletableFuture<>();
        Materializer materializer = Materializer.matFromSystem(system);
        Sockets.Listening listening = Sockets.get(system)
                .listen(
                        new InetSocketAddress(host, port),
                        settings.getBacklog(),
                        settings.getMaxConnections(),
                        (connection, from) -> {
                            ServerConnection stage = new ServerConnection(protocol, handler, from, silence, open::add);
                            ServerConnection.Handle handle = connection
                                    .joinMat(Flow.fromGraph(stage), Keep.right())
                                    .run(materializer);
                            handle.ended().thenRun(() -> {
                                open.remove(handle);
                                bound.thenAccept(Sockets.Listening::ended);
                            });
                        });
        bound.complete(listening);
        return new HttpServer(listening, open);
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
        CompletableFuture<?>[] all = open.stream()
                .map(connection -> {
                    connection.end(false);
                    return connection.ended();
                })
                .toArray(CompletableFuture<?>[]::new);
        CompletableFuture.delayedExecutor(deadline.toMillis(), TimeUnit.MILLISECONDS)
                .execute(() -> open.forEach(connection -> connection.end(true)));
        return CompletableFuture.allOf(all).thenApply(_ -> Done.getInstance());
    }
}
