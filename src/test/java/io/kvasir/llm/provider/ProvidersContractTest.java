package io.kvasir.llm.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatFailure.Kind;
import io.kvasir.llm.ChatModel;
import io.kvasir.llm.ChatModel.FinishReason;
import io.kvasir.llm.ChatModel.Message;
import io.kvasir.llm.ChatModel.Part;
import io.kvasir.llm.ChatModel.Speaker;
import io.kvasir.llm.Price;
import io.kvasir.llm.anthropic.AnthropicFormat;
import io.kvasir.llm.gemini.GeminiFormat;
import io.kvasir.llm.openai.OpenAiFormat;
import io.kvasir.load.ProviderDouble;
import io.kvasir.load.ScriptedPeer;
import io.kvasir.load.Wire;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/** Our clients against all three providers, well and badly behaved: always a definite outcome, and never the key in it. */
class ProvidersContractTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final List<String> TOKENS = List.of("Grüße", " aus 漢字", " 🙂 \"so\"\n", " [1]");
    private static final String TEXT = String.join("", TOKENS);
    private static final Queue<String> LOGGED = new ConcurrentLinkedQueue<>();
    private static final AppenderBase<ILoggingEvent> EAR = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            LOGGED.add(event.getFormattedMessage()
                    + (event.getThrowableProxy() == null
                            ? ""
                            : event.getThrowableProxy().getMessage()));
        }
    };

    private ProviderDouble twin;

    @BeforeAll
    static void listen() {
        Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        EAR.setContext(root.getLoggerContext());
        EAR.start();
        root.addAppender(EAR);
        ((Logger) LoggerFactory.getLogger("io.kvasir")).setLevel(Level.TRACE);
        ((Logger) LoggerFactory.getLogger("org.apache.pekko")).setLevel(Level.DEBUG);
    }

    @AfterAll
    static void no_key_was_logged() {
        KIT.shutdownTestKit();
        Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        root.detachAppender(EAR);
        ((Logger) LoggerFactory.getLogger("io.kvasir")).setLevel(null);
        ((Logger) LoggerFactory.getLogger("org.apache.pekko")).setLevel(null);
        assertThat(LOGGED).isNotEmpty().noneMatch(line -> line.contains(ProviderDouble.KEY));
    }

    @BeforeEach
    void start() {
        twin = ProviderDouble.start(KIT.system());
        twin.says(TOKENS, Wire.Ending.STOP);
    }

    @AfterEach
    void close() {
        twin.close();
    }

    @ParameterizedTest
    @EnumSource
    void streams_with_usage_and_cost(Wire wire) throws Exception {
        Outcome outcome = ask(wire, twin.url(wire));
        assertThat(outcome.text()).isEqualTo(TEXT);
        Part.Finished finished = outcome.finished().orElseThrow();
        assertThat(finished.reason()).isEqualTo(FinishReason.STOP);
        assertThat(finished.usage()).isEqualTo(new ChatModel.Usage("paid", "m", 42, 9, 32, 4, 10 * 10 + 32 + 9 * 100));
    }

    @ParameterizedTest
    @EnumSource
    void the_most_tokens_and_filters_are_told(Wire wire) throws Exception {
        twin.says(TOKENS, Wire.Ending.MOST_TOKENS);
        assertThat(ask(wire, twin.url(wire)).finished().orElseThrow().reason()).isEqualTo(FinishReason.LENGTH);
        twin.says(TOKENS, Wire.Ending.FILTERED);
        assertThat(ask(wire, twin.url(wire)).finished().orElseThrow().reason()).isEqualTo(FinishReason.CONTENT_FILTER);
        twin.says(List.of(), Wire.Ending.FILTERED);
        assertThat(ask(wire, twin.url(wire)).kind()).isEqualTo(Kind.REJECTED);
        twin.says(List.of(), Wire.Ending.BLOCKED);
        assertThat(ask(wire, twin.url(wire)).kind()).isEqualTo(Kind.REJECTED);
        twin.says(List.of(), Wire.Ending.STOP);
        assertThat(ask(wire, twin.url(wire)).finished().orElseThrow().reason()).isEqualTo(FinishReason.STOP);
    }

    static List<Arguments> refusals() {
        List<Arguments> all = new ArrayList<>();
        for (Wire wire : Wire.values()) {
            for (int status : new int[] {400, 401, 403, 404, 408, 413, 429, 500, 503, 504, 529}) {
                all.add(Arguments.of(
                        wire,
                        status,
                        switch (status) {
                            case 408, 504 -> Kind.TIMEOUT;
                            case 429 -> Kind.RATE_LIMITED;
                            case 500, 503, 529 -> Kind.UNAVAILABLE;
                            default -> Kind.REJECTED;
                        }));
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void every_refusal_has_its_kind_and_is_tried_again_where_that_may_help(Wire wire, int status, Kind kind)
            throws Exception {
        twin.refuses(status, 10, Map.of());
        Outcome outcome = ask(wire, twin.url(wire));
        assertThat(outcome.kind()).isEqualTo(kind);
        assertThat(outcome.failure().orElseThrow()).hasMessageContaining("HTTP " + status);
        // Gemini says with 429 how long to wait, which is longer than we may.
        assertThat(twin.seen()).hasSize(kind == Kind.REJECTED || (wire == Wire.GEMINI && status == 429) ? 1 : 3);
    }

    @ParameterizedTest
    @EnumSource
    void retry_after_is_waited_for_or_taken_for_a_no(Wire wire) throws Exception {
        twin.refuses(429, 1, Map.of("Retry-After", "0"));
        assertThat(ask(wire, twin.url(wire)).finished()).isPresent();
        assertThat(twin.seen()).hasSize(2);
        twin.refuses(503, 1, Map.of("Retry-After", "60"));
        assertThat(ask(wire, twin.url(wire)).kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(twin.seen()).hasSize(3);
    }

    @ParameterizedTest
    @EnumSource
    void an_error_in_the_stream_is_a_failure_before_and_after_the_first_token(Wire wire) throws Exception {
        List<String> events = List.of(wire.stream(TOKENS, Wire.Ending.STOP).split("(?<=\n\r?\n)"));
        String before = String.join("", events.subList(0, wire.beforeTokens()));
        String after = String.join("", events.subList(0, wire.beforeTokens() + 2));
        String error = wire.errorEvent(529, "Your key " + ProviderDouble.KEY);
        assertThat(told(wire, before + error).kind()).isEqualTo(Kind.UNAVAILABLE);
        Outcome late = told(wire, after + error);
        assertThat(late.kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(TOKENS.get(0) + TOKENS.get(1)).startsWith(late.text());
        assertThat(told(wire, after + wire.errorEvent(429, "")).kind()).isEqualTo(Kind.RATE_LIMITED);
        assertThat(told(wire, after + wire.errorEvent(400, "")).kind()).isEqualTo(Kind.REJECTED);
    }

    @ParameterizedTest
    @EnumSource
    void wherever_it_is_cut_the_outcome_is_definite_and_nothing_is_made_up(Wire wire) throws Exception {
        byte[] whole = wire.stream(TOKENS, Wire.Ending.STOP).getBytes(StandardCharsets.UTF_8);
        int finished = 0;
        int cut = 0;
        for (int length = 0; length <= whole.length; length += 5) {
            ScriptedPeer.Then then = length % 2 == 0 ? ScriptedPeer.Then.CLOSE : ScriptedPeer.Then.RESET;
            for (byte[] bytes : List.of(ScriptedPeer.cut(whole, length), ScriptedPeer.ended(whole, length))) {
                Outcome outcome = scripted(wire, bytes, then, 1);
                assertThat(TEXT).startsWith(outcome.text());
                if (outcome.finished().isPresent()) {
                    finished++;
                    assertThat(outcome.text()).isEqualTo(TEXT);
                } else {
                    cut++;
                    assertThat(outcome.kind()).isIn(Kind.CUT_OFF, Kind.UNAVAILABLE);
                }
            }
        }
        assertThat(finished).isPositive();
        assertThat(cut).isPositive();
    }

    @ParameterizedTest
    @EnumSource
    void closed_before_the_head_or_within_it_is_unavailable(Wire wire) throws Exception {
        for (String head : List.of("", "HTTP/1.1 200 OK\r\nContent-Ty")) {
            for (ScriptedPeer.Then then : List.of(ScriptedPeer.Then.CLOSE, ScriptedPeer.Then.RESET)) {
                assertThat(scripted(wire, head.getBytes(StandardCharsets.US_ASCII), then, 1)
                                .kind())
                        .isEqualTo(Kind.UNAVAILABLE);
            }
        }
        assertThat(scripted(
                                wire,
                                "SSH-2.0-OpenSSH_9.6\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
                                ScriptedPeer.Then.CLOSE,
                                1)
                        .kind())
                .isEqualTo(Kind.UNAVAILABLE);
    }

    @ParameterizedTest
    @EnumSource
    void silence_anywhere_is_a_time_out_and_closes_the_connection(Wire wire) throws Exception {
        byte[] whole = wire.stream(TOKENS, Wire.Ending.STOP).getBytes(StandardCharsets.UTF_8);
        int second = wire.stream(TOKENS, Wire.Ending.STOP).indexOf("漢");
        byte[] inUtf8 = ScriptedPeer.cut(
                whole,
                wire.stream(TOKENS, Wire.Ending.STOP).substring(0, second).getBytes(StandardCharsets.UTF_8).length + 1);
        for (byte[] bytes : List.of(new byte[0], ScriptedPeer.cut(whole, 0), inUtf8)) {
            try (ScriptedPeer peer = ScriptedPeer.start(bytes, ScriptedPeer.Then.HANG)) {
                assertThat(run(model(wire, base(wire, peer.root()), 1)).kind()).isEqualTo(Kind.TIMEOUT);
                await().atMost(Duration.ofSeconds(10)).until(() -> peer.left() == 1);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_whole_reply_without_an_end_is_whole(Wire wire) throws Exception {
        String stream = wire.stream(TOKENS, Wire.Ending.STOP)
                .replace("data: [DONE]\n\n", "")
                .replaceFirst("event: message_stop\n.*\n\n", "");
        byte[] bytes = stream.getBytes(StandardCharsets.UTF_8);
        Outcome hung = scripted(wire, ScriptedPeer.cut(bytes, bytes.length), ScriptedPeer.Then.HANG, 1);
        assertThat(hung.text()).isEqualTo(TEXT);
        assertThat(hung.finished().orElseThrow().usage().completionTokens()).isEqualTo(9);
    }

    @ParameterizedTest
    @EnumSource
    void what_was_said_before_garbage_is_heard_though_both_come_together(Wire wire) throws Exception {
        String stream = wire.stream(TOKENS, Wire.Ending.STOP);
        String said = stream.substring(0, stream.indexOf('\n', stream.indexOf("漢")) + 1);
        byte[] body = (said + "\ndata: {]\n\n").getBytes(StandardCharsets.UTF_8);

        Outcome outcome = scripted(wire, ScriptedPeer.ended(body, body.length), ScriptedPeer.Then.CLOSE, 1);

        assertThat(outcome.kind()).isEqualTo(Kind.GARBAGE);
        assertThat(TEXT).startsWith(outcome.text());
        assertThat(outcome.text()).contains("漢");
    }

    @ParameterizedTest
    @EnumSource
    void garbage_and_endless_lines_are_garbage(Wire wire) throws Exception {
        for (String body : List.of(
                "data: {\"choices\":[{\"delta\"\n\n",
                "data: {]\n\n",
                "data: 17\n\n",
                "data: \u0000\u0001\n\n",
                "data: {\"a\":" + "[".repeat(5_000) + "\n\n",
                "data: " + "x".repeat(2 * EventReader.LONGEST_LINE),
                "x".repeat(2 * EventReader.LONGEST_LINE))) {
            assertThat(told(wire, body).kind()).isEqualTo(Kind.GARBAGE);
        }
        byte[] page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
                .getBytes(StandardCharsets.US_ASCII);
        assertThat(scripted(wire, page, ScriptedPeer.Then.HANG, 1).kind()).isEqualTo(Kind.GARBAGE);
        byte[] invalid = "data: {\"x\":\"??\"}\n\n".getBytes(StandardCharsets.US_ASCII);
        invalid[12] = (byte) 0xC3;
        assertThat(scripted(wire, ScriptedPeer.ended(invalid, invalid.length), ScriptedPeer.Then.CLOSE, 1)
                        .failure())
                .isPresent();
    }

    @ParameterizedTest
    @EnumSource
    void leaving_closes_the_connection_at_once_before_the_head_after_it_and_amid_tokens(Wire wire) {
        byte[] whole = wire.stream(TOKENS, Wire.Ending.STOP).getBytes(StandardCharsets.UTF_8);
        for (byte[] bytes :
                List.of(new byte[0], ScriptedPeer.cut(whole, 0), ScriptedPeer.cut(whole, 3 * whole.length / 4))) {
            try (ScriptedPeer peer = ScriptedPeer.start(bytes, ScriptedPeer.Then.HANG)) {
                UniqueKillSwitch leave = model(wire, base(wire, peer.root()), 1).stream(request())
                        .viaMat(KillSwitches.single(), Keep.right())
                        .toMat(Sink.ignore(), Keep.left())
                        .run(KIT.system());
                await().until(() -> peer.calls() == 1);
                leave.shutdown();
                // The time-outs of the model are longer than this.
                await().atMost(Duration.ofMillis(500)).until(() -> peer.left() == 1);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void the_request_is_as_the_provider_wants_it(Wire wire) throws Exception {
        ChatModel.Request odd = new ChatModel.Request(
                "../m:x?y#z 1",
                List.of(
                        new Message(Speaker.SYSTEM, "Be \ud800 brief"),
                        new Message(Speaker.USER, "One?"),
                        new Message(Speaker.ASSISTANT, wire == Wire.OPENAI ? "Two" : " "),
                        new Message(Speaker.USER, "Three?")),
                "Three?",
                List.of(),
                1.7,
                300);
        assertThat(run(model(wire, twin.url(wire), 1), odd).finished()).isPresent();
        ProviderDouble.Seen seen = twin.seen().getFirst();
        String body = seen.body().toString();
        assertThat(body).contains("Be ? brief");
        switch (wire) {
            case OPENAI -> assertThat(body).contains("\"max_tokens\":300", "\"model\":\"../m:x?y#z 1\"");
            case ANTHROPIC ->
                assertThat(body).contains("\"max_tokens\":350", "\"system\":").doesNotContain("temperature");
            case GEMINI -> {
                assertThat(seen.path()).startsWith("/v1beta/models/..").endsWith(":streamGenerateContent?alt=sse");
                assertThat(body).contains("\"maxOutputTokens\":350", "\"systemInstruction\":");
            }
        }
    }

    private record Outcome(String text, Optional<Part.Finished> finished, Optional<ChatFailure> failure) {
        Kind kind() {
            return failure.orElseThrow(() -> new AssertionError("it went well")).kind();
        }
    }

    private Outcome ask(Wire wire, String url) throws Exception {
        return run(model(wire, url, 3));
    }

    /** A stream of exactly this, ended in good order. */
    private Outcome told(Wire wire, String stream) throws Exception {
        byte[] bytes = stream.getBytes(StandardCharsets.UTF_8);
        return scripted(wire, ScriptedPeer.ended(bytes, bytes.length), ScriptedPeer.Then.CLOSE, 1);
    }

    private Outcome scripted(Wire wire, byte[] bytes, ScriptedPeer.Then then, int attempts) throws Exception {
        try (ScriptedPeer peer = ScriptedPeer.start(bytes, then)) {
            return run(model(wire, base(wire, peer.root()), attempts));
        }
    }

    private static String base(Wire wire, String root) {
        return root + (wire == Wire.GEMINI ? "/v1beta" : "/v1/");
    }

    private static Outcome run(ChatModel model) throws Exception {
        return run(model, request());
    }

    private static Outcome run(ChatModel model, ChatModel.Request request) throws Exception {
        List<Part> parts = java.util.Collections.synchronizedList(new ArrayList<>());
        Optional<ChatFailure> failure = Optional.empty();
        try {
            model.stream(request)
                    .runWith(Sink.foreach(parts::add), KIT.system())
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            assertThat(e.getCause()).isInstanceOf(ChatFailure.class);
            assertThat(e.getCause()).hasMessageNotContaining(ProviderDouble.KEY).hasMessageNotContaining("127.0.0.1");
            failure = Optional.of((ChatFailure) e.getCause());
        }
        StringBuilder text = new StringBuilder();
        Optional<Part.Finished> finished = Optional.empty();
        for (Part part : parts) {
            switch (part) {
                case Part.Text said -> text.append(said.text());
                case Part.Finished end -> finished = Optional.of(end);
            }
        }
        assertThat(finished.isPresent()).isNotEqualTo(failure.isPresent());
        return new Outcome(text.toString(), finished, failure);
    }

    private static ChatModel.Request request() {
        return new ChatModel.Request(
                "m",
                List.of(new Message(Speaker.SYSTEM, "Be brief"), new Message(Speaker.USER, "How?")),
                "How?",
                List.of(),
                0.2,
                300);
    }

    private static StreamedChatModel model(Wire wire, String url, int attempts) {
        ProviderSettings settings = new ProviderSettings(
                "paid",
                URI.create(url),
                Optional.of(ProviderDouble.KEY),
                new ProviderSettings.Timeouts(
                        Duration.ofSeconds(1), Duration.ofMillis(1_500), Duration.ofSeconds(1), Duration.ofSeconds(6)),
                new ProviderSettings.Retries(attempts, Duration.ofMillis(5), Duration.ofMillis(500)),
                new ProviderSettings.Pool(8, 8),
                new ProviderSettings.Limits(0),
                new ProviderSettings.Pause(100, Duration.ofSeconds(1)));
        WireFormat format =
                switch (wire) {
                    case OPENAI -> new OpenAiFormat("max_tokens", true, 0);
                    case ANTHROPIC -> new AnthropicFormat(50);
                    case GEMINI -> new GeminiFormat(50);
                };
        return new StreamedChatModel(
                new Upstream(KIT.system(), settings, Clock.systemUTC()),
                format,
                Map.of("m", new Price(10_000_000, 100_000_000, 1_000_000)));
    }
}
