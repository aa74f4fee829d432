package io.kvasir.llm.anthropic;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.kvasir.llm.ChatModel;
import io.kvasir.llm.ChatModel.FinishReason;
import io.kvasir.llm.ChatModel.Message;
import io.kvasir.llm.ChatModel.Speaker;
import io.kvasir.llm.provider.JsonBody;
import io.kvasir.llm.provider.ProviderSettings;
import io.kvasir.llm.provider.Reply;
import io.kvasir.llm.provider.WireFormat;
import java.io.IOException;
import java.util.stream.Collectors;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.headers.HttpCredentials;

/**
 * Anthropic's Messages API of version 2026-10-21, streamed. It knows no temperature any more: a request that sends one
 * is refused. What the model thinks ({@code thinking_delta}) is not text of the reply. The kind
 * of an event is told by its fields, so their order does not matter.
 */
public final class AnthropicFormat implements WireFormat {
    /** The version of the protocol, not of a model. */
    private static final HttpHeader VERSION = HttpHeader.parse("anthropic-version", "2026-10-21");

    private final int reasoningTokens;

    /** @param reasoningTokens what a model may think beyond the reply's own limit */
    public AnthropicFormat(int reasoningTokens) {
        this.reasoningTokens = reasoningTokens;
    }

    @Override
    public HttpRequest request(ProviderSettings settings, ChatModel.Request request) {
        HttpRequest post = JsonBody.post(settings, "/messages", json -> {
                    json.writeStringField("model", request.model());
                    json.writeNumberField("max_tokens", request.maxTokens() + reasoningTokens);
                    json.writeBooleanField("stream", true);
                    String system = request.messages().stream()
                            .filter(message -> message.speaker() == Speaker.SYSTEM)
                            .map(Message::text)
                            .filter(text -> !text.isBlank())
                            .collect(Collectors.joining("\n\n"));
                    if (!system.isEmpty()) {
                        json.writeStringField("system", JsonBody.wellFormed(system));
                    }
                    json.writeArrayFieldStart("messages");
                    for (Message message : request.messages()) {
                        message(json, message);
                    }
                    json.writeEndArray();
                })
                .addHeader(VERSION);
        return settings.apiKey()
                .map(key -> post.addCredentials(HttpCredentials.createOAuth2BearerToken(key)))
                .orElse(post);
    }

    /** Blank texts are refused by the provider, and say nothing. */
    private static void message(JsonGenerator json, Message message) throws IOException {
        if (message.speaker() == Speaker.SYSTEM || message.text().isBlank()) {
            return;
        }
        json.writeStartObject();
        json.writeStringField("role", message.speaker() == Speaker.ASSISTANT ? "assistant" : "user");
        json.writeStringField("content", JsonBody.wellFormed(message.text()));
        json.writeEndObject();
    }

    @Override
    public boolean endsWithDone() {
        return false;
    }

    @Override
    public void field(String name, JsonParser value, Reply reply) throws IOException {
        JsonToken token = value.currentToken();
        if (name.equals("type")) {
            if (token == JsonToken.VALUE_STRING && value.getText().equals("message_stop")) {
                reply.end();
            }
        } else if (token != JsonToken.START_OBJECT) {
            value.skipChildren();
        } else {
            switch (name) {
                case "delta", "content_block" -> delta(value, reply);
                case "message" -> message(value, reply);
                case "usage" -> usage(value, reply);
                default -> value.skipChildren();
            }
        }
    }

    /** A piece of a block, the beginning of one, or the end of the message. */
    private static void delta(JsonParser json, Reply reply) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            if (value == JsonToken.VALUE_STRING && field.equals("text")) {
                reply.say(json);
            } else if (value == JsonToken.VALUE_STRING && field.equals("stop_reason")) {
                switch (json.getText()) {
                    case "max_tokens", "model_context_window_exceeded" -> reply.finish(FinishReason.LENGTH);
                    case "refusal" -> reply.filtered("refusal");
                    default -> reply.finish(FinishReason.STOP);
                }
            } else {
                json.skipChildren();
            }
        }
    }

    private static void message(JsonParser json, Reply reply) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            boolean usage = json.currentName().equals("usage");
            if (json.nextToken() == JsonToken.START_OBJECT && usage) {
                usage(json, reply);
            } else {
                json.skipChildren();
            }
        }
    }

    /** They count what was cached beside the rest of the prompt; we count it within. The last word counts. */
    private static void usage(JsonParser json, Reply reply) throws IOException {
        int fresh = -1;
        int written = 0;
        int read = 0;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            if (value == JsonToken.START_OBJECT && field.equals("output_tokens_details")) {
                details(json, reply);
                continue;
            }
            if (value != JsonToken.VALUE_NUMBER_INT) {
                json.skipChildren();
                continue;
            }
            switch (field) {
                case "input_tokens" -> fresh = json.getIntValue();
                case "cache_creation_input_tokens" -> written = json.getIntValue();
                case "cache_read_input_tokens" -> read = json.getIntValue();
                case "output_tokens" -> reply.completionTokens(json.getIntValue());
                default -> {}
            }
        }
        if (fresh >= 0) {
            reply.promptTokens(fresh + written + read);
            reply.cachedTokens(read);
        }
    }

    private static void details(JsonParser json, Reply reply) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            boolean thinking = json.currentName().equals("thinking_tokens");
            if (json.nextToken() == JsonToken.VALUE_NUMBER_INT && thinking) {
                reply.reasoningTokens(json.getIntValue());
            } else {
                json.skipChildren();
            }
        }
    }
}
