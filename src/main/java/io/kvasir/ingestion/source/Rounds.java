package io.kvasir.ingestion.source;

import io.kvasir.ingestion.source.SourceEntry.State;
import io.kvasir.ingestion.source.SourceRows.Key;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node's part in reading what is due: looks for it, claims it by a lease, keeps the lease while it reads, and hears of
 * cancellations. Nodes know nothing of each other; the rows decide.
 */
final class Rounds implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.sources");
    private static final int CANDIDATES = 200;
    /** Of one tenant and kind: more than it may have read at once, since some of them may be claimed elsewhere meanwhile. */
    private static final int EACH = 20;

    private static final long LEAVE_SECONDS = 5;

    private final VisitRun.Tools tools;
    private final Map<String, SourceKind> kinds;
    private final boolean alone;
    /** Of this life of this node. */
    private final String owner = Ids.next();

    private final Map<Key, Running> running = new ConcurrentHashMap<>();
    private final Semaphore nudges = new Semaphore(0);
    private volatile boolean closed;

    private record Running(VisitRun visit, boolean interactive, CompletableFuture<Void> over) {}

    Rounds(VisitRun.Tools tools, List<SourceKind> kinds, boolean alone) {
        this.tools = tools;
        this.kinds = kinds.stream().collect(Collectors.toMap(SourceKind::name, Function.identity()));
        this.alone = alone;
    }

    void start() {
        Thread.ofVirtual().name("source-rounds").start(this::go);
    }

    /** Something may be due. */
    void nudge() {
        nudges.release();
    }

    Optional<SourceKind> kind(String name) {
        return Optional.ofNullable(kinds.get(name));
    }

    /** Where it is read here, it ends now; elsewhere the row says so. */
    void cancel(Key key) {
        Optional.ofNullable(running.get(key)).ifPresent(one -> one.visit().cancel());
    }

    /** Ends what goes on here for a knowledge base that is gone. */
    CompletionStage<Void> forget(Scope scope) {
        List<CompletableFuture<Void>> over = new ArrayList<>();
        running.forEach((key, one) -> {
            if (key.scope().equals(scope)) {
                one.visit().forget();
                over.add(one.over());
            }
        });
        return CompletableFuture.allOf(over.toArray(CompletableFuture[]::new));
    }

    private void go() {
        boolean fresh = alone;
        while (!closed) {
            try {
                if (fresh) {
                    tools.transactor().now(c -> {
                        SourceRows.releaseAll(c);
                        return true;
                    });
                    fresh = false;
                }
                beat();
                claim();
            } catch (SQLException | RuntimeException e) {
                LOG.warn("sources could not be looked through", e);
            }
            rest();
        }
    }

    private void rest() {
        try {
            if (nudges.tryAcquire(tools.settings().look().toMillis(), TimeUnit.MILLISECONDS)) {
                nudges.drainPermits();
            }
        } catch (InterruptedException e) {
            closed = true;
        }
    }

    /** Keeps the leases, and hears of what others asked. */
    private void beat() throws SQLException {
        Instant until = tools.clock().instant().plus(tools.settings().lease());
        for (Map.Entry<Key, Running> one : running.entrySet()) {
            Key key = one.getKey();
            VisitRun visit = one.getValue().visit();
            boolean ours = tools.transactor().now(c -> SourceRows.renew(c, key, owner, until));
            if (!ours && running.containsKey(key)) {
                visit.lose();
            } else if (tools.transactor()
                    .now(c -> SourceRows.find(c, key))
                    .filter(SourceRows.Row::cancelAsked)
                    .filter(row -> row.run().isPresent())
                    .isPresent()) {
                visit.cancel();
            }
        }
    }

    private void claim() throws SQLException {
        Instant now = tools.clock().instant();
        List<SourceRows.Row> due =
                new ArrayList<>(tools.transactor().now(c -> SourceRows.due(c, now, EACH, CANDIDATES)));
        Map<TenantId, Integer> reading = new HashMap<>();
        running.forEach((key, one) -> {
            if (!one.interactive()) {
                reading.merge(key.scope().tenant(), 1, Integer::sum);
            }
        });
        int backfill = reading.values().stream().mapToInt(Integer::intValue).sum();
        // Those of a tenant for which nothing is read first; the sort keeps the order of being due otherwise.
        due.sort(Comparator.comparingInt(
                row -> reading.getOrDefault(row.key().scope().tenant(), 0)));
        for (SourceRows.Row row : due) {
            SourceKind kind = kinds.get(row.kind());
            if (kind == null || running.containsKey(row.key())) {
                continue;
            }
            TenantId tenant = row.key().scope().tenant();
            boolean interactive = kind.interactive() || row.state() == State.REMOVED;
            if (!interactive && !room(backfill, reading.getOrDefault(tenant, 0))) {
                continue;
            }
            Instant until = now.plus(tools.settings().lease());
            if (tools.transactor().now(c -> SourceRows.claim(c, row.key(), owner, now, until))) {
                begin(kind, row.key(), interactive);
                if (!interactive) {
                    backfill++;
                    reading.merge(tenant, 1, Integer::sum);
                }
            }
        }
    }

    /** A tenant for which nothing is read waits for no other's hours of reading. */
    private boolean room(int reading, int ofTenant) {
        SourceSettings settings = tools.settings();
        return ofTenant < settings.visitsOfTenant()
                && reading < (ofTenant == 0 ? settings.visitsAtMost() : settings.visitsAtOnce());
    }

    private void begin(SourceKind kind, Key key, boolean interactive) throws SQLException {
        // What was read before the claim may be old.
        SourceRows.Row row =
                tools.transactor().now(c -> SourceRows.find(c, key)).orElse(null);
        if (row == null) {
            return;
        }
        Running one = new Running(new VisitRun(tools, kind, row, owner), interactive, new CompletableFuture<>());
        running.put(key, one);
        Thread.ofVirtual().name("source-" + key.id()).start(() -> {
            try {
                one.visit().go();
            } finally {
                running.remove(key);
                one.over().complete(null);
                nudge();
            }
        });
    }

    @Override
    public void close() {
        closed = true;
        nudge();
        List<CompletableFuture<Void>> over = new ArrayList<>();
        running.values().forEach(one -> {
            one.visit().leave();
            over.add(one.over());
        });
        CompletableFuture.allOf(over.toArray(CompletableFuture[]::new))
                .copy()
                .completeOnTimeout(null, LEAVE_SECONDS, TimeUnit.SECONDS)
                .join();
    }
}
