package io.kvasir.knowledgebase;

import static io.kvasir.knowledgebase.Surroundings.NOW;
import static io.kvasir.knowledgebase.Surroundings.UNPINNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.ingestion.Reembedding;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.journal.EntityKit;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import io.kvasir.knowledgebase.KnowledgeBaseEntity.Command;
import io.kvasir.knowledgebase.domain.Document;
import io.kvasir.knowledgebase.domain.Embedding;
import io.kvasir.knowledgebase.domain.Job;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent;
import io.kvasir.knowledgebase.domain.Profile;
import io.kvasir.knowledgebase.domain.SearchSettings;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A knowledge base on its way to another embedding model; the passes are in the hands of the test. */
class EmbeddingChangeTest {
    private static final EntityKit KIT = new EntityKit();
    private static final Embedding NEW = new Embedding("new", 1024);
    private static final SourceId A = new SourceId("a");

    private final Surroundings around = new Surroundings();
    private final Scope scope = new Scope(new TenantId("t"), KnowledgeBaseId.next());
    private final TestProbe<ClusterSharding.ShardCommand> shard = KIT.actors().createTestProbe();
    private final SubjectKey key =
            around.keys.obtain(Sources.ownSubject(scope)).toCompletableFuture().join();
    private final Profile profile = new Profile(
            key.seal("Shop"), Optional.empty(), "extractive", "extractive", Optional.empty(), 0.2, 800, true);
    private EventSourcedBehaviorTestKit<Command, KnowledgeBaseEvent, KnowledgeBase> entity;

    @BeforeEach
    void spawn() {
        around.catalogue.intend(scope, NOW).toCompletableFuture().join();
        entity = KIT.entity(Behaviors.setup(
                _ -> KnowledgeBaseEntity.create(scope, shard.ref(), around.forEntity(2, Duration.ofMinutes(5)))));
        ask(replyTo -> new KnowledgeBaseEntity.Create(
                new KnowledgeBaseEvent.Created(
                        new UserId("u"),
                        profile,
                        new SearchSettings("hybrid", 5, 0.1, 100, 0.7, "none", 0.7, 256, 32, 3_000),
                        Optional.empty(),
                        NOW),
                replyTo));
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

    private Reply ask(Function<ActorRef<Reply>, Command> command) {
        return entity.<Reply>runCommand(command::apply).reply();
    }

    private void want(Embedding embedding) {
        ask(r -> new KnowledgeBaseEntity.Describe(profile, Optional.of(embedding), r));
    }

    private Surroundings.Pass pass(int number) {
        await().until(() -> around.passes.size() >= number);
        return around.passes.get(number - 1);
    }

    private Reply where(boolean writing) {
        return ask(r -> new KnowledgeBaseEntity.Where(writing, r));
    }

    private Head head() {
        return ((Reply.Ok) ask(KnowledgeBaseEntity.Read::new)).head();
    }

    private Surroundings.Run add(String job) {
        SubjectKey own = around.keys
                .obtain(Sources.subject(scope, A))
                .toCompletableFuture()
                .join();
        Document.File file =
                new Document.File(own.seal("a.txt"), Optional.of("text/plain"), 10, "ab", Optional.empty());
        int before = around.runs.size();
        ask(r -> new KnowledgeBaseEntity.AddDocument(
                new KnowledgeBaseEvent.DocumentAdded(A, file, new JobId(job), NOW), r));
        await().until(() -> around.runs.size() > before);
        return around.runs.get(before);
    }

    private void awaitStatus(Job.Status status) {
        await().until(() -> entity.getState().document(A).orElseThrow().job().status() == status);
    }

    private void awaitInService(Embedding embedding) {
        await().until(() -> entity.getState().embedding().equals(Optional.of(embedding))
                && entity.getState().reembedding().isEmpty());
    }

    @Test
    void oneThatNeverSaidIsWhereTheServerWas() {
        assertThat(head().embedding()).isEqualTo(UNPINNED);
        assertThat(where(true)).isEqualTo(new Reply.At(UNPINNED));
    }

    @Test
    void passesUntilTheLastOneInWhichNothingIsWritten() {
        want(NEW);
        assertThat(pass(1).task)
                .isEqualTo(new Reembedding.Task(scope, Sources.space(UNPINNED), Sources.space(NEW), false));
        assertThat(where(true)).isEqualTo(new Reply.At(UNPINNED));
        pass(1).carries(500);
        assertThat(pass(2).task.urgent())
                .as("it was a long one: more may have come")
                .isFalse();
        pass(2).carries(3);
        assertThat(pass(3).task.urgent()).isTrue();

        assertThat(where(true)).isEqualTo(new Reply.Later());
        assertThat(where(false)).as("searching goes on").isEqualTo(new Reply.At(UNPINNED));
        assertThat(head().change().orElseThrow().phase()).isEqualTo(Head.Phase.FINISHING);

        pass(3).carries(0);
        awaitInService(NEW);
        assertThat(where(true)).isEqualTo(new Reply.At(NEW));
        await().until(() -> !entity.getState().busy());
        assertThat(around.index.erased).containsExactly(scope);
        assertThat(around.index(NEW).erased).isEmpty();
        assertThat(around.passes).hasSize(3);
    }

    @Test
    void whatIsStagedDuringTheLastPassIsPublishedAmongTheNewVectors() {
        Surroundings.Run run = add("1");
        want(NEW);
        pass(1).carries(0);
        pass(2);
        run.stages(3);
        awaitStatus(Job.Status.STAGED);

        assertThat(around.index.publications).isEmpty();
        pass(2).carries(0);
        awaitStatus(Job.Status.COMPLETED);

        assertThat(around.index.publications).isEmpty();
        assertThat(around.index(NEW).publications).hasSize(1);
    }

    @Test
    void aPublicationThatWasPromisedIsFinishedBeforeTheLastPass() {
        around.index.gate = new CompletableFuture<>();
        Surroundings.Run run = add("1");
        run.stages(3);
        await().until(() -> around.index.publications.size() == 1);
        want(NEW);
        pass(1).carries(0);
        await().until(() -> where(true) instanceof Reply.Later);
        assertThat(around.passes).hasSize(1);

        around.index.gate.complete(null);

        assertThat(pass(2).task.urgent()).isTrue();
        pass(2).carries(0);
        awaitInService(NEW);
    }

    @Test
    void whatFailsLeavesTheOldInServiceSaysWhyAndIsTriedAgain() {
        want(NEW);
        pass(1).fails("The provider is away");
        await().until(() -> head().change().orElseThrow().error().isPresent());

        assertThat(head().change().orElseThrow().error()).contains("The provider is away");
        assertThat(head().embedding()).isEqualTo(UNPINNED);
        pass(2).fails("Still away");
        pass(3).carries(7);
        pass(4).fails("In the last pass");
        await().until(() -> head().change().orElseThrow().error().isPresent());
        assertThat(where(true)).as("writing goes on").isEqualTo(new Reply.At(UNPINNED));
        assertThat(pass(5).task.urgent()).isFalse();
        pass(5).carries(0);
        pass(6).carries(0);
        awaitInService(NEW);
        assertThat(head().change()).isEmpty();
    }

    @Test
    void oneThatIsGivenUpLeavesNothingAmongTheNewVectors() {
        want(NEW);
        pass(1).stubborn = true;
        ask(KnowledgeBaseEntity.CancelReembedding::new);
        assertThat(pass(1).cancelled).isTrue();
        assertThat(around.index(NEW).erased)
                .as("while the pass may still be writing")
                .isEmpty();

        pass(1).carries(9);

        await().until(() -> !entity.getState().busy());
        assertThat(around.index(NEW).erased).containsExactly(scope);
        assertThat(around.index.erased).isEmpty();
        assertThat(head().embedding()).isEqualTo(UNPINNED);
        assertThat(around.passes).hasSize(1);
    }

    @Test
    void aLastPassThatWasGivenUpMeanwhileDoesNotCount() {
        want(NEW);
        pass(1).carries(0);
        pass(2).stubborn = true;
        ask(KnowledgeBaseEntity.CancelReembedding::new);
        want(NEW);
        assertThat(where(true)).as("something may be written beside it").isEqualTo(new Reply.At(UNPINNED));

        pass(2).carries(0);

        assertThat(pass(3)).isNotNull();
        assertThat(entity.getState().reembedding()).isPresent();
        pass(3).carries(0);
        awaitInService(NEW);
    }

    @Test
    void deletedInTheMiddleItLeavesNothing() {
        want(NEW);
        pass(1).stubborn = true;
        ask(KnowledgeBaseEntity.Delete::new);
        assertThat(pass(1).cancelled).isTrue();
        assertThat(around.index.erased).isEmpty();

        pass(1).result.complete(new Reembedding.Result.Cancelled());

        await().until(() -> entity.getState().erased());
        assertThat(around.index.erased).containsExactly(scope);
        assertThat(around.index(NEW).erased).containsExactly(scope);
    }

    @Test
    void goesOnAfterARestart() {
        want(NEW);
        pass(1);
        assertThat(around.catalogue.unfinished().toCompletableFuture().join()).containsExactly(scope);

        entity.restart();

        assertThat(pass(1).cancelled).as("another one is at it now").isTrue();
        assertThat(pass(2).task.to()).isEqualTo(Sources.space(NEW));
    }

    private void theJournalFailsOnce() {
        entity.persistenceTestKit()
                .failNextPersisted("knowledge-base|" + scope.key(), new IllegalStateException("disk full"));
    }

    @Test
    void anEndThatTheJournalDidNotTakeIsComeToAgain() {
        want(NEW);
        pass(1).carries(0);
        pass(2);
        theJournalFailsOnce();
        pass(2).carries(0);

        assertThat(pass(3).task.urgent()).as("begins anew").isFalse();
        assertThat(entity.getState().reembedding()).isPresent();
        assertThat(where(true)).as("writing goes on").isEqualTo(new Reply.At(UNPINNED));
        pass(3).carries(0);
        assertThat(pass(4).task.urgent()).isTrue();
        pass(4).carries(0);
        awaitInService(NEW);
        assertThat(where(true)).isEqualTo(new Reply.At(NEW));
        await().until(() -> !entity.getState().busy());
        assertThat(around.passes).hasSize(4);
    }

    @Test
    void anEndThatTheJournalDidNotTakeCanStillBeGivenUp() {
        want(NEW);
        pass(1).carries(0);
        pass(2);
        theJournalFailsOnce();
        pass(2).carries(0);
        pass(3);

        ask(KnowledgeBaseEntity.CancelReembedding::new);

        assertThat(where(true)).isEqualTo(new Reply.At(UNPINNED));
        await().until(() -> !entity.getState().busy());
        assertThat(around.index(NEW).erased).containsExactly(scope);
        assertThat(around.index.erased).isEmpty();
    }

    @Test
    void aLastPassThatOutlastsAFailureOfTheJournalDoesNotCount() {
        Surroundings.Run run = add("1");
        want(NEW);
        pass(1).carries(0);
        pass(2).stubborn = true;
        theJournalFailsOnce();
        run.stages(3);
        await().until(() -> pass(2).cancelled);

        pass(2).carries(0);

        assertThat(pass(3).task.urgent()).isTrue();
        assertThat(entity.getState().reembedding()).isPresent();
        pass(3).carries(0);
        awaitInService(NEW);
    }

    @Test
    void vectorsThatCouldNotBeErasedAreTriedAgain() {
        want(NEW);
        pass(1).carries(0);
        around.index.failures.set(1);
        pass(2).carries(0);

        await().until(() -> !entity.getState().busy());
        assertThat(around.index.erased).hasSize(2);
    }

    @Test
    void tellsWatchersHowFarItIs() {
        want(NEW);
        pass(1).listener.accept(new Reembedding.Progress(250, 1_000));
        await().until(() -> head().change().orElseThrow().done() == 250);
        TestProbe<News> reader = KIT.actors().createTestProbe();
        entity.runCommand(new KnowledgeBaseEntity.WatchJobs("", -1, reader.ref()));

        News first = reader.receiveMessage();
        assertThat(first.embedding().orElseThrow().inService()).isEqualTo(UNPINNED);
        assertThat(first.embedding().orElseThrow().change().orElseThrow().total())
                .contains(1_000L);
        entity.runCommand(new KnowledgeBaseEntity.WatchJobs(first.life(), first.sequence(), reader.ref()));
        pass(1).listener.accept(new Reembedding.Progress(500, 1_000));
        News second = reader.receiveMessage();
        assertThat(second.embedding().orElseThrow().change().orElseThrow().done())
                .isEqualTo(500);
        entity.runCommand(new KnowledgeBaseEntity.WatchJobs(second.life(), second.sequence(), reader.ref()));
        ask(KnowledgeBaseEntity.CancelReembedding::new);
        assertThat(reader.receiveMessage().embedding().orElseThrow().change()).isEmpty();
    }
}
