package io.kvasir.llm.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.kvasir.llm.ChatModel;
import io.kvasir.llm.ChatModel.FinishReason;
import io.kvasir.llm.provider.JsonBody;
import io.kvasir.llm.provider.ProviderSettings;
import io.kvasir.llm.provider.Reply;
import io.kvasir.llm.provider.WireFormat;
import java.io.IOException;
import java.util.Locale;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.headers.HttpCredentials;

/** OpenAI's chat completions, streamed, which most other servers speak too. */
public final class OpenAiFormat implements WireFormat {
    private final String limitField;
    private final boolean temperature;
    private final int reasoningTokens;

    /**
     * @param limitField what the provider calls the most tokens of a reply: {@code max_tokens}, or
     *     {@code max_completion_tokens} for OpenAI's newer models
     * @param temperature whether to send one; models that reason refuse it
     * @param reasoningTokens what a model may think beyond the reply's own limit
     */
    public OpenAiFormat(String limitField, boolean temperature, int reasoningTokens) {
        if (!limitField.matches("[a-z_]+")) {
            throw new IllegalArgumentException("limit-field is not a field name: " + limitField);
        }
        this.limitField = limitField;
        this.temperature = temperature;
        this.reasoningTokens = reasoningTokens;
    }

    @Override
    public HttpRequest request(ProviderSettings settings, ChatModel.Request request) {
        HttpRequest post = JsonBody.post(settings, "/chat/completions", json -> {
            json.writeStringField("model", request.model());
            json.writeArrayFieldStart("messages");
            for (ChatModel.Message message : request.messages()) {
                json.writeStartObject();
                json.writeStringField("role", message.speaker().name().toLowerCase(Locale.ROOT));
                json.writeStringField("content", JsonBody.wellFormed(message.text()));
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeBooleanField("stream", true);
            json.writeObjectFieldStart("stream_options");
            json.writeBooleanField("include_usage", true);
            json.writeEndObject();
            if (temperature) {
                json.writeNumberField("temperature", request.temperature());
            }
            json.writeNumberField(limitField, request.maxTokens() + reasoningTokens);
        });
        return settings.apiKey()
                .map(key -> post.addCredentials(HttpCredentials.createOAuth2BearerToken(key)))
                .orElse(post);
    }

    @Override
    public boolean endsWithDone() {
        return true;
    }

    @Override
    public void field(String name, JsonParser value, Reply reply) throws IOException {
        switch (name) {
            case "choices" -> choices(value, reply);
            case "usage" -> usage(value, reply);
            default -> value.skipChildren();
        }
    }

    private static void choices(JsonParser json, Reply reply) throws IOException {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            json.skipChildren();
            return;
        }
        for (int i = 0; json.nextToken() == JsonToken.START_OBJECT; i++) {
            if (i == 0) {
                choice(json, reply);
            } else {
                json.skipChildren(); // we never ask for more than one
            }
        }
    }

    private static void choice(JsonParser json, Reply reply) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            if (field.equals("delta") && value == JsonToken.START_OBJECT) {
                delta(json, reply);
            } else if (field.equals("finish_reason") && value == JsonToken.VALUE_STRING) {
                switch (json.getText()) {
                    case "length" -> reply.finish(FinishReason.LENGTH);
                    case "content_filter" -> reply.filtered("content_filter");
                    default -> reply.finish(FinishReason.STOP);
                }
            } else {
                json.skipChildren();
            }
        }
    }

    private static void delta(JsonParser json, Reply reply) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            // A refusal is what the model says to the asker, so it is text of the reply.
            if (value == JsonToken.VALUE_STRING && (field.equals("content") || field.equals("refusal"))) {
                reply.say(json);
            } else {
                json.skipChildren();
            }
        }
    }

    private static void usage(JsonParser json, Reply reply) throws IOException {
        if (json.currentToken() != JsonToken.START_OBJECT) {
            return;
        }
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            if (value == JsonToken.START_OBJECT) {
                details(json, reply);
            } else if (value == JsonToken.VALUE_NUMBER_INT && field.equals("prompt_tokens")) {
                reply.promptTokens(json.getIntValue());
            } else if (value == JsonToken.VALUE_NUMBER_INT && field.equals("completion_tokens")) {
                reply.completionTokens(json.getIntValue());
            } else {
                json.skipChildren();
            }
        }
    }

    /** {@code prompt_tokens_details} and {@code completion_tokens_details}: no name stands in both with a meaning of ours. */
    private static void details(JsonParser json, Reply reply) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            if (value == JsonToken.VALUE_NUMBER_INT && field.equals("cached_tokens")) {
                reply.cachedTokens(json.getIntValue());
            } else if (value == JsonToken.VALUE_NUMBER_INT && field.equals("reasoning_tokens")) {
                reply.reasoningTokens(json.getIntValue());
            } else {
                json.skipChildren();
            }
        }
    }
}
