package io.kvasir.socket;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * One connection, between the loop that reads it and the stream that has it. The loop reads what comes as it comes, up to
 * a limit, and wakes the stream only when it has taken what was there before; the stream writes by itself.
 */
final class Line implements SocketLoop.Waiting {
    /** Bytes that are read ahead of the stream; the rest waits in the kernel, and then at the other side. */
    private static final int AHEAD = 32 * 1024;

    /** And pieces, each of which has its own cost. */
    private static final int PIECES = 64;

    /** Most that is handed to the kernel at once: it is copied first, whether or not there is room for it. */
    private static final int SLICE = 64 * 1024;

    /** What the kernel may hold of one that is sparing; Linux doubles it, for its own books. */
    private static final int SPARING = 32 * 1024;

    private final SocketChannel channel;
    private final SocketLoop loop;
    private final InetSocketAddress remote;
    private @Nullable Runnable news;
    private @Nullable SelectionKey key;
    private ByteString arrived = ByteString.emptyByteString();
    private @Nullable Throwable fault;
    private int pieces;
    private boolean ended;
    private boolean writable;
    private boolean woken;
    private boolean full;
    private boolean closed;

    /** @param channel connected, and not blocking */
    Line(SocketChannel channel, SocketLoop loop) throws IOException {
        this.channel = channel;
        this.loop = loop;
        this.remote = (InetSocketAddress) channel.getRemoteAddress();
    }

    /** What there is for the stream. @param writable whether there is room again that was waited for */
    record News(
            ByteString bytes,
            boolean ended,
            boolean writable,
            @Nullable Throwable fault) {}

    InetSocketAddress remote() {
        return remote;
    }

    InetSocketAddress local() throws IOException {
        return (InetSocketAddress) channel.getLocalAddress();
    }

    /** Begins to read. @param wake called from other threads when there is something to take */
    void open(Runnable wake) {
        synchronized (this) {
            news = wake;
        }
        loop.execute(() -> {
            try {
                SelectionKey registered = channel.register(loop.selector(), SelectionKey.OP_READ, this);
                synchronized (this) {
                    key = registered;
                }
            } catch (ClosedChannelException e) {
                // Its stream has ended before it began.
            }
        });
    }

    @Override
    public void ready(SelectionKey ready) throws IOException {
        int what = ready.readyOps();
        if ((what & SelectionKey.OP_READ) != 0) {
            read(ready);
        }
        if ((what & SelectionKey.OP_WRITE) != 0) {
            ready.interestOpsAnd(~SelectionKey.OP_WRITE);
            synchronized (this) {
                writable = true;
            }
            wake();
        }
    }

    private void read(SelectionKey ready) throws IOException {
        ByteBuffer buffer = loop.buffer();
        synchronized (this) {
            buffer.limit(Math.max(1, AHEAD - arrived.length()));
        }
        int n = channel.read(buffer);
        if (n == 0) {
            return;
        }
        byte[] bytes = new byte[Math.max(0, n)];
        buffer.flip().get(bytes);
        synchronized (this) {
            if (n < 0) {
                ended = true;
            } else {
                ByteString more = ByteString.fromArrayUnsafe(bytes);
                arrived = arrived.isEmpty() ? more : arrived.concat(more);
                full = arrived.length() >= AHEAD || ++pieces >= PIECES;
            }
            if (ended || full) {
                ready.interestOpsAnd(~SelectionKey.OP_READ);
            }
        }
        wake();
    }

    @Override
    public void broken(Throwable why) {
        synchronized (this) {
            fault = why;
        }
        wake();
    }

    private void wake() {
        Runnable to;
        synchronized (this) {
            if (woken || closed) {
                return;
            }
            woken = true;
            to = news;
        }
        if (to != null) {
            to.run();
        }
    }

    /** @param reading whether the stream takes bytes now; else they stay */
    News take(boolean reading) {
        boolean resume;
        News all;
        synchronized (this) {
            woken = false;
            all = new News(reading ? arrived : ByteString.emptyByteString(), ended, writable, fault);
            writable = false;
            resume = full && reading;
            if (reading) {
                arrived = ByteString.emptyByteString();
                pieces = 0;
                full = false;
            }
        }
        if (resume) {
            also(SelectionKey.OP_READ);
        }
        return all;
    }

    /** Whether bytes wait to be taken. */
    synchronized boolean has() {
        return !arrived.isEmpty();
    }

    /** Writes what there is room for at once; where some is left, the stream hears when there is room again. */
    void write(ByteBuffer bytes) throws IOException {
        int end = bytes.limit();
        while (bytes.position() < end) {
            int slice = Math.min(SLICE, end - bytes.position());
            bytes.limit(bytes.position() + slice);
            int n = channel.write(bytes);
            bytes.limit(end);
            if (n < slice) {
                also(SelectionKey.OP_WRITE);
                return;
            }
        }
    }

    private void also(int operation) {
        loop.execute(() -> {
            SelectionKey known;
            synchronized (this) {
                known = key;
            }
            if (known != null && known.isValid()) {
                known.interestOpsOr(operation);
            }
        });
    }

    /** Lets the kernel hold little of what the other side does not take. */
    void sparing() {
        try {
            channel.setOption(StandardSocketOptions.SO_SNDBUF, SPARING);
        } catch (IOException e) {
            // It is closed: nothing is held any more.
        }
    }

    /** The other side hears that no more comes, and may go on talking. */
    void endOutput() throws IOException {
        channel.shutdownOutput();
    }

    /** @param abort let the other side notice that this was no end in good order */
    void close(boolean abort) {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            arrived = ByteString.emptyByteString();
        }
        try {
            if (abort) {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
        } catch (IOException e) {
            // The other side was faster.
        }
        try {
            channel.close();
        } catch (IOException e) {
            // Closed it is, whatever the kernel says of it.
        }
        loop.forget();
    }
}
