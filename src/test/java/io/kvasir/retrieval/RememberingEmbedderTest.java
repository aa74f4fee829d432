package io.kvasir.retrieval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvasir.kernel.TenantId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class RememberingEmbedderTest {
    private final Slow slow = new Slow();
    private final RememberingEmbedder embedder = new RememberingEmbedder(slow, new RememberingEmbedder.Size(2, 3));

    @Test
    void one_question_is_embedded_once() {
        float[] vector = question("a");
        assertThat(question("a")).isSameAs(vector);
        assertThat(slow.asked).containsExactly("q:a");
    }

    @Test
    void a_question_and_a_sentence_of_the_same_words_are_two() {
        assertThat(question("a")).isNotEqualTo(sentences("a").getFirst());
        assertThat(slow.asked).containsExactly("q:a", "s:[a]");
    }

    @Test
    void who_asks_for_one_that_is_being_made_waits_for_it() {
        slow.now = false;
        CompletableFuture<float[]> first = embedder.embedQuery("a").toCompletableFuture();
        CompletableFuture<float[]> second = embedder.embedQuery("a").toCompletableFuture();
        assertThat(second).isNotDone();
        first.cancel(true);
        slow.finish();
        assertThat(second).isCompleted();
        assertThat(slow.asked).containsExactly("q:a");
    }

    @Test
    void what_was_not_asked_for_longest_is_forgotten_first() {
        question("a");
        question("b");
        question("a");
        question("c");
        question("a");
        assertThat(slow.asked).containsExactly("q:a", "q:b", "q:c");
        question("b");
        assertThat(slow.asked).containsExactly("q:a", "q:b", "q:c", "q:b");
    }

    @Test
    void sentences_not_known_go_on_together_and_all_come_back_in_order() {
        sentences("b");
        assertThat(sentences("a", "b", "c", "a")).extracting(v -> (char) v[0]).containsExactly('a', 'b', 'c', 'a');
        assertThat(slow.asked).containsExactly("s:[b]", "s:[a, c]");
    }

    @Test
    void more_than_are_remembered_come_back_all_the_same() {
        assertThat(sentences("a", "b", "c", "d", "e")).hasSize(5);
        sentences("e");
        assertThat(slow.asked).hasSize(1);
    }

    @Test
    void a_failure_is_told_to_all_who_wait_and_not_remembered() {
        slow.now = false;
        CompletableFuture<float[]> first = embedder.embedQuery("a").toCompletableFuture();
        CompletableFuture<float[]> second = embedder.embedQuery("a").toCompletableFuture();
        slow.waiting.removeFirst().completeExceptionally(new IllegalStateException("away"));
        for (CompletableFuture<float[]> one : List.of(first, second)) {
            assertThatThrownBy(one::join)
                    .isInstanceOf(CompletionException.class)
                    .hasCauseInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("away");
        }
        slow.now = true;
        assertThat(question("a")).isNotEmpty();
    }

    @Test
    void passages_are_not_remembered() {
        embedder.embedPassages(List.of("a"));
        embedder.embedPassages(List.of("a"));
        assertThat(slow.asked).containsExactly("p:[a]", "p:[a]");
    }

    @Test
    void one_at_least_is_remembered() {
        assertThatThrownBy(() -> new RememberingEmbedder.Size(0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new RememberingEmbedder.Size(1, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void what_a_tenant_asked_is_new_to_another() {
        TenantId one = TenantId.next();
        TenantId other = TenantId.next();
        embedder.within(one).embedQuery("a").toCompletableFuture().join();
        embedder.within(one).embedQuery("a").toCompletableFuture().join();
        assertThat(slow.asked).containsExactly("q:a");
        embedder.within(other).embedQuery("a").toCompletableFuture().join();
        embedder.within(other).embedAtOnce(List.of("s")).toCompletableFuture().join();
        embedder.within(one).embedAtOnce(List.of("s")).toCompletableFuture().join();
        assertThat(slow.asked).containsExactly("q:a", "q:a", "s:[s]", "s:[s]");
    }

    @Test
    void one_that_cannot_even_begin_is_made_again_too() {
        slow.broken = true;
        assertThat(embedder.embedQuery("a").toCompletableFuture()).isCompletedExceptionally();
        slow.broken = false;
        assertThat(question("a")).isNotEmpty();
    }

    @Test
    void too_few_vectors_are_a_failure_and_nobody_waits_for_the_rest() {
        slow.few = true;
        assertThat(embedder.embedAtOnce(List.of("a", "b")).toCompletableFuture())
                .isCompletedExceptionally();
        slow.few = false;
        assertThat(sentences("a", "b")).hasSize(2);
    }

    @Test
    void is_what_it_asks_in_all_else_and_closes_it() {
        assertThat(VectorSpace.of(embedder)).isEqualTo(VectorSpace.of(slow));
        assertThat(List.of(embedder.maxTokens(), embedder.countTokens("abc"), embedder.parallelism()))
                .containsExactly(7, 3, 5);
        assertThat(embedder.fluency("x")).isEqualTo(0.25);
        embedder.close();
        assertThat(slow.closed).isTrue();
    }

    private float[] question(String text) {
        return embedder.embedQuery(text).toCompletableFuture().join();
    }

    private List<float[]> sentences(String... texts) {
        return embedder.embedAtOnce(List.of(texts)).toCompletableFuture().join();
    }

    /** Writes down what it is asked, and answers at once or when it is told to. */
    private static final class Slow implements Embedder {
        private final List<String> asked = new ArrayList<>();
        private final List<CompletableFuture<Void>> waiting = new ArrayList<>();
        private boolean now = true;
        private boolean broken;
        private boolean few;
        private boolean closed;

        private CompletionStage<Void> ready(String what) {
            asked.add(what);
            if (broken) {
                throw new IllegalStateException("closed");
            }
            if (now) {
                return CompletableFuture.completedStage(null);
            }
            waiting.add(new CompletableFuture<>());
            return waiting.getLast();
        }

        private void finish() {
            waiting.forEach(one -> one.complete(null));
        }

        @Override
        public String model() {
            return "slow";
        }

        @Override
        public int dimensions() {
            return 2;
        }

        @Override
        public int maxTokens() {
            return 7;
        }

        @Override
        public int countTokens(String text) {
            return text.length();
        }

        @Override
        public double fluency(String text) {
            return 0.25;
        }

        @Override
        public CompletionStage<List<float[]>> embedPassages(List<String> texts) {
            return ready("p:" + texts)
                    .thenApply(_ -> texts.stream().map(Slow::vector).toList());
        }

        @Override
        public CompletionStage<List<float[]>> embedAtOnce(List<String> texts) {
            return ready("s:" + texts)
                    .thenApply(_ ->
                            texts.stream().skip(few ? 1 : 0).map(Slow::vector).toList());
        }

        @Override
        public CompletionStage<float[]> embedQuery(String question) {
            return ready("q:" + question).thenApply(_ -> new float[] {0, question.charAt(0)});
        }

        private static float[] vector(String text) {
            return new float[] {text.charAt(0), 0};
        }

        @Override
        public int parallelism() {
            return 5;
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
