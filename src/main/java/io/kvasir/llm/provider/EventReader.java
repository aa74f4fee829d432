package io.kvasir.llm.provider;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.kvasir.llm.ChatFailure;
import java.io.IOException;
import java.util.Arrays;

/**
 * Reads a provider's event stream, in whatever pieces it comes, straight from the bytes: no line objects, no JSON
 * trees, one string for all tokens that came in one piece. Not thread-safe; one per reply.
 *
 * <p>All providers put one JSON object into one {@code data:} line, so a line is an event.
 */
final class EventReader {
    /** A real event is below 1 KB; some providers repeat all of a tool call. */
    static final int LONGEST_LINE = 1024 * 1024;

    private static final JsonFactory JSON = new JsonFactory();
    private static final byte[] NOTHING = {};

    private final WireFormat format;
    private final Reply reply = new Reply();
    private byte[] rest = NOTHING;
    private int kept;

    EventReader(WireFormat format) {
        this.format = format;
    }

    Reply reply() {
        return reply;
    }

    /** @throws ChatFailure for what is not of the protocol, or an error object in the stream */
    void read(byte[] bytes) {
        int from = 0;
        for (int i = 0; i < bytes.length && !reply.done(); i++) {
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
        if (!reply.done()) {
            keep(bytes, from, bytes.length);
        }
    }

    private void keep(byte[] bytes, int from, int to) {
        int length = kept + to - from;
        if (length > LONGEST_LINE) {
            throw Failures.garbage();
        }
        if (length > rest.length) {
            rest = Arrays.copyOf(rest, Math.max(length, Math.max(512, 2 * rest.length)));
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
        if (bytes[start] == '[' && format.endsWithDone()) {
            reply.end(); // [DONE]
            return;
        }
        try (JsonParser json = JSON.createParser(bytes, start, end - start)) {
            event(json);
        } catch (IOException e) {
            throw Failures.garbage();
        }
    }

    private void event(JsonParser json) throws IOException {
        if (json.nextToken() != JsonToken.START_OBJECT) {
            throw Failures.garbage();
        }
        JsonToken token = json.nextToken();
        while (token == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            if (!field.equals("error")) {
                format.field(field, json, reply);
            } else if (value != JsonToken.VALUE_NULL) {
                throw Failures.inStream(ErrorBody.of(json).code());
            }
            token = json.nextToken();
        }
        if (token != JsonToken.END_OBJECT) {
            throw Failures.garbage();
        }
    }
}
