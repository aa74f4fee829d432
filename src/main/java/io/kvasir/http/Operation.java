package io.kvasir.http;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the documentation says of an {@link Endpoint}; its types are the very records that are read and written.
 *
 * @param summary one line, imperative
 * @param takes type of the JSON body
 * @param must whether it cannot do without that body
 * @param form whether the body is multipart, with files in the field {@code file}
 * @param query parameters after the question mark, with what they mean
 * @param gives what it answers when all is well, by status; several where it depends on the request
 * @param once whether {@code Idempotency-Key} is honoured
 */
record Operation(
        String summary,
        Optional<Class<?>> takes,
        boolean must,
        boolean form,
        Map<String, Parameter> query,
        Map<Integer, List<Answer>> gives,
        boolean once) {
    static final Operation UNTOLD = new Operation("", Optional.empty(), true, false, Map.of(), Map.of(), false);

    Operation {
        query = new LinkedHashMap<>(query);
        gives = new LinkedHashMap<>(gives);
    }

    /** @param type String, or what it is a text of */
    record Parameter(Class<?> type, String meaning) {}

    /** @param type of the JSON, of a page's items where {@code page} says so; empty where the body is no JSON of ours */
    record Answer(Optional<Class<?>> type, boolean page, String mediaType) {}

    Operation says(String text) {
        return new Operation(text, takes, must, form, query, gives, once);
    }

    Operation takes(Class<?> type, boolean needed) {
        return new Operation(summary, Optional.of(type), needed, form, query, gives, once);
    }

    Operation takesFiles() {
        return new Operation(summary, takes, must, true, query, gives, once);
    }

    Operation asks(String name, Class<?> type, String meaning) {
        Map<String, Parameter> more = new LinkedHashMap<>(query);
        more.put(name, new Parameter(type, meaning));
        return new Operation(summary, takes, must, form, more, gives, once);
    }

    Operation gives(int status, Answer answer) {
        Map<Integer, List<Answer>> more = new LinkedHashMap<>(gives);
        more.merge(
                status,
                List.of(answer),
                (one, other) -> Stream.concat(one.stream(), other.stream()).toList());
        return new Operation(summary, takes, must, form, query, more, once);
    }

    Operation heedsKey() {
        return new Operation(summary, takes, must, form, query, gives, true);
    }

    /** What is missing for a reader of the documentation; empty where nothing is. */
    List<String> gaps() {
        List<String> gaps = new ArrayList<>();
        if (summary.isBlank()) {
            gaps.add("no summary");
        }
        if (gives.isEmpty()) {
            gaps.add("no answer");
        }
        return gaps;
    }
}
