package io.kvasir.llm.openai;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatFailure.Kind;
import io.kvasir.llm.ChatModel.FinishReason;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads the provider's event stream, in whatever pieces it comes, straight from the bytes: no line objects, no JSON
 * trees, one string for all tokens that came in one piece. Not thread-safe; one per reply.
 *
 * <p>The protocol puts one JSON object into one {@code data:} line, so a line is an event.
 */
final class CompletionReader {
    /** A real event is below 1 KB; some providers repeat all of a tool call. */
    static final int LONGEST_LINE = 1024 * 1024;

    private static final JsonFactory JSON = new JsonFactory();

    private final StringBuilder text = new StringBuilder();
    private byte[] rest = new byte[256];
    private int kept;
    private boolean done;
    private @Nullable FinishReason reason;
    private int promptTokens = -1;
    private int completionTokens = -1;

    /** @throws ChatFailure for what is not of the protocol, or an error object in the stream */
    void read(byte[] bytes) {
        int from = 0;
        for (int i = 0; i < bytes.length && !done; i++) {
            if (bytes[i] == '\n') {
                if (kept == 0) {
                    line(bytes, from, i);
                } else {
                    keep(bytes, from, i);
                    int length = kept;
                    kept = 0;
                    line(rest, 0, length);
                }
                from = i + 1;
            }
        }
        if (!done) {
            keep(bytes, from, bytes.length);
        }
    }

    private void keep(byte[] bytes, int from, int to) {
        int length = kept + to - from;
        if (length > LONGEST_LINE) {
            throw garbage();
        }
        if (length > rest.length) {
            rest = Arrays.copyOf(rest, Math.max(length, 2 * rest.length));
        }
        System.arraycopy(bytes, from, rest, kept, to - from);
        kept = length;
    }

    private void line(byte[] bytes, int from, int to) {
        int end = to > from && bytes[to - 1] == '\r' ? to - 1 : to;
        if (end - from < 5
                || bytes[from] != 'd'
                || bytes[from + 1] != 'a'
                || bytes[from + 2] != 't'
                || bytes[from + 3] != 'a'
                || bytes[from + 4] != ':') {
            return; // a comment, an event's name, an empty line
        }
        int start = from + 5;
        while (start < end && bytes[start] == ' ') {
            start++;
        }
        if (start == end) {
            return;
        }
        if (bytes[start] == '[') {
            done = true; // [DONE]
            return;
        }
        try (JsonParser json = JSON.createParser(bytes, start, end - start)) {
            event(json);
        } catch (IOException e) {
            throw garbage();
        }
    }

    private void event(JsonParser json) throws IOException {
        if (json.nextToken() != JsonToken.START_OBJECT) {
            throw garbage();
        }
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            switch (field) {
                case "choices" -> choices(json, value);
                case "usage" -> usage(json, value);
                case "error" -> {
                    if (value != JsonToken.VALUE_NULL) {
                        throw Failures.inStream(ErrorBody.code(json));
                    }
                }
                default -> json.skipChildren();
            }
        }
    }

    private void choices(JsonParser json, @Nullable JsonToken value) throws IOException {
        if (value != JsonToken.START_ARRAY) {
            json.skipChildren();
            return;
        }
        for (int i = 0; json.nextToken() == JsonToken.START_OBJECT; i++) {
            if (i == 0) {
                choice(json);
            } else {
                json.skipChildren(); // we never ask for more than one
            }
        }
    }

    private void choice(JsonParser json) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            if (field.equals("delta") && value == JsonToken.START_OBJECT) {
                delta(json);
            } else if (field.equals("finish_reason") && value == JsonToken.VALUE_STRING) {
                reason = switch (json.getText()) {
                    case "length" -> FinishReason.LENGTH;
                    case "content_filter" -> FinishReason.CONTENT_FILTER;
                    default -> FinishReason.STOP;
                };
            } else {
                json.skipChildren();
            }
        }
    }

    private void delta(JsonParser json) throws IOException {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            // A refusal is what the model says to the asker, so it is text of the reply.
            if (value == JsonToken.VALUE_STRING && (field.equals("content") || field.equals("refusal"))) {
                text.append(json.getTextCharacters(), json.getTextOffset(), json.getTextLength());
            } else {
                json.skipChildren();
            }
        }
    }

    private void usage(JsonParser json, @Nullable JsonToken value) throws IOException {
        if (value != JsonToken.START_OBJECT) {
            return;
        }
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken token = json.nextToken();
            if (token == JsonToken.VALUE_NUMBER_INT && field.equals("prompt_tokens")) {
                promptTokens = json.getIntValue();
            } else if (token == JsonToken.VALUE_NUMBER_INT && field.equals("completion_tokens")) {
                completionTokens = json.getIntValue();
            } else {
                json.skipChildren();
            }
        }
    }

    /** What came since the last call; empty where nothing did. Half a surrogate pair waits for its other half. */
    String takeText() {
        int length = text.length();
        if (length == 0) {
            return "";
        }
        if (Character.isHighSurrogate(text.charAt(length - 1))) {
            length--;
        }
        String taken = text.substring(0, length);
        text.delete(0, length);
        return taken;
    }

    /** The provider said {@code [DONE]}; nothing after it is read. */
    boolean done() {
        return done;
    }

    /** Whether the reply is whole: a reason was told, or {@code [DONE]}. */
    boolean complete() {
        return done || reason != null;
    }

    FinishReason reason() {
        return reason == null ? FinishReason.STOP : reason;
    }

    /** Tokens of the prompt as told, or -1. */
    int promptTokens() {
        return promptTokens;
    }

    /** Tokens of the reply as told, or -1. */
    int completionTokens() {
        return completionTokens;
    }

    private static ChatFailure garbage() {
        return new ChatFailure(Kind.GARBAGE, "The provider's answer is not of the protocol");
    }
}
