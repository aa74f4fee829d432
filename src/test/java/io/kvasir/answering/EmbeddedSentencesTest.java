package io.kvasir.answering;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.retrieval.Embedder;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class EmbeddedSentencesTest {
    @Test
    void tells_the_cosines_and_embeds_a_question_once() {
        Plane embedder = new Plane();
        EmbeddedSentences sentences = new EmbeddedSentences(embedder);
        assertThat(sentences
                        .similarities("q", List.of("same", "other"))
                        .toCompletableFuture()
                        .join())
                .containsExactly(1, 0);
        sentences.similarities("q", List.of("same")).toCompletableFuture().join();
        assertThat(embedder.questions).isEqualTo(1);
    }

    @Test
    void a_failure_is_not_remembered() {
        Plane embedder = new Plane();
        EmbeddedSentences sentences = new EmbeddedSentences(embedder);
        embedder.broken = true;
        assertThat(sentences.similarities("q", List.of("same")).toCompletableFuture())
                .isCompletedExceptionally();
        embedder.broken = false;
        assertThat(sentences
                        .similarities("q", List.of("same"))
                        .toCompletableFuture()
                        .join())
                .containsExactly(1);
    }

    @Test
    void forgets_old_questions() {
        Plane embedder = new Plane();
        EmbeddedSentences sentences = new EmbeddedSentences(embedder);
        for (int i = 0; i <= 64; i++) {
            sentences
                    .similarities("q" + i, List.of("same"))
                    .toCompletableFuture()
                    .join();
        }
        sentences.similarities("q0", List.of("same")).toCompletableFuture().join();
        assertThat(embedder.questions).isEqualTo(66);
    }

    /** Two dimensions: questions and "same" on one axis, the rest on the other. */
    private static final class Plane implements Embedder {
        private int questions;
        private boolean broken;

        @Override
        public String model() {
            return "plane";
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
        public double fluency(String text) {
            return 1;
        }

        @Override
        public CompletionStage<List<float[]>> embedPassages(List<String> texts) {
            return CompletableFuture.failedStage(new AssertionError("would wait behind ingestion"));
        }

        @Override
        public CompletionStage<List<float[]>> embedAtOnce(List<String> texts) {
            return CompletableFuture.completedStage(texts.stream()
                    .map(text -> text.equals("same") ? new float[] {1, 0} : new float[] {0, 1})
                    .toList());
        }

        @Override
        public CompletionStage<float[]> embedQuery(String question) {
            if (broken) {
                return CompletableFuture.failedStage(new IllegalStateException("broken"));
            }
            questions++;
            return CompletableFuture.completedStage(new float[] {1, 0});
        }

        @Override
        public int parallelism() {
            return 1;
        }

        @Override
        public void close() {}
    }
}
