package io.kvasir.llm.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.errors.RateLimitException;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.google.genai.Client;
import com.google.genai.ResponseStream;
import com.google.genai.errors.ClientException;
import com.google.genai.types.EmbedContentConfig;
import com.google.genai.types.GenerateContentConfig;
import com.google.genai.types.GenerateContentResponse;
import com.google.genai.types.HttpOptions;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.UnauthorizedException;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.embeddings.EmbeddingCreateParams;
import io.kvasir.load.ProviderDouble;
import io.kvasir.load.Wire;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The double speaks as the providers do: their own clients say so. */
class OfficialClientsTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final List<String> TOKENS = List.of("Grüße", " aus 漢字", " 🙂 \"so\"\n");
    private static final String TEXT = String.join("", TOKENS);

    private final List<Runnable> closing = new ArrayList<>();
    private ProviderDouble twin;

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @BeforeEach
    void start() {
        twin = ProviderDouble.start(KIT.system());
        twin.says(TOKENS, Wire.Ending.STOP);
    }

    @AfterEach
    void close() {
        closing.forEach(Runnable::run);
        twin.close();
    }

    @Test
    void openAi_streams() {
        OpenAIClient client = openAi(ProviderDouble.KEY);
        List<ChatCompletionChunk> chunks;
        try (var stream = client.chat().completions().createStreaming(chat())) {
            chunks = stream.stream().toList();
        }
        assertThat(chunks.stream()
                        .flatMap(chunk -> chunk.choices().stream())
                        .flatMap(choice -> choice.delta().content().stream())
                        .collect(Collectors.joining()))
                .isEqualTo(TEXT);
        assertThat(chunks).allSatisfy(chunk -> assertThat(chunk.isValid()).isTrue());
        assertThat(chunks.getLast()
                        .usage()
                        .orElseThrow()
                        .promptTokensDetails()
                        .orElseThrow()
                        .cachedTokens())
                .contains(32L);
    }

    @Test
    void openAi_refuses_a_wrong_key() {
        OpenAIClient client = openAi("sk-wrong");
        assertThatThrownBy(() -> client.chat().completions().createStreaming(chat()))
                .isInstanceOf(UnauthorizedException.class);
    }

    @Test
    void openAi_embeds() {
        OpenAIClient client = openAi(ProviderDouble.KEY);
        var embedded = client.embeddings()
                .create(EmbeddingCreateParams.builder()
                        .model("text-embedding-3-small")
                        .inputOfArrayOfStrings(List.of("one", "two"))
                        .dimensions(5)
                        .build());
        assertThat(embedded.isValid()).isTrue();
        assertThat(floats(embedded.data().get(1).embedding())).containsExactly(ProviderDouble.vector("two", 5));
    }

    @Test
    void anthropic_streams() {
        AnthropicClient client = anthropic();
        List<RawMessageStreamEvent> events;
        try (var stream = client.messages().createStreaming(message())) {
            events = stream.stream().toList();
        }
        assertThat(events).allSatisfy(event -> assertThat(event.isValid()).isTrue());
        assertThat(events.stream()
                        .flatMap(event -> event.contentBlockDelta().stream())
                        .flatMap(delta -> delta.delta().text().stream())
                        .map(text -> text.text())
                        .collect(Collectors.joining()))
                .isEqualTo(TEXT);
        assertThat(events.stream()
                        .flatMap(event -> event.messageStart().stream())
                        .findFirst()
                        .orElseThrow()
                        .message()
                        .usage()
                        .cacheReadInputTokens())
                .contains(32L);
    }

    @Test
    void anthropic_refuses_too_many() {
        twin.refuses(429, 10, Map.of("Retry-After", "1"));
        AnthropicClient client = anthropic();
        assertThatThrownBy(() -> client.messages().createStreaming(message())).isInstanceOf(RateLimitException.class);
    }

    @Test
    void gemini_streams() throws Exception {
        try (Client client = gemini();
                ResponseStream<GenerateContentResponse> stream = client.models.generateContentStream(
                        "gemini-2.5-flash",
                        "Hello?",
                        GenerateContentConfig.builder().maxOutputTokens(100).build())) {
            StringBuilder text = new StringBuilder();
            int thought = 0;
            for (GenerateContentResponse response : stream) {
                if (response.text() != null) {
                    text.append(response.text());
                }
                thought = response.usageMetadata()
                        .flatMap(usage -> usage.thoughtsTokenCount())
                        .orElse(0);
            }
            assertThat(text).hasToString(TEXT);
            assertThat(thought).isEqualTo(4);
        }
    }

    @Test
    void gemini_tells_why_it_blocked() throws Exception {
        twin.says(List.of(), Wire.Ending.BLOCKED);
        try (Client client = gemini();
                ResponseStream<GenerateContentResponse> stream =
                        client.models.generateContentStream("gemini-2.5-flash", "Hello?", null)) {
            GenerateContentResponse only = stream.iterator().next();
            assertThat(only.promptFeedback()
                            .orElseThrow()
                            .blockReason()
                            .orElseThrow()
                            .toString())
                    .isEqualTo("PROHIBITED_CONTENT");
        }
    }

    @Test
    void gemini_refuses_a_bad_request() {
        twin.refuses(400, 10, Map.of());
        try (Client client = gemini()) {
            assertThatThrownBy(() -> client.models.generateContentStream("gemini-2.5-flash", "Hello?", null))
                    .isInstanceOf(ClientException.class)
                    .hasMessageContaining("INVALID_ARGUMENT");
        }
    }

    @Test
    void gemini_embeds() {
        try (Client client = gemini()) {
            var embedded = client.models.embedContent(
                    "gemini-embedding-001",
                    List.of("one", "two"),
                    EmbedContentConfig.builder().outputDimensionality(5).build());
            assertThat(floats(
                            embedded.embeddings().orElseThrow().get(1).values().orElseThrow()))
                    .containsExactly(ProviderDouble.vector("two", 5));
        }
    }

    private static float[] floats(List<Float> list) {
        float[] all = new float[list.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = list.get(i);
        }
        return all;
    }

    private OpenAIClient openAi(String key) {
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .apiKey(key)
                .baseUrl(twin.url(Wire.OPENAI))
                .maxRetries(0)
                .build();
        closing.add(client::close);
        return client;
    }

    private static ChatCompletionCreateParams chat() {
        return ChatCompletionCreateParams.builder()
                .model("gpt-4o-mini")
                .addSystemMessage("Be brief")
                .addUserMessage("Hello?")
                .streamOptions(
                        ChatCompletionStreamOptions.builder().includeUsage(true).build())
                .build();
    }

    private AnthropicClient anthropic() {
        AnthropicClient client = AnthropicOkHttpClient.builder()
                .apiKey(ProviderDouble.KEY)
                .baseUrl(twin.root())
                .maxRetries(0)
                .build();
        closing.add(client::close);
        return client;
    }

    private static MessageCreateParams message() {
        return MessageCreateParams.builder()
                .model("claude-haiku-4-5")
                .maxTokens(100)
                .system("Be brief")
                .addUserMessage("Hello?")
                .build();
    }

    private Client gemini() {
        return Client.builder()
                .apiKey(ProviderDouble.KEY)
                .httpOptions(HttpOptions.builder().baseUrl(twin.root()).build())
                .build();
    }
}
