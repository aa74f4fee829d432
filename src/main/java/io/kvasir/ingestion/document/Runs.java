package io.kvasir.ingestion.document;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** What is under way, each on a virtual thread of its own. At a stop all is left, and given a moment to end. */
final class Runs implements AutoCloseable {
    private static final Duration LEAVE = Duration.ofSeconds(2);

    private final Set<Cancellation> underWay = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private volatile boolean closed;

    /** Nothing begins any more. */
    boolean closed() {
        return closed;
    }

    void begun(Cancellation run) {
        underWay.add(run);
    }

    void ended(Cancellation run) {
        underWay.remove(run);
    }

    void execute(Runnable work) {
        threads.execute(work);
    }

    @Override
    public void close() {
        closed = true;
        // The next start, here or on another node, goes on with it.
        underWay.forEach(Cancellation::leave);
        threads.shutdown();
        try {
            if (!threads.awaitTermination(LEAVE.toMillis(), TimeUnit.MILLISECONDS)) {
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
