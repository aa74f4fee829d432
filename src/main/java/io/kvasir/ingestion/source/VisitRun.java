package io.kvasir.ingestion.source;

import io.kvasir.http.Json;
import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.Kept;
import io.kvasir.ingestion.source.RunRows.Listing;
import io.kvasir.ingestion.source.SourceEntry.State;
import io.kvasir.ingestion.source.SourceRows.Key;
import io.kvasir.ingestion.source.SourceRun.Status;
import io.kvasir.jdbc.BlobStore;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.SourceId;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reading of a source from its beginning, or from where another node left it, to its end; blocking, on a virtual
 * thread. Every step is a transaction that also makes sure the source is still ours, so a kill at any moment costs at most
 * the things that were being read just then.
 */
final class VisitRun implements Opened {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.sources");
    private static final Duration AGAIN = Duration.ofMillis(500);

    /** What a reading is done with. */
    record Tools(
            Transactor transactor,
            SubjectKeys keys,
            BlobStore blobs,
            Ingestion ingestion,
            Shelf shelf,
            SourceSettings settings,
            Clock clock) {}

    /** Why a reading ends before its end. */
    private enum Stop {
        CANCELLED,
        /** This node goes; another takes over. */
        LEAVING,
        /** Another node has it already, or it is gone. */
        LOST,
        /** The knowledge base is gone, and the source with it. */
        FORGOTTEN
    }

    private final Tools tools;
    private final SourceKind kind;
    private final SourceRows.Row row;
    private final String owner;
    private final CompletableFuture<Stop> stopped = new CompletableFuture<>();
    private final SubjectKey seal;
    private volatile Optional<String> memory;
    private volatile String run = "";

    /** @throws RuntimeException where the source's key can't be had */
    VisitRun(Tools tools, SourceKind kind, SourceRows.Row row, String owner) {
        this.tools = tools;
        this.kind = kind;
        this.row = row;
        this.owner = owner;
        this.seal = tools.keys()
                .obtain(Kept.subject(row.key().scope(), row.key().id()))
                .toCompletableFuture()
                .join();
        this.memory = row.memory().map(this::open);
    }

    void cancel() {
        stopped.complete(Stop.CANCELLED);
    }

    void leave() {
        stopped.complete(Stop.LEAVING);
    }

    void lose() {
        stopped.complete(Stop.LOST);
    }

    void forget() {
        stopped.complete(Stop.FORGOTTEN);
    }

    // what the kind sees

    @Override
    public Scope scope() {
        return row.key().scope();
    }

    @Override
    public SourceId id() {
        return row.key().id();
    }

    @Override
    public String settings() {
        return open(row.settings());
    }

    @Override
    public Optional<String> memory() {
        return memory;
    }

    @Override
    public void remember(String word) {
        db(c -> {
            SourceRows.remember(c, key(), seal(word));
            return true;
        });
        memory = Optional.of(word);
    }

    @Override
    public Map<String, List<Read.Link>> passedOver(String code) {
        return db(c -> {
            Map<String, List<Read.Link>> passed = new HashMap<>();
            for (ItemRows.Row item : ItemRows.passedOver(c, key(), run, code)) {
                passed.put(
                        open(item.name()),
                        links(ItemRows.links(c, key(), item.id()).orElse(new byte[0])));
            }
            return passed;
        });
    }

    @Override
    public boolean wanted() {
        return !stopped.isDone();
    }

    @Override
    public void pause(Duration time) {
        try {
            stopped.copy()
                    .completeOnTimeout(Stop.LOST, time.toNanos(), TimeUnit.NANOSECONDS)
                    .join();
        } finally {
            check();
        }
    }

    @Override
    public <T> T await(CompletionStage<T> stage) {
        CompletableFuture<T> awaited = stage.toCompletableFuture();
        if (!awaited.isDone()) {
            CompletableFuture.anyOf(awaited.handle((_, _) -> true), stopped).join();
        }
        check();
        return awaited.join();
    }

    // what the parts of a reading share

    Key key() {
        return row.key();
    }

    Tools tools() {
        return tools;
    }

    String run() {
        return run;
    }

    boolean interactive() {
        return kind.interactive();
    }

    Instant now() {
        return tools.clock().instant();
    }

    void check() {
        if (stopped.isDone()) {
            throw new VisitEnded();
        }
    }

    byte[] seal(String text) {
        return seal.seal(text).bytes();
    }

    String open(byte[] sealed) {
        return sealed.length == 0 ? "" : seal.open(new Sealed(seal.subject(), sealed));
    }

    List<Read.Link> links(byte[] sealed) {
        return sealed.length == 0 ? List.of() : List.of(Json.read(Packed.unpack(open(sealed)), Read.Link[].class));
    }

    /**
     * Whether nobody will read the source again, for all that can be known: where the database is away, somebody may.
     * Asked where a reading has ended.
     */
    boolean readNoMore() {
        if (stopped.getNow(Stop.LOST) == Stop.FORGOTTEN) {
            return true;
        }
        try {
            return tools.transactor()
                    .now(c -> SourceRows.find(c, key()))
                    .filter(latest -> latest.state() != State.REMOVED)
                    .isEmpty();
        } catch (SQLException | RuntimeException e) {
            LOG.warn("whether source {} is still there could not be seen", id(), e);
            return false;
        }
    }

    /** A transaction that takes place only while the source is ours; waits for a database that is away. */
    <T> T db(Transactor.Work<T> work) {
        while (true) {
            check();
            try {
                return tools.transactor().now(c -> {
                    if (!SourceRows.owned(c, key(), owner)) {
                        lose();
                        throw new VisitEnded();
                    }
                    return work.apply(c);
                });
            } catch (SQLTransientException away) {
                pause(AGAIN);
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Repeats an idempotent call while what it needs is away. */
    <T> T patiently(Supplier<CompletionStage<T>> call) {
        while (true) {
            try {
                return await(call.get());
            } catch (CompletionException e) {
                if (!passing(e)) {
                    throw e;
                }
                LOG.info("{} waits: {}", id(), e.getMessage());
                pause(AGAIN);
            }
        }
    }

    private static boolean passing(Throwable fault) {
        for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLTransientException || cause instanceof io.kvasir.http.Problems.Unavailable) {
                return true;
            }
        }
        return false;
    }

    // the reading

    void go() {
        try {
            if (row.state() == State.REMOVED) {
                remove();
            } else {
                read();
            }
        } catch (VisitEnded e) {
            ended();
        } catch (SourceFault e) {
            failed(e.code(), e.detail(), e.lasting());
        } catch (RuntimeException | Error bug) {
            LOG.error("reading source {} broke", id(), bug);
            failed("internal-error", "Something went wrong on our side while the source was read", false);
        }
    }

    private void read() throws SourceFault {
        RunRows.Row begun = db(c -> {
            String id = row.run().orElseGet(Ids::next);
            if (row.run().isEmpty()) {
                RunRows.insert(c, key(), id, row.cause(), now());
                SourceRows.taken(c, key());
            }
            SourceRows.began(c, key(), id);
            return RunRows.find(c, key(), id).orElseThrow();
        });
        run = begun.id();
        try (Visit visit = kind.visit(this)) {
            Fetching fetching = new Fetching(this, visit);
            if (begun.listing() == Listing.OPEN) {
                fetching.list();
            }
            Shelving shelving = new Shelving(this);
            Optional<SourceFault> fault = Optional.empty();
            try {
                fetching.read(shelving);
                fetching.vanish();
            } catch (SourceFault e) {
                // What was read until then counts.
                fault = Optional.of(e);
            } catch (RuntimeException | Error e) {
                shelving.abandon();
                throw e;
            }
            db(c -> {
                SourceRows.state(c, key(), State.PROCESSING);
                return true;
            });
            shelving.finish();
            if (fault.isPresent()) {
                throw fault.get();
            }
        }
        completed();
    }

    private void completed() throws SourceFault {
        RunRows.Row counted = db(c -> RunRows.find(c, key(), run).orElseThrow());
        int read = counted.of(RunRows.Count.FETCHED);
        if (read > 0 && counted.of(RunRows.Count.FAILED) >= read) {
            ItemRows.Row first = db(c -> ItemRows.firstProblem(c, key(), run)).orElse(null);
            if (first != null) {
                throw SourceFault.passing(
                        first.code().orElse("unreachable"),
                        first.detail().map(this::open).orElse(""));
            }
        }
        db(c -> {
            RunRows.ended(c, key(), run, Status.COMPLETED, now(), Optional.empty(), Optional.empty());
            RunRows.keep(c, key(), tools.settings().keptRuns());
            SourceRows.Row latest = SourceRows.find(c, key()).orElse(row);
            SourceRows.ended(
                    c,
                    key(),
                    State.FRESH,
                    latest.every().map(every -> now().plus(spread(every))),
                    0,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.of(now()));
            return true;
        });
        LOG.info("source {} of kind {} was read: {}", id(), kind.name(), counted.counts());
    }

    /** A little early or late, so that what was added together is not read together for ever. */
    private static Duration spread(Duration every) {
        long millis = every.toMillis();
        return Duration.ofMillis(millis + ThreadLocalRandom.current().nextLong(-millis / 20, millis / 20 + 1));
    }

    private void failed(String code, String detail, boolean lasting) {
        LOG.info("source {} of kind {} could not be read: {}", id(), kind.name(), code);
        SourceSettings settings = tools.settings();
        try {
            db(c -> {
                SourceRows.Row latest = SourceRows.find(c, key()).orElse(row);
                int failures = latest.failures() + 1;
                Duration pause = settings.retryFirst().multipliedBy(1L << Math.min(failures - 1, 20));
                Optional<Instant> due = lasting || failures >= settings.mostFailures()
                        ? Optional.empty()
                        : Optional.of(now().plus(
                                        pause.compareTo(settings.retryLongest()) < 0
                                                ? pause
                                                : settings.retryLongest()));
                RunRows.ended(c, key(), run, Status.FAILED, now(), Optional.of(code), Optional.of(seal(detail)));
                SourceRows.ended(
                        c,
                        key(),
                        ItemRows.count(c, key()).searchable() > 0 ? State.STALE : State.FAILED,
                        due,
                        failures,
                        Optional.of(code),
                        Optional.of(seal(detail)),
                        Optional.empty());
                return true;
            });
        } catch (VisitEnded e) {
            ended();
        } catch (RuntimeException e) {
            // The lease runs out, and the next visit goes on from here.
            LOG.error("the end of reading source {} could not be written down", id(), e);
        }
    }

    private void ended() {
        Stop why = stopped.getNow(Stop.LOST);
        try {
            switch (why) {
                case CANCELLED ->
                    tools.transactor().now(c -> {
                        if (SourceRows.owned(c, key(), owner)) {
                            RunRows.ended(c, key(), run, Status.CANCELLED, now(), Optional.empty(), Optional.empty());
                            SourceRows.Row latest = SourceRows.find(c, key()).orElse(row);
                            boolean any = ItemRows.count(c, key()).searchable() > 0;
                            SourceRows.ended(
                                    c,
                                    key(),
                                    any ? State.STALE : State.ADDED,
                                    latest.every().map(every -> now().plus(every)),
                                    latest.failures(),
                                    Optional.empty(),
                                    Optional.empty(),
                                    Optional.empty());
                        }
                        return true;
                    });
                case LEAVING ->
                    tools.transactor().now(c -> {
                        SourceRows.release(c, key(), owner);
                        return true;
                    });
                case LOST, FORGOTTEN -> LOG.info("source {} is read elsewhere, or gone", id());
            }
        } catch (SQLException e) {
            LOG.warn("the lease of source {} has to run out", id(), e);
        }
    }

    /** Takes everything away that the source brought. */
    private void remove() {
        db(c -> {
            ItemRows.goneAll(c, key());
            return true;
        });
        Shelving shelving = new Shelving(this);
        shelving.finish();
        db(c -> {
            RunRows.delete(c, key());
            SourceRows.delete(c, key());
            return true;
        });
        // Its files are unreadable from now on, and swept by the knowledge base.
        tools.keys().destroy(seal.subject()).whenComplete((_, fault) -> {
            if (fault != null) {
                LOG.error("the key of the removed source {} is left", id(), fault);
            }
        });
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
