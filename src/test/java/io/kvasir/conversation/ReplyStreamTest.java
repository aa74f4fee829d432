package io.kvasir.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.answering.AnswerEvent;
import io.kvasir.conversation.ConversationEntity.Command;
import io.kvasir.conversation.ConversationEntity.Join;
import io.kvasir.conversation.ConversationEntity.Leave;
import io.kvasir.conversation.ConversationEntity.Watch;
import io.kvasir.conversation.domain.Ending;
import io.kvasir.conversation.domain.Position;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.kernel.ConversationId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** One reader: what it asks whom, and what it passes on. */
class ReplyStreamTest {
    private static final ActorTestKit KIT = ActorTestKit.create("readers");
    private static final Surroundings AROUND = new Surroundings(Materializer.matFromSystem(KIT.system()));
    private static final Ending DONE = new Ending(
            Turn.Status.COMPLETED,
            Optional.of("stop"),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Instant.EPOCH);

    private final TestProbe<Command> region = KIT.createTestProbe();
    private final TestProbe<Command> entity = KIT.createTestProbe();
    private final TestProbe<Lookout.Command> lookout = KIT.createTestProbe();

    @AfterAll
    static void shutDown() {
        AROUND.close();
        KIT.shutdownTestKit();
    }

    private SinkQueueWithCancel<ByteString> reader(Position from, boolean oneTurn, Duration keepAlive) {
        return Source.fromGraph(new ReplyStream(
                        new ConversationId("c"),
                        region.ref()::tell,
                        Optional.empty(),
                        from,
                        oneTurn,
                        keepAlive,
                        lookout.ref()::tell))
                .runWith(Sink.<ByteString>queue(1).withAttributes(Attributes.inputBuffer(1, 1)), KIT.system());
    }

    private SinkQueueWithCancel<ByteString> reader(Position from) {
        SinkQueueWithCancel<ByteString> queue = reader(from, true, Duration.ofHours(1));
        assertThat(next(queue)).isEqualTo("retry: 1000\n\n");
        return queue;
    }

    private static String next(SinkQueueWithCancel<ByteString> queue) {
        return took(queue.pull()).orElseThrow().utf8String();
    }

    private static Optional<ByteString> took(CompletionStage<Optional<ByteString>> pulled) {
        return pulled.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }

    private Heard.Live live(int from, String text) {
        return new Heard.Live(1, false, Optional.empty(), from, text, Optional.empty(), entity.ref());
    }

    private Watch asked(TestProbe<Command> whom) {
        return whom.expectMessageClass(Watch.class);
    }

    /** The conversation lives on the reader's server: it is asked for the reply itself. */
    private Join joined(TestProbe<Command> whom) {
        return whom.expectMessageClass(Join.class);
    }

    @Test
    void asksTheRegionFirstAndThenTheConversationItself() {
        var queue = reader(new Position(1, 0, true));
        Watch first = asked(region);
        assertThat(first.note()).isTrue();
        first.replyTo().tell(live(0, "ab"));
        assertThat(next(queue)).isEqualTo("event: delta\nid: 1:2\ndata: {\"text\":\"ab\"}\n\n");

        Join second = joined(entity);
        assertThat(second.after()).isEqualTo(new Position(1, 2, true));
        region.expectNoMessage(Duration.ofMillis(50));
    }

    @Test
    void goesOnElsewhereAtOnceWhenItsConversationIsGone() {
        var queue = reader(new Position(1, 0, true));
        asked(region).replyTo().tell(live(0, "ab"));
        next(queue);
        Join unheard = joined(entity);
        assertThat(lookout.expectMessageClass(Lookout.Follow.class).entity()).isEqualTo(entity.ref());

        unheard.replyTo().tell(new Heard.Gone(entity.ref()));

        Watch again = asked(region);
        assertThat(again.after()).isEqualTo(new Position(1, 2, true));
        TestProbe<Command> reborn = KIT.createTestProbe();
        again.replyTo().tell(new Heard.Live(1, false, Optional.empty(), 2, "cd", Optional.of(DONE), reborn.ref()));
        assertThat(next(queue)).contains("id: 1:4\n").contains("cd").contains("turn.completed");
        assertThat(took(queue.pull())).isEmpty();
    }

    @Test
    void seesThatAConversationIsGoneWhichHadNothingToTellYet() {
        reader(new Position(1, 0, true));
        Watch first = asked(region);
        first.replyTo().tell(new Heard.Noted(entity.ref()));
        assertThat(lookout.expectMessageClass(Lookout.Follow.class).entity()).isEqualTo(entity.ref());
        region.expectNoMessage(Duration.ofMillis(50));

        first.replyTo().tell(new Heard.Gone(entity.ref()));

        assertThat(asked(region).after()).isEqualTo(new Position(1, 0, true));
    }

    @Test
    void asksAgainWhereNobodyHeard() {
        reader(new Position(1, 0, true));
        asked(region);

        assertThat(region.expectMessageClass(Watch.class, Duration.ofSeconds(5)).after())
                .isEqualTo(new Position(1, 0, true));
    }

    @Test
    void asksOnlyWhenItsClientHasTakenWhatWasThere() {
        var queue = reader(new Position(1, 0, true));
        asked(region).replyTo().tell(live(0, "ab"));
        entity.expectNoMessage(Duration.ofMillis(100));

        next(queue);

        assertThat(joined(entity).after()).isEqualTo(new Position(1, 2, true));
        entity.expectNoMessage(Duration.ofMillis(100));
    }

    @Test
    void whatWasSeenIsNotSaidAgain() {
        var queue = reader(new Position(1, 2, true));
        asked(region).replyTo().tell(live(0, "abcd"));

        assertThat(next(queue)).isEqualTo("event: delta\nid: 1:4\ndata: {\"text\":\"cd\"}\n\n");
    }

    @Test
    void aPlaceInsideAnEmojiIsTakenBackBeforeIt() {
        var queue = reader(new Position(1, 2, true));
        asked(region).replyTo().tell(live(1, "\uD83D\uDE42b"));

        assertThat(next(queue)).isEqualTo("event: delta\nid: 1:4\ndata: {\"text\":\"\uD83D\uDE42b\"}\n\n");
    }

    @Test
    void anAnswerToAnOlderQuestionIsAskedAgain() {
        var queue = reader(new Position(1, 4, true));
        Watch first = asked(region);
        first.replyTo().tell(live(0, "ab"));
        Join again = joined(entity);
        assertThat(again.after()).isEqualTo(new Position(1, 4, true));
        again.replyTo().tell(live(4, "ef"));

        assertThat(next(queue)).isEqualTo("event: delta\nid: 1:6\ndata: {\"text\":\"ef\"}\n\n");
    }

    @Test
    void aPlaceBeyondTheEndIsTheEnd() {
        var queue = reader(new Position(1, 5_000, true));
        asked(region)
                .replyTo()
                .tell(new Heard.Live(1, false, Optional.empty(), 2, "", Optional.of(DONE), entity.ref()));

        assertThat(next(queue)).startsWith("event: turn.completed\nid: 1:end\n");
        entity.expectMessageClass(Leave.class);
    }

    @Test
    void aSilentStreamSaysThatItLivesAndAsksAnew() {
        var queue = reader(new Position(1, 0, true), true, Duration.ofSeconds(1));
        next(queue);
        asked(region).replyTo().tell(new Heard.Noted(entity.ref()));

        assertThat(next(queue)).isEqualTo(": keep-alive\n\n");
        queue.pull();
        assertThat(joined(entity).after()).isEqualTo(new Position(1, 0, true));
    }

    @Test
    void whoStopsReadingSaysSo() {
        var queue = reader(new Position(1, 0, true));
        asked(region).replyTo().tell(live(0, "ab"));
        next(queue);
        joined(entity);
        queue.cancel();

        entity.expectMessageClass(Leave.class);
        lookout.expectMessageClass(Lookout.Follow.class);
        lookout.expectMessageClass(Lookout.Forget.class);
    }

    @Test
    void staysForTheFollowingTurnsWhereThatIsWanted() {
        var queue = reader(new Position(1, 0, true), false, Duration.ofHours(1));
        next(queue);
        asked(region)
                .replyTo()
                .tell(new Heard.Live(1, false, Optional.empty(), 0, "", Optional.of(DONE), entity.ref()));

        assertThat(next(queue)).startsWith("event: turn.completed\nid: 1:end\n");
        assertThat(joined(entity).after()).isEqualTo(Position.before(2));
    }

    /** The reply itself, given on this server. */
    private LiveReply near(int turn) {
        return new LiveReply(turn, entity.ref(), AROUND.key, 1_000, Optional.empty());
    }

    @Test
    void takesFromTheReplyItselfWhereThatIsGivenHereAndAsksNobody() {
        LiveReply reply = near(1);
        reply.put(new AnswerEvent.Text("ab"));
        entity.expectMessageClass(ConversationEntity.Poke.class);
        var queue = reader(new Position(1, 0, true), false, Duration.ofHours(1));
        next(queue);
        asked(region).replyTo().tell(live(0, "ab"));
        assertThat(next(queue)).contains("ab");
        Join join = joined(entity);
        join.replyTo().tell(new Heard.Near(reply));
        entity.expectNoMessage(Duration.ofMillis(50));

        reply.put(new AnswerEvent.Text("cd"));
        assertThat(next(queue)).isEqualTo("event: delta\nid: 1:4\ndata: {\"text\":\"cd\"}\n\n");
        reply.put(new AnswerEvent.Text("ef"));
        assertThat(next(queue)).isEqualTo("event: delta\nid: 1:6\ndata: {\"text\":\"ef\"}\n\n");
        entity.expectNoMessage(Duration.ofMillis(50));

        reply.end(DONE);
        assertThat(next(queue)).startsWith("event: turn.completed\nid: 1:end\n");
        assertThat(joined(entity).after()).isEqualTo(Position.before(2));
    }

    @Test
    void whereTheConversationIsGoneItsReplyIsNoMoreRead() {
        LiveReply reply = near(1);
        var queue = reader(new Position(1, 0, true));
        asked(region).replyTo().tell(live(0, "ab"));
        next(queue);
        Join join = joined(entity);
        join.replyTo().tell(new Heard.Near(reply));

        join.replyTo().tell(new Heard.Gone(entity.ref()));

        asked(region).replyTo().tell(live(0, "abcd"));
        assertThat(next(queue)).isEqualTo("event: delta\nid: 1:4\ndata: {\"text\":\"cd\"}\n\n");
        assertThat(joined(entity).after()).isEqualTo(new Position(1, 4, true));
    }

    @Test
    void theReplyOfAConversationThatLivesElsewhereByNowIsNoMoreRead() {
        LiveReply dead = near(1);
        var queue = reader(new Position(1, 0, true));
        Watch first = asked(region);
        first.replyTo().tell(live(0, "ab"));
        next(queue);
        joined(entity).replyTo().tell(new Heard.Near(dead));

        TestProbe<Command> reborn = KIT.createTestProbe();
        first.replyTo().tell(new Heard.Live(1, false, Optional.empty(), 2, "cd", Optional.empty(), reborn.ref()));

        assertThat(next(queue)).contains("cd");
        assertThat(joined(reborn).after()).isEqualTo(new Position(1, 4, true));
    }

    @Test
    void aReplyOfAnotherTurnIsNotTakenFrom() {
        var queue = reader(new Position(2, 0, true));
        asked(region).replyTo().tell(new Heard.Noted(entity.ref()));
        LiveReply earlier = near(1);
        earlier.put(new AnswerEvent.Text("earlier"));

        var me = lookout.expectMessageClass(Lookout.Follow.class).reader();
        me.tell(new Heard.Near(earlier));
        me.tell(new Heard.Live(2, false, Optional.empty(), 0, "later", Optional.empty(), entity.ref()));

        assertThat(next(queue)).contains("later").doesNotContain("earlier");
    }

    @Test
    void whoStopsReadingIsNoMoreToldByTheReply() {
        LiveReply reply = near(1);
        var queue = reader(new Position(1, 0, true));
        asked(region).replyTo().tell(live(0, "ab"));
        next(queue);
        joined(entity).replyTo().tell(new Heard.Near(reply));

        queue.cancel();

        assertThat(entity.expectMessageClass(Leave.class).reader()).isNotNull();
    }
}
