package io.kvasir.conversation;

import static io.kvasir.conversation.Surroundings.NOW;
import static io.kvasir.conversation.Surroundings.PROFILE;
import static io.kvasir.conversation.Surroundings.RETRIEVED;
import static io.kvasir.conversation.Surroundings.finished;
import static io.kvasir.conversation.Surroundings.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.answering.AnswerEvent;
import io.kvasir.conversation.ConversationEntity.Command;
import io.kvasir.conversation.domain.Conversation;
import io.kvasir.conversation.domain.ConversationEvent;
import io.kvasir.conversation.domain.Position;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.journal.EntityKit;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Rejection;
import io.kvasir.llm.ChatFailure;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.persistence.testkit.ProcessingSuccess;
import org.apache.pekko.persistence.testkit.StorageFailure;
import org.apache.pekko.persistence.testkit.WriteEvents;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import org.apache.pekko.persistence.testkit.javadsl.EventSourcedBehaviorTestKit.CommandResultWithReply;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.Materializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The actor around {@link Conversation}: replies, events, the reply being given, and who reads it. */
class ConversationEntityTest {
    private static final EntityKit KIT = new EntityKit();

    private final Surroundings around =
            new Surroundings(Materializer.matFromSystem(KIT.actors().system()));
    private final TestProbe<ClusterSharding.ShardCommand> shard = KIT.actors().createTestProbe();
    private EventSourcedBehaviorTestKit<Command, ConversationEvent, Conversation> entity;

    @BeforeEach
    void spawn() {
        entity = KIT.entity(Behaviors.setup(
                _ -> ConversationEntity.create(around.address.entityId(), shard.ref(), around.forEntity())));
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

    private CommandResultWithReply<Command, ConversationEvent, Conversation, Reply> tell(
            Function<ActorRef<Reply>, Command> command) {
        return entity.runCommand(command);
    }

    private void start() {
        assertThat(tell(this::birth).reply()).isEqualTo(new Reply.Ok(0));
    }

    private Command birth(ActorRef<Reply> replyTo) {
        return new ConversationEntity.Start(
                new ConversationEvent.ConversationStarted(
                        new KnowledgeBaseId("kb"), Optional.empty(), Optional.empty(), NOW),
                replyTo);
    }

    private CommandResultWithReply<Command, ConversationEvent, Conversation, Reply> ask(String question) {
        return tell(r -> new ConversationEntity.Ask(around.key.seal(question), PROFILE, r));
    }

    private CommandResultWithReply<Command, ConversationEvent, Conversation, Reply> retry() {
        return tell(r -> new ConversationEntity.Retry(PROFILE, r));
    }

    /** Asks, and gives the voice that answers. */
    private BoundedSourceQueue<AnswerEvent> asked() {
        int before = around.answers.size();
        ask("When?");
        return voice(before + 1);
    }

    private BoundedSourceQueue<AnswerEvent> voice(int number) {
        await().until(() -> around.answers.size() >= number);
        return around.answers.get(number - 1);
    }

    private Turn last() {
        return entity.getState().last().orElseThrow();
    }

    private String said() {
        return around.open(last().said());
    }

    private void awaitStatus(Turn.Status status) {
        await().atMost(Duration.ofSeconds(30)).until(() -> last().status() == status);
    }

    private Optional<String> live() {
        return read(1, 10).live();
    }

    private Reply.Page read(int from, int turns) {
        return tell(r -> new ConversationEntity.Read(from, turns, r)).replyOfType(Reply.Page.class);
    }

    private void awaitLive(String text) {
        await().until(() -> live().equals(Optional.of(text)));
    }

    private static String code(CommandResultWithReply<?, ?, ?, Reply> result) {
        Rejection reason = result.replyOfType(Reply.Refused.class).reason();
        return reason instanceof Rejection.Conflict conflict
                ? conflict.code()
                : reason.getClass().getSimpleName();
    }

    private String failure() {
        return last().ending().orElseThrow().failure().orElseThrow().code();
    }

    // turns

    @Test
    void whatIsExpectedIsLookedIntoAndNothingMore() {
        start();
        asked().offer(Surroundings.finished());
        awaitStatus(Turn.Status.COMPLETED);
        var told = entity.runCommand(new ConversationEntity.Expect(around.key.seal("And then?"), PROFILE));
        assertThat(told.events()).isEmpty();
        await().until(() -> !around.expected.isEmpty());
        assertThat(around.expected.getFirst().text()).isEqualTo("And then?");
        assertThat(around.expected.getFirst().history()).hasSize(1);
        assertThat(around.questions).hasSize(1);
    }

    @Test
    void nothingIsExpectedWhereItWouldBeRefused() {
        entity.runCommand(new ConversationEntity.Expect(around.key.seal("Nobody?"), PROFILE));
        start();
        asked();
        entity.runCommand(new ConversationEntity.Expect(around.key.seal("Now?"), PROFILE));
        assertThat(live()).isPresent();
        assertThat(around.expected).isEmpty();
    }

    @Test
    void isStartedOnce() {
        start();

        var again = tell(this::birth);
        assertThat(code(again)).isEqualTo("already-started");
        assertThat(again.hasNoEvents()).isTrue();
    }

    @Test
    void aQuestionIsAnswered() {
        start();
        var asked = ask("When?");
        assertThat(asked.reply()).isEqualTo(new Reply.Ok(1));
        assertThat(asked.event()).isInstanceOf(ConversationEvent.TurnStarted.class);
        BoundedSourceQueue<AnswerEvent> voice = voice(1);
        assertThat(around.questions.getFirst().text()).isEqualTo("When?");
        assertThat(around.questions.getFirst().revision()).isEqualTo(3);

        voice.offer(RETRIEVED);
        voice.offer(text("In 14 "));
        voice.offer(text("days. [1]"));
        voice.offer(finished());

        awaitStatus(Turn.Status.COMPLETED);
        assertThat(said()).isEqualTo("In 14 days. [1]");
        assertThat(Opened.sources(last(), Optional.of(around.key)).orElseThrow().citations())
                .isEqualTo(RETRIEVED.citations());
        assertThat(last().ending().orElseThrow().usage().orElseThrow().costMicros())
                .isEqualTo(30);
        assertThat(last().ending().orElseThrow().cited()).containsExactly(1);
    }

    @Test
    void whatAnAnswerUsedIsToldOnceHoweverItEnds() {
        start();
        var whole = asked();
        whole.offer(RETRIEVED);
        whole.offer(Surroundings.text("Now [1]."));
        whole.offer(Surroundings.finished());
        awaitStatus(Turn.Status.COMPLETED);
        await().untilAsserted(() -> assertThat(around.bills).containsExactly("10+20"));

        var stopped = asked();
        stopped.offer(RETRIEVED);
        stopped.offer(Surroundings.text("Twelve words"));
        awaitLive("Twelve words");
        tell(ConversationEntity.Stop::new);
        await().untilAsserted(() -> assertThat(around.bills).containsExactly("10+20", "3+3"));

        var silent = asked();
        silent.offer(new AnswerEvent.Failed("model-unavailable", "away"));
        awaitStatus(Turn.Status.FAILED);
        await().untilAsserted(() -> assertThat(around.bills).containsExactly("10+20", "3+3", "nothing"));
    }

    @Test
    void earlierAnswersAreTheHistoryOfTheNext() {
        start();
        BoundedSourceQueue<AnswerEvent> first = asked();
        first.offer(text("Monday"));
        first.offer(finished());
        awaitStatus(Turn.Status.COMPLETED);
        asked().complete();
        awaitStatus(Turn.Status.FAILED);
        asked();

        assertThat(around.questions.getLast().history())
                .as("without what failed")
                .singleElement()
                .satisfies(exchange -> assertThat(exchange.answer()).isEqualTo("Monday"));
    }

    @Test
    void oneReplyAtATime() {
        start();
        asked();

        assertThat(code(ask("And?"))).isEqualTo("turn-in-progress");
        assertThat(code(retry())).isEqualTo("turn-in-progress");
    }

    @Test
    void hasAsManyTurnsAsAllowed() {
        start();
        for (int i = 0; i < 3; i++) {
            asked().offer(finished());
            awaitStatus(Turn.Status.COMPLETED);
        }

        assertThat(code(ask("And?"))).isEqualTo("conversation-full");
    }

    @Test
    void stoppingKeepsWhatWasSaid() {
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        voice.offer(text("In 14"));
        awaitLive("In 14");

        var stopped = tell(ConversationEntity.Stop::new);

        assertThat(stopped.event()).isInstanceOf(ConversationEvent.TurnStopped.class);
        assertThat(said()).isEqualTo("In 14");
        await("the model is let go").until(voice::isCompleted);
        assertThat(live()).isEmpty();
        assertThat(tell(ConversationEntity.Stop::new).hasNoEvents()).isTrue();
    }

    @Test
    void closingStopsAndIsForGood() {
        start();
        asked().offer(text("In 14"));
        awaitLive("In 14");

        var closed = tell(ConversationEntity.Close::new);

        assertThat(closed.events()).hasSize(2);
        assertThat(said()).isEqualTo("In 14");
        assertThat(code(ask("And?"))).isEqualTo("conversation-closed");
        assertThat(code(retry())).isEqualTo("conversation-closed");
    }

    @Test
    void aReplyIsRated() {
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        Turn.Feedback up = new Turn.Feedback(Turn.Rating.UP, Optional.of(around.key.seal("nice")), NOW);
        assertThat(code(tell(r -> new ConversationEntity.Rate(1, up, r)))).isEqualTo("turn-in-progress");
        voice.offer(finished());
        awaitStatus(Turn.Status.COMPLETED);

        assertThat(tell(r -> new ConversationEntity.Rate(1, up, r)).event())
                .isInstanceOf(ConversationEvent.TurnRated.class);
        assertThat(code(tell(r -> new ConversationEntity.Rate(2, up, r)))).isEqualTo("NotFound");
    }

    @Test
    void isReadPageByPage() {
        start();
        for (int i = 0; i < 3; i++) {
            asked().offer(finished());
            awaitStatus(Turn.Status.COMPLETED);
        }

        Reply.Page page = tell(r -> new ConversationEntity.Read(2, 1, r)).replyOfType(Reply.Page.class);
        assertThat(page.count()).isEqualTo(3);
        assertThat(page.turns()).extracting(Turn::number).containsExactly(2);
        assertThat(tell(r -> new ConversationEntity.Read(9, 5, r))
                        .replyOfType(Reply.Page.class)
                        .turns())
                .isEmpty();
        assertThat(tell(r -> new ConversationEntity.Read(1, 0, r))
                        .replyOfType(Reply.Page.class)
                        .turns())
                .isEmpty();
    }

    @Test
    void whatIsBeingSaidGoesWithItsTurnAloneAndOnce() {
        around.checkpointEvery = Duration.ofMillis(100);
        entity.restart();
        start();
        asked().offer(finished());
        awaitStatus(Turn.Status.COMPLETED);
        asked().offer(text("In 14"));
        await().until(() -> said().equals("In 14"));

        Reply.Page both = read(1, 10);
        assertThat(both.live()).contains("In 14");
        assertThat(both.turns()).hasSize(2);
        assertThat(both.turns().getLast().said()).as("not twice").isEmpty();
        assertThat(read(1, 1).live()).as("of another turn").isEmpty();
        assertThat(read(1, 0).live()).as("the head alone").isEmpty();
    }

    @Test
    void whatDoesNotExistRefusesEverything() {
        List<Function<ActorRef<Reply>, Command>> all = List.of(
                r -> new ConversationEntity.Ask(around.key.seal("?"), PROFILE, r),
                r -> new ConversationEntity.Retry(PROFILE, r),
                ConversationEntity.Stop::new,
                ConversationEntity.Close::new,
                r -> new ConversationEntity.Rate(1, new Turn.Feedback(Turn.Rating.UP, Optional.empty(), NOW), r),
                r -> new ConversationEntity.Read(1, 1, r));

        for (Function<ActorRef<Reply>, Command> command : all) {
            var result = tell(command);
            assertThat(code(result)).isEqualTo("NotFound");
            assertThat(result.hasNoEvents()).isTrue();
        }
    }

    // ends

    @Test
    void aModelThatFailsEndsTheTurn() {
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        voice.offer(text("In"));
        // A failure overtakes what was not taken yet.
        awaitLive("In");
        voice.fail(new ChatFailure(ChatFailure.Kind.TIMEOUT, "too slow"));
        awaitStatus(Turn.Status.FAILED);

        assertThat(failure()).isEqualTo("model-timeout");
        assertThat(said()).isEqualTo("In");
    }

    @Test
    void anAnswerWithoutALastWordIsCutOff() {
        start();
        asked().complete();
        awaitStatus(Turn.Status.FAILED);

        assertThat(failure()).isEqualTo("answer-cut-off");
    }

    @Test
    void anAnswerThatTakesTooLongFails() {
        around.longestTurn = Duration.ofSeconds(1);
        entity.restart();
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        voice.offer(text("In"));
        awaitStatus(Turn.Status.FAILED);

        assertThat(failure()).isEqualTo("answer-timeout");
        assertThat(said()).isEqualTo("In");
        await().until(voice::isCompleted);
    }

    @Test
    void anAnswerThatGrowsTooLongFails() {
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        voice.offer(text("x".repeat(999) + "\uD83D\uDE00"));
        awaitStatus(Turn.Status.FAILED);

        assertThat(failure()).isEqualTo("answer-too-long");
        assertThat(said()).as("half an emoji is none").isEqualTo("x".repeat(999));
    }

    @Test
    void anErasedConversationIsNotAnswered() {
        start();
        around.found = CompletableFuture.completedFuture(Optional.empty());
        ask("When?");
        awaitStatus(Turn.Status.FAILED);

        assertThat(failure()).isEqualTo("erased");
        assertThat(around.questions).isEmpty();
    }

    @Test
    void aKeyThatCannotBeReadFailsTheTurn() {
        start();
        around.found = CompletableFuture.failedFuture(new java.io.IOException("database away"));
        ask("When?");
        awaitStatus(Turn.Status.FAILED);

        assertThat(failure()).isEqualTo("answer-failed");
    }

    @Test
    void stoppedBeforeItBeganItDoesNotBegin() {
        start();
        CompletableFuture<Optional<io.kvasir.jdbc.SubjectKey>> later = new CompletableFuture<>();
        around.found = later;
        ask("When?");
        tell(ConversationEntity.Stop::new);
        later.complete(Optional.of(around.key));

        around.found = CompletableFuture.completedFuture(Optional.of(around.key));
        asked();
        assertThat(around.questions).as("only the second").hasSize(1);
    }

    // what is stored while it is said

    @Test
    void aLongReplyIsStoredAsItGrows() {
        around.checkpointEvery = Duration.ofMillis(100);
        entity.restart();
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        voice.offer(RETRIEVED);
        voice.offer(text("In 14 "));
        await().until(() -> said().equals("In 14 "));
        assertThat(last().sources()).isPresent();
        voice.offer(text("days"));
        await().until(() -> said().equals("In 14 days"));

        entity.restart();

        awaitStatus(Turn.Status.FAILED);
        assertThat(failure()).isEqualTo("interrupted");
        assertThat(said()).isEqualTo("In 14 days");
    }

    @Test
    void aWordAboutAnEarlierTurnTakesNothingFromTheNext() {
        start();
        asked().offer(text("first"));
        awaitLive("first");
        tell(ConversationEntity.Stop::new);
        BoundedSourceQueue<AnswerEvent> second = asked();
        second.offer(text("second"));
        awaitLive("second");
        ActorRef<Command> actor = noted(2, 6);

        actor.tell(new ConversationEntity.Checkpoint(1));
        actor.tell(new ConversationEntity.Fail(1, Endings.TOO_SLOW));
        second.offer(finished());

        awaitStatus(Turn.Status.COMPLETED);
        assertThat(said()).isEqualTo("second");
    }

    private ActorRef<Command> noted(int turn, int offset) {
        TestProbe<Heard> reader = KIT.actors().createTestProbe();
        entity.runCommand(new ConversationEntity.Watch(new Position(turn, offset, true), true, reader.ref()));
        return reader.expectMessageClass(Heard.Noted.class).entity();
    }

    private void theJournalFailsOnce() {
        entity.persistenceTestKit()
                .failNextPersisted("conversation|" + around.address.entityId(), new IllegalStateException("disk full"));
    }

    @Test
    void aJournalThatFailsAMomentCutsLosesAndDoublesNothing() {
        around.checkpointEvery = Duration.ofMillis(100);
        entity.restart();
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        voice.offer(RETRIEVED);
        voice.offer(text("one "));
        await().until(() -> said().equals("one "));
        theJournalFailsOnce();
        voice.offer(text("two "));
        await().until(() -> said().equals("one two "));
        voice.offer(text("three"));
        voice.offer(finished());

        awaitStatus(Turn.Status.COMPLETED);
        assertThat(said()).isEqualTo("one two three");
        assertThat(last().sources()).isPresent();
    }

    /** A question whose key is being looked for, and a journal that fails meanwhile. */
    private CompletableFuture<Optional<SubjectKey>> askedWhileTheJournalFails() {
        start();
        asked().offer(finished());
        awaitStatus(Turn.Status.COMPLETED);
        CompletableFuture<Optional<SubjectKey>> slow = new CompletableFuture<>();
        around.found = slow;
        ask("And?");
        theJournalFailsOnce();
        ActorRef<Command> actor = noted(3, 0);
        Turn.Feedback up = new Turn.Feedback(Turn.Rating.UP, Optional.empty(), NOW);
        actor.tell(new ConversationEntity.Rate(1, up, KIT.ignored()));
        noted(3, 0); // is there again
        return slow;
    }

    @Test
    void anAnswerBeginsThoughTheJournalFailedWhileItsKeyWasLookedFor() {
        CompletableFuture<Optional<SubjectKey>> slow = askedWhileTheJournalFails();

        slow.complete(Optional.of(around.key));

        voice(2).offer(text("two"));
        voice(2).offer(finished());
        awaitStatus(Turn.Status.COMPLETED);
        assertThat(said()).isEqualTo("two");
        assertThat(around.questions).hasSize(2);
    }

    @Test
    void whatIsSaidAfterTheJournalFailedIsNotTakenForInterrupted() {
        around.tails = Optional.of(around.kept());
        entity.restart();
        CompletableFuture<Optional<SubjectKey>> slow = askedWhileTheJournalFails();
        slow.complete(Optional.of(around.key));
        voice(2).offer(text("two"));
        awaitLive("two");

        tell(ConversationEntity.Stop::new);

        assertThat(last().status()).isEqualTo(Turn.Status.STOPPED);
        assertThat(said()).isEqualTo("two");
    }

    @Test
    void anEndThatCouldNotBeStoredIsStoredLater() {
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        voice.offer(text("one"));
        awaitLive("one");
        theJournalFailsOnce();

        voice.offer(finished());

        awaitStatus(Turn.Status.COMPLETED);
        assertThat(said()).isEqualTo("one");
    }

    // recovery

    @Test
    void aTurnCutByAStopOfTheServerIsMarkedAndCanBeAskedAgain() {
        start();
        asked().offer(text("In"));
        awaitLive("In");

        entity.restart();

        awaitStatus(Turn.Status.FAILED);
        assertThat(failure()).isEqualTo("interrupted");
        var again = retry();
        assertThat(again.reply()).isEqualTo(new Reply.Ok(2));
        voice(2).offer(finished());
        awaitStatus(Turn.Status.COMPLETED);
        assertThat(around.questions).extracting(q -> q.text()).containsExactly("When?", "When?");
        assertThat(code(retry())).isEqualTo("nothing-to-retry");
    }

    @Test
    void whatWasDoneIsTheSameAfterARestart() {
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        voice.offer(text("In 14 days"));
        voice.offer(finished());
        awaitStatus(Turn.Status.COMPLETED);

        entity.restart();

        assertThat(said()).isEqualTo("In 14 days");
        assertThat(last().status()).isEqualTo(Turn.Status.COMPLETED);
    }

    // readers

    private void watch(Position after, TestProbe<Heard> reader) {
        entity.runCommand(new ConversationEntity.Watch(after, false, reader.ref()));
    }

    @Test
    void readersAreToldWhatTheyHaveNotSeen() {
        start();
        TestProbe<Heard> early = KIT.actors().createTestProbe();
        watch(Position.before(1), early);
        BoundedSourceQueue<AnswerEvent> voice = asked();
        Heard.Live begun = early.expectMessageClass(Heard.Live.class);
        assertThat(begun.started()).isTrue();
        watch(new Position(1, 0, false), early);
        voice.offer(RETRIEVED);
        assertThat(early.expectMessageClass(Heard.Live.class).sources()).isPresent();
        watch(new Position(1, 0, true), early);
        voice.offer(text("In 14 days"));
        Heard.Live heard = early.expectMessageClass(Heard.Live.class);
        assertThat(heard.text()).isEqualTo("In 14 days");
        assertThat(heard.from()).isZero();

        TestProbe<Heard> late = KIT.actors().createTestProbe();
        watch(new Position(1, 3, true), late);
        assertThat(late.expectMessageClass(Heard.Live.class).text()).isEqualTo("14 days");
        watch(new Position(1, 10, true), late);
        late.expectNoMessage(Duration.ofMillis(50));
        voice.offer(finished());
        assertThat(late.expectMessageClass(Heard.Live.class).ending()).isPresent();
    }

    @Test
    void whoComesLateToALongReplyIsToldItPieceByPiece() {
        around.longestReply = 100_000;
        entity.restart();
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        String whole = "x".repeat(Heard.LARGEST_PIECE - 1) + "\uD83D\uDE00".repeat(10);
        voice.offer(text(whole));
        voice.offer(finished());
        awaitStatus(Turn.Status.COMPLETED);
        TestProbe<Heard> reader = KIT.actors().createTestProbe();
        watch(new Position(1, 0, true), reader);
        Heard.Live first = reader.expectMessageClass(Heard.Live.class);
        assertThat(first.text()).isEqualTo("x".repeat(Heard.LARGEST_PIECE - 1));
        assertThat(first.ending()).as("not before the last piece").isEmpty();

        watch(new Position(1, first.text().length(), true), reader);

        Heard.Live second = reader.expectMessageClass(Heard.Live.class);
        assertThat(first.text() + second.text()).isEqualTo(whole);
        assertThat(second.ending()).isPresent();
    }

    @Test
    void askingAgainReplacesTheQuestionBefore() {
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        voice.offer(text("ab"));
        awaitLive("ab");
        TestProbe<Heard> reader = KIT.actors().createTestProbe();
        watch(new Position(1, 2, true), reader);
        watch(new Position(1, 2, true), reader);

        voice.offer(text("c"));

        assertThat(reader.expectMessageClass(Heard.Live.class).text()).isEqualTo("c");
        reader.expectNoMessage(Duration.ofMillis(50));
    }

    @Test
    void whoLeftIsToldNothing() {
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        TestProbe<Heard> reader = KIT.actors().createTestProbe();
        watch(new Position(1, 0, true), reader);
        entity.runCommand(new ConversationEntity.Leave(reader.ref()));

        voice.offer(text("c"));

        awaitLive("c");
        reader.expectNoMessage(Duration.ofMillis(50));
    }

    @Test
    void aTurnOfThePastIsGivenToBeOpened() {
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        voice.offer(text("In 14 days"));
        voice.offer(finished());
        awaitStatus(Turn.Status.COMPLETED);
        entity.restart();
        TestProbe<Heard> reader = KIT.actors().createTestProbe();
        watch(Position.before(1), reader);

        assertThat(around.open(
                        reader.expectMessageClass(Heard.Past.class).turn().said()))
                .isEqualTo("In 14 days");
    }

    /** A reader saw this of a running reply, and the journal has nothing of it. */
    private void seen(String text) {
        around.tails = Optional.of(around.kept());
        entity.restart();
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        voice.offer(text(text));
        TestProbe<Heard> reader = KIT.actors().createTestProbe();
        watch(new Position(1, 0, true), reader);
        assertThat(reader.expectMessageClass(Heard.Live.class).text()).isEqualTo(text);
    }

    /** What is kept beside the journal, where a turn has so much of it. */
    private Optional<String> kept(Turn turn) {
        return around.kept()
                .lacking(around.address.entityId(), turn, around.key)
                .toCompletableFuture()
                .join()
                .text()
                .map(around.key::open);
    }

    @Test
    void whatReadersSawIsStillFoundWhereItCouldNotBeStored() {
        seen("Seen");
        theJournalFailsOnce();

        entity.restart();

        awaitStatus(Turn.Status.FAILED);
        assertThat(failure()).isEqualTo("interrupted");
        assertThat(said()).isEqualTo("Seen");
    }

    @Test
    void whatReadersSawIsFoundOnceItsKeyCanBeRead() {
        seen("Seen");
        around.found = CompletableFuture.failedFuture(new java.io.IOException("database away"));
        entity.restart();
        TestProbe<Reply> stopped = KIT.actors().createTestProbe();
        entity.runCommand(new ConversationEntity.Stop(stopped.ref()));
        stopped.expectNoMessage(Duration.ofMillis(100));

        around.found = CompletableFuture.completedFuture(Optional.of(around.key));

        awaitStatus(Turn.Status.FAILED);
        assertThat(said()).isEqualTo("Seen");
        stopped.expectMessageClass(Reply.Ok.class);
    }

    @Test
    void whatReadersSawIsFoundOnceItCanBeRead() {
        seen("Seen");
        around.tailsGo();
        entity.restart();
        await().during(Duration.ofMillis(300)).until(() -> last().status() == Turn.Status.RUNNING);

        around.tailsComeBack();

        awaitStatus(Turn.Status.FAILED);
        assertThat(said()).isEqualTo("Seen");
    }

    @Test
    void whatNobodyCanReadAnyMoreIsNotLookedForAgain() {
        seen("Seen");
        around.found = CompletableFuture.completedFuture(Optional.empty());

        entity.restart();

        awaitStatus(Turn.Status.FAILED);
        assertThat(failure()).isEqualTo("interrupted");
        assertThat(last().said()).isEmpty();
    }

    @Test
    void aPieceThatCannotBeReadTakesNoOtherWithIt() {
        seen("Seen");
        around.change("UPDATE reply_tails SET ordinal = 1");
        around.change("INSERT INTO reply_tails SELECT conversation, turn, 0, subject, X'00' FROM reply_tails");

        entity.restart();

        awaitStatus(Turn.Status.FAILED);
        assertThat(said()).isEqualTo("Seen");
    }

    @Test
    void whatCouldNotBeKeptIsKeptWithWhatIsSaidNext() {
        around.tails = Optional.of(around.kept());
        entity.restart();
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        around.tailsGo();
        voice.offer(RETRIEVED);
        voice.offer(text("Seen "));
        awaitLive("Seen ");
        around.tailsComeBack();
        voice.offer(text("and more"));
        awaitLive("Seen and more");

        entity.restart();

        awaitStatus(Turn.Status.FAILED);
        assertThat(said()).isEqualTo("Seen and more");
        assertThat(last().sources()).isPresent();
    }

    /** The journal stores what is next, and says that it did not. */
    private void theJournalStoresAndReportsAFailure() {
        AtomicBoolean done = new AtomicBoolean();
        entity.persistenceTestKit().withPolicy((id, operation) -> {
            if (operation instanceof WriteEvents write && done.compareAndSet(false, true)) {
                entity.persistenceTestKit().persistForRecovery(id, write.getBatch());
                return StorageFailure.create(new IllegalStateException("nobody heard that it was stored"));
            }
            return ProcessingSuccess.getInstance();
        });
    }

    @Test
    void whoWaitsForAStopIsAnsweredWhereTheEndIsStoredAndReportedLost() {
        seen("Seen");
        CompletableFuture<Optional<SubjectKey>> slow = new CompletableFuture<>();
        around.found = slow;
        entity.restart();
        TestProbe<Reply> stopped = KIT.actors().createTestProbe();
        entity.runCommand(new ConversationEntity.Stop(stopped.ref()));
        theJournalStoresAndReportsAFailure();

        slow.complete(Optional.of(around.key));

        stopped.expectMessageClass(Reply.Ok.class, Duration.ofSeconds(10));
        assertThat(said()).isEqualTo("Seen");
        await().until(() -> around.tailRows() == 0);
        assertThat(tell(ConversationEntity.Stop::new).reply()).isEqualTo(new Reply.Ok(1));
    }

    @Test
    void whatACrashLeftOfATurnThatIsOverIsForgotten() {
        around.tails = Optional.of(around.kept());
        entity.restart();
        start();
        asked().offer(finished());
        awaitStatus(Turn.Status.COMPLETED);
        await().until(() -> around.tailRows() == 0);
        around.kept()
                .keep(around.address.entityId(), 1, 0, 0, "Seen", Optional.empty(), around.key)
                .toCompletableFuture()
                .join();

        entity.restart();

        await().until(() -> around.tailRows() == 0);
    }

    @Test
    void whatCouldNotBeForgottenIsForgottenWithTheNextTurn() {
        seen("Seen");
        around.tailsGo();
        tell(ConversationEntity.Stop::new);
        assertThat(around.tails
                        .orElseThrow()
                        .keep("another", 1, 0, 0, "", Optional.empty(), around.key)
                        .toCompletableFuture())
                .as("whatever comes behind")
                .failsWithin(Duration.ofSeconds(10));
        around.tailsComeBack();
        assertThat(around.tailRows()).isEqualTo(1);

        asked().offer(finished());
        awaitStatus(Turn.Status.COMPLETED);

        await().until(() -> around.tailRows() == 0);
    }

    @Test
    void whatReadersSawIsKeptTwiceNoLongerThanUntilItIsStored() {
        seen("Seen");
        Turn running = last();
        assertThat(kept(running)).contains("Seen");

        entity.restart();

        awaitStatus(Turn.Status.FAILED);
        await().until(() -> kept(running).isEmpty());
    }

    @Test
    void whatReadersSawIsFoundBeforeAStopEndsTheTurn() {
        seen("Seen");
        CompletableFuture<Optional<SubjectKey>> slow = new CompletableFuture<>();
        around.found = slow;
        entity.restart();
        TestProbe<Reply> stopped = KIT.actors().createTestProbe();
        entity.runCommand(new ConversationEntity.Stop(stopped.ref()));
        stopped.expectNoMessage(Duration.ofMillis(100));

        slow.complete(Optional.of(around.key));

        stopped.expectMessageClass(Reply.Ok.class);
        assertThat(said()).isEqualTo("Seen");
        assertThat(failure()).isEqualTo("interrupted");
    }

    @Test
    void aPageIsNoLargerThanMayGoToAnotherServer() {
        around.longestReply = 400_000;
        entity.restart();
        start();
        String third = "x".repeat(ConversationEntity.LARGEST_PAGE / 3);
        for (int length : new int[] {1, 1, 4}) {
            BoundedSourceQueue<AnswerEvent> voice = asked();
            voice.offer(text(third.repeat(length)));
            voice.offer(finished());
            awaitStatus(Turn.Status.COMPLETED);
        }

        assertThat(page(1)).as("as many as fit").containsExactly(1, 2);
        assertThat(page(2)).containsExactly(2);
        assertThat(page(3)).as("one at least").containsExactly(3);
        assertThat(page(4)).isEmpty();
    }

    private List<Integer> page(int from) {
        return tell(r -> new ConversationEntity.Read(from, 200, r)).replyOfType(Reply.Page.class).turns().stream()
                .map(Turn::number)
                .toList();
    }

    // the list, and sleep

    @Test
    void theListHearsOfEachMessage() {
        start();
        around.now.set(NOW.plusSeconds(1));
        BoundedSourceQueue<AnswerEvent> voice = asked();
        around.now.set(NOW.plusSeconds(5));
        voice.offer(finished());
        awaitStatus(Turn.Status.COMPLETED);
        around.now.set(NOW.plusSeconds(9));
        tell(r -> new ConversationEntity.Rate(1, new Turn.Feedback(Turn.Rating.UP, Optional.empty(), NOW), r));

        assertThat(around.listed)
                .containsExactly(
                        new Register.Change(around.address, NOW.plusSeconds(1), false, 2),
                        new Register.Change(around.address, NOW.plusSeconds(5), false, 3));
        assertThat(tell(r -> new ConversationEntity.Read(1, 0, r))
                        .replyOfType(Reply.Page.class)
                        .changedAt())
                .isEqualTo(NOW.plusSeconds(5));
        entity.restart();
        assertThat(around.listed)
                .as("in case it had not heard")
                .endsWith(new Register.Change(around.address, NOW.plusSeconds(5), false, 4));
        around.now.set(NOW.plusSeconds(11));
        tell(ConversationEntity.Close::new);
        assertThat(around.listed).endsWith(new Register.Change(around.address, NOW.plusSeconds(11), true, 5));
    }

    @Test
    void whatWasSeenIsStoredWhereItHasToGo() {
        start();
        asked().offer(text("In 14"));
        awaitLive("In 14");
        ActorRef<Command> actor = noted(1, 5);

        actor.tell(ConversationEntity.Passivate.NOW);

        KIT.actors().createTestProbe().expectTerminated(actor, Duration.ofSeconds(10));
        assertThat(entity.persistenceTestKit()
                        .persistedInStorage("conversation|" + around.address.entityId())
                        .getLast())
                .isInstanceOfSatisfying(ConversationEvent.TurnFailed.class, end -> {
                    assertThat(end.failure()).isEqualTo(Endings.INTERRUPTED);
                    assertThat(around.key.open(end.progress().text().orElseThrow()))
                            .isEqualTo("In 14");
                });
    }

    @Test
    void itHasToGoInTimeThoughTheJournalFailsMeanwhile() {
        around.drain = Duration.ofMillis(500);
        around.checkpointEvery = Duration.ofMillis(100);
        entity.restart();
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        ActorRef<Command> actor = noted(1, 0);
        actor.tell(ConversationEntity.Passivate.NOW);
        theJournalFailsOnce();

        voice.offer(text("In 14"));

        KIT.actors().createTestProbe().expectTerminated(actor, Duration.ofSeconds(10));
    }

    @Test
    void sleepsOnlyWhenNothingIsSaid() {
        around.idle = Duration.ofMillis(2_100);
        entity.restart();
        start();
        BoundedSourceQueue<AnswerEvent> voice = asked();
        shard.expectNoMessage(Duration.ofMillis(2_600));

        voice.offer(finished());

        shard.expectMessageClass(ClusterSharding.Passivate.class, Duration.ofSeconds(6));
    }
}
