package io.kvasir.llm.openai;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.kvasir.llm.ChatModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Writes the call. */
final class RequestBody {
    private static final JsonFactory JSON = new JsonFactory();

    private RequestBody() {}

    static byte[] of(ChatModel.Request request, String limitField) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(4096);
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField("model", request.model());
            json.writeArrayFieldStart("messages");
            for (ChatModel.Message message : request.messages()) {
                json.writeStartObject();
                json.writeStringField("role", message.speaker().name().toLowerCase(Locale.ROOT));
                json.writeStringField("content", wellFormed(message.text()));
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeBooleanField("stream", true);
            json.writeObjectFieldStart("stream_options");
            json.writeBooleanField("include_usage", true);
            json.writeEndObject();
            json.writeNumberField("temperature", request.temperature());
            json.writeNumberField(limitField, request.maxTokens());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** A lone surrogate, which UTF-8 cannot say, becomes a question mark. */
    private static String wellFormed(String text) {
        return text.chars().anyMatch(c -> Character.isSurrogate((char) c))
                ? new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8)
                : text;
    }
}
