package io.kvasir.retrieval.remote;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Arrays;

/** Reads an array of numbers without a tree. */
final class Numbers {
    private Numbers() {}

    /** @param expected how many there should be; another number is told by the length of the result */
    static float[] read(JsonParser json, int expected) throws IOException {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            throw new IOException("not an array");
        }
        float[] numbers = new float[expected];
        int n = 0;
        for (JsonToken token = json.nextToken(); token != JsonToken.END_ARRAY; token = json.nextToken()) {
            if (token == null || !token.isNumeric() || n >= 100_000) {
                throw new IOException("not numbers");
            }
            if (n == numbers.length) {
                numbers = Arrays.copyOf(numbers, Math.max(16, 2 * n));
            }
            numbers[n++] = json.getFloatValue();
        }
        return n == numbers.length ? numbers : Arrays.copyOf(numbers, n);
    }
}
