package io.kvasir.socket;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Extension;
import org.apache.pekko.actor.typed.ExtensionId;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The sockets of an actor system: a few threads wait for all of them, and each connection is a stage of the stream that
 * uses it. Pekko's own have an actor per connection besides, and so for each piece that is read or written two messages
 * between threads; in a server that passes on one word at a time that is most of its work (decision 64).
 */
public final class Sockets implements Extension {
    private static final ExtensionId<Sockets> ID = new ExtensionId<>() {
        @Override
        public Sockets createExtension(ActorSystem<?> system) {
            return new Sockets(system);
        }
    };

    private final List<SocketLoop> loops;
    private final AtomicInteger turn = new AtomicInteger();

    private Sockets(ActorSystem<?> system) {
        int n = Math.max(1, Runtime.getRuntime().availableProcessors() / 4);
        loops = IntStream.range(0, n)
                .mapToObj(i -> loop(system.name() + "-sockets-" + i))
                .toList();
        system.getWhenTerminated().whenComplete((_, _) -> loops.forEach(SocketLoop::close));
    }

    private static SocketLoop loop(String name) {
        try {
            return new SocketLoop(name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static Sockets get(ActorSystem<?> system) {
        return ID.apply(system);
    }

    private SocketLoop next() {
        return loops.get(Math.floorMod(turn.getAndIncrement(), loops.size()));
    }

    /**
     * A connection that was let in.
     *
     * @param flow to be used once
     * @param closed completes when it is closed, with all that was to be written, or without
     * @param sparing lets the kernel hold little of what is written from now on (it takes megabytes else, so that who is
     *     slow is not noticed for long): for what can be said shorter to who is late
     */
    public record Accepted(
            Flow<ByteString, ByteString, ?> flow,
            InetSocketAddress from,
            CompletionStage<Done> closed,
            Runnable sparing) {}

    /** What listens at an address. */
    public static final class Listening {
        private final Acceptor acceptor;
        private final InetSocketAddress address;

        private Listening(Acceptor acceptor) {
            this.acceptor = acceptor;
            this.address = acceptor.address();
        }

        public InetSocketAddress address() {
            return address;
        }

        /** Lets nobody in any more. Who is in stays. */
        public void close() {
            acceptor.close();
        }
    }

    /**
     * @param most connections at a time
     * @param patience how long the other side may take nothing of what there is for it
     * @param accepted gets each connection; called on a thread that must not wait
     * @throws IOException where the address is taken or not ours
     */
    public Listening listen(InetSocketAddress at, int backlog, int most, Duration patience, Consumer<Accepted> accepted)
            throws IOException {
        Acceptor acceptor = new Acceptor(at, backlog, loops.getFirst(), this::next, most, (line, ended) -> {
            CompletableFuture<Done> closed = new CompletableFuture<>();
            LineStage stage = new LineStage(CompletableFuture.completedFuture(line), false, patience, () -> {
                ended.run();
                closed.complete(Done.getInstance());
            });
            accepted.accept(new Accepted(Flow.fromGraph(stage), line.remote(), closed, line::sparing));
        });
        acceptor.start();
        return new Listening(acceptor);
    }

    /**
     * Connects now.
     *
     * @param within how long that may take
     * @param patience how long the other side may take nothing of what there is for it
     * @return the connection, to be used once, with its two addresses, ours first
     */
    public Flow<ByteString, ByteString, CompletionStage<Pair<InetSocketAddress, InetSocketAddress>>> connect(
            String host, int port, Duration within, Duration patience) {
        CompletableFuture<Line> opening = new CompletableFuture<>();
        Connecting connecting = new Connecting(next(), opening);
        Thread.startVirtualThread(() -> connecting.to(host, port));
        opening.orTimeout(within.toMillis(), TimeUnit.MILLISECONDS).whenComplete((_, fault) -> {
            if (fault != null) {
                connecting.giveUp();
            }
        });
        CompletionStage<Pair<InetSocketAddress, InetSocketAddress>> addresses = opening.thenApply(line -> {
            try {
                return Pair.create(line.local(), line.remote());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return Flow.fromGraph(new LineStage(opening, true, patience, () -> {})).mapMaterializedValue(_ -> addresses);
    }

    /** A connection that is being made. */
    private static final class Connecting implements SocketLoop.Waiting {
        private final SocketLoop loop;
        private final CompletableFuture<Line> opening;
        private volatile @Nullable SocketChannel channel;

        Connecting(SocketLoop loop, CompletableFuture<Line> opening) {
            this.loop = loop;
            this.opening = opening;
        }

        void to(String host, int port) {
            try {
                InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(host), port);
                SocketChannel made = SocketChannel.open();
                channel = made;
                made.configureBlocking(false);
                made.setOption(StandardSocketOptions.TCP_NODELAY, true);
                made.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
                if (made.connect(address)) {
                    connected(made);
                } else {
                    loop.execute(() -> await(made));
                }
                if (opening.isCompletedExceptionally()) {
                    giveUp(); // it was given up while the name was looked up
                }
            } catch (IOException | RuntimeException e) {
                broken(e);
            }
        }

        private void await(SocketChannel made) {
            try {
                made.register(loop.selector(), SelectionKey.OP_CONNECT, this);
            } catch (IOException e) {
                broken(e);
            }
        }

        @Override
        public void ready(SelectionKey key) throws IOException {
            SocketChannel made = (SocketChannel) key.channel();
            if (made.finishConnect()) {
                key.interestOps(0);
                connected(made);
            }
        }

        private void connected(SocketChannel made) throws IOException {
            if (!opening.complete(new Line(made, loop))) {
                giveUp();
            }
        }

        @Override
        public void broken(Throwable fault) {
            opening.completeExceptionally(
                    fault instanceof ConnectException ? fault : new ConnectException(String.valueOf(fault)));
            giveUp();
        }

        private void giveUp() {
            SocketChannel made = channel;
            if (made != null) {
                try {
                    made.close();
                } catch (IOException e) {
                    return; // closed it is
                }
                loop.forget();
            }
        }
    }
}
