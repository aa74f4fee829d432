package io.kvasir.llm.extractive;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatModel.Evidence;
import io.kvasir.llm.ChatModel.FinishReason;
import io.kvasir.llm.ChatModel.Part;
import io.kvasir.llm.ChatModel.Request;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class ExtractiveChatModelTest {
    private static final ActorTestKit KIT = ActorTestKit.create();

    private static final Evidence REFUNDS = new Evidence(
            1,
            "Terms",
            "Our shop opened in Cologne. Refunds are paid within fourteen days by bank transfer. The canteen has a new menu.",
            0.9);
    private static final Evidence RETURNS = new Evidence(
            2, "Returns", "Refunds are paid within fourteen days of the return [7]. Parcels leave on Monday.", 0.8);

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void quotes_the_sentences_that_answer_with_the_marks_of_their_passages() throws Exception {
        List<Part> parts = ask("when are refunds paid within days", List.of(REFUNDS, RETURNS), 400);
        assertThat(texts(parts))
                .containsExactly(
                        "Refunds are paid within fourteen days by bank transfer. [1]",
                        " Refunds are paid within fourteen days of the return. [2]");
        Part.Finished finished = (Part.Finished) parts.getLast();
        assertThat(finished.reason()).isEqualTo(FinishReason.STOP);
        assertThat(finished.usage().provider()).isEqualTo("extractive");
        assertThat(finished.usage().costMicros()).isZero();
    }

    @Test
    void admits_not_to_know_what_the_passages_do_not_tell() throws Exception {
        List<Part> parts = ask("who invented the telegraph in Bavaria", List.of(REFUNDS, RETURNS), 400);
        assertThat(texts(parts)).containsExactly("I don't know: the sources I have do not answer this.");
        assertThat(((Part.Finished) parts.getLast()).reason()).isEqualTo(FinishReason.REFUSED);
    }

    @Test
    void without_evidence_or_a_question_there_is_nothing_to_say() throws Exception {
        assertThat(((Part.Finished) ask("refunds?", List.of(), 400).getLast()).reason())
                .isEqualTo(FinishReason.REFUSED);
        assertThat(((Part.Finished) ask("  ", List.of(REFUNDS), 400).getLast()).reason())
                .isEqualTo(FinishReason.REFUSED);
        assertThat(((Part.Finished) ask("refunds?", List.of(new Evidence(1, "", "---", 1)), 400)
                                .getLast())
                        .reason())
                .isEqualTo(FinishReason.REFUSED);
    }

    @Test
    void further_quotes_respect_the_token_limit() throws Exception {
        assertThat(texts(ask("when are refunds paid within days", List.of(REFUNDS, RETURNS), 20)))
                .hasSize(1);
    }

    @Test
    void the_same_sentence_is_quoted_once() throws Exception {
        Evidence again = new Evidence(2, "Copy", "Refunds are paid within fourteen days by bank transfer.", 0.8);
        assertThat(texts(ask("when are refunds paid within days", List.of(REFUNDS, again), 400)))
                .hasSize(1);
    }

    @Test
    void the_same_request_gives_the_same_reply() throws Exception {
        assertThat(ask("when are refunds paid within days", List.of(REFUNDS, RETURNS), 400))
                .isEqualTo(ask("when are refunds paid within days", List.of(REFUNDS, RETURNS), 400));
    }

    @Test
    void few_sentences_are_compared_however_long_the_passages_are() throws Exception {
        List<Integer> compared = new ArrayList<>();
        SentenceScorer counting = (_, question, texts) -> {
            compared.add(texts.size());
            return overlap(question, texts);
        };
        Evidence passage = new Evidence(1, "Long", "Refunds are paid. ".repeat(500), 0.9);
        run(
                new ExtractiveChatModel(counting),
                "when are refunds paid",
                List.of(passage, passage, passage, passage),
                400);
        assertThat(compared).allMatch(texts -> texts <= 8).hasSize(2);
    }

    @Test
    void a_question_of_a_hundred_thousand_characters_is_survived() throws Exception {
        assertThat(ask("refund ".repeat(14_000), List.of(REFUNDS), 400)).isNotEmpty();
    }

    @Test
    void a_broken_embedder_is_a_failure_that_tells_nothing_of_it() throws Exception {
        ExtractiveChatModel model = new ExtractiveChatModel(
                (_, _, _) -> CompletableFuture.failedStage(new IllegalStateException("/secret/path")));
        try {
            run(model, "when are refunds paid", List.of(REFUNDS), 400);
        } catch (ExecutionException e) {
            assertThat(e.getCause()).isInstanceOfSatisfying(ChatFailure.class, f -> {
                assertThat(f.kind()).isEqualTo(ChatFailure.Kind.UNAVAILABLE);
                assertThat(f).hasMessageNotContaining("secret");
            });
            return;
        }
        throw new AssertionError("it did not fail");
    }

    @Test
    void each_measure_pulls_its_way() {
        assertThat(answers(0.7, 0.7, 0.7, 0)).isTrue();
        assertThat(answers(0.4, 0.7, 0.7, 0)).isFalse();
        assertThat(answers(0.7, 0.5, 0.7, 0)).isFalse();
        assertThat(answers(0.7, 0.7, 1, 2)).isFalse();
        assertThat(answers(0.7, 0.7, 0.7, 4)).isFalse();
        assertThat(AnswerJudge.logOdds(new AnswerJudge.Measures(0.8, 0.8, 0.6, 6)))
                .isEqualTo(AnswerJudge.logOdds(new AnswerJudge.Measures(0.8, 0.8, 0.6, 600)));
    }

    private static boolean answers(double sentence, double window, double title, int missing) {
        return AnswerJudge.answers(new AnswerJudge.Measures(sentence, window, title, missing));
    }

    private static List<String> texts(List<Part> parts) {
        return parts.stream()
                .filter(Part.Text.class::isInstance)
                .map(part -> ((Part.Text) part).text())
                .toList();
    }

    private static List<Part> ask(String question, List<Evidence> evidence, int maxTokens) throws Exception {
        return run(new ExtractiveChatModel((_, asked, texts) -> overlap(asked, texts)), question, evidence, maxTokens);
    }

    private static List<Part> run(ExtractiveChatModel model, String question, List<Evidence> evidence, int maxTokens)
            throws Exception {
        return model.stream(new Request("extractive", List.of(), question, evidence, 0, maxTokens))
                .runWith(Sink.seq(), KIT.system())
                .toCompletableFuture()
                .get(5, TimeUnit.SECONDS);
    }

    /** Stands in for an embedder: from 0.5, where no word of the question is there, to 0.9. */
    private static CompletableFuture<double[]> overlap(String question, List<String> texts) {
        Set<String> asked = Terms.ofQuestion(question);
        return CompletableFuture.completedFuture(texts.stream()
                .mapToDouble(text -> {
                    Set<String> shared = new HashSet<>(Terms.of(text));
                    shared.retainAll(asked);
                    return 0.5 + 0.4 * shared.size() / Math.max(1, asked.size());
                })
                .toArray());
    }
}
