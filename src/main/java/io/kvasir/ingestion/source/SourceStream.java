package io.kvasir.ingestion.source;

import io.kvasir.http.Json;
import io.kvasir.http.Sse;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * What becomes of sources as server-sent events {@code source.changed}: at first how each stands, then each change. They
 * have no position: whoever comes back is told again how each stands.
 */
public final class SourceStream {
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final Ledger ledger;

    public SourceStream(Ledger ledger) {
        this.ledger = ledger;
    }

    /** A source without what its kind knows of it. */
    private record News(
            SourceId sourceId,
            String kind,
            SourceEntry.State state,
            SourceEntry.Items items,
            Optional<Instant> readAt,
            Optional<Instant> dueAt,
            Optional<SourceEntry.Problem> error,
            Optional<SourceRun> run) {
        static News of(SourceEntry e) {
            return new News(e.id(), e.kind(), e.state(), e.items(), e.readAt(), e.dueAt(), e.error(), e.run());
        }
    }

    /** Never ends by itself. */
    public Source<ByteString, NotUsed> from(Scope scope) {
        return Source.tick(Duration.ZERO, LOOK, scope)
                .mapMaterializedValue(_ -> NotUsed.getInstance())
                .buffer(1, org.apache.pekko.stream.OverflowStrategy.dropTail())
                .mapAsync(1, one -> ledger.now(one).toCompletableFuture())
                .statefulMapConcat(() -> {
                    Map<SourceId, News> told = new HashMap<>();
                    return entries -> changes(told, entries);
                });
    }

    private static List<ByteString> changes(Map<SourceId, News> told, List<SourceEntry> entries) {
        List<ByteString> changes = new ArrayList<>();
        Map<SourceId, News> now = new HashMap<>();
        for (SourceEntry entry : entries) {
            News news = News.of(entry);
            now.put(entry.id(), news);
            if (!news.equals(told.get(entry.id()))) {
                changes.add(Sse.event("source.changed", Json.write(news)));
            }
        }
        told.forEach((id, last) -> {
            if (!now.containsKey(id) && last.state() != SourceEntry.State.REMOVED) {
                changes.add(Sse.event(
                        "source.changed",
                        Json.write(new News(
                                id,
                                last.kind(),
                                SourceEntry.State.REMOVED,
                                new SourceEntry.Items(0, 0, 0),
                                last.readAt(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty()))));
            }
        });
        told.clear();
        told.putAll(now);
        return changes;
    }
}
