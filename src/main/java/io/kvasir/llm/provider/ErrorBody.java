package io.kvasir.llm.provider;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What is taken from a provider's error: its machine-readable code and how long to wait. Its message is not passed on,
 * since providers repeat keys, addresses and prompts in it.
 *
 * @param code empty where none was told
 * @param retryAfter Google's {@code retryDelay}
 */
record ErrorBody(String code, Optional<Duration> retryAfter) {
    private static final ErrorBody NOTHING = new ErrorBody("", Optional.empty());
    private static final JsonFactory JSON = new JsonFactory();
    private static final Pattern CODE = Pattern.compile("[A-Za-z0-9_.-]{1,60}");

    /** Of {@code {"error":{"code":…,"type":…,"status":…}}}, alone or in an array; nothing where it is something else. */
    static ErrorBody of(byte[] body) {
        try (JsonParser json = JSON.createParser(body)) {
            JsonToken first = json.nextToken();
            if (first == JsonToken.START_ARRAY) {
                first = json.nextToken();
            }
            if (first == JsonToken.START_OBJECT) {
                while (json.nextToken() == JsonToken.FIELD_NAME) {
                    boolean error = json.currentName().equals("error");
                    json.nextToken();
                    if (error) {
                        return of(json);
                    }
                    json.skipChildren();
                }
            }
            return NOTHING;
        } catch (IOException notJson) {
            return NOTHING;
        }
    }

    /** The same, with the parser on the value of {@code error}. */
    static ErrorBody of(JsonParser json) throws IOException {
        String code = "";
        int rank = 0;
        Optional<Duration> retryAfter = Optional.empty();
        if (json.currentToken() == JsonToken.START_OBJECT) {
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                JsonToken value = json.nextToken();
                int wanted = rank(field, value);
                if (wanted > rank && CODE.matcher(json.getText()).matches()) {
                    code = json.getText();
                    rank = wanted;
                } else if (field.equals("details") && value == JsonToken.START_ARRAY) {
                    retryAfter = retryDelay(json);
                } else {
                    json.skipChildren();
                }
            }
        }
        return new ErrorBody(code, retryAfter);
    }

    /** Google's {@code status} says most, then OpenAI's {@code code}, then the {@code type} all others have. */
    private static int rank(String field, JsonToken value) {
        if (value != JsonToken.VALUE_STRING && value != JsonToken.VALUE_NUMBER_INT) {
            return 0;
        }
        return switch (field) {
            case "status" -> 4;
            case "code" -> value == JsonToken.VALUE_STRING ? 3 : 1;
            case "type" -> 2;
            default -> 0;
        };
    }

    private static Optional<Duration> retryDelay(JsonParser json) throws IOException {
        Optional<Duration> delay = Optional.empty();
        while (json.nextToken() == JsonToken.START_OBJECT) {
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                boolean wanted = json.currentName().equals("retryDelay");
                if (json.nextToken() == JsonToken.VALUE_STRING && wanted) {
                    String text = json.getText();
                    if (text.endsWith("s")) {
                        delay = Failures.retryAfter(text.substring(0, text.length() - 1), Instant.EPOCH);
                    }
                } else {
                    json.skipChildren();
                }
            }
        }
        return delay;
    }
}
