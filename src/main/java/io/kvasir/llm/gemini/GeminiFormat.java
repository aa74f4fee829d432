package io.kvasir.llm.gemini;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatFailure.Kind;
import io.kvasir.llm.ChatModel;
import io.kvasir.llm.ChatModel.FinishReason;
import io.kvasir.llm.ChatModel.Message;
import io.kvasir.llm.ChatModel.Speaker;
import io.kvasir.llm.provider.JsonBody;
import io.kvasir.llm.provider.ProviderSettings;
import io.kvasir.llm.provider.Reply;
import io.kvasir.llm.provider.WireFormat;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/** Google's {@code streamGenerateContent?alt=sse}. What the model thinks (parts marked {@code thought}) is not text of the reply. */
public final class GeminiFormat implements WireFormat {
    private final int reasoningTokens;

    /** @param reasoningTokens what a model may think beyond the reply's own limit */
    public GeminiFormat(int reasoningTokens) {
        this.reasoningTokens = reasoningTokens;
    }

    @Override
    public HttpRequest request(ProviderSettings settings, ChatModel.Request request) {
        // One segment whatever it says: a model's name can't lead to another path.
        String model =
                URLEncoder.encode(request.model(), StandardCharsets.UTF_8).replace("+", "%20");
        HttpRequest post = JsonBody.post(settings, "/models/" + model + ":streamGenerateContent?alt=sse", json -> {
            List<Message> system = said(request, Speaker.SYSTEM);
            if (!system.isEmpty()) {
                json.writeObjectFieldStart("systemInstruction");
                parts(json, system);
                json.writeEndObject();
            }
            json.writeArrayFieldStart("contents");
            for (Message message : request.messages()) {
                if (message.speaker() != Speaker.SYSTEM && !message.text().isBlank()) {
                    json.writeStartObject();
                    json.writeStringField("role", message.speaker() == Speaker.ASSISTANT ? "model" : "user");
                    parts(json, List.of(message));
                    json.writeEndObject();
                }
            }
            json.writeEndArray();
            json.writeObjectFieldStart("generationConfig");
            json.writeNumberField("temperature", request.temperature());
            json.writeNumberField("maxOutputTokens", request.maxTokens() + reasoningTokens);
            json.writeEndObject();
        });
        return settings.apiKey()
                .map(key -> post.addHeader(HttpHeader.parse("x-goog-api-key", key)))
                .orElse(post);
    }

    private static List<Message> said(ChatModel.Request request, Speaker speaker) {
        return request.messages().stream()
                .filter(message ->
                        message.speaker() == speaker && !message.text().isBlank())
                .toList();
    }

    private static void parts(JsonGenerator json, List<Message> messages) throws IOException {
        json.writeArrayFieldStart("parts");
        for (Message message : messages) {
            json.writeStartObject();
            json.writeStringField("text", JsonBody.wellFormed(message.text()));
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    @Override
    public boolean endsWithDone() {
        return false;
    }

    @Override
    public void field(String name, JsonParser value, Reply reply) throws IOException {
        JsonToken token = value.currentToken();
        if (name.equals("candidates") && token == JsonToken.START_ARRAY) {
            for (int i = 0; value.nextToken() == JsonToken.START_OBJECT; i++) {
                if (i == 0) {
                    candidate(value, reply);
                } else {
                    value.skipChildren(); // we never ask for more than one
                }
            }
        } else if (name.equals("usageMetadata") && token == JsonToken.START_OBJECT) {
            usage(value, reply);
        } else if (name.equals("promptFeedback") && token == JsonToken.START_OBJECT) {
            feedback(value, reply);
        } else {
            value.skipChildren();
        }
    }

    private static void candidate(JsonParser json, Reply reply) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            if (field.equals("content") && value == JsonToken.START_OBJECT) {
                content(json, reply);
            } else if (field.equals("finishReason") && value == JsonToken.VALUE_STRING) {
                finish(json.getText(), reply);
            } else {
                json.skipChildren();
            }
        }
    }

    private static void finish(String why, Reply reply) {
        switch (why) {
            case "STOP" -> reply.finish(FinishReason.STOP);
            case "MAX_TOKENS" -> reply.finish(FinishReason.LENGTH);
            case "FINISH_REASON_UNSPECIFIED" -> {}
            case "OTHER",
                    "MALFORMED_RESPONSE",
                    "MALFORMED_FUNCTION_CALL",
                    "UNEXPECTED_TOOL_CALL",
                    "TOO_MANY_TOOL_CALLS" ->
                throw new ChatFailure(Kind.CUT_OFF, "The provider broke off in the middle (" + why + ")");
            // SAFETY, RECITATION, LANGUAGE, BLOCKLIST, PROHIBITED_CONTENT, SPII and whatever they add
            default -> reply.filtered(why);
        }
    }

    private static void content(JsonParser json, Reply reply) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            boolean parts = json.currentName().equals("parts");
            if (json.nextToken() == JsonToken.START_ARRAY && parts) {
                while (json.nextToken() == JsonToken.START_OBJECT) {
                    part(json, reply);
                }
            } else {
                json.skipChildren();
            }
        }
    }

    private static void part(JsonParser json, Reply reply) throws IOException {
        int before = reply.said();
        boolean thought = false;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            if (field.equals("text") && value == JsonToken.VALUE_STRING) {
                reply.say(json);
            } else if (field.equals("thought") && value == JsonToken.VALUE_TRUE) {
                thought = true; // may stand after its text
            } else {
                json.skipChildren();
            }
        }
        if (thought) {
            reply.unsay(before);
        }
    }

    private static void feedback(JsonParser json, Reply reply) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            boolean blocked = json.currentName().equals("blockReason");
            if (json.nextToken() == JsonToken.VALUE_STRING && blocked) {
                reply.filtered(json.getText());
            } else {
                json.skipChildren();
            }
        }
    }

    /** They count thoughts beside what is said; we count them within. */
    private static void usage(JsonParser json, Reply reply) throws IOException {
        int said = -1;
        int thought = 0;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            if (json.nextToken() != JsonToken.VALUE_NUMBER_INT) {
                json.skipChildren();
                continue;
            }
            switch (field) {
                case "promptTokenCount" -> reply.promptTokens(json.getIntValue());
                case "cachedContentTokenCount" -> reply.cachedTokens(json.getIntValue());
                case "candidatesTokenCount" -> said = json.getIntValue();
                case "thoughtsTokenCount" -> thought = json.getIntValue();
                default -> {}
            }
        }
        if (said >= 0 || thought > 0) {
            reply.completionTokens(Math.max(0, said) + thought);
            reply.reasoningTokens(thought);
        }
    }
}
