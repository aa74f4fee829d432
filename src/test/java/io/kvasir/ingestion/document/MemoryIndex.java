package io.kvasir.ingestion.document;

import io.kvasir.http.Problems;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.SourceVersion;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Staged passages in memory; can be away for a while, or only count. */
final class MemoryIndex implements PassageIndex {
    private final Map<PassageId, Passage> staged = new ConcurrentHashMap<>();
    final AtomicInteger failures = new AtomicInteger();
    final AtomicInteger away = new AtomicInteger();
    final AtomicInteger calls = new AtomicInteger();
    volatile boolean onlyCount;
    /** What staging waits for; and how many calls wait or have waited for it. */
    volatile CompletableFuture<Void> gate = CompletableFuture.completedFuture(null);

    final AtomicInteger atGate = new AtomicInteger();
    /** Thrown by the next call, as by a bug. */
    final AtomicReference<RuntimeException> bug = new AtomicReference<>();

    List<Passage> staged(SourceVersion source) {
        return staged.values().stream()
                .filter(p -> p.source().equals(source))
                .sorted(Comparator.comparingInt(Passage::ordinal))
                .toList();
    }

    @Override
    public CompletionStage<Void> stage(Scope scope, List<EmbeddedPassage> passages) {
        if (failures.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
            return CompletableFuture.failedFuture(new java.io.IOException("index away"));
        }
        if (away.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
            return CompletableFuture.failedFuture(new Problems.Unavailable("away", Duration.ofSeconds(5)));
        }
        RuntimeException thrown = bug.getAndSet(null);
        if (thrown != null) {
            throw thrown;
        }
        atGate.incrementAndGet();
        return gate.thenRun(() -> {
            calls.addAndGet(passages.size());
            if (!onlyCount) {
                passages.forEach(p -> staged.put(p.passage().id(), p.passage()));
            }
        });
    }

    @Override
    public CompletionStage<Void> discard(Scope scope, SourceVersion source) {
        staged.values().removeIf(p -> p.source().equals(source));
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Void> publish(
            Scope scope, long revision, Set<SourceVersion> added, Set<SourceVersion> removed) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> purge(Scope scope, long oldestKept) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> erase(Scope scope) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Candidates> search(Scope scope, long revision, Query query) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Map<PassageId, Passage>> passages(Scope scope, Set<PassageId> ids) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Long> count(Scope scope, long revision) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
