package io.kvasir.answering;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.answering.AnswerEvent.Failed;
import io.kvasir.answering.AnswerEvent.Finished;
import io.kvasir.answering.AnswerEvent.Retrieved;
import io.kvasir.answering.AnswerEvent.Text;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TraceParent;
import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatModel;
import io.kvasir.llm.ChatModel.FinishReason;
import io.kvasir.llm.ChatModel.Part;
import io.kvasir.llm.ChatModels;
import io.kvasir.retrieval.Retrieval;
import io.kvasir.retrieval.RetrievalSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class AnswererTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final ChatModel.Usage USAGE = new ChatModel.Usage("fake", "m", 10, 5, 3);

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void announces_the_passages_streams_the_text_and_tells_what_was_cited() throws Exception {
        List<AnswerEvent> events = ask(says("Paid ", "[", "2", "] and [9", "]", "."), "How?");
        assertThat(((Retrieved) events.getFirst()).citations())
                .extracting(c -> c.n() + c.title())
                .containsExactly("1A", "2B");
        assertThat(text(events)).isEqualTo("Paid [2] and .");
        Finished finished = (Finished) events.getLast();
        assertThat(finished.reason()).isEqualTo(FinishReason.STOP);
        assertThat(finished.cited()).containsExactly(2);
        assertThat(finished.usage()).isEqualTo(USAGE);
        assertThat(finished.timings().totalMs())
                .isGreaterThanOrEqualTo(finished.timings().firstTokenMs());
    }

    @Test
    void what_was_held_back_comes_before_the_finish() throws Exception {
        List<AnswerEvent> events = ask(says("open [1"), "How?");
        assertThat(text(events)).isEqualTo("open [1");
        assertThat(events.getLast()).isInstanceOf(Finished.class);
    }

    @Test
    void a_failing_model_ends_the_stream_with_its_reason_after_what_was_said() throws Exception {
        List<AnswerEvent> events = ask(
                Source.from(List.<Part>of(new Part.Text("Paid [1"), new Part.Text("")))
                        .map(part -> {
                            if (((Part.Text) part).text().isEmpty()) {
                                throw new ChatFailure(ChatFailure.Kind.CUT_OFF, "broke off");
                            }
                            return part;
                        }),
                "How?");
        assertThat(text(events)).isEqualTo("Paid [1");
        assertThat(events.getLast()).isEqualTo(new Failed("llm-cut-off", "broke off"));
    }

    @Test
    void a_model_that_fails_at_once_is_still_told_after_the_passages() throws Exception {
        List<AnswerEvent> events = ask(Source.failed(new ChatFailure(ChatFailure.Kind.REJECTED, "no key")), "How?");
        assertThat(events).hasSize(2);
        assertThat(events.getFirst()).isInstanceOf(Retrieved.class);
        assertThat(events.getLast()).isEqualTo(new Failed("llm-rejected", "no key"));
    }

    @Test
    void an_unexpected_fault_leaks_nothing() throws Exception {
        List<AnswerEvent> events = ask(Source.failed(new IllegalStateException("secret host")), "How?");
        assertThat(events.getLast()).isEqualTo(new Failed("internal-error", "The answer could not be given"));
    }

    @Test
    void a_model_that_just_stops_was_cut_off() throws Exception {
        List<AnswerEvent> events = ask(Source.single(new Part.Text("Paid")), "How?");
        assertThat(events.getLast())
                .isInstanceOfSatisfying(Failed.class, f -> assertThat(f.code()).isEqualTo("llm-cut-off"));
    }

    @Test
    void nothing_found_is_admitted_without_asking_the_model() throws Exception {
        List<AnswerEvent> events = run(
                answerer(Source.failed(new AssertionError("asked")), (_, _, _, _, _) -> done(List.of())),
                Asked.question("Wie lange dauert das und was ist es?", List.of(), 1000));
        assertThat(text(events)).startsWith("Das weiß ich nicht");
        assertThat(events.getLast()).isInstanceOfSatisfying(Finished.class, f -> {
            assertThat(f.reason()).isEqualTo(FinishReason.REFUSED);
            assertThat(f.usage().promptTokens()).isZero();
        });
    }

    @Test
    void a_broken_search_is_told() throws Exception {
        List<AnswerEvent> events = run(
                answerer(
                        says("x"),
                        (_, _, _, _, _) -> CompletableFuture.failedStage(new IllegalStateException("disk /var/x"))),
                Asked.question("How?", List.of(), 1000));
        assertThat(events).containsExactly(new Failed("retrieval-failed", "The knowledge base could not be searched"));
    }

    @Test
    void an_index_that_is_away_is_told_apart() throws Exception {
        List<AnswerEvent> events = run(
                answerer(
                        says("x"),
                        (_, _, _, _, _) -> CompletableFuture.failedStage(new io.kvasir.http.Problems.Unavailable(
                                "The search index is away at the moment", java.time.Duration.ofSeconds(5)))),
                Asked.question("How?", List.of(), 1000));
        assertThat(events)
                .containsExactly(new Failed(
                        "index-unavailable", "The search index is away at the moment; please ask again in a while"));
    }

    @Test
    void an_unknown_provider_is_told() throws Exception {
        Answerer answerer = new Answerer(
                (_, _, _, _, _) -> done(List.of(Asked.found("A", "alpha"))),
                new ChatModels(List.of()),
                new AnsweringSettings(100, 80));
        List<AnswerEvent> events = run(answerer, Asked.question("How?", List.of(), 1000));
        assertThat(events.getLast())
                .isInstanceOfSatisfying(Failed.class, f -> assertThat(f.code()).isEqualTo("llm-unknown"));
    }

    @Test
    void a_follow_up_is_searched_with_its_subject_and_asked_as_it_stands() throws Exception {
        List<String> searched = new ArrayList<>();
        List<ChatModel.Request> requests = new ArrayList<>();
        Answerer answerer = new Answerer(
                (_, _, _, question, _) -> {
                    searched.add(question);
                    return done(List.of(Asked.found("A", "alpha")));
                },
                models(request -> {
                    requests.add(request);
                    return says("ok");
                }),
                new AnsweringSettings(100, 80));
        run(answerer, Asked.question("Why?", List.of(new Question.Exchange("Are refunds slow?", "Yes")), 1000));
        assertThat(searched).containsExactly("Are refunds slow? Why?");
        assertThat(requests.getFirst().question()).isEqualTo("Why?");
    }

    @Test
    void what_is_expected_is_what_will_be_searched_for() {
        List<String> expected = new ArrayList<>();
        Answerer answerer = answerer(says("x"), new Answerer.Retrieve() {
            @Override
            public void expect(Scope scope, RetrievalSettings settings, String question) {
                expected.add(question);
            }

            @Override
            public CompletionStage<Retrieval> apply(
                    Scope scope,
                    long revision,
                    RetrievalSettings settings,
                    String question,
                    Optional<TraceParent> trace) {
                throw new AssertionError("it is not asked yet");
            }
        });
        answerer.expect(Asked.question("Why?", List.of(new Question.Exchange("Are refunds slow?", "Yes")), 1000));
        new PreparedAnswers(
                        (_, _) -> {
                            throw new AssertionError("it is not asked yet");
                        },
                        answerer,
                        new AnsweringSettings(100, 80))
                .expect(Asked.question("How?", List.of(), 1000));
        assertThat(expected).containsExactly("Are refunds slow? Why?", "How?");
    }

    @Test
    void leaving_cancels_the_model() {
        AtomicBoolean cancelled = new AtomicBoolean();
        Source<Part, NotUsed> endless = Source.<Part>repeat(new Part.Text("x")).watchTermination((none, end) -> {
            end.whenComplete((_, _) -> cancelled.set(true));
            return none;
        });
        Answerer answerer = answerer(endless, (_, _, _, _, _) -> done(List.of(Asked.found("A", "alpha"))));
        answerer.answer(Asked.question("How?", List.of(), 1000)).take(5).runWith(Sink.ignore(), KIT.system());
        await().untilTrue(cancelled);
    }

    @Test
    void nothing_happens_before_it_is_run() {
        AtomicBoolean searched = new AtomicBoolean();
        answerer(says("x"), (_, _, _, _, _) -> {
                    searched.set(true);
                    return done(List.of());
                })
                .answer(Asked.question("How?", List.of(), 1000));
        assertThat(searched).isFalse();
    }

    @Test
    void a_snippet_is_cut_between_words() throws Exception {
        Answerer answerer =
                answerer(says("x"), (_, _, _, _, _) -> done(List.of(Asked.found("A", "lengthy ".repeat(50)))));
        List<AnswerEvent> events = run(answerer, Asked.question("How?", List.of(), 1000));
        assertThat(((Retrieved) events.getFirst()).citations().getFirst().snippet())
                .hasSizeLessThanOrEqualTo(80)
                .endsWith("lengthy…");
    }

    private static String text(List<AnswerEvent> events) {
        return events.stream()
                .filter(Text.class::isInstance)
                .map(event -> ((Text) event).text())
                .collect(Collectors.joining());
    }

    private static Source<Part, NotUsed> says(String... pieces) {
        List<Part> parts = new ArrayList<>();
        for (String piece : pieces) {
            parts.add(new Part.Text(piece));
        }
        parts.add(new Part.Finished(FinishReason.STOP, USAGE));
        return Source.from(parts);
    }

    private static List<AnswerEvent> ask(Source<Part, NotUsed> model, String question) throws Exception {
        return run(
                answerer(model, (_, _, _, _, _) -> done(List.of(Asked.found("A", "alpha"), Asked.found("B", "beta")))),
                Asked.question(question, List.of(), 1000));
    }

    private static List<AnswerEvent> run(Answerer answerer, Question question) throws Exception {
        return answerer.answer(question)
                .toMat(Sink.seq(), Keep.right())
                .run(KIT.system())
                .toCompletableFuture()
                .get(5, TimeUnit.SECONDS);
    }

    private static Answerer answerer(Source<Part, NotUsed> model, Answerer.Retrieve retrieve) {
        return new Answerer(retrieve, models(_ -> model), new AnsweringSettings(100, 80));
    }

    private interface Talks {
        Source<Part, NotUsed> about(ChatModel.Request request);
    }

    private static ChatModels models(Talks talks) {
        ChatModel model = new ChatModel() {
            @Override
            public Source<Part, NotUsed> stream(Request request) {
                return talks.about(request);
            }

            @Override
            public String provider() {
                return "fake";
            }
        };
        return new ChatModels(List.of(new ChatModels.Provider(model, List.of("m"), Optional.empty())));
    }

    private static CompletionStage<Retrieval> done(List<Retrieval.Found> found) {
        return CompletableFuture.completedStage(new Retrieval(found, new Retrieval.Timings(1, 1, 1, 3)));
    }
}
