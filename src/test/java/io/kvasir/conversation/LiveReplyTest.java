package io.kvasir.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.answering.AnswerEvent;
import io.kvasir.conversation.ConversationEntity.Command;
import io.kvasir.conversation.ConversationEntity.Poke;
import io.kvasir.conversation.domain.Ending;
import io.kvasir.conversation.domain.Position;
import io.kvasir.conversation.domain.Progress;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.jdbc.SubjectKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.stream.Materializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The reply being given, between who says it, who reads it and the conversation that minds it. */
class LiveReplyTest {
    private static final ActorTestKit KIT = ActorTestKit.create("replies");
    private static final Duration QUIET = Duration.ofMillis(50);
    private static final Position START = new Position(1, 0, true);

    private static final Surroundings AROUND = new Surroundings(Materializer.matFromSystem(KIT.system()));

    private final SubjectKey key = AROUND.key;
    private final TestProbe<Command> conversation = KIT.createTestProbe();
    private final TestProbe<Heard> reader = KIT.createTestProbe();
    private final LiveReply reply = reply(1_000_000);

    private LiveReply reply(int longest) {
        return new LiveReply(1, conversation.ref(), key, longest, Optional.empty());
    }

    @AfterAll
    static void shutDown() {
        AROUND.close();
        KIT.shutdownTestKit();
    }

    private void says(String text) {
        reply.put(new AnswerEvent.Text(text));
    }

    private Optional<String> takes(int from) {
        return reply.take(new Position(1, from, true), reader.ref()).map(Heard.Live::text);
    }

    private static Ending ended(Turn.Status how) {
        return new Ending(
                how, Optional.empty(), List.of(), Optional.empty(), Optional.empty(), Optional.empty(), Instant.EPOCH);
    }

    private String opened(Progress progress) {
        return progress.text().map(key::open).orElse("");
    }

    private Turn stored(Progress... pieces) {
        return new Turn(
                1,
                key.seal("?"),
                1,
                Instant.EPOCH,
                List.of(pieces).stream().flatMap(p -> p.text().stream()).toList(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                Optional.empty());
    }

    @Test
    void aReaderIsToldOnceAndTakesWhatCameMeanwhileTogether() {
        assertThat(takes(0)).isEmpty();
        reader.expectNoMessage(QUIET);

        says("In ");
        says("14 ");
        says("days");

        assertThat(reader.expectMessageClass(Heard.Near.class).reply()).isSameAs(reply);
        reader.expectNoMessage(QUIET);
        assertThat(takes(0)).contains("In 14 days");
        assertThat(takes(10)).isEmpty();
    }

    @Test
    void oneElsewhereIsToldWhatItLacks() {
        assertThat(reply.ask(START, reader.ref())).isFalse();

        says("In ");
        says("14 days");

        assertThat(reader.expectMessageClass(Heard.Live.class).text()).isEqualTo("In ");
        reader.expectNoMessage(QUIET);
        assertThat(reply.ask(new Position(1, 3, true), reader.ref())).isTrue();
        assertThat(reader.expectMessageClass(Heard.Live.class).text()).isEqualTo("14 days");
    }

    @Test
    void whoLeftIsNotTold() {
        takes(0);
        reply.leave(reader.ref());

        says("In");

        reader.expectNoMessage(QUIET);
    }

    @Test
    void theConversationIsToldOfWhatIsNewToItAndNotOfEachWord() {
        says("In ");
        says("14 ");
        assertThat(conversation.expectMessageClass(Poke.class).reply()).isSameAs(reply);
        reply.looked();
        reply.minded();
        says("days");
        conversation.expectNoMessage(QUIET);

        assertThat(opened(reply.store())).isEqualTo("In 14 days");

        says(".");
        conversation.expectMessageClass(Poke.class);
    }

    @Test
    void theConversationIsToldOfTheEnd() {
        says("In");
        conversation.expectMessageClass(Poke.class);
        reply.looked();
        reply.minded();

        AnswerEvent cut = new AnswerEvent.Failed("cut-off", "It broke off");
        reply.put(cut);

        conversation.expectMessageClass(Poke.class);
        assertThat(reply.last()).contains(cut);
        says("late");
        assertThat(reply.text()).isEqualTo("In");
    }

    @Test
    void nobodySeesMoreThanTheTurnEndsWith() {
        says("Seen");
        assertThat(opened(reply.storeLast())).isEqualTo("Seen");

        says(" and more"); // while the end is being stored

        assertThat(takes(0)).contains("Seen");
        assertThat(takes(4)).isEmpty();
        reply.end(ended(Turn.Status.STOPPED));
        reader.expectMessageClass(Heard.Near.class);
        Heard.Live last = reply.take(new Position(1, 4, true), reader.ref()).orElseThrow();
        assertThat(last.text()).isEmpty();
        assertThat(last.ending()).isPresent();
        assertThat(reply.text()).isEqualTo("Seen");
    }

    @Test
    void citationsThatComeWhileAnEndIsBeingStoredAreNotSeen() {
        Position unsourced = new Position(1, 0, false);
        reply.storeLast();

        reply.put(Surroundings.RETRIEVED);

        assertThat(reply.take(unsourced, reader.ref())).isEmpty();
        reply.end(ended(Turn.Status.STOPPED));
        assertThat(reply.take(unsourced, reader.ref()).orElseThrow().sources()).isEmpty();
    }

    @Test
    void citationsTheTurnEndsWithAreSeenMeanwhile() {
        reply.put(Surroundings.RETRIEVED);

        assertThat(reply.storeLast().sources()).isPresent();

        assertThat(reply.take(new Position(1, 0, false), reader.ref())
                        .orElseThrow()
                        .sources())
                .isPresent();
    }

    @Test
    void whatWasSaidWhileAnEndCouldNotBeStoredIsSeenOnceItGoesOn() {
        says("Seen");
        reply.storeLast();
        says(" and more");
        assertThat(takes(4)).isEmpty();

        reply.storedAs(stored()); // the journal has nothing of it

        reader.expectMessageClass(Heard.Near.class);
        assertThat(takes(4)).contains(" and more");
        assertThat(opened(reply.store())).isEqualTo("Seen and more");
    }

    @Test
    void whatTheJournalHasIsNotStoredAgain() {
        says("In ");
        Progress first = reply.store();
        says("14 ");
        reply.store(); // which failed

        reply.storedAs(stored(first));

        assertThat(opened(reply.store())).isEqualTo("14 ");
    }

    @Test
    void itTakesNoMoreThanAReplyMayBeLong() {
        LiveReply small = reply(5);
        small.put(new AnswerEvent.Text("abc\uD83D\uDE00\uD83D\uDE00"));
        assertThat(small.text()).isEqualTo("abc\uD83D\uDE00");
        assertThat(small.full()).isTrue();

        small.put(new AnswerEvent.Text("x"));

        assertThat(small.text()).isEqualTo("abc\uD83D\uDE00");
        conversation.expectMessageClass(Poke.class);
    }

    @Test
    void ofWhomNobodyMindsNothingIsTaken() {
        takes(0);
        reply.cancel();

        says("late");

        reader.expectNoMessage(QUIET);
        assertThat(takes(0)).isEmpty();
    }

    @Test
    void nothingIsLostOrRepeatedBetweenWriterAndReader() throws Exception {
        int words = 20_000;
        Thread writer = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < words; i++) {
                says(i + " ");
            }
            reply.end(ended(Turn.Status.COMPLETED));
        });
        StringBuilder read = new StringBuilder();
        boolean over = false;
        while (!over) {
            Optional<Heard.Live> news = reply.take(new Position(1, read.length(), true), reader.ref());
            if (news.isEmpty()) {
                reader.expectMessageClass(Heard.Near.class);
            } else {
                assertThat(news.get().from()).isEqualTo(read.length());
                read.append(news.get().text());
                over = news.get().ending().isPresent();
            }
        }
        writer.join();

        StringBuilder said = new StringBuilder();
        for (int i = 0; i < words; i++) {
            said.append(i).append(' ');
        }
        assertThat(read.toString()).isEqualTo(said.toString());
    }
}
