package io.kvasir.conversation;

import static io.kvasir.conversation.Surroundings.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.answering.AnswerEvent;
import io.kvasir.conversation.domain.Conversation;
import io.kvasir.conversation.domain.Ending;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.http.Json;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.journal.EntityKit;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.UserId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.stream.Materializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What goes between servers is no larger than a frame there: what is, would be lost without a word. */
class FrameTest {
    private static final EntityKit KIT = new EntityKit();
    private static final Surroundings AROUND =
            new Surroundings(Materializer.matFromSystem(KIT.actors().system()));
    private static final SubjectKey KEY = AROUND.key;

    /** As long in UTF-8 as a UTF-16 unit may be. */
    private static final String WIDE = "\u4f60";

    @AfterAll
    static void shutDown() {
        AROUND.close();
        KIT.close();
    }

    private static int sent(Object message) {
        return SerializationExtension.get(KIT.actors().system())
                .serialize(message)
                .get()
                .length;
    }

    private static Reply.Page page(Conversation.Opening opening, List<Turn> turns) {
        return new Reply.Page(opening, true, NOW, turns.size(), turns, Optional.empty());
    }

    private static Reply.Page page(List<Turn> turns) {
        return page(
                new Conversation.Opening(
                        new KnowledgeBaseId("kb"), Optional.of(new UserId("u")), Optional.empty(), NOW),
                turns);
    }

    private static Turn turn(
            Sealed question, List<Sealed> said, int citations, Optional<Ending> ending, Optional<Sealed> comment) {
        return new Turn(
                1_000,
                question,
                Long.MAX_VALUE,
                NOW.plusNanos(123_456_789),
                said,
                citations == 0 ? Optional.empty() : Optional.of(KEY.seal(Json.write(sources(citations)))),
                sources(citations).passages(),
                ending,
                comment.map(c -> new Turn.Feedback(Turn.Rating.DOWN, Optional.of(c), NOW.plusNanos(123_456_789))));
    }

    /** The largest a citation of a web page gets: its title, address and snippet as long as they may be. */
    private static Sources sources(int citations) {
        return new Sources(
                IntStream.rangeClosed(1, citations)
                        .mapToObj(n -> new AnswerEvent.Citation(
                                n,
                                new PassageId("p".repeat(64)),
                                new SourceId("s".repeat(64)),
                                WIDE.repeat(1_000),
                                Optional.of("u".repeat(2_048)),
                                Optional.of(1_000_000),
                                WIDE.repeat(300),
                                1 / 3.0))
                        .toList(),
                1 / 3.0);
    }

    private static Optional<Ending> completed() {
        return Optional.of(new Ending(
                Turn.Status.COMPLETED,
                Optional.of("content_filter"),
                IntStream.rangeClosed(1, 50).boxed().toList(),
                Optional.of(new Ending.Usage(
                        "p".repeat(64), "m".repeat(200), Integer.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE)),
                Optional.of(new Ending.Timings(1 / 3.0, 1 / 3.0, 1 / 3.0)),
                Optional.empty(),
                NOW.plusNanos(123_456_789)));
    }

    private static Optional<Ending> failed() {
        return Optional.of(new Ending(
                Turn.Status.FAILED,
                Optional.empty(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(new Ending.Failure("model-rate-limited", WIDE.repeat(500))),
                NOW));
    }

    /** Whether a page counts such turns for no less than they are. */
    private static void isCounted(Turn turn) {
        int two = sent(page(List.of(turn, turn)));
        int one = sent(page(List.of(turn)));
        assertThat(turn.bytes()).isBetween(two - one, 2 * (two - one));
    }

    @Test
    void aTurnCountsForNoLessThanItIs() {
        Sealed word = KEY.seal("?");
        Optional<Sealed> comment = Optional.of(KEY.seal(WIDE.repeat(5_000)));
        isCounted(turn(word, List.of(word), 0, completed(), Optional.empty()));
        isCounted(turn(word, List.of(word), 0, completed(), comment));
        isCounted(turn(word, List.of(), 50, completed(), Optional.empty()));
        isCounted(turn(word, List.of(), 0, failed(), Optional.empty()));
        isCounted(turn(word, Collections.nCopies(120, word), 0, completed(), Optional.empty()));
    }

    /** Whether a reply may be so long where the longest question is as long as it may be. */
    private static boolean allowed(int reply, int pieces) {
        try {
            return new ConversationSettings(
                                    100_000,
                                    reply,
                                    10,
                                    2,
                                    Duration.ofSeconds(pieces),
                                    Duration.ofSeconds(1),
                                    Duration.ofSeconds(1),
                                    Duration.ofMinutes(5),
                                    Duration.ofSeconds(5),
                                    100,
                                    Duration.ZERO,
                                    true)
                            .longestReply()
                    == reply;
        } catch (IllegalArgumentException tooLong) {
            return false;
        }
    }

    @Test
    void theLargestTurnFitsWithEverythingThatGoesWithIt() {
        int pieces = 500;
        int reply = IntStream.iterate(300_000, longer -> allowed(longer, pieces), longer -> longer + 1_000)
                .max()
                .orElseThrow();
        List<Sealed> said = new ArrayList<>(Collections.nCopies(pieces - 1, KEY.seal("")));
        said.add(KEY.seal(WIDE.repeat(reply)));
        Turn largest =
                turn(KEY.seal(WIDE.repeat(100_000)), said, 50, completed(), Optional.of(KEY.seal(WIDE.repeat(5_000))));
        Map<String, String> metadata = new LinkedHashMap<>();
        for (int i = 10; i < 30; i++) {
            metadata.put(WIDE.repeat(298) + i, WIDE.repeat(300));
        }
        Optional<String> field = Optional.of(WIDE.repeat(300));
        Conversation.Opening opening = new Conversation.Opening(
                new KnowledgeBaseId("k".repeat(64)),
                Optional.of(new UserId("u".repeat(64))),
                Optional.of(KEY.seal(Json.write(new Messages.EndUser(field, field, field, Optional.of(metadata))))),
                NOW);
        ActorRef<ConversationEntity.Command> entity = KIT.ignored();
        int envelope = 10_000;

        assertThat(sent(page(opening, List.of(largest)))).isLessThan(ConversationSettings.FRAME - envelope);
        assertThat(sent(new Heard.Past(largest, entity))).isLessThan(ConversationSettings.FRAME - envelope);
    }
}
