package io.kvasir.llm.openai;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.regex.Pattern;

/**
 * The one thing taken from a provider's error: its machine-readable code. Its message is not passed on, since
 * providers repeat keys, addresses and prompts in it.
 */
final class ErrorBody {
    private static final JsonFactory JSON = new JsonFactory();
    private static final Pattern CODE = Pattern.compile("[A-Za-z0-9_.-]{1,60}");

    private ErrorBody() {}

    /** The code in {@code {"error":{"code":…,"type":…}}}, or an empty string. */
    static String codeOf(byte[] body) {
        try (JsonParser json = JSON.createParser(body)) {
            if (json.nextToken() == JsonToken.START_OBJECT) {
                while (json.nextToken() == JsonToken.FIELD_NAME) {
                    boolean error = json.currentName().equals("error");
                    json.nextToken();
                    if (error) {
                        return code(json);
                    }
                    json.skipChildren();
                }
            }
            return "";
        } catch (IOException notJson) {
            return "";
        }
    }

    /** The same, with the parser on the value of {@code error}. */
    static String code(JsonParser json) throws IOException {
        String code = "";
        if (json.currentToken() == JsonToken.START_OBJECT) {
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                JsonToken value = json.nextToken();
                boolean wanted = field.equals("code") || (field.equals("type") && code.isEmpty());
                if (wanted
                        && value.isScalarValue()
                        && CODE.matcher(json.getText()).matches()) {
                    code = value == JsonToken.VALUE_NULL ? code : json.getText();
                } else {
                    json.skipChildren();
                }
            }
        }
        return code;
    }
}
