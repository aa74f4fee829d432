package io.kvasir.http.server;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.kvasir.http.Sse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.Done;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HttpServerTest {
    private final CompletableFuture<Done> over = new CompletableFuture<>();
    private final CompletableFuture<HttpResponse> late = new CompletableFuture<>();
    private final CompletableFuture<Void> asked = new CompletableFuture<>();
    private final AtomicLong made = new AtomicLong();
    private final List<Socket> sockets = new ArrayList<>();
    private final byte[] buffer = new byte[64 * 1024];
    private ActorSystem system;
    private HttpServer server;
    private BoundedSourceQueue<ByteString> events;

    @BeforeEach
    void start() throws Exception {
        system = ActorSystem.create(
                "server", ConfigFactory.parseString("""
                        pekko.loglevel = WARNING
                        pekko.http.server { idle-timeout = 4s, request-timeout = 30s, remote-address-attribute = off }
                        """).withFallback(ConfigFactory.load("reference")));
        server = HttpServer.start(Adapter.toTyped(system), "127.0.0.1", 0, this::answer);
    }

    @AfterEach
    void stop() throws Exception {
        for (Socket socket : sockets) {
            socket.close();
        }
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().get(20, SECONDS);
    }

    private CompletionStage<HttpResponse> answer(HttpRequest request) {
        return switch (request.getUri().path()) {
            case "/events" -> {
                var source = Source.<ByteString>queue(4)
                        .watchTermination((queue, done) -> {
                            done.whenComplete((d, fault) -> {
                                if (fault == null) {
                                    over.complete(d);
                                } else {
                                    over.completeExceptionally(fault);
                                }
                            });
                            return queue;
                        })
                        .preMaterialize(system);
                events = source.first();
                yield CompletableFuture.completedFuture(Sse.response(source.second()));
            }
            case "/flood" ->
                CompletableFuture.completedFuture(Sse.response(Source.repeat(ByteString.fromString("x".repeat(10_000)))
                        .map(event -> {
                            made.addAndGet(event.length());
                            return event;
                        })
                        .watchTermination((_, done) -> {
                            done.whenComplete((_, _) -> over.complete(Done.getInstance()));
                            return Done.getInstance();
                        })));
            case "/pieces" ->
                CompletableFuture.completedFuture(HttpResponse.create()
                        .withEntity(HttpEntities.createChunked(
                                ContentTypes.TEXT_PLAIN_UTF8,
                                Source.range(1, 5)
                                        .throttle(1, Duration.ofMillis(50))
                                        .map(i -> ByteString.fromString("piece " + i)))));
            case "/much" ->
                CompletableFuture.completedFuture(HttpResponse.create()
                        .withEntity(HttpEntities.createChunked(
                                ContentTypes.TEXT_PLAIN_UTF8,
                                Source.range(1, 1_000).map(_ -> {
                                    made.addAndGet(100_000);
                                    return ByteString.fromArray(new byte[100_000]);
                                }))));
            case "/read" ->
                request.entity()
                        .toStrict(60_000, system)
                        .thenApply(_ -> HttpResponse.create().withEntity("read"));
            case "/late" -> {
                asked.complete(null);
                yield late;
            }
            case "/from" ->
                CompletableFuture.completedFuture(HttpResponse.create()
                        .withEntity(request.getAttribute(AttributeKeys.remoteAddress)
                                .flatMap(a -> a.getAddress())
                                .map(a -> a.getHostAddress())
                                .orElse("nowhere")));
            default -> CompletableFuture.completedFuture(HttpResponse.create().withEntity("hello"));
        };
    }

    private Socket asks(String request) throws IOException {
        Socket socket = new Socket("127.0.0.1", server.port());
        sockets.add(socket);
        socket.setSoTimeout(20_000);
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static String get(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: here\r\n\r\n";
    }

    /** Reads until this was said, at the end of what came. */
    private static String until(Socket socket, String end) throws IOException {
        return until(socket.getInputStream(), end);
    }

    private static String until(InputStream in, String end) throws IOException {
        StringBuilder read = new StringBuilder();
        while (read.indexOf(end) < 0) {
            int b = in.read();
            if (b < 0) {
                throw new IOException("ended after " + read);
            }
            read.append((char) b);
        }
        return read.toString();
    }

    private static String rest(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void eventsGoOutAsTheyComeEachAChunkOfItsOwnAndEndTheirConnection() throws Exception {
        Socket socket = asks(get("/events"));
        String head = until(socket, "\r\n\r\n");
        assertThat(head)
                .startsWith("HTTP/1.1 200 OK\r\n")
                .contains("Content-Type: text/event-stream")
                .contains("Transfer-Encoding: chunked\r\n")
                .contains("Connection: close\r\n")
                .contains("Cache-Control: no-store\r\n")
                .contains("X-Accel-Buffering: no\r\n")
                .contains("Date: ");
        events.offer(ByteString.fromString("data: first\n\n"));
        assertThat(until(socket, "first\n\n\r\n")).isEqualTo("d\r\ndata: first\n\n\r\n");
        String long300 = "data: " + "ö".repeat(147) + "\n\n"; // 302 bytes
        events.offer(ByteString.fromString(long300));
        events.offer(ByteString.emptyByteString()); // nothing: a chunk of none would be the end
        events.offer(ByteString.fromString("!"));
        events.complete();
        assertThat(rest(socket)).isEqualTo("12e\r\n" + long300 + "\r\n1\r\n!\r\n0\r\n\r\n");
    }

    @Test
    void whoLeavesIsNoticedThoughNothingIsSaid() throws Exception {
        Socket socket = asks(get("/events"));
        until(socket, "\r\n\r\n");
        events.offer(ByteString.fromString("data: x\n\n"));
        until(socket, "x\n\n\r\n");
        assertThat(over.isDone()).isFalse();
        socket.close();
        // Long before the silence would end it.
        over.handle((_, _) -> true).get(2, SECONDS);
    }

    @Test
    void eventsThatBreakAreNotTakenForAnEnd() throws Exception {
        Socket socket = asks(get("/events"));
        until(socket, "\r\n\r\n");
        events.offer(ByteString.fromString("data: x\n\n"));
        until(socket, "x\n\n\r\n");
        events.fail(new IllegalStateException("broken"));
        assertThatThrownBy(() -> assertThat(rest(socket)).contains("0\r\n\r\n"))
                .isInstanceOfAny(SocketException.class, AssertionError.class);
    }

    @Test
    void littleIsSaidAheadOfWhoIsSlow() throws Exception {
        try (Socket socket = new Socket()) {
            socket.setReceiveBufferSize(16 * 1024);
            socket.connect(new InetSocketAddress("127.0.0.1", server.port()));
            socket.getOutputStream().write(get("/flood").getBytes(StandardCharsets.US_ASCII));
            until(socket, "\r\n\r\n");
            await().during(Duration.ofSeconds(1)).until(() -> made.get() >= 10_000 && made.get() <= 400_000);
        }
    }

    @Test
    void whoTakesNothingIsPatientlyWaitedForAndThenGivenUp() throws Exception {
        Socket socket = asks(get("/flood"));
        until(socket, "\r\n\r\n");
        // Longer than nothing may be taken for, while it is taken: this one is only slow.
        for (int i = 0; i < 30; i++) {
            assertThat(socket.getInputStream().readNBytes(200_000)).hasSize(200_000);
            Thread.sleep(100);
        }
        // And now for too long. What the kernels hold still comes, then an end.
        over.get(10, SECONDS);
        assertThatThrownBy(() -> {
                    byte[] buffer = new byte[1 << 20];
                    long until = System.nanoTime() + SECONDS.toNanos(10);
                    while (System.nanoTime() < until) {
                        if (socket.getInputStream().read(buffer) < 0) {
                            throw new SocketException("ended");
                        }
                    }
                })
                .isInstanceOf(SocketException.class);
    }

    @Test
    void otherRequestsShareAConnectionAndAnIdleOneIsClosed() throws Exception {
        Socket socket = asks(get("/") + get("/from"));
        assertThat(until(socket, "hello")).contains("Content-Length: 5\r\n").doesNotContain("Connection: close");
        assertThat(until(socket, "127.0.0.1")).startsWith("HTTP/1.1 200 OK\r\n");
        socket.getOutputStream().write(get("/").getBytes(StandardCharsets.US_ASCII));
        until(socket, "hello");
        long from = System.nanoTime();
        assertThat(rest(socket)).isEmpty();
        assertThat(Duration.ofNanos(System.nanoTime() - from)).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(15));
    }

    @Test
    void whoWaitsForAnAnswerMayBeSilentForAsLongAsItTakes() throws Exception {
        Socket waiting = asks(get("/late"));
        Socket posting = asks(post("/late", "12345"));
        // Twice what a silent client is given: neither is answered, and neither is closed.
        waiting.setSoTimeout(8_000);
        assertThatThrownBy(() -> waiting.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        late.complete(HttpResponse.create().withEntity("at last"));

        until(waiting, "at last");
        until(posting, "at last");
    }

    @Test
    void whoStopsInTheMiddleOfABodyIsNotWaitedFor() throws Exception {
        Socket socket = asks("POST /read HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n12345");
        long from = System.nanoTime();

        rest(socket);

        assertThat(Duration.ofNanos(System.nanoTime() - from)).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(15));
    }

    private static String post(String path, String body) {
        return "POST " + path + " HTTP/1.1\r\nHost: here\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    @Test
    void whatFollowsARequestForEventsGetsNoAnswer() throws Exception {
        Socket socket = asks(get("/events") + get("/late"));
        until(socket, "\r\n\r\n");
        socket.getOutputStream().write(get("/").getBytes(StandardCharsets.US_ASCII));
        events.offer(ByteString.fromString("data: x\n\n"));
        events.complete();
        assertThat(until(socket, "0\r\n\r\n")).isEqualTo("9\r\ndata: x\n\n\r\n0\r\n\r\n");
        assertThat(asked.isDone()).as("nor is it done").isFalse();
        try {
            assertThat(rest(socket)).isEmpty();
        } catch (SocketException e) {
            // What nobody read makes the kernel say so.
        }
    }

    @Test
    void anAnswerBeforeEventsStillWaitsForItsReader() throws Exception {
        Socket socket = asks(get("/much") + get("/events"));
        // What the kernels hold, and a little.
        await().during(Duration.ofMillis(1_500)).until(() -> made.get() < 30_000_000);
        InputStream in = socket.getInputStream();
        long zeros = 0;
        int b = 0;
        int after = 0;
        while (zeros < 100_000_000) {
            b = in.read(buffer);
            assertThat(b).isPositive();
            for (int i = 0; i < b; i++) {
                if (buffer[i] == 0) {
                    zeros++;
                    after = i + 1;
                }
            }
        }
        InputStream rest = new SequenceInputStream(new ByteArrayInputStream(buffer, after, b - after), in);
        assertThat(until(rest, "text/event-stream")).startsWith("\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n");
        until(rest, "\r\n\r\n");
        events.offer(ByteString.fromString("data: x\n\n"));
        events.complete();
        assertThat(rest(socket)).isEqualTo("9\r\ndata: x\n\n\r\n0\r\n\r\n");
    }

    @Test
    void whoSaysNothingMoreGetsTheWholeAnswer() throws Exception {
        Socket socket = asks(get("/pieces"));
        socket.shutdownOutput();
        assertThat(rest(socket)).contains("piece 1", "piece 5").endsWith("0\r\n\r\n");
    }

    @Test
    void anOldClientGetsEventsUntilTheConnectionEnds() throws Exception {
        Socket socket = asks("GET /events HTTP/1.0\r\nHost: here\r\n\r\n");
        assertThat(until(socket, "\r\n\r\n")).doesNotContain("chunked");
        events.offer(ByteString.fromString("data: x\n\n"));
        events.complete();
        assertThat(rest(socket)).isEqualTo("data: x\n\n");
    }

    @Test
    void aRequestThatMakesNoSenseIsRefused() throws Exception {
        assertThat(rest(asks("BREW /coffee\r\n\r\n"))).startsWith("HTTP/1.1 501");
        assertThat(rest(asks("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"))).startsWith("HTTP/1.1 400");
    }

    @Test
    void aServerThatStopsAnswersWhatItWasAskedAndClosesWhatIsIdle() throws Exception {
        Socket idle = asks(get("/"));
        until(idle, "hello");
        Socket waiting = asks(get("/late"));
        asked.get(5, SECONDS);
        Socket reading = asks(get("/events"));
        until(reading, "\r\n\r\n");
        events.offer(ByteString.fromString("data: x\n\n"));
        until(reading, "x\n\n\r\n");

        CompletionStage<Done> stopped = server.terminate(Duration.ofSeconds(20));
        assertThat(rest(idle)).isEmpty();
        assertThat(rest(reading)).isEqualTo("0\r\n\r\n");
        over.get(5, SECONDS);
        assertThatThrownBy(() -> {
                    long until = System.nanoTime() + SECONDS.toNanos(10);
                    while (System.nanoTime() < until) {
                        new Socket("127.0.0.1", server.port()).close();
                    }
                })
                .isInstanceOf(SocketException.class);
        assertThatThrownBy(() -> stopped.toCompletableFuture().get(300, java.util.concurrent.TimeUnit.MILLISECONDS))
                .isInstanceOf(TimeoutException.class);

        late.complete(HttpResponse.create().withEntity("at last"));
        assertThat(rest(waiting)).contains("Connection: close\r\n").endsWith("at last");
        stopped.toCompletableFuture().get(5, SECONDS);
    }

    @Test
    void aServerThatStopsWaitsNoLongerThanItWasTold() throws Exception {
        Socket takesNothing = asks(get("/flood"));
        until(takesNothing, "\r\n\r\n");
        Socket waiting = asks(get("/late"));
        asked.get(5, SECONDS);
        server.terminate(Duration.ofSeconds(1)).toCompletableFuture().get(3, SECONDS); // sooner than silence ends it
        waiting.setSoTimeout(5_000);
        try {
            assertThat(rest(waiting)).isEmpty();
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (SocketException e) {
            // Reset: an end as well.
        }
    }

    @Test
    void anAddressThatIsTakenIsTold() {
        assertThatThrownBy(() -> HttpServer.start(Adapter.toTyped(system), "127.0.0.1", server.port(), this::answer))
                .isInstanceOf(BindException.class);
    }
}
