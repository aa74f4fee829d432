package io.kvasir.socket;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import org.apache.pekko.Done;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.StreamTcpException;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SocketsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static ActorSystem system;
    private static Sockets sockets;
    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeAll
    static void start() {
        system = ActorSystem.create("sockets", ConfigFactory.load("reference"));
        sockets = Sockets.get(Adapter.toTyped(system));
    }

    @AfterAll
    static void stop() throws Exception {
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().get(20, SECONDS);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private Sockets.Listening echo(int most, BlockingQueue<CompletionStage<Done>> ends) throws IOException {
        Sockets.Listening listening = sockets.listen(loopback(0), 50, most, PATIENCE, accepted -> {
            accepted.flow().join(Flow.of(ByteString.class)).run(system);
            ends.add(accepted.closed());
        });
        open.add(listening::close);
        return listening;
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private Socket socket(InetSocketAddress to) throws IOException {
        Socket socket = new Socket(to.getAddress(), to.getPort());
        socket.setSoTimeout(20_000);
        open.add(socket);
        return socket;
    }

    private ServerSocket server() throws IOException {
        ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        server.setSoTimeout(20_000);
        open.add(server);
        return server;
    }

    private record Connected(
            BoundedSourceQueue<ByteString> to, CompletionStage<ByteString> read, UniqueKillSwitch cord) {}

    private static Connected connect(int port) {
        var running = Source.<ByteString>queue(16)
                .viaMat(KillSwitches.single(), Keep.both())
                .via(sockets.connect("127.0.0.1", port, Duration.ofSeconds(10), PATIENCE))
                .toMat(Sink.fold(ByteString.emptyByteString(), ByteString::concat), Keep.both())
                .run(system);
        return new Connected(
                running.first().first(), running.second(), running.first().second());
    }

    @Test
    void carriesEveryByteBothWaysAndWaitsForWhoReadsNot() throws Exception {
        Sockets.Listening listening = echo(10, new LinkedBlockingQueue<>());
        byte[] sent = new byte[24 * 1024 * 1024];
        new Random(7).nextBytes(sent);
        Socket socket = socket(listening.address());
        CompletableFuture<Integer> written = new CompletableFuture<>();
        int[] so = {0};
        Thread.startVirtualThread(() -> {
            try {
                while (so[0] < sent.length) {
                    socket.getOutputStream().write(sent, so[0], 16 * 1024);
                    so[0] += 16 * 1024;
                }
                socket.shutdownOutput();
                written.complete(so[0]);
            } catch (IOException e) {
                written.completeExceptionally(e);
            }
        });
        // Nobody reads, so what was read of it stays a few buffers, and the sender waits.
        assertThatThrownBy(() -> written.get(1, SECONDS)).isInstanceOf(TimeoutException.class);
        assertThat(so[0]).isLessThan(sent.length);
        byte[] back = socket.getInputStream().readAllBytes();
        assertThat(Arrays.mismatch(sent, back)).isEqualTo(-1);
        assertThat(written.get(5, SECONDS)).isEqualTo(sent.length);
    }

    @Test
    void whatIsWrittenLastArrivesBeforeTheEnd() throws Exception {
        try (ServerSocket server = server()) {
            Connected connected = connect(server.getLocalPort());
            Socket other = server.accept();
            connected.to().offer(ByteString.fromString("first "));
            connected.to().offer(ByteString.fromString("last"));
            connected.to().complete();
            assertThat(new String(other.getInputStream().readAllBytes())).isEqualTo("first last");
            // The half that reads is still open.
            other.getOutputStream().write("an answer".getBytes());
            other.close();
            assertThat(connected.read().toCompletableFuture().get(5, SECONDS).utf8String())
                    .isEqualTo("an answer");
        }
    }

    @Test
    void whatWasReadBeforeTheOtherSideClosedIsNotLost() throws Exception {
        try (ServerSocket server = server()) {
            Connected connected = connect(server.getLocalPort());
            Socket other = server.accept();
            byte[] much = new byte[3_000_000];
            Arrays.fill(much, (byte) 'x');
            other.getOutputStream().write(much);
            other.close();
            connected.to().complete();
            assertThat(connected.read().toCompletableFuture().get(10, SECONDS).length())
                    .isEqualTo(much.length);
        }
    }

    @Test
    void whatCameBeforeAResetIsNotLost() throws Exception {
        try (ServerSocket server = server()) {
            BlockingQueue<String> read = new LinkedBlockingQueue<>();
            CompletableFuture<Void> gate = new CompletableFuture<>();
            CompletionStage<Done> end = Source.<ByteString>maybe()
                    .via(sockets.connect("127.0.0.1", server.getLocalPort(), Duration.ofSeconds(10), PATIENCE))
                    .mapAsync(1, bytes -> {
                        read.add(bytes.utf8String());
                        return gate.thenApply(_ -> bytes);
                    })
                    .runWith(Sink.ignore(), system);
            Socket other = server.accept();
            other.getOutputStream().write("first".getBytes());
            assertThat(read.poll(10, SECONDS)).isEqualTo("first");
            // Now the stream wants nothing, and what comes is read ahead of it.
            other.getOutputStream().write("last".getBytes());
            // Nothing outside tells when it was, nor when the reset has come.
            Thread.sleep(500);
            other.setSoLinger(true, 0);
            other.close();
            Thread.sleep(500);
            gate.complete(null);
            assertThat(read.poll(10, SECONDS)).isEqualTo("last");
            assertThatThrownBy(() -> end.toCompletableFuture().get(10, SECONDS))
                    .cause()
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void littleIsReadAheadOfAStreamThatWantsNothing() throws Exception {
        try (ServerSocket server = server()) {
            BlockingQueue<Integer> read = new LinkedBlockingQueue<>();
            CompletableFuture<Void> gate = new CompletableFuture<>();
            CompletionStage<Done> end = Source.<ByteString>maybe()
                    .via(sockets.connect("127.0.0.1", server.getLocalPort(), Duration.ofSeconds(10), PATIENCE))
                    .mapAsync(1, bytes -> {
                        read.add(bytes.length());
                        return gate.thenApply(_ -> bytes);
                    })
                    .runWith(Sink.ignore(), system);
            Socket other = server.accept();
            other.getOutputStream().write(1);
            assertThat(read.poll(10, SECONDS)).isEqualTo(1);
            other.getOutputStream().write(new byte[200_000]);
            Thread.sleep(1_000); // time to read all of it, if it would
            gate.complete(null);
            assertThat(read.poll(10, SECONDS)).isBetween(2, 32 * 1024);
            int rest = 0;
            other.shutdownOutput();
            for (int more = 0; rest < 200_000 - 32 * 1024; rest += more) {
                more = java.util.Objects.requireNonNull(read.poll(10, SECONDS));
            }
            assertThat(end.toCompletableFuture().isCompletedExceptionally()).isFalse();
        }
    }

    @Test
    void whoTakesNothingOfTheLastIsGivenUp() throws Exception {
        BlockingQueue<CompletionStage<Done>> ends = new LinkedBlockingQueue<>();
        Sockets.Listening listening = sockets.listen(loopback(0), 10, 10, PATIENCE, accepted -> {
            accepted.flow()
                    .join(Flow.fromSinkAndSource(
                            Sink.ignore(), Source.single(ByteString.fromArray(new byte[40_000_000]))))
                    .run(system);
            ends.add(accepted.closed());
        });
        open.add(listening::close);
        Socket never = socket(listening.address());
        Socket slow = socket(listening.address());
        CompletableFuture<Done> first = ends.take().toCompletableFuture();
        CompletableFuture<Done> second = ends.take().toCompletableFuture();
        // Slower than the patience as a whole, but it goes on taking.
        int taken = 0;
        long end = System.nanoTime() + SECONDS.toNanos(6);
        while (System.nanoTime() < end) {
            taken += slow.getInputStream().readNBytes(1_000_000).length;
            Thread.sleep(200); // this is what makes it slow
        }
        assertThat(List.of(first.isDone(), second.isDone())).containsExactlyInAnyOrder(true, false);
        taken += slow.getInputStream().readAllBytes().length;
        assertThat(taken).isEqualTo(40_000_000);
        assertThat(never.isClosed()).isFalse();
    }

    @Test
    void anAbortIsNoEndInGoodOrder() throws Exception {
        try (ServerSocket server = server()) {
            Connected connected = connect(server.getLocalPort());
            Socket other = server.accept();
            other.setSoTimeout(10_000);
            connected.cord().abort(new IllegalStateException("enough"));
            assertThatThrownBy(() -> other.getInputStream().read()).isInstanceOf(SocketException.class);
        }
    }

    @Test
    void aResetFailsTheStream() throws Exception {
        try (ServerSocket server = server()) {
            Connected connected = connect(server.getLocalPort());
            Socket other = server.accept();
            connected.to().offer(ByteString.fromString("x"));
            assertThat(other.getInputStream().read()).isEqualTo('x');
            other.setSoLinger(true, 0);
            other.close();
            assertThatThrownBy(() -> connected.read().toCompletableFuture().get(5, SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void nobodyThereIsToldAtOnce() throws Exception {
        int free;
        try (ServerSocket server = server()) {
            free = server.getLocalPort();
        }
        CompletionStage<Pair<InetSocketAddress, InetSocketAddress>> addresses = Source.<ByteString>maybe()
                .viaMat(sockets.connect("127.0.0.1", free, Duration.ofSeconds(30), PATIENCE), Keep.right())
                .to(Sink.ignore())
                .run(system);
        assertThatThrownBy(() -> addresses.toCompletableFuture().get(5, SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(ConnectException.class);
        assertThatThrownBy(() -> connect(free).read().toCompletableFuture().get(5, SECONDS))
                .cause()
                .isInstanceOf(StreamTcpException.class)
                .hasRootCauseInstanceOf(ConnectException.class);
    }

    @Test
    void aNameThatLeadsNowhereIsTold() {
        CompletionStage<ByteString> read = Source.<ByteString>maybe()
                .via(sockets.connect("no such name", 80, Duration.ofSeconds(30), PATIENCE))
                .runWith(Sink.fold(ByteString.emptyByteString(), ByteString::concat), system);
        assertThatThrownBy(() -> read.toCompletableFuture().get(20, SECONDS))
                .cause()
                .isInstanceOf(StreamTcpException.class)
                .hasMessageContaining("no such name");
    }

    @Test
    void aServerThatLetsNobodyInIsGivenUp() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // The kernel answers as long as there is room in its queue, and then no more.
            for (int i = 0; i < 8; i++) {
                SocketChannel filling = SocketChannel.open();
                open.add(filling);
                filling.configureBlocking(false);
                filling.connect(server.getLocalSocketAddress());
            }
            Thread.sleep(200);
            CompletionStage<ByteString> read = Source.<ByteString>maybe()
                    .via(sockets.connect("127.0.0.1", server.getLocalPort(), Duration.ofMillis(500), PATIENCE))
                    .runWith(Sink.fold(ByteString.emptyByteString(), ByteString::concat), system);
            assertThatThrownBy(() -> read.toCompletableFuture().get(10, SECONDS))
                    .cause()
                    .isInstanceOf(StreamTcpException.class)
                    .hasRootCauseInstanceOf(TimeoutException.class);
        }
    }

    @Test
    void moreThanTheMostWaitForOneToEnd() throws Exception {
        Sockets.Listening listening = echo(2, new LinkedBlockingQueue<>());
        UnaryOperator<Socket> speaks = socket -> {
            try {
                socket.getOutputStream().write('a');
                return socket;
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        };
        Socket first = speaks.apply(socket(listening.address()));
        Socket second = speaks.apply(socket(listening.address()));
        assertThat(first.getInputStream().read()).isEqualTo('a');
        assertThat(second.getInputStream().read()).isEqualTo('a');
        Socket third = speaks.apply(socket(listening.address()));
        third.setSoTimeout(500);
        assertThatThrownBy(() -> third.getInputStream().read()).isInstanceOf(java.net.SocketTimeoutException.class);
        first.close();
        third.setSoTimeout(10_000);
        assertThat(third.getInputStream().read()).isEqualTo('a');
    }

    @Test
    void anAddressThatIsTakenIsTold() throws Exception {
        try (ServerSocket server = server()) {
            assertThatThrownBy(() -> sockets.listen(loopback(server.getLocalPort()), 10, 10, PATIENCE, _ -> {}))
                    .isInstanceOf(BindException.class);
        }
    }

    @Test
    void whoIsInStaysWhenNobodyIsLetInAnyMore() throws Exception {
        BlockingQueue<CompletionStage<Done>> ends = new LinkedBlockingQueue<>();
        Sockets.Listening listening = echo(10, ends);
        Socket in = socket(listening.address());
        in.getOutputStream().write('a');
        assertThat(in.getInputStream().read()).isEqualTo('a');
        listening.close();
        long until = System.nanoTime() + SECONDS.toNanos(10);
        boolean refused = false;
        while (!refused && System.nanoTime() < until) {
            try (Socket late = new Socket(
                    listening.address().getAddress(), listening.address().getPort())) {
                Thread.sleep(20);
            } catch (SocketException e) { // refused, or reset as the last in the queue
                refused = true;
            }
        }
        assertThat(refused).isTrue();
        in.getOutputStream().write('b');
        assertThat(in.getInputStream().read()).isEqualTo('b');
        in.close();
        ends.take().toCompletableFuture().get(5, SECONDS);
    }

    @Test
    void connectionsEndWithTheirSystem() throws Exception {
        ActorSystem passing = ActorSystem.create("passing", ConfigFactory.load("reference"));
        Sockets own = Sockets.get(Adapter.toTyped(passing));
        Sockets.Listening listening = own.listen(
                loopback(0),
                10,
                10,
                PATIENCE,
                accepted -> accepted.flow().join(Flow.of(ByteString.class)).run(passing));
        Socket in = socket(listening.address());
        in.getOutputStream().write('a');
        assertThat(in.getInputStream().read()).isEqualTo('a');
        passing.terminate();
        passing.getWhenTerminated().toCompletableFuture().get(20, SECONDS);
        assertThatThrownBy(() -> {
                    if (in.getInputStream().read() < 0) {
                        throw new SocketException("ended");
                    }
                })
                .isInstanceOf(SocketException.class);
    }
}
