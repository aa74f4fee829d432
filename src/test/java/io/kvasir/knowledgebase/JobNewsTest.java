package io.kvasir.knowledgebase;

import static io.kvasir.knowledgebase.Surroundings.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.ingestion.Ingestion.Progress;
import io.kvasir.ingestion.Ingestion.Stage;
import io.kvasir.journal.EntityKit;
import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.UserId;
import io.kvasir.knowledgebase.KnowledgeBaseEntity.WatchJobs;
import io.kvasir.knowledgebase.domain.Document;
import io.kvasir.knowledgebase.domain.Embedding;
import io.kvasir.knowledgebase.domain.Job;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How readers come by all news, however much, in pieces that pass between servers. */
class JobNewsTest {
    private static final EntityKit KIT = new EntityKit();
    private static final Serialization WIRE =
            SerializationExtension.get(KIT.actors().system());
    private static final long FRAME =
            KIT.actors().system().settings().config().getBytes("pekko.remote.artery.advanced.maximum-frame-size");
    private static final Embedding MODEL = new Embedding("bge", 384);
    private static final News.OfEmbedding SETTLED = new News.OfEmbedding(MODEL, Optional.empty());

    private final JobNews news = new JobNews(Ids.next());
    private final TestProbe<News> reader = KIT.actors().createTestProbe();
    private KnowledgeBase state = KnowledgeBase.NONE;

    @BeforeEach
    void begin() {
        news.follow(SETTLED);
    }

    @AfterAll
    static void shutDown() {
        KIT.close();
    }

    private static String text(int bytes) {
        return "x".repeat(bytes);
    }

    private static Document document(int number, int textBytes) {
        String subject = "kb/" + Ids.next() + "/" + Ids.next() + "/" + Ids.next();
        return new Document(
                SourceId.next(),
                new Document.File(
                        new Sealed(subject, new byte[textBytes]),
                        Optional.of("text/" + text(textBytes)),
                        10_000,
                        "ab".repeat(32),
                        Optional.of(new BlobId(Ids.next()))),
                2,
                1,
                1,
                Optional.of(new Document.Read(
                        new Sealed(subject, new byte[textBytes]), "application/octet-stream", "en", 20, 9_000)),
                new Job(
                        job(number),
                        Job.Status.FAILED,
                        2,
                        NOW,
                        Optional.of(NOW),
                        Optional.of(NOW),
                        Optional.of(new Job.Error("unsupported-type", text(textBytes)))));
    }

    /** As long as a real one. */
    private static JobId job(int number) {
        return new JobId("%032d".formatted(number));
    }

    private static List<JobId> jobs(int from, int to) {
        return IntStream.range(from, to).mapToObj(JobNewsTest::job).toList();
    }

    private void keeps(List<Document> documents, boolean deleted) {
        KnowledgeBase none = KnowledgeBase.NONE;
        state = new KnowledgeBase(
                Optional.of(new KnowledgeBase.Opening(new UserId("u"), NOW)),
                none.profile(),
                none.search(),
                none.slug(),
                none.revision(),
                documents,
                none.publishing(),
                none.removing(),
                none.garbage(),
                none.oldFiles(),
                none.changedAt(),
                deleted,
                none.erased(),
                none.items(),
                none.embedding(),
                none.reembedding(),
                none.retired(),
                none.gone());
        news.follow(state);
    }

    private void keeps(int documents, int textBytes) {
        keeps(
                IntStream.range(0, documents)
                        .mapToObj(i -> document(i, textBytes))
                        .toList(),
                false);
    }

    private void progresses(JobId job, int percent) {
        news.progressed(job, new Progress(Stage.EMBEDDING, 1, Optional.of(100), percent), NOW);
        news.serve(state);
    }

    private News first() {
        return after("", -1);
    }

    private News after(News last) {
        return after(last.life(), last.sequence());
    }

    private News after(String life, long place) {
        news.ask(new WatchJobs(life, place, reader.ref()), state);
        return reader.receiveMessage();
    }

    /** All there is to tell after a piece that was heard. */
    private List<News> restAfter(News heard) {
        List<News> pieces = new ArrayList<>();
        News last = heard;
        while (!last.over()) {
            news.ask(new WatchJobs(last.life(), last.sequence(), reader.ref()), state);
            // What there is to tell is told before the question returns, but for the way to the probe.
            news.leave(reader.ref());
            reader.ref().tell(END);
            News next = reader.receiveMessage();
            if (next == END) {
                return pieces;
            }
            assertThat(reader.receiveMessage()).isSameAs(END);
            assertThat(next.sequence()).isGreaterThan(last.sequence());
            pieces.add(next);
            last = next;
        }
        return pieces;
    }

    private static final News END = new News("", 0, List.of(), Optional.empty(), false);

    private static List<JobId> jobs(News piece) {
        return piece.changed().stream().map(seen -> seen.document().job().id()).toList();
    }

    private static List<JobId> jobs(List<News> pieces) {
        return pieces.stream().flatMap(piece -> jobs(piece).stream()).toList();
    }

    private static long bytes(News piece) {
        return WIRE.serialize(piece).get().length;
    }

    @Test
    void aNewReaderHearsOfAllDocumentsInPiecesThatFitAFrame() {
        keeps(10_000, 30);
        News first = first();

        List<News> rest = restAfter(first);

        assertThat(jobs(first)).hasSizeGreaterThan(100);
        assertThat(bytes(first)).isLessThan(FRAME / 4);
        assertThat(rest).allSatisfy(piece -> assertThat(bytes(piece)).isLessThan(FRAME / 4));
        List<JobId> told = new ArrayList<>(jobs(first));
        told.addAll(jobs(rest));
        assertThat(told).isEqualTo(jobs(0, 10_000));
    }

    @Test
    void longTextsMakePiecesOfFewDocuments() {
        keeps(500, 8_000);

        News first = first();

        assertThat(bytes(first)).isLessThan(FRAME / 4);
        assertThat(jobs(first).size() + jobs(restAfter(first)).size()).isEqualTo(500);
    }

    @Test
    void aDocumentThatIsAPieceByItselfIsTold() {
        keeps(2, 300_000);
        News first = first();

        assertThat(jobs(first)).containsExactly(job(0));
        assertThat(jobs(restAfter(first))).containsExactly(job(1));
    }

    @Test
    void anotherLifeIsToldFromTheBeginning() {
        keeps(1_000, 30);

        News piece = after(Ids.next(), 900);

        assertThat(jobs(piece)).startsWith(job(0));
        assertThat(jobs(restAfter(piece))).endsWith(job(999));
    }

    @Test
    void whatChangesBetweenTwoPiecesIsToldAsItIsInTheEnd() {
        keeps(1_000, 30);
        News first = first();

        progresses(job(0), 10);
        progresses(job(999), 20);
        progresses(job(0), 30);

        List<News> rest = restAfter(first);
        List<JobId> expected = new ArrayList<>(jobs(jobs(first).size(), 999));
        expected.add(job(999));
        expected.add(job(0));
        assertThat(jobs(rest)).isEqualTo(expected);
        assertThat(rest.getLast().changed().getLast().progress().orElseThrow().percent())
                .isEqualTo(30);
    }

    @Test
    void whatIsRemovedBetweenTwoPiecesIsNotTold() {
        keeps(1_000, 30);
        News first = first();

        keeps(state.documents().subList(0, 999), false);

        assertThat(jobs(restAfter(first))).isEqualTo(jobs(jobs(first).size(), 999));
    }

    @Test
    void whoHasHeardAllWaitsForTheNextChange() {
        keeps(1_000, 30);
        News last = restAfter(first()).getLast();
        news.ask(new WatchJobs(last.life(), last.sequence(), reader.ref()), state);
        reader.expectNoMessage(Duration.ofMillis(50));

        progresses(job(7), 10);

        assertThat(jobs(reader.receiveMessage())).containsExactly(job(7));
    }

    @Test
    void theEmbeddingIsToldOnceAndInItsOrder() {
        keeps(1_000, 30);
        News first = first();
        news.follow(new News.OfEmbedding(new Embedding("other", 8), Optional.empty()));
        progresses(job(0), 10);

        List<News> rest = restAfter(first);

        assertThat(first.embedding()).isEmpty();
        assertThat(rest.stream().flatMap(piece -> piece.embedding().stream())).hasSize(1);
        assertThat(rest.getLast().embedding()).isPresent();
    }

    @Test
    void ofADeletedOneTheLastPieceAloneSaysThatItIsOver() {
        keeps(1_000, 30);
        keeps(state.documents(), true);
        News first = first();

        List<News> rest = restAfter(first);

        assertThat(first.over()).isFalse();
        assertThat(rest.getLast().over()).isTrue();
        assertThat(jobs(first).size() + jobs(rest).size()).isEqualTo(1_000);
    }
}
