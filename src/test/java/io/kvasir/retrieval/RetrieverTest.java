package io.kvasir.retrieval;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.PassageIndex.Candidates;
import io.kvasir.retrieval.PassageIndex.Query;
import io.kvasir.retrieval.PassageIndex.Scored;
import io.kvasir.retrieval.RetrievalSettings.Rerank;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What becomes of candidates and a vector; where they come from is held by other tests. */
class RetrieverTest {
    private static final Scope SCOPE = new Scope(TenantId.next(), KnowledgeBaseId.next());
    private static final SourceVersion SOURCE = new SourceVersion(new SourceId("s"), 1);

    private final Legs index = new Legs();
    private final OneVector embedder = new OneVector();
    private final Retriever retriever = new Retriever(index, embedder);

    private static RetrievalSettings settings(SearchMode mode, int most, double threshold, Rerank rerank) {
        return new RetrievalSettings(mode, most, threshold, 50, 0.7, rerank, 0.5, 400, 50, 2_000);
    }

    private Retrieval retrieve(RetrievalSettings settings) {
        return retriever
                .retrieve(SCOPE, 3, settings, "question")
                .toCompletableFuture()
                .join();
    }

    private static List<String> ids(Retrieval retrieval) {
        return retrieval.results().stream().map(f -> f.passage().id().value()).toList();
    }

    @Test
    void fusesBothLegsAndExplainsEachStage() {
        Retrieval found = retrieve(settings(SearchMode.HYBRID, 5, 0, Rerank.NONE));

        assertThat(ids(found)).containsExactly("both", "near", "word");
        assertThat(found.results().getFirst().stages())
                .containsEntry("dense", new Retrieval.Stage(2, 0.8))
                .containsEntry("keyword", new Retrieval.Stage(1, 6))
                .containsKey("fusion")
                .doesNotContainKey("mmr");
        assertThat(found.results().get(1).stages()).doesNotContainKey("keyword");
    }

    @Test
    void asksOneScopeAtOneRevision() {
        retrieve(settings(SearchMode.HYBRID, 5, 0, Rerank.NONE));

        assertThat(index.asked).hasSize(2).allMatch(call -> call.equals(SCOPE.key() + "@3"));
    }

    @Test
    void keywordModeEmbedsNothing() {
        embedder.vector = CompletableFuture.failedFuture(new IllegalStateException("away"));

        assertThat(ids(retrieve(settings(SearchMode.KEYWORD, 5, 0, Rerank.NONE))))
                .containsExactly("both", "word");
    }

    @Test
    void denseModeLooksUpNoWords() {
        assertThat(ids(retrieve(settings(SearchMode.DENSE, 5, 0, Rerank.NONE)))).containsExactly("near", "both");
    }

    @Test
    void wordsAreLookedUpWhileTheQuestionIsEmbedded() {
        embedder.vector = new CompletableFuture<>();
        CompletableFuture<Retrieval> found = retriever
                .retrieve(SCOPE, 3, settings(SearchMode.HYBRID, 5, 0, Rerank.NONE), "question")
                .toCompletableFuture();

        assertThat(index.asked).hasSize(1);
        assertThat(found).isNotDone();
        embedder.vector.complete(new float[] {1, 0});
        assertThat(found).succeedsWithin(Duration.ofSeconds(5));
    }

    @Test
    void aQuestionThatIsExpectedIsEmbeddedAlready() {
        RetrievalSettings settings = settings(SearchMode.HYBRID, 5, 0, Rerank.NONE);
        retriever.expect(SCOPE, settings, "question");
        assertThat(embedder.asked).containsExactly("question");
        assertThat(index.asked).isEmpty();
    }

    @Test
    void nothingIsEmbeddedForWhatIsSearchedByWordsAlone() {
        retriever.expect(SCOPE, settings(SearchMode.KEYWORD, 5, 0, Rerank.NONE), "question");
        assertThat(embedder.asked).isEmpty();
    }

    @Test
    void anExpectationThatFailsIsNobodysFault() {
        new Retriever(_ -> CompletableFuture.failedStage(new IllegalStateException("away")))
                .expect(SCOPE, settings(SearchMode.HYBRID, 5, 0, Rerank.NONE), "question");
        new Retriever(_ -> CompletableFuture.completedStage(Optional.empty()))
                .expect(SCOPE, settings(SearchMode.HYBRID, 5, 0, Rerank.NONE), "question");
    }

    @Test
    void cutsAtTheThreshold() {
        List<Retrieval.Found> all =
                retrieve(settings(SearchMode.HYBRID, 5, 0, Rerank.NONE)).results();
        double between = (all.get(0).score() + all.get(1).score()) / 2;

        assertThat(ids(retrieve(settings(SearchMode.HYBRID, 5, between, Rerank.NONE))))
                .containsExactly("both");
    }

    @Test
    void givesNoMoreThanAsked() {
        assertThat(retrieve(settings(SearchMode.HYBRID, 1, 0, Rerank.NONE)).results())
                .hasSize(1);
        assertThat(retrieve(settings(SearchMode.HYBRID, 1, 0, Rerank.MMR)).results())
                .hasSize(1);
    }

    @Test
    void diversityShowsAsAStage() {
        assertThat(retrieve(settings(SearchMode.HYBRID, 2, 0, Rerank.MMR)).results())
                .allSatisfy(found -> assertThat(found.stages()).containsKey("mmr"));
    }

    @Test
    void failsWhereTheEmbedderIsAway() {
        embedder.vector = CompletableFuture.failedFuture(new IllegalStateException("away"));

        assertThat(retriever
                        .retrieve(SCOPE, 3, settings(SearchMode.HYBRID, 5, 0, Rerank.NONE), "question")
                        .toCompletableFuture())
                .isCompletedExceptionally();
    }

    @Test
    void findsNothingWhereNothingIs() {
        index.empty = true;

        assertThat(retrieve(settings(SearchMode.HYBRID, 5, 0, Rerank.MMR)).results())
                .isEmpty();
    }

    private static Scored scored(String id, double score) {
        Passage passage = new Passage(
                new PassageId(id), SOURCE, 0, "t", Optional.empty(), id, 0, 1, Optional.empty(), List.of(), "en");
        return new Scored(passage, score);
    }

    /** Three passages: one near in meaning, one with the words, one with both. */
    private static final class Legs implements PassageIndex {
        private final List<String> asked = new ArrayList<>();
        private boolean empty;

        @Override
        public CompletionStage<Candidates> search(Scope scope, long revision, Query query) {
            asked.add(scope.key() + "@" + revision);
            boolean dense = query.mode() != SearchMode.KEYWORD && !empty;
            boolean keyword = query.mode() != SearchMode.DENSE && !empty;
            return CompletableFuture.completedFuture(new Candidates(
                    dense ? List.of(scored("near", 0.9), scored("both", 0.8)) : List.of(),
                    keyword ? List.of(scored("both", 6), scored("word", 5)) : List.of(),
                    keyword ? 10 : 0,
                    Map.of(
                            new PassageId("near"), new float[] {0.9f, 0.435f},
                            new PassageId("both"), new float[] {0.8f, 0.6f},
                            new PassageId("word"), new float[] {0.1f, 0.995f})));
        }

        @Override
        public CompletionStage<Void> stage(Scope scope, List<EmbeddedPassage> passages) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Void> publish(
                Scope scope, long revision, Set<SourceVersion> added, Set<SourceVersion> removed) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Void> discard(Scope scope, SourceVersion source) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Void> purge(Scope scope, long oldestKept) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Void> erase(Scope scope) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Map<PassageId, Passage>> passages(Scope scope, Set<PassageId> ids) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Long> count(Scope scope, long revision) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }

    private static final class OneVector implements Embedder {
        private final List<String> asked = new ArrayList<>();
        private CompletableFuture<float[]> vector = CompletableFuture.completedFuture(new float[] {1, 0});

        @Override
        public CompletionStage<float[]> embedQuery(String question) {
            asked.add(question);
            return vector;
        }

        @Override
        public double fluency(String text) {
            return 1;
        }

        @Override
        public String model() {
            return "two";
        }

        @Override
        public int dimensions() {
            return 2;
        }

        @Override
        public int maxTokens() {
            return 512;
        }

        @Override
        public int countTokens(String text) {
            return text.length();
        }

        @Override
        public CompletionStage<List<float[]>> embedPassages(List<String> texts) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int parallelism() {
            return 1;
        }

        @Override
        public void close() {}
    }
}
