package io.kvasir.socket;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One thread that waits for many sockets. What is attached to their keys is called on it and must never block. */
final class SocketLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.socket");
    private static final int LARGEST_READ = 64 * 1024;

    private final Selector selector;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(LARGEST_READ);
    private final Thread thread;
    private volatile boolean closing;

    /** What waits for a socket. */
    interface Waiting {
        void ready(SelectionKey key) throws IOException;

        /** The socket can't be used any more. */
        void broken(Throwable fault);
    }

    SocketLoop(String name) throws IOException {
        selector = Selector.open();
        thread = Thread.ofPlatform().daemon().name(name).start(this::run);
    }

    Selector selector() {
        return selector;
    }

    /** For reading on this loop; what is in it is gone with the next read. */
    ByteBuffer buffer() {
        return buffer.clear();
    }

    /** Runs it on the loop's thread, soon. */
    void execute(Runnable task) {
        tasks.add(task);
        if (Thread.currentThread() != thread) {
            selector.wakeup();
        }
    }

    /** Lets what was closed go: a selector keeps a closed socket's file until it looks again. */
    void forget() {
        selector.wakeup();
    }

    private void run() {
        while (!closing) {
            try {
                selector.select(SocketLoop::ready);
            } catch (IOException e) {
                LOG.error("sockets can't be waited for", e);
            }
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                perform(task);
            }
        }
        for (SelectionKey key : selector.keys()) {
            ((Waiting) key.attachment()).broken(new IOException("the server stops"));
        }
        try {
            selector.close();
        } catch (IOException e) {
            LOG.warn("a selector did not close", e);
        }
    }

    private static void perform(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) { // whatever it is, the others must not wait for ever
            LOG.error("work on sockets failed", e);
        }
    }

    private static void ready(SelectionKey key) {
        Waiting waiting = (Waiting) key.attachment();
        try {
            waiting.ready(key);
        } catch (CancelledKeyException e) {
            // Closed by its owner meanwhile.
        } catch (IOException e) {
            key.cancel();
            waiting.broken(e);
        } catch (Throwable e) { // whatever it is, the others must not wait for ever
            LOG.error("work on a socket failed", e);
            key.cancel();
            waiting.broken(e);
        }
    }

    @Override
    public void close() {
        closing = true;
        selector.wakeup();
    }
}
