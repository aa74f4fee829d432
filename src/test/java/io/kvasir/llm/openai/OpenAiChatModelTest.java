package io.kvasir.llm.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatFailure.Kind;
import io.kvasir.llm.ChatModel;
import io.kvasir.llm.ChatModel.Message;
import io.kvasir.llm.ChatModel.Part;
import io.kvasir.llm.ChatModel.Speaker;
import io.kvasir.llm.Price;
import io.kvasir.load.FakeLlm;
import io.kvasir.load.FakeReply;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenAiChatModelTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private FakeLlm fake;
    private OpenAiChatModel model;

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @BeforeEach
    void start() {
        fake = FakeLlm.start(0, FakeReply.DEFAULT.with("first=5,rate=500,tokens=26"));
        model = new OpenAiChatModel(KIT.system(), settings(fake.url()));
    }

    @AfterEach
    void close() {
        fake.close();
    }

    @Test
    void streams_the_reply_and_tells_usage_and_cost() throws Exception {
        List<Part> parts = ask("fake");
        assertThat(text(parts)).startsWith("The refund is paid within").contains("🙂", "\"quoted\"");
        Part.Finished finished = (Part.Finished) parts.getLast();
        assertThat(finished.reason()).isEqualTo(ChatModel.FinishReason.STOP);
        assertThat(finished.usage()).isEqualTo(new ChatModel.Usage("fake-provider", "fake", 42, 26, 42 * 2 + 26 * 8));
    }

    @Test
    void tokens_come_as_they_are_sent() throws Exception {
        List<Part> parts = ask("fake:first=5,rate=50,tokens=10");
        assertThat(parts).hasSizeGreaterThan(9);
    }

    @Test
    void sends_what_was_asked_with_the_key() throws Exception {
        ask("fake");
        assertThat(fake.stats().lastAuthorization()).isEqualTo("Bearer sk-test");
        assertThat(fake.stats().lastRequest())
                .contains("\"stream\":true", "\"include_usage\":true", "\"max_tokens\":300", "\"temperature\":0.2")
                .contains("{\"role\":\"system\",\"content\":\"Be brief\"},{\"role\":\"user\",\"content\":\"How?\"}");
    }

    @ParameterizedTest
    @CsvSource({
        "refuse, UNAVAILABLE",
        "hang-header, TIMEOUT",
        "hang, TIMEOUT",
        "html, GARBAGE",
        "broken-json, GARBAGE",
        "huge-line, GARBAGE",
        "cut, CUT_OFF",
        "cut-clean, CUT_OFF",
        "error, UNAVAILABLE",
        "bad-request, REJECTED",
        "unauthorized, REJECTED",
        "rate-limited, RATE_LIMITED",
        "server-error, UNAVAILABLE",
        "unavailable, UNAVAILABLE",
    })
    void every_misbehaviour_before_the_first_token_has_its_kind(String mode, Kind kind) throws Exception {
        ChatFailure failure = failure("fake:mode=" + mode);
        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure).hasMessageNotContaining("sk-123").hasMessageNotContaining("127.0.0.1");
    }

    @ParameterizedTest
    @CsvSource({"hang, TIMEOUT", "broken-json, GARBAGE", "cut, CUT_OFF", "cut-clean, CUT_OFF", "error, UNAVAILABLE"})
    void every_misbehaviour_in_the_middle_has_its_kind_and_is_not_tried_again(String mode, Kind kind) throws Exception {
        StringBuilder said = new StringBuilder();
        ChatFailure failure = failed(model.stream(request("fake:at=5,mode=" + mode))
                .map(part -> {
                    if (part instanceof Part.Text text) {
                        said.append(text.text());
                    }
                    return part;
                })
                .runWith(Sink.ignore(), KIT.system())
                .toCompletableFuture());
        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(said).hasToString("The refund is paid within");
        assertThat(fake.stats().calls()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"refuse", "server-error", "unavailable", "rate-limited", "cut", "error"})
    void what_may_pass_is_tried_again_before_the_first_token(String mode) throws Exception {
        List<Part> parts = ask("fake:fails=2,mode=" + mode);
        assertThat(parts.getLast()).isInstanceOf(Part.Finished.class);
        assertThat(fake.stats().calls()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({"bad-request", "unauthorized", "html", "broken-json"})
    void what_will_not_pass_is_not_tried_again(String mode) throws Exception {
        failure("fake:mode=" + mode);
        assertThat(fake.stats().calls()).isEqualTo(1);
    }

    @Test
    void waits_as_long_as_the_provider_asks() throws Exception {
        Instant before = Instant.now();
        ask("fake:mode=rate-limited,fails=1,retryAfter=1");
        assertThat(Duration.between(before, Instant.now())).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void does_not_wait_longer_than_we_may() throws Exception {
        assertThat(failure("fake:mode=rate-limited,retryAfter=60").kind()).isEqualTo(Kind.RATE_LIMITED);
        assertThat(fake.stats().calls()).isEqualTo(1);
    }

    @Test
    void a_closed_port_is_unavailable() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        model = new OpenAiChatModel(KIT.system(), settings("http://127.0.0.1:" + port + "/v1"));
        assertThat(failure("fake").kind()).isEqualTo(Kind.UNAVAILABLE);
    }

    @Test
    void leaving_in_the_middle_closes_the_connection() {
        UniqueKillSwitch leave = endless("fake:first=1,rate=100,tokens=100000");
        await().until(() -> fake.stats().tokens() > 3);
        leave.shutdown();
        await().until(() -> fake.stats().abandoned() == 1);
        assertThat(fake.stats().open()).isZero();
    }

    @Test
    void leaving_before_the_first_token_closes_the_connection_when_the_response_comes() {
        UniqueKillSwitch leave = endless("fake:first=300,rate=100,tokens=100000");
        await().until(() -> fake.stats().open() == 1);
        leave.shutdown();
        await().until(() -> fake.stats().abandoned() == 1);
    }

    @Test
    void a_slow_reader_is_not_a_silent_provider() throws Exception {
        List<Part> parts = model.stream(request("fake:first=1,rate=0,tokens=30000"))
                .throttle(1, Duration.ofMillis(700))
                .take(3)
                .runWith(Sink.seq(), KIT.system())
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
        assertThat(parts).hasSize(3);
    }

    @Test
    void the_whole_reply_has_its_time_limit() throws Exception {
        assertThat(failure("fake:first=1,rate=20,tokens=100000").kind()).isEqualTo(Kind.TIMEOUT);
        await().until(() -> fake.stats().open() == 0);
    }

    @Test
    void three_hundred_replies_stream_at_once() throws Exception {
        List<CompletableFuture<List<Part>>> replies = IntStream.range(0, 300)
                .mapToObj(_ -> model.stream(request("fake:first=500,rate=100,tokens=26"))
                        .runWith(Sink.seq(), KIT.system())
                        .toCompletableFuture())
                .toList();
        for (CompletableFuture<List<Part>> reply : replies) {
            assertThat(reply.get(15, TimeUnit.SECONDS).getLast()).isInstanceOf(Part.Finished.class);
        }
        // The fake counts a call once its last byte is written, which may be after we have read it.
        org.awaitility.Awaitility.await()
                .untilAsserted(() -> assertThat(fake.stats().finished()).isEqualTo(300));
    }

    @Test
    void a_lone_surrogate_in_a_question_is_sent_as_a_question_mark() throws Exception {
        ChatModel.Request odd = new ChatModel.Request(
                "fake", List.of(new Message(Speaker.USER, "odd \ud800 text")), "odd", List.of(), 0, 10);
        model.stream(odd)
                .runWith(Sink.seq(), KIT.system())
                .toCompletableFuture()
                .get(5, TimeUnit.SECONDS);
        assertThat(fake.stats().lastRequest()).contains("odd ? text");
    }

    @Test
    void settings_do_not_print_the_key() {
        assertThat(settings(fake.url()).toString()).doesNotContain("sk-test");
    }

    private UniqueKillSwitch endless(String name) {
        return model.stream(request(name))
                .viaMat(KillSwitches.single(), Keep.right())
                .toMat(Sink.ignore(), Keep.left())
                .run(KIT.system());
    }

    private List<Part> ask(String name) throws Exception {
        return model.stream(request(name))
                .runWith(Sink.seq(), KIT.system())
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
    }

    private ChatFailure failure(String name) throws Exception {
        return failed(
                model.stream(request(name)).runWith(Sink.ignore(), KIT.system()).toCompletableFuture());
    }

    private static ChatFailure failed(CompletableFuture<?> reply) throws Exception {
        try {
            reply.get(10, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return (ChatFailure) e.getCause();
        }
        throw new AssertionError("it did not fail");
    }

    private static String text(List<Part> parts) {
        return parts.stream()
                .filter(Part.Text.class::isInstance)
                .map(part -> ((Part.Text) part).text())
                .collect(Collectors.joining());
    }

    private static ChatModel.Request request(String name) {
        return new ChatModel.Request(
                name,
                List.of(new Message(Speaker.SYSTEM, "Be brief"), new Message(Speaker.USER, "How?")),
                "How?",
                List.of(),
                0.2,
                300);
    }

    private static OpenAiSettings settings(String url) {
        return new OpenAiSettings(
                "fake-provider",
                URI.create(url),
                Optional.of("sk-test"),
                Map.of("fake", new Price(2_000_000, 8_000_000)),
                "max_tokens",
                new OpenAiSettings.Timeouts(
                        Duration.ofSeconds(1), Duration.ofMillis(2500), Duration.ofMillis(400), Duration.ofSeconds(4)),
                new OpenAiSettings.Retries(3, Duration.ofMillis(20), Duration.ofMillis(1500)),
                new OpenAiSettings.Pool(512, 1024));
    }
}
