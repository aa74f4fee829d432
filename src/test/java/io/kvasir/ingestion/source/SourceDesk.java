package io.kvasir.ingestion.source;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.JdbcBlobStore;
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

    public final Scope scope = new Scope(new TenantId(Ids.next()), new KnowledgeBaseId(Ids.next()));
    public final ActorSystem<Void> system;
    public final Transactor transactor;
    public final SubjectKeys keys;
    public final JdbcBlobStore blobs;
    /** How long making passages of one file takes. */
    public volatile Duration embedding = Duration.ZERO;

    public volatile boolean knowledgeBaseIsThere = true;
    public volatile long mostItems = Long.MAX_VALUE;

    private final Set<Scope> scopes = ConcurrentHashMap.newKeySet();
    private final Database database;
    private final List<Ledger> ledgers = new ArrayList<>();
    /** What searches find: version by item, and its bytes. */
    private final Map<SourceId, Long> visible = new ConcurrentHashMap<>();

    private final Map<SourceVersion, String> files = new ConcurrentHashMap<>();
    private final List<SourceVersion> embedded = new CopyOnWriteArrayList<>();
    private volatile Shelf.Holdings holdings = new Shelf.Holdings(0, 0);

    public SourceDesk(TestDatabase kind) {
        scopes.add(scope);
        database = kind.open();
        transactor = new Transactor(database.dataSource(), 8);
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
        visible.forEach((item, version) -> texts.add(String.valueOf(files.get(new SourceVersion(item, version)))));
        return texts;
    }

    /** Every time passages were made of something. */
    public int embeddings() {
        return embedded.size();
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
        CompletableFuture<Ingestion.Result> result = new CompletableFuture<>();
        LATER.schedule(
                () -> Thread.ofVirtual().start(() -> {
                    try (var in = blobs.open(task.scope(), task.original())) {
                        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                        files.put(task.source(), text);
                        embedded.add(task.source());
                        result.complete(
                                text.contains("unreadable")
                                        ? new Ingestion.Result.Failed("corrupt", "It can't be read")
                                        : new Ingestion.Result.Staged(1, "t", "text/plain", "en", text.length()));
                    } catch (java.io.IOException | RuntimeException e) {
                        result.complete(new Ingestion.Result.Failed("missing", String.valueOf(e)));
                    }
                }),
                embedding.toMillis(),
                TimeUnit.MILLISECONDS);
        return new Ingestion.Run() {
            @Override
            public CompletionStage<Ingestion.Result> result() {
                return result;
            }

            @Override
            public void cancel() {
                result.complete(new Ingestion.Result.Cancelled());
            }
        };
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
            removed.forEach(gone -> visible.remove(gone.source(), gone.version()));
            added.forEach(now -> visible.put(now.source(), now.version()));
            holdings = kept;
            return CompletableFuture.completedFuture(Outcome.done(true));
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
