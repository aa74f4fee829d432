package io.kvasir.socket;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets connections in, up to a number; others wait in the kernel's queue for one of these to end. */
final class Acceptor implements SocketLoop.Waiting {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.socket");
    private static final long AFTER_FAULT_MS = 100;

    private final ServerSocketChannel channel = ServerSocketChannel.open();
    private final SocketLoop loop;
    private final Supplier<SocketLoop> next;
    private final int most;
    private final BiConsumer<Line, Runnable> accepted;
    /** Changed on the loop alone. */
    private int open;

    /**
     * @param next the loop for a new connection
     * @param accepted called on the loop, with what to run once when the connection has ended
     * @throws IOException where the address is taken or not ours
     */
    Acceptor(
            InetSocketAddress at,
            int backlog,
            SocketLoop loop,
            Supplier<SocketLoop> next,
            int most,
            BiConsumer<Line, Runnable> accepted)
            throws IOException {
        this.loop = loop;
        this.next = next;
        this.most = most;
        this.accepted = accepted;
        try {
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.bind(at, backlog);
            channel.configureBlocking(false);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    void start() {
        loop.execute(() -> {
            try {
                channel.register(loop.selector(), SelectionKey.OP_ACCEPT, this);
            } catch (IOException e) {
                broken(e);
            }
        });
    }

    InetSocketAddress address() {
        try {
            return (InetSocketAddress) channel.getLocalAddress();
        } catch (IOException e) {
            throw new IllegalStateException("nothing listens any more", e);
        }
    }

    /** A connection has ended: another may come. */
    private void ended() {
        loop.execute(() -> {
            open--;
            again();
        });
    }

    private void again() {
        SelectionKey key = channel.keyFor(loop.selector());
        if (key != null && key.isValid() && open < most) {
            key.interestOps(SelectionKey.OP_ACCEPT);
        }
    }

    @Override
    public void ready(SelectionKey key) throws IOException {
        while (open < most) {
            SocketChannel connection;
            try {
                connection = channel.accept();
            } catch (IOException e) {
                // No more files, usually. Asked again at once it would say so at once.
                LOG.warn("a connection could not be let in: {}", e.getMessage());
                key.interestOps(0);
                CompletableFuture.delayedExecutor(AFTER_FAULT_MS, TimeUnit.MILLISECONDS)
                        .execute(() -> loop.execute(this::again));
                return;
            }
            if (connection == null) {
                return;
            }
            let(connection);
        }
        key.interestOps(0);
    }

    private void let(SocketChannel connection) {
        open++;
        AtomicBoolean counted = new AtomicBoolean(true);
        Runnable once = () -> {
            if (counted.getAndSet(false)) {
                ended();
            }
        };
        try {
            connection.configureBlocking(false);
            connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
            accepted.accept(new Line(connection, next.get()), once);
        } catch (Throwable e) { // the next one must find its way in, whatever became of this one
            LOG.warn("a connection ended as it began: {}", String.valueOf(e));
            once.run();
            try {
                connection.close();
            } catch (IOException again) {
                LOG.debug("nor did it close", again);
            }
        }
    }

    @Override
    public void broken(Throwable fault) {
        LOG.info("no connections are let in any more: {}", fault.getMessage());
        close();
    }

    /** Lets nobody in any more. Who is in stays. */
    void close() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.warn("the listening socket did not close", e);
        }
        loop.forget();
    }
}
