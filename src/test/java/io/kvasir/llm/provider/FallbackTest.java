package io.kvasir.llm.provider;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatModel;
import io.kvasir.llm.ChatModel.Message;
import io.kvasir.llm.ChatModel.Part;
import io.kvasir.llm.ChatModel.Speaker;
import io.kvasir.llm.ChatModels;
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
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Another provider answers where the first does not, over the wire: before its first token, and never after it. */
class FallbackTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final List<String> SECOND = List.of("the second ", "speaks");

    private ProviderDouble second;

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @BeforeEach
    void start() {
        second = ProviderDouble.start(KIT.system());
        second.says(SECOND, Wire.Ending.STOP);
    }

    @AfterEach
    void close() {
        second.close();
    }

    @Test
    void answers_where_the_first_refuses_and_says_who_it_was() throws Exception {
        try (ProviderDouble first = ProviderDouble.start(KIT.system())) {
            first.refuses(401, 10, Map.of());
            List<Part> parts = ask(first.url(Wire.OPENAI));
            assertThat(text(parts)).isEqualTo("the second speaks");
            assertThat(((Part.Finished) parts.getLast()).usage().provider()).isEqualTo("anthropic");
            assertThat(((Part.Finished) parts.getLast()).usage().model()).isEqualTo("m2");
        }
    }

    @Test
    void answers_where_the_first_is_overloaded_filters_or_hangs() throws Exception {
        try (ProviderDouble first = ProviderDouble.start(KIT.system())) {
            first.refuses(529, 10, Map.of());
            assertThat(text(ask(first.url(Wire.OPENAI)))).isEqualTo("the second speaks");
        }
        try (ProviderDouble first = ProviderDouble.start(KIT.system())) {
            first.says(List.of(), Wire.Ending.FILTERED);
            assertThat(text(ask(first.url(Wire.OPENAI)))).isEqualTo("the second speaks");
        }
        try (ScriptedPeer first = ScriptedPeer.start(new byte[0], ScriptedPeer.Then.HANG)) {
            assertThat(text(ask(first.root() + "/v1"))).isEqualTo("the second speaks");
        }
    }

    @Test
    void is_silent_once_the_first_has_spoken() throws Exception {
        byte[] whole =
                Wire.OPENAI.stream(List.of("one", "two"), Wire.Ending.STOP).getBytes(StandardCharsets.UTF_8);
        int afterOne = new String(whole, StandardCharsets.UTF_8).indexOf("two");
        try (ScriptedPeer first = ScriptedPeer.start(ScriptedPeer.cut(whole, afterOne), ScriptedPeer.Then.HANG)) {
            List<Part> parts = Collections.synchronizedList(new ArrayList<>());
            try {
                models(first.root() + "/v1").find("first").orElseThrow().stream(request())
                        .runWith(Sink.foreach(parts::add), KIT.system())
                        .toCompletableFuture()
                        .get(20, TimeUnit.SECONDS);
                throw new AssertionError("it did not fail");
            } catch (ExecutionException e) {
                assertThat(((ChatFailure) e.getCause()).kind()).isEqualTo(ChatFailure.Kind.TIMEOUT);
            }
            assertThat(text(parts)).isEqualTo("one");
            assertThat(second.seen()).isEmpty();
        }
    }

    private List<Part> ask(String first) throws Exception {
        return models(first).find("first").orElseThrow().stream(request())
                .runWith(Sink.seq(), KIT.system())
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
    }

    private static String text(List<Part> parts) {
        StringBuilder text = new StringBuilder();
        for (Part part : parts) {
            if (part instanceof Part.Text said) {
                text.append(said.text());
            }
        }
        return text.toString();
    }

    private ChatModels models(String first) {
        return new ChatModels(List.of(
                new ChatModels.Provider(
                        model("first", first, new OpenAiFormat("max_tokens", true, 0), Duration.ofMillis(1_500)),
                        List.of("m"),
                        Optional.of(new ChatModels.Fallback("anthropic", "m2"))),
                new ChatModels.Provider(
                        model("anthropic", second.url(Wire.ANTHROPIC), new AnthropicFormat(0), Duration.ofSeconds(10)),
                        List.of("m2"),
                        Optional.empty()),
                new ChatModels.Provider(
                        model("gemini", second.url(Wire.GEMINI), new GeminiFormat(0), Duration.ofSeconds(10)),
                        List.of("m3"),
                        Optional.empty())));
    }

    private static ChatModel model(String name, String url, WireFormat format, Duration firstToken) {
        ProviderSettings settings = new ProviderSettings(
                name,
                URI.create(url),
                Optional.of(ProviderDouble.KEY),
                new ProviderSettings.Timeouts(
                        Duration.ofSeconds(1), firstToken, Duration.ofSeconds(1), Duration.ofSeconds(15)),
                new ProviderSettings.Retries(2, Duration.ofMillis(5), Duration.ofMillis(500)),
                new ProviderSettings.Pool(8, 8),
                new ProviderSettings.Limits(0),
                new ProviderSettings.Pause(100, Duration.ofSeconds(1)));
        return new StreamedChatModel(new Upstream(KIT.system(), settings, Clock.systemUTC()), format, Map.of());
    }

    private static ChatModel.Request request() {
        return new ChatModel.Request("m", List.of(new Message(Speaker.USER, "How?")), "How?", List.of(), 0.2, 300);
    }
}
