package io.kvasir.llm.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatModel.FinishReason;
import io.kvasir.llm.openai.OpenAiFormat;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class EventReaderTest {
    private static final String REPLY = """
            : OPENROUTER PROCESSING

            event: message
            data: {"id":"x","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}

            data:{"choices":[{"delta":{"content":"Grüße \\"aus\\" 漢"},"logprobs":{"content":[{"token":"no"}]}}]}\r
            \r
            data: {"choices":[{"delta":{"content":"字 \\ud83d"}}]}

            data: {"choices":[{"delta":{"content":"\\ude42!"}},{"index":1,"delta":{"content":"other"}}]}

            data: {"choices":[{"delta":{"content":null,"tool_calls":[{"content":"no"}]},"finish_reason":"length"}]}

            data: {"choices":[],"usage":{"prompt_tokens":42,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":1},"completion_tokens_details":{"reasoning_tokens":3}}}

            data: [DONE]

            data: {"choices":[{"delta":{"content":"late"}}]}
            """;

    @Test
    void reads_text_reason_and_usage_however_the_bytes_are_split() {
        byte[] bytes = REPLY.getBytes(StandardCharsets.UTF_8);
        for (int size = 1; size <= bytes.length; size++) {
            EventReader reader = new EventReader(new OpenAiFormat("max_tokens", true, 0));
            StringBuilder text = new StringBuilder();
            for (int at = 0; at < bytes.length; at += size) {
                reader.read(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + size)));
                String taken = reader.reply().takeText();
                assertThat(taken.isEmpty() || !Character.isHighSurrogate(taken.charAt(taken.length() - 1)))
                        .isTrue();
                text.append(taken);
            }
            assertThat(text).hasToString("Grüße \"aus\" 漢字 🙂!");
            assertThat(reader.reply().done()).isTrue();
            assertThat(reader.reply().reason()).isEqualTo(FinishReason.LENGTH);
            assertThat(reader.reply().promptTokens()).isEqualTo(42);
            assertThat(reader.reply().completionTokens()).isEqualTo(7);
            assertThat(reader.reply().cachedTokens()).isEqualTo(1);
            assertThat(reader.reply().reasoningTokens()).isEqualTo(3);
        }
    }

    @Test
    void tokens_that_come_together_are_one_text() {
        EventReader reader = new EventReader(new OpenAiFormat("max_tokens", true, 0));
        reader.read("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
                .repeat(3)
                .getBytes(StandardCharsets.UTF_8));
        assertThat(reader.reply().takeText()).isEqualTo("aaa");
        assertThat(reader.reply().takeText()).isEmpty();
        assertThat(reader.reply().complete()).isFalse();
    }

    @Test
    void a_refusal_is_text_of_the_reply() {
        assertThat(read("data: {\"choices\":[{\"delta\":{\"refusal\":\"I cannot\"}}]}\n")
                        .reply()
                        .takeText())
                .isEqualTo("I cannot");
    }

    @Test
    void broken_json_is_garbage() {
        assertKind("data: {\"choices\":[{\"delta\":{\"content\":\"a\n", ChatFailure.Kind.GARBAGE);
        assertKind("data: 17\n", ChatFailure.Kind.GARBAGE);
    }

    @Test
    void an_endless_line_is_garbage() {
        EventReader reader = new EventReader(new OpenAiFormat("max_tokens", true, 0));
        byte[] x = new byte[64 * 1024];
        Arrays.fill(x, (byte) 'x');
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 20; i++) {
                        reader.read(x);
                    }
                })
                .isInstanceOf(ChatFailure.class);
    }

    @Test
    void an_error_object_is_a_failure_of_its_kind_that_repeats_no_message() {
        assertKind(
                "data: {\"error\":{\"message\":\"sk-1\",\"type\":\"server_error\"}}\n", ChatFailure.Kind.UNAVAILABLE);
        assertKind("data: {\"error\":{\"code\":\"rate_limit_exceeded\"}}\n", ChatFailure.Kind.RATE_LIMITED);
        assertKind("data: {\"error\":{\"code\":null,\"type\":\"invalid_request_error\"}}\n", ChatFailure.Kind.REJECTED);
        assertKind("data: {\"error\":\"sk-1\"}\n", ChatFailure.Kind.UNAVAILABLE);
        assertThatThrownBy(() -> read("data: {\"error\":{\"message\":\"sk-1\",\"code\":\"a b\"}}\n"))
                .hasMessageNotContaining("sk-1")
                .hasMessageNotContaining("a b");
    }

    @Test
    void a_null_error_is_none() {
        assertThat(read("data: {\"error\":null,\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n")
                        .reply()
                        .takeText())
                .isEqualTo("a");
    }

    private static EventReader read(String text) {
        EventReader reader = new EventReader(new OpenAiFormat("max_tokens", true, 0));
        reader.read(text.getBytes(StandardCharsets.UTF_8));
        return reader;
    }

    private static void assertKind(String text, ChatFailure.Kind kind) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOfSatisfying(
                        ChatFailure.class, f -> assertThat(f.kind()).isEqualTo(kind))
                .hasMessageNotContaining("sk-1");
    }
}
