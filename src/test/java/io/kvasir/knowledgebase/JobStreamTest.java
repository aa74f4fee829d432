package io.kvasir.knowledgebase;

import static io.kvasir.knowledgebase.Surroundings.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.journal.EntityKit;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.knowledgebase.domain.Embedding;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Where a reader of events goes on that broke off. */
class JobStreamTest {
    private static final EntityKit KIT = new EntityKit();
    private static final Scope SCOPE = new Scope(new TenantId("t"), new KnowledgeBaseId("kb"));
    private static final String LIFE = Ids.next();
    private static final News.OfEmbedding SETTLED = new News.OfEmbedding(new Embedding("bge", 384), Optional.empty());

    private final List<String> asked = new ArrayList<>();

    @AfterAll
    static void shutDown() {
        KIT.close();
    }

    /** Two pieces: what was there, up to place 2, and what came of it, up to place 4 where all is over. */
    private JobStream stream() {
        return new JobStream(
                (_, life, place) -> {
                    asked.add(life + ":" + place);
                    boolean first = !life.equals(LIFE) || place < 2;
                    return CompletableFuture.completedFuture(Optional.of(new News(
                            LIFE, first ? 2 : 4, List.of(), first ? Optional.empty() : Optional.of(SETTLED), !first)));
                },
                (_, news) -> CompletableFuture.completedFuture(
                        news.sequence() == 2
                                ? List.of(doc(Views.Progress.COMPLETED), doc(Views.Progress.FAILED))
                                : List.of(doc(Views.Progress.COMPLETED))));
    }

    private static Views.Doc doc(Views.Progress status) {
        SourceId id = SourceId.next();
        return new Views.Doc(
                id,
                "a.txt",
                "a.txt",
                Optional.empty(),
                Optional.empty(),
                10,
                "ab",
                1,
                true,
                3,
                new Views.JobView(
                        JobId.next(),
                        id,
                        "a.txt",
                        status,
                        Optional.empty(),
                        100,
                        3,
                        Optional.of(3),
                        10,
                        Optional.empty(),
                        Optional.empty(),
                        1,
                        NOW,
                        Optional.of(NOW),
                        Optional.of(NOW)));
    }

    /** Name and id of each. */
    private List<String> events(Optional<String> last) throws Exception {
        return stream()
                .from(SCOPE, last)
                .runWith(Sink.seq(), KIT.actors().system())
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS)
                .stream()
                .map(event -> event.utf8String())
                .filter(event -> event.startsWith("event: "))
                .map(event -> event.lines()
                        .limit(2)
                        .map(line -> line.substring(line.indexOf(' ') + 1).replace(LIFE + ":", ""))
                        .reduce((name, id) -> name + " " + id)
                        .orElseThrow())
                .toList();
    }

    @Test
    void onlyWithTheLastEventOfAPieceIsItsPlaceReached() throws Exception {
        assertThat(events(Optional.empty()))
                .containsExactly(
                        "job.completed 0",
                        "source.changed 0",
                        "job.failed 2",
                        "job.completed 2",
                        "source.changed 2",
                        "embedding.settled 4");
        assertThat(asked).containsExactly(":-1", LIFE + ":2");
    }

    @Test
    void whoBrokeOffWithinAPieceIsToldItAgain() throws Exception {
        assertThat(events(Optional.of(LIFE + ":0"))).hasSize(6).startsWith("job.completed 0");
        assertThat(events(Optional.of(LIFE + ":2"))).hasSize(3).startsWith("job.completed 2");
    }

    @Test
    void whoComesFromAnotherLifeHearsOfThisOneFromTheBeginning() throws Exception {
        assertThat(events(Optional.of(Ids.next() + ":7"))).hasSize(6).startsWith("job.completed 0");
    }
}
