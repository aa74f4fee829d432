package io.kvasir.llm.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatFailure.Kind;
import io.kvasir.llm.ChatModel;
import io.kvasir.llm.ChatModel.Message;
import io.kvasir.llm.ChatModel.Part;
import io.kvasir.llm.ChatModel.Speaker;
import io.kvasir.llm.Price;
import io.kvasir.llm.ProviderHealth;
import io.kvasir.llm.openai.OpenAiFormat;
import io.kvasir.load.FakeLlm;
import io.kvasir.load.FakeReply;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Clock;
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

class StreamedChatModelTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private FakeLlm fake;
    private StreamedChatModel model;

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @BeforeEach
    void start() {
        fake = FakeLlm.start(0, FakeReply.DEFAULT.with("first=5,rate=500,tokens=26"));
        model = model(settings(fake.url()));
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
    void waits_as_longestas_the_provider_asks() throws Exception {
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
        model = model(settings("http://127.0.0.1:" + port + "/v1"));
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
    void leaving_before_the_first_token_closes_the_connection_at_once() {
        UniqueKillSwitch leave = endless("fake:first=60000");
        await().until(() -> fake.stats().open() == 1);
        leave.shutdown();
        await().atMost(Duration.ofSeconds(10)).until(() -> fake.stats().abandoned() == 1);
    }

    @Test
    void leaving_before_the_response_closes_the_connection_at_once() {
        UniqueKillSwitch leave = endless("fake:mode=hang-header");
        await().until(() -> fake.stats().open() == 1);
        leave.shutdown();
        await().atMost(Duration.ofSeconds(10)).until(() -> fake.stats().abandoned() == 1);
    }

    @Test
    void leaving_while_waiting_for_a_connection_sends_nothing() throws Exception {
        model = model(with(new ProviderSettings.Pool(1, 4)));
        UniqueKillSwitch first = endless("fake:first=60000");
        await().until(() -> fake.stats().open() == 1);
        UniqueKillSwitch second = endless("fake:first=60000");
        await().until(() -> model.health().waiting() == 1);
        second.shutdown();
        await().until(() -> model.health().waiting() == 0);
        first.shutdown();
        ask("fake");
        assertThat(fake.stats().calls()).isEqualTo(2);
    }

    @Test
    void calls_beyond_the_connections_wait_their_turn_and_beyond_that_are_refused() throws Exception {
        model = model(with(new ProviderSettings.Pool(2, 6)));
        List<CompletableFuture<List<Part>>> replies = IntStream.range(0, 6)
                .mapToObj(_ -> model.stream(request("fake:first=200,rate=0,tokens=3"))
                        .runWith(Sink.seq(), KIT.system())
                        .toCompletableFuture())
                .toList();
        await().until(() -> model.health().waiting() == 4);
        assertThat(failure("fake")).hasMessage("Too many calls wait for the provider");
        for (CompletableFuture<List<Part>> reply : replies) {
            assertThat(reply.get(30, TimeUnit.SECONDS).getLast()).isInstanceOf(Part.Finished.class);
        }
        await().until(() -> model.health().calls() == 0);
    }

    @Test
    void a_connection_serves_one_call_after_the_other() throws Exception {
        model = model(with(new ProviderSettings.Pool(1, 2)));
        for (int i = 0; i < 5; i++) {
            ask("fake:first=1,rate=0,tokens=3");
            await().until(() -> model.health().calls() == 0);
        }
        assertThat(fake.stats().connections()).isEqualTo(1);
    }

    @Test
    void a_connection_that_was_silent_for_long_is_replaced() throws Exception {
        ProviderSettings usual = with(new ProviderSettings.Pool(1, 2));
        Duration longest = Duration.ofSeconds(30);
        Duration silence = Duration.ofSeconds(1); // and five seconds more
        model = model(new ProviderSettings(
                usual.name(),
                usual.baseUrl(),
                usual.apiKey(),
                new ProviderSettings.Timeouts(longest, silence, silence, longest),
                usual.retries(),
                usual.pool(),
                usual.limits(),
                usual.pause()));
        ask("fake:first=1,rate=0,tokens=3");
        await().until(() -> model.health().calls() == 0);
        ask("fake:first=1,rate=0,tokens=3");
        assertThat(fake.stats().connections()).isEqualTo(1);
        await().until(() -> model.health().calls() == 0);
        Thread.sleep(6_500); // the silence itself
        ask("fake:first=1,rate=0,tokens=3");
        assertThat(fake.stats().connections()).isEqualTo(2);
    }

    @Test
    void a_connection_that_was_closed_meanwhile_costs_no_attempt() throws Exception {
        model = model(tryingOnce(1, 2, PAUSE));
        ask("fake:first=1,rate=0,tokens=3");
        await().until(() -> model.health().calls() == 0);
        // The second call on the kept connection is closed without an answer, as by a server that had had enough of it.
        List<Part> parts = ask("fake:mode=refuse,fails=1");
        assertThat(parts.getLast()).isInstanceOf(Part.Finished.class);
    }

    @Test
    void after_failing_in_a_row_the_provider_is_left_alone_and_then_tried_again() throws Exception {
        model = model(tryingOnce(8, 8, new ProviderSettings.Pause(3, Duration.ofMillis(500))));
        for (int i = 0; i < 3; i++) {
            failure("fake:mode=server-error");
        }
        assertThat(model.health().state()).isEqualTo(ProviderHealth.State.PAUSED);
        assertThat(model.health().pausedUntil()).isPresent();
        assertThat(model.health().lastFailure().orElseThrow().kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(failure("fake")).hasMessageContaining("left alone");
        assertThat(fake.stats().calls()).isEqualTo(3);
        await().ignoreExceptions()
                .untilAsserted(
                        () -> assertThat(ask("fake:rate=0,tokens=3").getLast()).isInstanceOf(Part.Finished.class));
        assertThat(model.health().state()).isEqualTo(ProviderHealth.State.UP);
    }

    @Test
    void our_own_full_queue_is_no_failure_of_the_provider() throws Exception {
        model = model(tryingOnce(1, 1, new ProviderSettings.Pause(2, Duration.ofSeconds(10))));
        var busy = model.stream(request("fake:first=1,rate=100,tokens=100")).runWith(Sink.seq(), KIT.system());
        await().until(() -> fake.stats().calls() == 1);
        for (int i = 0; i < 3; i++) {
            assertThat(failure("fake")).hasMessageContaining("Too many calls wait");
        }
        assertThat(model.health().state()).isEqualTo(ProviderHealth.State.UP);
        busy.toCompletableFuture().get(20, TimeUnit.SECONDS);
        await().until(() -> model.health().calls() == 0);
        assertThat(ask("fake:rate=0,tokens=3").getLast()).isInstanceOf(Part.Finished.class);
    }

    @Test
    void our_own_requests_a_minute_are_kept() throws Exception {
        model = model(new ProviderSettings(
                "fake-provider",
                URI.create(fake.url()),
                Optional.empty(),
                TIMEOUTS,
                new ProviderSettings.Retries(3, Duration.ofMillis(1), Duration.ofSeconds(1)),
                new ProviderSettings.Pool(8, 8),
                new ProviderSettings.Limits(2),
                PAUSE));
        ask("fake:rate=0,tokens=3");
        ask("fake:rate=0,tokens=3");
        assertThat(failure("fake").kind()).isEqualTo(Kind.RATE_LIMITED);
        assertThat(fake.stats().calls()).isEqualTo(2);
    }

    @Test
    void a_slow_reader_is_not_a_silent_provider() throws Exception {
        ProviderSettings patient = patient();
        Duration longest = Duration.ofSeconds(30);
        model = model(new ProviderSettings(
                patient.name(),
                patient.baseUrl(),
                patient.apiKey(),
                new ProviderSettings.Timeouts(longest, longest, Duration.ofMillis(400), longest),
                patient.retries(),
                patient.pool(),
                patient.limits(),
                patient.pause()));
        List<Part> parts = model.stream(request("fake:first=1,rate=0,tokens=30000"))
                .throttle(1, Duration.ofMillis(700))
                .take(3)
                .runWith(Sink.seq(), KIT.system())
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
        assertThat(parts).hasSize(3);
    }

    @Test
    void the_whole_reply_has_its_time_limit() throws Exception {
        assertThat(failure("fake:first=1,rate=20,tokens=100000").kind()).isEqualTo(Kind.TIMEOUT);
        await().until(() -> fake.stats().open() == 0);
    }

    @Test
    void three_hundred_replies_stream_at_once() throws Exception {
        model = model(patient());
        List<CompletableFuture<List<Part>>> replies = IntStream.range(0, 300)
                .mapToObj(_ -> model.stream(request("fake:first=500,rate=100,tokens=26"))
                        .runWith(Sink.seq(), KIT.system())
                        .toCompletableFuture())
                .toList();
        for (CompletableFuture<List<Part>> reply : replies) {
            assertThat(reply.get(40, TimeUnit.SECONDS).getLast()).isInstanceOf(Part.Finished.class);
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

    private static final ProviderSettings.Timeouts TIMEOUTS = new ProviderSettings.Timeouts(
            Duration.ofSeconds(1), Duration.ofMillis(2500), Duration.ofMillis(400), Duration.ofSeconds(4));
    private static final ProviderSettings.Pause PAUSE = new ProviderSettings.Pause(10, Duration.ofSeconds(1));

    /** For tests that are about something else than time, however busy the machine is. */
    /** Without a second try. @param connections at once; @param waiting at most, with those */
    private ProviderSettings tryingOnce(int connections, int waiting, ProviderSettings.Pause pause) {
        return new ProviderSettings(
                "fake-provider",
                URI.create(fake.url()),
                Optional.empty(),
                TIMEOUTS,
                new ProviderSettings.Retries(1, Duration.ZERO, Duration.ZERO),
                new ProviderSettings.Pool(connections, waiting),
                new ProviderSettings.Limits(0),
                pause);
    }

    private ProviderSettings patient() {
        return with(new ProviderSettings.Pool(512, 1024));
    }

    private ProviderSettings with(ProviderSettings.Pool pool) {
        ProviderSettings usual = settings(fake.url());
        Duration longest = Duration.ofSeconds(30);
        return new ProviderSettings(
                usual.name(),
                usual.baseUrl(),
                usual.apiKey(),
                new ProviderSettings.Timeouts(longest, longest, longest, longest),
                usual.retries(),
                pool,
                usual.limits(),
                usual.pause());
    }

    private static ProviderSettings settings(String url) {
        return new ProviderSettings(
                "fake-provider",
                URI.create(url),
                Optional.of("sk-test"),
                TIMEOUTS,
                new ProviderSettings.Retries(3, Duration.ofMillis(20), Duration.ofMillis(1500)),
                new ProviderSettings.Pool(512, 1024),
                new ProviderSettings.Limits(0),
                PAUSE);
    }

    private static StreamedChatModel model(ProviderSettings settings) {
        return new StreamedChatModel(
                new Upstream(KIT.system(), settings, Clock.systemUTC()),
                new OpenAiFormat("max_tokens", true, 0),
                Map.of("fake", new Price(2_000_000, 8_000_000)));
    }
}
