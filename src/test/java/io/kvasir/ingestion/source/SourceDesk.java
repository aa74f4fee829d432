package io.kvasir.ingestion.source;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.JdbcBlobStore;
import io.kvasir.jdbc.LostCommits;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.SourceVersion;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.stream.Materializer;

/**
 * A house for a source of any kind: a real database, real files and keys, a ledger; and a knowledge base that only
 * remembers what searches would find. {@link #texts()} is what a person could find now.
 */
public final class SourceDesk implements AutoCloseable {
    private static final ScheduledExecutorService LATER = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().factory());

    private static final CompletableFuture<Void> NOTHING = CompletableFuture.completedFuture(null);

    public final Scope scope = new Scope(new TenantId(Ids.next()), new KnowledgeBaseId(Ids.next()));
    public final ActorSystem<Void> system;
    public final Transactor transactor;
    public final SubjectKeys keys;
    public final JdbcBlobStore blobs;
    /** What the database is to keep to itself. */
    public final LostCommits commits;
    /** How long making passages of one file takes. */
    public volatile Duration embedding = Duration.ZERO;

    /** Passages of a file of this name land in the index no sooner. */
    public final Map<String, CompletableFuture<Void>> gates = new ConcurrentHashMap<>();

    /** Nothing is shown or hidden sooner. */
    public volatile CompletableFuture<Void> shelved = NOTHING;

    public volatile boolean knowledgeBaseIsThere = true;
    public volatile long mostItems = Long.MAX_VALUE;

    private final Set<Scope> scopes = ConcurrentHashMap.newKeySet();
    private final Database database;
    private final List<Ledger> ledgers = new ArrayList<>();
    /** What searches find: version by item, and its bytes. */
    private final Map<SourceId, Long> visible = new ConcurrentHashMap<>();

    /** What the index holds, seen or not. */
    private final Map<SourceVersion, String> passages = new ConcurrentHashMap<>();

    /** What the index hid once it does not show again. */
    private final Set<SourceVersion> hidden = ConcurrentHashMap.newKeySet();

    private final List<Making> making = new CopyOnWriteArrayList<>();
    private final List<SourceVersion> embedded = new CopyOnWriteArrayList<>();
    private final AtomicInteger asked = new AtomicInteger();
    private volatile Shelf.Holdings holdings = new Shelf.Holdings(0, 0);

    public SourceDesk(TestDatabase kind) {
        scopes.add(scope);
        database = kind.open();
        commits = new LostCommits(database.dataSource());
        transactor = new Transactor(commits.dataSource(), 8);
        keys = new SubjectKeys(transactor, TestDatabase.masterKey());
        system = ActorSystem.create(
                Behaviors.empty(),
                "sources",
                com.typesafe.config.ConfigFactory.parseString("pekko.loglevel=WARNING")
                        .withFallback(com.typesafe.config.ConfigFactory.load("reference")));
        blobs = new JdbcBlobStore(transactor, keys, Materializer.matFromSystem(system));
    }

    /** Another knowledge base. */
    public Scope another(TenantId tenant) {
        Scope another = new Scope(tenant, new KnowledgeBaseId(Ids.next()));
        scopes.add(another);
        return another;
    }

    /** Another node on the same database. */
    public Ledger node(SourceKind... kinds) {
        Ledger ledger = Ledger.open(
                settings(),
                List.of(kinds),
                transactor,
                keys,
                blobs,
                this::ingest,
                new Remembering(),
                Clock.systemUTC(),
                false);
        ledgers.add(ledger);
        ledger.start();
        return ledger;
    }

    private static SourceSettings settings() {
        return new SourceSettings(
                4,
                8,
                2,
                4,
                Duration.ofMillis(200),
                Duration.ofMillis(50),
                Duration.ofSeconds(2),
                Duration.ofHours(1),
                Duration.ofHours(6),
                3,
                5,
                10);
    }

    public Set<String> texts() {
        Set<String> texts = ConcurrentHashMap.newKeySet();
        visible.forEach((item, version) -> texts.add(String.valueOf(passages.get(new SourceVersion(item, version)))));
        return texts;
    }

    /** Every time passages were made of something. */
    public int embeddings() {
        return embedded.size();
    }

    /** How often something was to be shown or hidden. */
    public int asked() {
        return asked.get();
    }

    /** The versions of which there are passages in the index, seen or not. */
    public Set<SourceVersion> indexed() {
        return Set.copyOf(passages.keySet());
    }

    /** As another node does with the same version. */
    public void stage(SourceVersion version, String text) {
        passages.put(version, text);
    }

    /** Everything of which passages were or are being made, in this order. */
    public List<Making> making() {
        return making;
    }

    public Shelf.Holdings holdings() {
        return holdings;
    }

    public long rows(String table) throws SQLException {
        return transactor.now((Connection c) -> {
            try (var rows = c.createStatement().executeQuery("SELECT COUNT(*) FROM " + table)) {
                rows.next();
                return rows.getLong(1);
            }
        });
    }

    private Ingestion.Run ingest(Ingestion.Task task, Consumer<Ingestion.Progress> listener) {
        Making one = new Making(task);
        making.add(one);
        LATER.schedule(() -> Thread.ofVirtual().start(one::go), embedding.toMillis(), TimeUnit.MILLISECONDS);
        return one;
    }

    /** Passages of one version on their way into the index, with the promises of {@link Ingestion.Run}. */
    public final class Making implements Ingestion.Run {
        private final Ingestion.Task task;
        private final CompletableFuture<Void> gate;
        private final CompletableFuture<Ingestion.Result> result = new CompletableFuture<>();
        /** Once it was stopped: whether it was only left. */
        private final CompletableFuture<Boolean> left = new CompletableFuture<>();

        private final CompletableFuture<Void> over = new CompletableFuture<>();
        private volatile boolean atGate;

        private Making(Ingestion.Task task) {
            this.task = task;
            this.gate = gates.getOrDefault(task.fileName(), NOTHING);
        }

        public SourceVersion version() {
            return task.source();
        }

        /** Of the file. */
        public String name() {
            return task.fileName();
        }

        /** Its passages are on their way. */
        public boolean atGate() {
            return atGate;
        }

        /** Nobody waits for it any more. */
        public boolean stopped() {
            return left.isDone();
        }

        /** After this it does nothing more. */
        public CompletableFuture<Void> over() {
            return over;
        }

        private void go() {
            discard();
            try (var in = blobs.open(task.scope(), task.original())) {
                String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                atGate = true;
                gate.join();
                passages.put(version(), text);
                embedded.add(version());
                end(
                        text.contains("unreadable")
                                ? new Ingestion.Result.Failed("corrupt", "It can't be read")
                                : new Ingestion.Result.Staged(1, "t", "text/plain", "en", text.length()));
            } catch (java.io.IOException | RuntimeException e) {
                end(new Ingestion.Result.Failed("missing", String.valueOf(e)));
            }
            over.complete(null);
        }

        private void end(Ingestion.Result with) {
            boolean cancelled = stopped() && !left.join();
            if (cancelled || !stopped() && with instanceof Ingestion.Result.Failed) {
                discard();
            }
            if (!stopped()) {
                result.complete(with);
            }
        }

        /** What was shown stays. */
        private void discard() {
            if (!Long.valueOf(version().version()).equals(visible.get(version().source()))) {
                passages.remove(version());
            }
        }

        @Override
        public CompletionStage<Ingestion.Result> result() {
            return result;
        }

        @Override
        public void cancel() {
            if (left.complete(false)) {
                result.complete(new Ingestion.Result.Cancelled());
            }
        }

        @Override
        public void leave() {
            left.complete(true);
        }
    }

    private final class Remembering implements Shelf {
        @Override
        public CompletionStage<Outcome<RetrievalSettings>> retrieval(Scope asked) {
            return CompletableFuture.completedFuture(
                    knowledgeBaseIsThere && scopes.contains(asked)
                            ? Outcome.done(new RetrievalSettings(
                                    SearchMode.HYBRID,
                                    5,
                                    0,
                                    50,
                                    0.7,
                                    RetrievalSettings.Rerank.NONE,
                                    0.7,
                                    256,
                                    32,
                                    3_000))
                            : Outcome.refused(new Rejection.NotFound("No such knowledge base")));
        }

        @Override
        public CompletionStage<Outcome<Boolean>> stage(
                Scope to, List<SourceVersion> added, List<SourceVersion> removed, Holdings kept) {
            if (!knowledgeBaseIsThere) {
                return CompletableFuture.completedFuture(Outcome.refused(new Rejection.NotFound("Gone")));
            }
            asked.incrementAndGet();
            return shelved.thenApply(_ -> {
                removed.forEach(gone -> visible.remove(gone.source(), gone.version()));
                // Swept at once.
                removed.forEach(passages::remove);
                hidden.addAll(removed);
                added.stream()
                        .filter(now -> !hidden.contains(now))
                        .forEach(now -> visible.put(now.source(), now.version()));
                holdings = kept;
                return Outcome.done(true);
            });
        }

        @Override
        public CompletionStage<Outcome<Place>> room(Scope of, long items, long bytes) {
            return CompletableFuture.completedFuture(
                    visible.size() + items <= mostItems
                            ? Outcome.done(() -> CompletableFuture.completedFuture(null))
                            : Outcome.refused(new Rejection.LimitReached(
                                    "documents", visible.size(), items, mostItems, Optional.empty())));
        }
    }

    @Override
    public void close() throws Exception {
        ledgers.forEach(Ledger::close);
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().get(10, TimeUnit.SECONDS);
        blobs.close();
        transactor.close();
        database.close();
    }
}
