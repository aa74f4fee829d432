package io.kvasir.conversation;

import io.kvasir.conversation.Register.Change;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.QueueOfferResult;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the list up to date as conversations change: at once where the database rests, and what comes while it writes
 * together in its next transaction. Thread-safe.
 */
final class Listing {
    private static final int WAITING = 1_024;
    private static final int TOGETHER = 100;

    private static final Logger LOG = LoggerFactory.getLogger("kvasir.conversation");

    private final Function<Collection<Change>, CompletionStage<Void>> write;
    private final Consumer<ConversationAddress> written;
    private final BoundedSourceQueue<Change> queue;

    /**
     * @param write of no conversation twice
     * @param written told whether it could be written or not: what could not, the projection writes
     */
    Listing(
            Function<Collection<Change>, CompletionStage<Void>> write,
            Consumer<ConversationAddress> written,
            Materializer materializer) {
        this.write = write;
        this.written = written;
        this.queue = Source.<Change>queue(WAITING)
                .batch(TOGETHER, change -> with(new LinkedHashMap<>(), change), Listing::with)
                .mapAsync(1, changes -> written(changes.values()))
                .to(Sink.ignore())
                .run(materializer);
    }

    private static Map<ConversationAddress, Change> with(Map<ConversationAddress, Change> changes, Change change) {
        changes.merge(change.address(), change, (a, b) -> a.version() < b.version() ? b : a);
        return changes;
    }

    void changed(Change change) {
        if (!QueueOfferResult.enqueued().equals(queue.offer(change))) {
            // Too many wait: alone, then.
            written(List.of(change));
        }
    }

    /** However it fails, the next are written. */
    private CompletionStage<Void> begun(Collection<Change> changes) {
        try {
            return write.apply(changes);
        } catch (RuntimeException broken) {
            return CompletableFuture.failedStage(broken);
        }
    }

    private CompletionStage<Boolean> written(Collection<Change> changes) {
        return begun(changes).handle((_, fault) -> {
            if (fault != null) {
                LOG.warn("the list does not know yet that {} conversations changed", changes.size(), fault);
            }
            changes.forEach(change -> written.accept(change.address()));
            return true;
        });
    }
}
