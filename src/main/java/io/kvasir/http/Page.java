package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.parameterOptional;

import io.kvasir.kernel.Rejection;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.server.Route;

/** One page of a list. {@code nextCursor} is null on the last. */
public record Page<T>(List<T> items, Optional<String> nextCursor) {
    public Page {
        items = List.copyOf(items);
    }

    /** Asks for at most {@code limit} (1 to 200, 50 unless told) items after the one {@code after} names. */
    public record Request(int limit, Optional<String> after) {}

    /**
     * A page from one item more than was asked for: that one tells whether there is a next page.
     *
     * @param key the sort key a cursor stands for
     */
    public static <T> Page<T> of(List<T> oneMore, int limit, Function<T, String> key) {
        if (oneMore.size() <= limit) {
            return new Page<>(oneMore, Optional.empty());
        }
        List<T> items = oneMore.subList(0, limit);
        return new Page<>(items, Optional.of(cursor(key.apply(items.getLast()))));
    }

    public <R> Page<R> map(Function<T, R> change) {
        return new Page<>(items.stream().map(change).toList(), nextCursor);
    }

    /** Reads {@code ?limit=&cursor=}. */
    public static Route requested(Function<Request, Route> inner) {
        return parameterOptional(
                "limit",
                limit -> parameterOptional("cursor", cursor -> {
                    int size;
                    try {
                        size = limit.map(Integer::parseInt).orElse(50);
                    } catch (NumberFormatException e) {
                        return Problems.refuse(
                                Rejection.Invalid.field("?limit", "must be a whole number from 1 to 200"));
                    }
                    if (size < 1 || size > 200) {
                        return Problems.refuse(
                                Rejection.Invalid.field("?limit", "must be a whole number from 1 to 200"));
                    }
                    Optional<String> after;
                    try {
                        after = cursor.map(Page::decode);
                    } catch (IllegalArgumentException e) {
                        return Problems.refuse(Rejection.Invalid.field("?cursor", "is not a cursor of ours"));
                    }
                    return inner.apply(new Request(size, after));
                }));
    }

    /** The cursor that stands for a sort key. */
    public static String cursor(String key) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(key.getBytes(StandardCharsets.UTF_8));
    }

    private static String decode(String cursor) {
        String key = new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
        if (key.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("no key of ours has control characters");
        }
        return key;
    }
}
