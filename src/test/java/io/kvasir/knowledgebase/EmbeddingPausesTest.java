package io.kvasir.knowledgebase;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.ingestion.Reembedding;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import io.kvasir.knowledgebase.domain.Embedding;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent;
import io.kvasir.knowledgebase.domain.Profile;
import io.kvasir.knowledgebase.domain.SearchSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** How long a change of the embedding model waits after failures, and when it does nothing; no actor, no clock. */
class EmbeddingPausesTest {
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
    private static final Embedding OLD = new Embedding("old", 384);
    private static final Embedding NEW = new Embedding("new", 1024);
    private static final Embedding OTHER = new Embedding("other", 768);
    private static final KnowledgeBase WANTS_NONE = KnowledgeBase.NONE.apply(new KnowledgeBaseEvent.Created(
            new UserId("u"),
            new Profile(new Sealed("s", new byte[] {1}), Optional.empty(), "p", "m", Optional.empty(), 0, 1, true),
            new SearchSettings("hybrid", 5, 0.1, 100, 0.7, "none", 0.7, 256, 32, 3_000),
            Optional.of(OLD),
            NOW));

    /** Passes that were begun; none ends by itself. */
    private final List<Reembedding.Task> begun = new ArrayList<>();

    private final EmbeddingChange change = new EmbeddingChange(
            new Scope(new TenantId("t"), KnowledgeBaseId.next()),
            (task, _) -> {
                begun.add(task);
                return new Reembedding.Run() {
                    @Override
                    public CompletionStage<Reembedding.Result> result() {
                        return new CompletableFuture<>();
                    }

                    @Override
                    public void cancel() {}
                };
            },
            new KnowledgeBaseSettings.Reembedding(
                    2, Duration.ofSeconds(2), Duration.ofMinutes(5), Duration.ofSeconds(60)),
            _ -> {});

    private static KnowledgeBase wants(Embedding to) {
        return WANTS_NONE.apply(new KnowledgeBaseEvent.ReembeddingStarted(OLD, to, NOW));
    }

    private void fails() {
        change.heard(new Report.Carried(NEW, new Reembedding.Result.Failed("away")), NOW);
    }

    private Duration failsAndWaits() {
        change.again();
        change.begin(wants(NEW), OLD, true);
        fails();
        return Duration.between(NOW, change.retryAt().orElseThrow());
    }

    @Test
    void waitsEverLongerUpToTheLongestPause() {
        List<Duration> pauses = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            pauses.add(failsAndWaits());
        }

        assertThat(pauses.subList(0, 4))
                .containsExactly(
                        Duration.ofSeconds(2), Duration.ofSeconds(4), Duration.ofSeconds(8), Duration.ofSeconds(16));
        assertThat(pauses.getLast()).isEqualTo(Duration.ofMinutes(5));
        assertThat(pauses).isSorted();
    }

    @Test
    void whatWorkedBeginsFromTheShortestPauseAgain() {
        failsAndWaits();
        failsAndWaits();
        change.again();
        change.begin(wants(NEW), OLD, true);
        change.heard(new Report.Carried(NEW, new Reembedding.Result.Carried(500, 500)), NOW);
        assertThat(change.seen(wants(NEW)).orElseThrow().error()).isEmpty();

        assertThat(failsAndWaits()).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void anotherModelBeginsFromTheShortestPauseAndWithoutTheTrouble() {
        failsAndWaits();
        failsAndWaits();
        change.heard(new Report.Embedding(NEW, new Reembedding.Progress(7, 9)));

        change.begin(wants(OTHER), OLD, true);

        assertThat(begun.getLast().to()).isEqualTo(Sources.space(OTHER));
        assertThat(change.retryAt()).isEmpty();
        Head.Change seen = change.seen(wants(OTHER)).orElseThrow();
        assertThat(seen.error()).isEmpty();
        assertThat(seen.done()).isZero();
        change.heard(new Report.Carried(OTHER, new Reembedding.Result.Failed("away")), NOW);
        assertThat(change.retryAt()).contains(NOW.plusSeconds(2));
    }

    @Test
    void nothingIsBegunWhileItWaits() {
        failsAndWaits();
        int before = begun.size();
        change.begin(wants(NEW), OLD, true);
        assertThat(begun).hasSize(before);

        change.again();
        change.begin(wants(NEW), OLD, true);
        assertThat(begun).hasSize(before + 1);
    }

    @Test
    void newsAndResultsOfAnotherModelCountForNothing() {
        change.begin(wants(NEW), OLD, true);
        change.heard(new Report.Embedding(OTHER, new Reembedding.Progress(7, 9)));
        assertThat(change.seen(wants(NEW)).orElseThrow().done()).isZero();

        change.heard(new Report.Carried(OTHER, new Reembedding.Result.Carried(3, 3)), NOW);
        assertThat(change.closing()).isFalse();
        change.heard(new Report.Carried(OTHER, new Reembedding.Result.Failed("away")), NOW);
        assertThat(change.retryAt()).isEmpty();
    }

    /** The last pass counts only where nothing is written beside it, so it waits for what is being written. */
    @Test
    void theLastPassBeginsWhenAllIsQuietAndOnlyOnce() {
        change.begin(wants(NEW), OLD, false);
        change.heard(new Report.Carried(NEW, new Reembedding.Result.Carried(3, 3)), NOW);
        assertThat(change.closing()).isTrue();
        change.begin(wants(NEW), OLD, false);
        assertThat(begun).hasSize(1);
        change.begin(wants(NEW), OLD, true);
        assertThat(begun).hasSize(2);
        assertThat(begun.getLast().urgent()).isTrue();
        assertThat(change.complete()).isFalse();

        change.heard(new Report.Carried(NEW, new Reembedding.Result.Carried(3, 0)), NOW);

        assertThat(change.complete()).isTrue();
        change.begin(wants(NEW), OLD, true);
        assertThat(begun).as("nothing is left to be done").hasSize(2);

        change.begin(wants(OTHER), OLD, true);
        assertThat(change.complete()).as("of another one nothing is there yet").isFalse();
        assertThat(change.closing()).isFalse();
        assertThat(begun.getLast().to()).isEqualTo(Sources.space(OTHER));
    }

    @Test
    void aLastPassThatWasCancelledLetsWritingGoOn() {
        change.begin(wants(NEW), OLD, true);
        change.heard(new Report.Carried(NEW, new Reembedding.Result.Carried(3, 3)), NOW);
        change.begin(wants(NEW), OLD, true);

        change.heard(new Report.Carried(NEW, new Reembedding.Result.Cancelled()), NOW);

        assertThat(change.closing()).isFalse();
        assertThat(change.complete()).isFalse();
    }
}
