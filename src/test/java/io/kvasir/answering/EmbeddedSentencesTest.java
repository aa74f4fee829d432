package io.kvasir.answering;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.RememberingEmbedder;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class EmbeddedSentencesTest {
    @Test
    void tells_the_cosines() {
        EmbeddedSentences sentences =
                new EmbeddedSentences(new RememberingEmbedder(new Plane(), new RememberingEmbedder.Size(10, 10)));
        assertThat(sentences
                        .similarities(Optional.empty(), "q", List.of("same", "other"))
                        .toCompletableFuture()
                        .join())
                .containsExactly(1, 0);
    }

    /** Two dimensions: questions and "same" on one axis, the rest on the other. */
    private static final class Plane implements Embedder {
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
