package io.kvasir.knowledgebase;

import static io.kvasir.knowledgebase.Surroundings.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.journal.EntityKit;
import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import io.kvasir.knowledgebase.KnowledgeBaseEntity.Command;
import io.kvasir.knowledgebase.domain.Document;
import io.kvasir.knowledgebase.domain.Job;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent;
import io.kvasir.knowledgebase.domain.Profile;
import io.kvasir.knowledgebase.domain.SearchSettings;
import io.kvasir.knowledgebase.domain.Version;
import io.kvasir.retrieval.SourceVersion;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.testkit.StorageFailure;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit.CommandResultWithReply;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The actor around {@link KnowledgeBase}: replies, events, and the work it has done beside it. */
class KnowledgeBaseEntityTest {
    private static final EntityKit KIT = new EntityKit();
    private static final SourceId A = new SourceId("a");
    private static final SourceId B = new SourceId("b");
    private static final KnowledgeBaseEvent.ItemsStaged ITEM =
            new KnowledgeBaseEvent.ItemsStaged(List.of(new Version(A, 1)), List.of(), 1, 10, NOW);
    private static final SearchSettings SEARCH =
            new SearchSettings("hybrid", 5, 0.1, 100, 0.7, "none", 0.7, 256, 32, 3_000);

    private final Surroundings around = new Surroundings();
    private final Scope scope = new Scope(new TenantId("t"), KnowledgeBaseId.next());
    private final TestProbe<ClusterSharding.ShardCommand> shard = KIT.actors().createTestProbe();
    private final SubjectKey key =
            around.keys.obtain(Sources.ownSubject(scope)).toCompletableFuture().join();
    private Duration idle = Duration.ofMinutes(5);
    private EventSourcedBehaviorTestKit<Command, KnowledgeBaseEvent, KnowledgeBase> entity;
    private ActorRef<Command> self = KIT.ignored();

    @BeforeEach
    void spawn() {
        around.catalogue.intend(scope, NOW).toCompletableFuture().join();
        entity = KIT.entity(Behaviors.setup(context -> {
            self = context.getSelf();
            return KnowledgeBaseEntity.create(scope, shard.ref(), around.forEntity(2, idle));
        }));
    }

    @AfterEach
    void stop() {
        entity.clear();
        around.close();
    }

    @AfterAll
    static void shutDown() {
        KIT.close();
    }

    private CommandResultWithReply<Command, KnowledgeBaseEvent, KnowledgeBase, Reply> ask(
            Function<ActorRef<Reply>, Command> command) {
        return entity.runCommand(command);
    }

    private Profile profile(String name) {
        return new Profile(
                key.seal(name), Optional.empty(), "extractive", "extractive", Optional.empty(), 0.2, 800, true);
    }

    private CommandResultWithReply<Command, KnowledgeBaseEvent, KnowledgeBase, Reply> create() {
        return ask(replyTo -> new KnowledgeBaseEntity.Create(
                new KnowledgeBaseEvent.Created(new UserId("u"), profile("Shop"), SEARCH, Optional.empty(), NOW),
                replyTo));
    }

    private CommandResultWithReply<Command, KnowledgeBaseEvent, KnowledgeBase, Reply> add(SourceId id, String job) {
        SubjectKey own = around.keys
                .obtain(Sources.subject(scope, id))
                .toCompletableFuture()
                .join();
        Document.File file =
                new Document.File(own.seal(id.value() + ".txt"), Optional.of("text/plain"), 10, "ab", Optional.empty());
        return ask(replyTo -> new KnowledgeBaseEntity.AddDocument(
                new KnowledgeBaseEvent.DocumentAdded(id, file, new JobId(job), NOW), replyTo));
    }

    private Surroundings.Run run(int number) {
        await().until(() -> around.runs.size() >= number);
        return around.runs.get(number - 1);
    }

    private void awaitStatus(SourceId id, Job.Status status) {
        await().until(() -> entity.getState().document(id).orElseThrow().job().status() == status);
    }

    private void addAndPublish(SourceId id, String job) {
        int before = around.runs.size();
        add(id, job);
        run(before + 1).stages(3);
        awaitStatus(id, Job.Status.COMPLETED);
    }

    /** An item of a source is staged, and its publication waits for {@code around.index.gate}. */
    private TestProbe<Reply> stageBehindAGate() {
        around.index.gate = new CompletableFuture<>();
        TestProbe<Reply> source = KIT.actors().createTestProbe(Reply.class);
        entity.runCommand(new KnowledgeBaseEntity.StageItems(ITEM, source.ref()));
        return source;
    }

    private static Head head(CommandResultWithReply<?, ?, ?, Reply> result) {
        return result.replyOfType(Reply.Ok.class).head();
    }

    private static Rejection refusal(CommandResultWithReply<?, ?, ?, Reply> result) {
        return result.replyOfType(Reply.Refused.class).reason();
    }

    private List<Boolean> row() {
        return around.catalogue.unfinished().toCompletableFuture().join().stream()
                .map(scope::equals)
                .toList();
    }

    // settings

    @Test
    void isCreatedOnce() {
        var first = create();
        assertThat(first.event()).isInstanceOf(KnowledgeBaseEvent.Created.class);
        assertThat(head(first).documents()).isZero();

        var second = create();
        assertThat(second.hasNoEvents()).isTrue();
        assertThat(refusal(second)).isInstanceOf(Rejection.Conflict.class);
    }

    @Test
    void isInTheCatalogueBeforeTheCallerHearsOfIt() {
        assertThat(row()).containsExactly(true);

        create();

        assertThat(row()).isEmpty();
    }

    @Test
    void changesItsSettings() {
        create();

        assertThat(ask(r -> new KnowledgeBaseEntity.Describe(profile("Other"), Optional.empty(), r))
                        .event())
                .isInstanceOf(KnowledgeBaseEvent.ProfileChanged.class);
        SearchSettings other = new SearchSettings("dense", 9, 0.1, 100, 0.7, "mmr", 0.7, 256, 32, 3_000);
        var configured = ask(r -> new KnowledgeBaseEntity.Configure(other, r));
        assertThat(configured.event()).isEqualTo(new KnowledgeBaseEvent.SearchConfigured(other, NOW));
        assertThat(head(configured).search()).isEqualTo(other);
        assertThat(ask(r -> new KnowledgeBaseEntity.Configure(other, r)).hasNoEvents())
                .isTrue();
    }

    @Test
    void isSharedAndUnshared() {
        create();

        assertThat(head(ask(r -> new KnowledgeBaseEntity.Share("slug", r))).slug())
                .contains("slug");
        assertThat(around.catalogue.bySlug("slug").toCompletableFuture().join()).contains(scope);
        assertThat(head(ask(KnowledgeBaseEntity.Unshare::new)).slug()).isEmpty();
        assertThat(around.catalogue.bySlug("slug").toCompletableFuture().join()).isEmpty();
    }

    // documents

    @Test
    void aDocumentIsReadAndPublished() {
        create();
        var added = add(A, "1");
        assertThat(added.event()).isInstanceOf(KnowledgeBaseEvent.DocumentAdded.class);
        assertThat(added.replyOfType(Reply.One.class).seen().document().id()).isEqualTo(A);
        assertThat(row()).as("busy").containsExactly(true);

        run(1).stages(3);
        awaitStatus(A, Job.Status.COMPLETED);

        assertThat(around.index.publications)
                .containsExactly(new Surroundings.Index.Publication(1, Set.of(new SourceVersion(A, 1)), Set.of()));
        assertThat(head(ask(KnowledgeBaseEntity.Read::new)))
                .satisfies(head -> assertThat(head.passages()).isEqualTo(3))
                .satisfies(head -> assertThat(head.revision()).isEqualTo(1));
        await().until(() -> !entity.getState().busy());
    }

    @Test
    void aSourceHearsOfItsItemsOnceSearchesSeeThem() {
        create();
        TestProbe<Reply> source = stageBehindAGate();
        TestProbe<Reply> again = KIT.actors().createTestProbe(Reply.class);

        await().until(() -> around.index.publications.size() == 1);
        assertThat(entity.runCommand(new KnowledgeBaseEntity.StageItems(ITEM, again.ref()))
                        .hasNoEvents())
                .isTrue();
        source.expectNoMessage(Duration.ofMillis(200));

        around.index.gate.complete(null);

        assertThat(source.expectMessageClass(Reply.Ok.class).head().revision()).isEqualTo(1);
        again.expectMessageClass(Reply.Ok.class);
    }

    @Test
    void aSourceHearsNothingOfItemsTheJournalDidNotTake() {
        create();
        entity.persistenceTestKit()
                .failNextPersisted("knowledge-base|" + scope.key(), new IllegalStateException("disk full"));
        TestProbe<Reply> source = stageBehindAGate();

        source.expectNoMessage(Duration.ofMillis(500));
        assertThat(around.index.publications).isEmpty();

        TestProbe<Reply> again = KIT.actors().createTestProbe(Reply.class);
        entity.runCommand(new KnowledgeBaseEntity.StageItems(ITEM, again.ref()));
        await().until(() -> around.index.publications.size() == 1);
        again.expectNoMessage(Duration.ofMillis(200));
        around.index.gate.complete(null);

        assertThat(again.expectMessageClass(Reply.Ok.class).head().revision()).isEqualTo(1);
        assertThat(entity.getState().items().kept()).isEqualTo(1);
        source.expectNoMessage();
    }

    @Test
    void aSourceHearsThatItsKnowledgeBaseIsGone() {
        create();
        TestProbe<Reply> source = stageBehindAGate();

        ask(KnowledgeBaseEntity.Delete::new);

        source.expectMessageClass(Reply.Refused.class);
        around.index.gate.complete(null);
        await().until(() -> entity.getState().erased());
    }

    @Test
    void moreDocumentsThanAllowedAreRefused() {
        create();
        add(A, "1");
        add(B, "2");

        assertThat(refusal(add(new SourceId("c"), "3"))).isInstanceOf(Rejection.Conflict.class);
    }

    @Test
    void saysWhatItHoldsBeforeTheCallerHearsOfIt() {
        create();
        assertThat(around.held).endsWith("0 documents, 0 bytes");
        add(A, "1");
        assertThat(around.held.getLast()).startsWith("1 documents, ").doesNotEndWith(" 0 bytes");
        ask(KnowledgeBaseEntity.Delete::new);
        assertThat(around.held).endsWith("gone");
    }

    @Test
    void documentsAreReadPageByPage() {
        create();
        add(B, "2");
        add(A, "1");

        assertThat(ids(ask(r -> new KnowledgeBaseEntity.ReadDocuments("", 1, r))))
                .containsExactly(A);
        assertThat(ids(ask(r -> new KnowledgeBaseEntity.ReadDocuments("a", 5, r))))
                .containsExactly(B);
        assertThat(ids(ask(r -> new KnowledgeBaseEntity.ReadDocuments("b", 5, r))))
                .isEmpty();
    }

    private static List<SourceId> ids(CommandResultWithReply<?, ?, ?, Reply> page) {
        return page.replyOfType(Reply.Some.class).seen().stream()
                .map(seen -> seen.document().id())
                .toList();
    }

    @Test
    void oneDocumentAndOneJobAreReadAlone() {
        create();
        add(A, "1");
        run(1).listener.accept(new Ingestion.Progress(Ingestion.Stage.EMBEDDING, 2, Optional.of(4), 50));

        await().untilAsserted(() -> assertThat(ask(r -> new KnowledgeBaseEntity.ReadDocument(A, r))
                        .replyOfType(Reply.One.class)
                        .seen()
                        .progress()
                        .orElseThrow()
                        .percent())
                .isEqualTo(50));
        assertThat(ask(r -> new KnowledgeBaseEntity.ReadJob(new JobId("1"), r))
                        .replyOfType(Reply.One.class)
                        .seen()
                        .startedAt())
                .contains(NOW);
        assertThat(refusal(ask(r -> new KnowledgeBaseEntity.ReadDocument(B, r))))
                .isEqualTo(new Rejection.NotFound("No such document"));
        assertThat(refusal(ask(r -> new KnowledgeBaseEntity.ReadJob(new JobId("x"), r))))
                .isEqualTo(new Rejection.NotFound("No such job"));
    }

    @Test
    void aNewVersionReplacesTheOldAndTheOldIsSwept() {
        create();
        addAndPublish(A, "1");

        ask(r -> new KnowledgeBaseEntity.BeginVersion(A, Optional.empty(), new JobId("2"), r));
        run(2).stages(4);
        awaitStatus(A, Job.Status.COMPLETED);

        assertThat(around.index.publications)
                .last()
                .isEqualTo(new Surroundings.Index.Publication(
                        2, Set.of(new SourceVersion(A, 2)), Set.of(new SourceVersion(A, 1))));
        await().until(() -> entity.getState().garbage().isEmpty());
        assertThat(around.blobs.deleted)
                .as("its bytes are those of the new version")
                .containsExactly(Sources.text(A, 1));

        Document.File other = new Document.File(
                entity.getState().document(A).orElseThrow().file().name(),
                Optional.empty(),
                10,
                "cd",
                Optional.of(new BlobId("other")));
        ask(r -> new KnowledgeBaseEntity.BeginVersion(A, Optional.of(other), new JobId("3"), r));
        run(3).stages(4);
        awaitStatus(A, Job.Status.COMPLETED);
        await().until(() -> !entity.getState().busy());
        assertThat(around.blobs.deleted)
                .containsExactlyInAnyOrder(Sources.text(A, 1), new BlobId("a-1"), Sources.text(A, 2));
    }

    @Test
    void aFailedDocumentIsRetried() {
        create();
        add(A, "1");
        run(1).result.complete(new Ingestion.Result.Failed("empty", "The file is empty"));
        awaitStatus(A, Job.Status.FAILED);
        assertThat(entity.getState()
                        .document(A)
                        .orElseThrow()
                        .job()
                        .error()
                        .orElseThrow()
                        .code())
                .isEqualTo("empty");

        var again = ask(r -> new KnowledgeBaseEntity.RetryDocument(A, new JobId("2"), r));
        assertThat(again.event()).isInstanceOf(KnowledgeBaseEvent.VersionBegun.class);
        run(2).stages(1);
        awaitStatus(A, Job.Status.COMPLETED);
    }

    @Test
    void aBrokenIngestionFailsTheJobAlone() {
        create();
        add(A, "1");
        run(1).result.completeExceptionally(new IllegalStateException("a bug, on purpose"));
        awaitStatus(A, Job.Status.FAILED);

        assertThat(entity.getState()
                        .document(A)
                        .orElseThrow()
                        .job()
                        .error()
                        .orElseThrow()
                        .code())
                .isEqualTo("internal-error");
    }

    @Test
    void aCancelledJobIsStopped() {
        create();
        add(A, "1");
        var cancelled = ask(r -> new KnowledgeBaseEntity.CancelJob(new JobId("1"), r));

        assertThat(cancelled.event()).isEqualTo(new KnowledgeBaseEvent.JobCancelled(A, new JobId("1"), NOW));
        assertThat(run(1).result).isCompletedWithValue(new Ingestion.Result.Cancelled());
        assertThat(refusal(ask(r -> new KnowledgeBaseEntity.CancelJob(new JobId("x"), r))))
                .isInstanceOf(Rejection.NotFound.class);
    }

    @Test
    void aRemovedDocumentIsHiddenAndItsKeyDestroyed() {
        create();
        addAndPublish(A, "1");

        assertThat(head(ask(r -> new KnowledgeBaseEntity.RemoveDocument(A, r))).documents())
                .isZero();

        await().until(() -> !entity.getState().busy());
        assertThat(around.index.publications)
                .last()
                .satisfies(p -> assertThat(p.removed()).containsExactly(new SourceVersion(A, 1)));
        assertThat(around.keys
                        .find(Sources.subject(scope, A))
                        .toCompletableFuture()
                        .join())
                .isEmpty();
        assertThat(around.blobs.forgotten).as("its files, known or not").containsExactly(Sources.subject(scope, A));
    }

    @Test
    void anIndexThatIsAwayIsAskedAgain() {
        create();
        around.index.failures.set(1);
        add(A, "1");
        run(1).stages(1);

        await().atMost(Duration.ofSeconds(30))
                .until(() -> entity.getState().document(A).orElseThrow().job().status() == Job.Status.COMPLETED);
        assertThat(around.index.publications).hasSize(2);
        assertThat(entity.getState().revision()).isEqualTo(1);
    }

    @Test
    void onlyRevisionsThatAreKeptStay() {
        create();
        for (int version = 1; version <= 4; version++) {
            if (version == 1) {
                addAndPublish(A, "1");
            } else {
                JobId job = new JobId(Integer.toString(version));
                ask(r -> new KnowledgeBaseEntity.BeginVersion(A, Optional.empty(), job, r));
                run(version).stages(1);
                awaitStatus(A, Job.Status.COMPLETED);
            }
        }

        assertThat(around.index.purged).containsExactly(0L, 0L, 1L, 2L);
    }

    // the end

    @Test
    void aDeletedOneIsErasedEverywhere() {
        create();
        addAndPublish(A, "1");
        ask(KnowledgeBaseEntity.Delete::new);

        await().until(() -> entity.getState().erased());
        assertThat(around.index.erased).containsExactly(scope);
        assertThat(around.blobs.emptied).containsExactly(scope);
        assertThat(around.erased).as("conversations").containsExactly(scope);
        assertThat(around.keys
                        .find(Sources.ownSubject(scope))
                        .toCompletableFuture()
                        .join())
                .isEmpty();
        assertThat(around.keys
                        .find(Sources.subject(scope, A))
                        .toCompletableFuture()
                        .join())
                .isEmpty();
        assertThat(refusal(ask(KnowledgeBaseEntity.Read::new))).isInstanceOf(Rejection.NotFound.class);
    }

    @Test
    void erasureWaitsForAPublicationUnderWay() {
        create();
        add(A, "1");
        CompletableFuture<Void> gate = new CompletableFuture<>();
        around.index.gate = gate;
        run(1).stages(1);
        await().until(() -> !around.index.publications.isEmpty());
        ask(KnowledgeBaseEntity.Delete::new);
        assertThat(around.index.erased).isEmpty();

        gate.complete(null);

        await().until(() -> entity.getState().erased());
        assertThat(around.index.erased).hasSize(1);
    }

    @Test
    void erasureWaitsForAReadingThatCouldStillWrite() {
        create();
        add(A, "1");
        run(1).stubborn = true;
        ask(KnowledgeBaseEntity.Delete::new);
        assertThat(around.index.erased).isEmpty();

        run(1).result.complete(new Ingestion.Result.Cancelled());

        await().until(() -> entity.getState().erased());
    }

    // recovery

    @Test
    void unfinishedReadingBeginsAgain() {
        create();
        add(A, "1");
        run(1);

        entity.restart();

        run(2).stages(1);
        awaitStatus(A, Job.Status.COMPLETED);
        assertThat(around.runs.get(1).task).isEqualTo(around.runs.get(0).task);
    }

    @Test
    void whatItReadsIsLeftWhereItStops() {
        create();
        add(A, "1");
        run(1);

        entity.restart();

        assertThat(run(1).left).as("another one is at it now").isTrue();
        assertThat(run(1).result).as("nothing of it is taken away").isNotDone();
        assertThat(run(2).left).isFalse();
    }

    /** Nothing is stored or read; how often either was tried. */
    private AtomicInteger theJournalIsAway() {
        AtomicInteger tries = new AtomicInteger();
        entity.persistenceTestKit().withPolicy((_, _) -> {
            tries.incrementAndGet();
            return StorageFailure.create();
        });
        return tries;
    }

    @Test
    void whatItReadsIsLeftWhereItStopsWhileItWaitsForTheJournal() {
        create();
        add(A, "1");
        run(1);
        add(B, "2");
        run(2);
        AtomicInteger tries = theJournalIsAway();
        run(2).stages(1);
        // The event, and twice the recovery: by now it waits for the better part of a second.
        await().until(() -> tries.get() == 3);
        assertThat(run(1).left).as("it may come back here").isFalse();

        entity.persistenceTestKit().resetPolicy();
        entity.restart();

        assertThat(run(1).left).as("another one is at it now").isTrue();
        assertThat(run(1).result).as("nothing of it is taken away").isNotDone();
        assertThat(run(3).left).isFalse();
    }

    @Test
    void whatItReadsIsLeftWhereItBreaks() {
        create();
        add(A, "1");
        run(1);

        self.tell(new KnowledgeBaseEntity.Share("slug", KIT.ignored()));
        // Waits for the one before, and is no command at all.
        self.tell(new KnowledgeBaseEntity.AddDocument(null, KIT.ignored()));

        await().until(() -> run(1).left);
    }

    @Test
    void aPromisedPublicationIsRepeatedAsItWas() {
        create();
        add(A, "1");
        around.index.gate = new CompletableFuture<>();
        run(1).stages(1);
        await().until(() -> around.index.publications.size() == 1);

        around.index.gate = CompletableFuture.completedFuture(null);
        entity.restart();

        awaitStatus(A, Job.Status.COMPLETED);
        assertThat(around.index.publications).hasSize(2);
        assertThat(around.index.publications.get(1)).isEqualTo(around.index.publications.get(0));
    }

    @Test
    void aDeletionGoesOn() {
        create();
        around.index.failures.set(1);
        ask(KnowledgeBaseEntity.Delete::new);
        await().until(() -> around.index.erased.size() == 1);
        assertThat(entity.getState().erased()).isFalse();

        entity.restart();

        await().until(() -> entity.getState().erased());
    }

    @Test
    void isTheSameAfterARestart() {
        create();
        addAndPublish(A, "1");
        await().until(() -> !entity.getState().busy());
        Head before = head(ask(KnowledgeBaseEntity.Read::new));

        entity.restart();

        Head after = head(ask(KnowledgeBaseEntity.Read::new));
        assertThat(after.revision()).isEqualTo(before.revision());
        assertThat(after.passages()).isEqualTo(3);
        assertThat(after.opening()).isEqualTo(before.opening());
    }

    @Test
    void wakingTellsWhatNeverWas() {
        assertThat(ask(KnowledgeBaseEntity.Wake::new).reply()).isEqualTo(new Reply.Never());
        create();
        assertThat(ask(KnowledgeBaseEntity.Wake::new).reply()).isInstanceOf(Reply.Ok.class);
    }

    @Test
    void whatDoesNotExistRefusesEverything() {
        List<Function<ActorRef<Reply>, Command>> all = List.of(
                r -> new KnowledgeBaseEntity.Describe(profile("x"), Optional.empty(), r),
                r -> new KnowledgeBaseEntity.Configure(SEARCH, r),
                r -> new KnowledgeBaseEntity.Share("s", r),
                KnowledgeBaseEntity.Unshare::new,
                r -> new KnowledgeBaseEntity.BeginVersion(A, Optional.empty(), new JobId("1"), r),
                r -> new KnowledgeBaseEntity.RetryDocument(A, new JobId("1"), r),
                r -> new KnowledgeBaseEntity.RemoveDocument(A, r),
                r -> new KnowledgeBaseEntity.CancelJob(new JobId("1"), r),
                KnowledgeBaseEntity.Delete::new,
                KnowledgeBaseEntity.Read::new,
                r -> new KnowledgeBaseEntity.ReadDocument(A, r),
                r -> new KnowledgeBaseEntity.ReadJob(new JobId("1"), r),
                r -> new KnowledgeBaseEntity.ReadDocuments("", 5, r));

        for (Function<ActorRef<Reply>, Command> command : all) {
            var result = ask(command);
            assertThat(refusal(result)).isEqualTo(new Rejection.NotFound("No such knowledge base"));
            assertThat(result.hasNoEvents()).isTrue();
        }
    }

    // news

    @Test
    void aReaderHearsOfEachChangeOnce() {
        create();
        add(A, "1");
        News first = entity.<News>runCommand(r -> new KnowledgeBaseEntity.WatchJobs("", -1, r))
                .reply();
        assertThat(first.changed()).hasSize(1);
        TestProbe<News> reader = KIT.actors().createTestProbe();
        entity.runCommand(new KnowledgeBaseEntity.WatchJobs(first.life(), first.sequence(), reader.ref()));
        reader.expectNoMessage(Duration.ofMillis(50));

        run(1).listener.accept(new Ingestion.Progress(Ingestion.Stage.EXTRACTING, 0, Optional.empty(), 10));

        News second = reader.receiveMessage();
        assertThat(second.sequence()).isGreaterThan(first.sequence());
        assertThat(second.changed().getFirst().progress().orElseThrow().percent())
                .isEqualTo(10);
    }

    @Test
    void aReaderKeepsItAwakeUntilItIsGone() {
        create();
        idle = Duration.ofSeconds(1);
        entity.restart();
        News now = entity.<News>runCommand(r -> new KnowledgeBaseEntity.WatchJobs("", -1, r))
                .reply();
        TestProbe<News> reader = KIT.actors().createTestProbe();
        entity.runCommand(new KnowledgeBaseEntity.WatchJobs(now.life(), now.sequence(), reader.ref()));
        shard.expectNoMessage(Duration.ofMillis(1_500));

        // As after a time-out of its request: nobody says that it left.
        reader.stop();

        shard.expectMessageClass(ClusterSharding.Passivate.class);
    }

    @Test
    void workKeepsItAwakeUntilItIsDone() {
        create();
        idle = Duration.ofSeconds(1);
        entity.restart();
        add(A, "1");
        shard.expectNoMessage(Duration.ofMillis(1_500));

        run(1).stages(1);

        shard.expectMessageClass(ClusterSharding.Passivate.class);
        assertThat(entity.getState().document(A).orElseThrow().wanted()).isEqualTo(new Version(A, 1));
    }
}
