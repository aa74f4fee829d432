package io.kvasir.knowledgebase.domain;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.Decision;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.UserId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class KnowledgeBaseTest {
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
    private static final Sealed TEXT = new Sealed("s", new byte[] {1});
    private static final SourceId A = new SourceId("a");
    private static final SourceId B = new SourceId("b");

    private KnowledgeBase kb = born();

    private static final Embedding OLD = new Embedding("old", 384);
    private static final Embedding NEW = new Embedding("new", 1024);
    private static final Embedding THIRD = new Embedding("third", 8);

    @Test
    void anotherEmbeddingTakesOverOnceAllPassagesAreThere() {
        happens(kb.embed(NEW, OLD, NOW));

        assertThat(kb.embedding()).contains(OLD);
        assertThat(kb.reembedding()).contains(new Reembedding(NEW, NOW));
        assertThat(kb.busy()).isTrue();

        happens(kb.reembedded(NEW, Duration.ofMinutes(1), NOW));

        assertThat(kb.embedding()).contains(NEW);
        assertThat(kb.reembedding()).isEmpty();
        assertThat(kb.retired()).containsExactly(new Retired(OLD, NOW.plusSeconds(60)));
        assertThat(kb.busy()).isTrue();

        happens(kb.vectorsErased(OLD, NOW));

        assertThat(kb.retired()).isEmpty();
        assertThat(kb.busy()).isFalse();
    }

    @Test
    void theEmbeddingItHasOrIsOnItsWayToChangesNothing() {
        assertThat(kb.embed(OLD, OLD, NOW)).isEqualTo(Decision.accept());
        happens(kb.embed(NEW, OLD, NOW));

        assertThat(kb.embed(NEW, OLD, NOW)).isEqualTo(Decision.accept());
    }

    @Test
    void wantingTheEmbeddingInServiceEndsTheChange() {
        happens(kb.embed(NEW, OLD, NOW));
        happens(kb.embed(OLD, OLD, NOW));

        assertThat(kb.embedding()).contains(OLD);
        assertThat(kb.reembedding()).isEmpty();
        assertThat(kb.retired()).containsExactly(new Retired(NEW, NOW));
        assertThat(kb.cancelReembedding(NOW)).isEqualTo(Decision.accept());
    }

    @Test
    void wantingAThirdEmbeddingGivesTheSecondUp() {
        happens(kb.embed(NEW, OLD, NOW));
        happens(kb.embed(THIRD, OLD, NOW));

        assertThat(kb.reembedding()).contains(new Reembedding(THIRD, NOW));
        assertThat(kb.retired()).containsExactly(new Retired(NEW, NOW));
        assertThat(kb.reembedded(NEW, Duration.ZERO, NOW)).isEqualTo(Decision.accept());
    }

    @Test
    void vectorsThatAreWantedAgainAreNotErased() {
        happens(kb.embed(NEW, OLD, NOW));
        happens(kb.cancelReembedding(NOW));
        happens(kb.embed(NEW, OLD, NOW));

        assertThat(kb.retired()).isEmpty();
        assertThat(kb.vectorsErased(NEW, NOW)).isEqualTo(Decision.accept());
    }

    @Test
    void aDeletedOneTakesNoOtherEmbedding() {
        happens(kb.embed(NEW, OLD, NOW));
        happens(kb.delete(NOW));

        assertThat(kb.reembedded(NEW, Duration.ZERO, NOW)).isEqualTo(Decision.accept());
        assertThat(kb.embed(THIRD, OLD, NOW)).isInstanceOf(Decision.Reject.class);
        assertThat(kb.reembedding()).isPresent();

        happens(kb.erased(NOW));

        assertThat(kb.reembedding()).isEmpty();
        assertThat(kb.busy()).isFalse();
    }

    /** One with nothing in it. */
    static KnowledgeBase born() {
        return KnowledgeBase.NONE.apply(new KnowledgeBaseEvent.Created(
                new UserId("u"),
                new Profile(TEXT, Optional.empty(), "p", "m", Optional.empty(), 0, 1, true),
                new SearchSettings("hybrid", 5, 0, 100, 0.7, "none", 1, 256, 32, 3_000),
                Optional.empty(),
                NOW));
    }

    static Document.File file() {
        return new Document.File(TEXT, Optional.empty(), 1, "ab", Optional.empty());
    }

    private void happens(Decision<KnowledgeBaseEvent> decision) {
        assertThat(decision).isInstanceOf(Decision.Accept.class);
        ((Decision.Accept<KnowledgeBaseEvent>) decision).events().forEach(event -> kb = kb.apply(event));
    }

    private static List<KnowledgeBaseEvent> events(Decision<KnowledgeBaseEvent> decision) {
        return ((Decision.Accept<KnowledgeBaseEvent>) decision).events();
    }

    private static String refusal(Decision<KnowledgeBaseEvent> decision) {
        Rejection reason = ((Decision.Reject<KnowledgeBaseEvent>) decision).reason();
        return reason instanceof Rejection.Conflict conflict
                ? conflict.code()
                : reason.getClass().getSimpleName();
    }

    private void add(SourceId id, String job) {
        happens(kb.add(new KnowledgeBaseEvent.DocumentAdded(id, file(), new JobId(job), NOW), 100));
    }

    private void stage(SourceId id, String job) {
        happens(kb.staged(new KnowledgeBaseEvent.JobStaged(
                id, new JobId(job), new Document.Read(TEXT, "t", "en", 3, 10), Optional.empty(), NOW)));
    }

    private void publish() {
        happens(kb.publish(NOW));
        happens(kb.published(kb.revision() + 1, NOW));
    }

    private Job.Status status(SourceId id) {
        return kb.document(id).orElseThrow().job().status();
    }

    @Test
    void aDocumentIsCompletedOnceItIsPublished() {
        add(A, "1");
        stage(A, "1");
        assertThat(status(A)).isEqualTo(Job.Status.STAGED);

        publish();

        assertThat(status(A)).isEqualTo(Job.Status.COMPLETED);
        assertThat(kb.revision()).isEqualTo(1);
        assertThat(kb.busy()).isFalse();
    }

    @Test
    void whatIsReadyTogetherIsPublishedTogether() {
        add(A, "1");
        add(B, "2");
        stage(A, "1");
        stage(B, "2");

        assertThat(events(kb.publish(NOW)))
                .containsExactly(new KnowledgeBaseEvent.PublicationStarted(
                        1, List.of(new Version(A, 1), new Version(B, 1)), List.of(), NOW));
    }

    @Test
    void whatASourcePromisedTwiceIsOnePromise() {
        Version version = new Version(A, 1);
        var news = new KnowledgeBaseEvent.ItemsStaged(List.of(version), List.of(), 1, 10, NOW);
        happens(kb.stage(news));
        assertThat(events(kb.stage(news))).isEmpty();
        assertThat(kb.shows(news)).isFalse();

        happens(kb.publish(NOW));
        assertThat(events(kb.stage(news))).as("on its way").isEmpty();
        assertThat(kb.shows(news)).isFalse();

        happens(kb.published(1, NOW));
        assertThat(kb.shows(news)).isTrue();
    }

    private void items(List<Version> added, List<Version> removed) {
        happens(kb.stage(new KnowledgeBaseEvent.ItemsStaged(added, removed, 1, 10, NOW)));
    }

    @Test
    void itemsOfSourcesAreShownAndHiddenWithTheNextPublication() {
        Version old = new Version(A, 1);
        Version fresh = new Version(A, 2);
        items(List.of(old), List.of());
        assertThat(kb.busy()).isTrue();
        publish();
        assertThat(kb.busy()).isFalse();

        items(List.of(fresh), List.of(old));
        assertThat(events(kb.publish(NOW)))
                .containsExactly(new KnowledgeBaseEvent.PublicationStarted(2, List.of(fresh), List.of(old), NOW));
        publish();
        assertThat(kb.garbage()).containsExactly(old);
        assertThat(kb.items()).isEqualTo(new KnowledgeBase.Items(List.of(), 1, 10));
    }

    @Test
    void whatASourceSaysTwiceHappensOnce() {
        Version one = new Version(A, 1);
        items(List.of(one), List.of());
        items(List.of(one), List.of());
        happens(kb.publish(NOW));
        items(List.of(one), List.of());
        happens(kb.published(1, NOW));
        assertThat(kb.busy()).isFalse();
        assertThat(kb.publish(NOW)).isEqualTo(Decision.accept());
    }

    @Test
    void anItemThatGoesBeforeItWasShownIsSwept() {
        Version one = new Version(A, 1);
        items(List.of(one), List.of());
        items(List.of(), List.of(one));
        assertThat(events(kb.publish(NOW))).isEmpty();
        assertThat(kb.garbage()).containsExactly(one);
    }

    @Test
    void onePublicationAtATime() {
        add(A, "1");
        stage(A, "1");
        happens(kb.publish(NOW));
        add(B, "2");
        stage(B, "2");

        assertThat(events(kb.publish(NOW))).isEmpty();
        happens(kb.published(1, NOW));
        assertThat(events(kb.publish(NOW))).hasSize(1);
    }

    @Test
    void aReplacementHidesTheOldVersionInTheSamePublication() {
        add(A, "1");
        stage(A, "1");
        publish();
        happens(kb.begin(A, Optional.of(file()), new JobId("2"), NOW));
        stage(A, "2");

        assertThat(events(kb.publish(NOW)))
                .containsExactly(new KnowledgeBaseEvent.PublicationStarted(
                        2, List.of(new Version(A, 2)), List.of(new Version(A, 1)), NOW));
        publish();
        assertThat(kb.garbage()).containsExactly(new Version(A, 1));
        assertThat(kb.oldFiles()).containsExactly(new OldFile(A, new BlobId("a-1")));
        happens(kb.swept(kb.garbage(), List.of()));
        assertThat(kb.busy()).as("the old file is still there").isTrue();
        happens(kb.swept(List.of(), kb.oldFiles()));
        assertThat(kb.busy()).isFalse();
        assertThat(events(kb.swept(List.of(), List.of(new OldFile(A, new BlobId("a-1"))))))
                .isEmpty();
    }

    @Test
    void everyFileThatIsReplacedIsSweptWhateverVersionWasReadFromIt() {
        add(A, "1");
        stage(A, "1");
        publish();
        happens(kb.begin(A, Optional.empty(), new JobId("2"), NOW));
        stage(A, "2");
        publish();
        Document.File other = new Document.File(TEXT, Optional.empty(), 1, "cd", Optional.of(new BlobId("a-file-x")));
        happens(kb.begin(A, Optional.of(other), new JobId("3"), NOW));

        assertThat(kb.document(A).orElseThrow().blob()).isEqualTo(new BlobId("a-file-x"));
        assertThat(kb.oldFiles()).containsExactly(new OldFile(A, new BlobId("a-1")));
        happens(kb.remove(A, NOW));
        assertThat(kb.oldFiles())
                .containsExactly(new OldFile(A, new BlobId("a-1")), new OldFile(A, new BlobId("a-file-x")));
    }

    @Test
    void aVersionReplacedBeforeItWasPublishedNeverIs() {
        add(A, "1");
        stage(A, "1");
        happens(kb.begin(A, Optional.of(file()), new JobId("2"), NOW));

        assertThat(events(kb.publish(NOW))).isEmpty();
        assertThat(kb.garbage()).containsExactly(new Version(A, 1));
    }

    @Test
    void aVersionReplacedWhileItIsPublishedIsHiddenByTheNext() {
        add(A, "1");
        stage(A, "1");
        happens(kb.publish(NOW));
        happens(kb.begin(A, Optional.of(file()), new JobId("2"), NOW));
        happens(kb.published(1, NOW));
        assertThat(status(A)).isEqualTo(Job.Status.PENDING);
        stage(A, "2");

        assertThat(events(kb.publish(NOW)))
                .containsExactly(new KnowledgeBaseEvent.PublicationStarted(
                        2, List.of(new Version(A, 2)), List.of(new Version(A, 1)), NOW));
    }

    @Test
    void aRemovedDocumentIsHiddenByTheNextPublication() {
        add(A, "1");
        stage(A, "1");
        publish();
        happens(kb.remove(A, NOW));

        assertThat(kb.busy()).isTrue();
        assertThat(events(kb.publish(NOW)))
                .containsExactly(
                        new KnowledgeBaseEvent.PublicationStarted(2, List.of(), List.of(new Version(A, 1)), NOW));
    }

    @Test
    void aDocumentRemovedWhileItIsPublishedIsHiddenByTheNext() {
        add(A, "1");
        stage(A, "1");
        happens(kb.publish(NOW));
        happens(kb.remove(A, NOW));
        happens(kb.published(1, NOW));

        assertThat(events(kb.publish(NOW)))
                .containsExactly(
                        new KnowledgeBaseEvent.PublicationStarted(2, List.of(), List.of(new Version(A, 1)), NOW));
    }

    @Test
    void whatIsPublishedOfADocumentThatWasReplacedAndRemovedMeanwhileIsHiddenByTheNext() {
        add(A, "1");
        stage(A, "1");
        happens(kb.publish(NOW));
        happens(kb.begin(A, Optional.of(file()), new JobId("2"), NOW));
        happens(kb.remove(A, NOW));
        happens(kb.published(1, NOW));

        assertThat(kb.garbage()).containsExactly(new Version(A, 2));
        assertThat(events(kb.publish(NOW)))
                .containsExactly(
                        new KnowledgeBaseEvent.PublicationStarted(2, List.of(), List.of(new Version(A, 1)), NOW));
    }

    @Test
    void aDocumentRemovedBeforeItWasReadIsOnlySwept() {
        add(A, "1");
        happens(kb.remove(A, NOW));

        assertThat(events(kb.publish(NOW))).isEmpty();
        assertThat(kb.garbage()).containsExactly(new Version(A, 1));
    }

    @Test
    void theWordOfAJobThatIsNoLongerWantedChangesNothing() {
        add(A, "1");
        happens(kb.begin(A, Optional.empty(), new JobId("2"), NOW));

        assertThat(events(kb.staged(new KnowledgeBaseEvent.JobStaged(
                        A, new JobId("1"), new Document.Read(TEXT, "t", "en", 3, 10), Optional.empty(), NOW))))
                .isEmpty();
    }

    @Test
    void aCancelledJobCanBeRetriedAndACompletedOneCannot() {
        add(A, "1");
        happens(kb.cancel(new JobId("1"), NOW));
        assertThat(status(A)).isEqualTo(Job.Status.CANCELLED);
        happens(kb.retry(A, new JobId("2"), NOW));
        assertThat(kb.document(A).orElseThrow().job().attempt()).isEqualTo(2);
        stage(A, "2");
        publish();

        assertThat(refusal(kb.retry(A, new JobId("3"), NOW))).isEqualTo("nothing-to-retry");
        assertThat(refusal(kb.cancel(new JobId("2"), NOW))).isEqualTo("job-ended");
    }

    @Test
    void aReadAgainKeepsTheBytesOfTheLastUpload() {
        add(A, "1");
        stage(A, "1");
        publish();
        happens(kb.begin(A, Optional.empty(), new JobId("2"), NOW));

        assertThat(kb.document(A).orElseThrow().blob()).isEqualTo(new BlobId("a-1"));
        assertThat(kb.oldFiles()).isEmpty();
        assertThat(kb.document(A).orElseThrow().version()).isEqualTo(2);
    }

    @Test
    void sharingTwiceKeepsTheAddress() {
        happens(kb.share("one", NOW));
        happens(kb.share("two", NOW));

        assertThat(kb.slug()).contains("one");
    }

    @Test
    void addingADocumentAgainChangesNothing() {
        add(A, "1");

        assertThat(events(kb.add(new KnowledgeBaseEvent.DocumentAdded(A, file(), new JobId("2"), NOW), 1)))
                .isEmpty();
    }

    @Test
    void aDocumentThatWasRemovedIsNotAddedAgain() {
        add(A, "1");
        add(B, "2");
        happens(kb.remove(A, NOW));
        assertThat(refusal(kb.add(new KnowledgeBaseEvent.DocumentAdded(A, file(), new JobId("3"), NOW), 100)))
                .isEqualTo("document-removed");

        happens(kb.remove(B, NOW.plus(Duration.ofDays(3))));

        assertThat(kb.gone()).extracting(Gone::document).containsExactly(B);
    }

    @Test
    void thereIsALimitToDocuments() {
        add(A, "1");

        assertThat(refusal(kb.add(new KnowledgeBaseEvent.DocumentAdded(B, file(), new JobId("2"), NOW), 1)))
                .isEqualTo("too-many-documents");
    }

    @Test
    void nothingHappensToWhatDoesNotExist() {
        for (KnowledgeBase none : List.of(KnowledgeBase.NONE, kb.apply(new KnowledgeBaseEvent.Deleted(NOW)))) {
            assertThat(refusal(none.unshare(NOW))).isEqualTo("NotFound");
            assertThat(refusal(none.delete(NOW))).isEqualTo("NotFound");
            assertThat(refusal(none.remove(A, NOW))).isEqualTo("NotFound");
            assertThat(events(none.publish(NOW))).isEmpty();
        }
        assertThat(refusal(kb.remove(A, NOW))).isEqualTo("NotFound");
        assertThat(refusal(kb.cancel(new JobId("x"), NOW))).isEqualTo("NotFound");
    }

    @Test
    void aDeletedOneIsBusyUntilItIsErased() {
        add(A, "1");
        happens(kb.delete(NOW));
        assertThat(kb.busy()).isTrue();
        happens(kb.erased(NOW));

        assertThat(kb.busy()).isFalse();
        assertThat(kb.documents()).isEmpty();
    }
}
