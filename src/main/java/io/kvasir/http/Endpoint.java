package io.kvasir.http;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * One operation of the outer face: what it is called, who may call it, and what it does. A feature declares its own;
 * together they are the inventory that documentation and tests read.
 *
 * @param operation what the documentation says of it
 * @param sites origins whose pages may call it beside our own, for what stands in the path; empty: no other's
 * @param path whole path; a segment in braces is a parameter: {@code /api/v1/knowledge-bases/{kbId}}
 */
public record Endpoint(
        HttpMethod method,
        String path,
        Access access,
        Function<Call, Route> handler,
        Operation operation,
        Optional<Function<Call, CompletionStage<Set<String>>>> sites) {
    public Endpoint {
        if (!path.startsWith("/") || path.length() > 1 && path.endsWith("/") || path.contains("//")) {
            throw new IllegalArgumentException("not a path: " + path);
        }
    }

    public static Endpoint get(String path, Access access, Function<Call, Route> handler) {
        return new Endpoint(HttpMethods.GET, path, access, handler, Operation.UNTOLD, Optional.empty());
    }

    public static Endpoint post(String path, Access access, Function<Call, Route> handler) {
        return new Endpoint(HttpMethods.POST, path, access, handler, Operation.UNTOLD, Optional.empty());
    }

    public static Endpoint put(String path, Access access, Function<Call, Route> handler) {
        return new Endpoint(HttpMethods.PUT, path, access, handler, Operation.UNTOLD, Optional.empty());
    }

    public static Endpoint delete(String path, Access access, Function<Call, Route> handler) {
        return new Endpoint(HttpMethods.DELETE, path, access, handler, Operation.UNTOLD, Optional.empty());
    }

    /** One imperative line for the documentation. */
    public Endpoint says(String summary) {
        return told(operation.says(summary));
    }

    /** The type of its JSON body. */
    public Endpoint takes(Class<?> body) {
        return told(operation.takes(body, true));
    }

    /** The type of its JSON body, where it has one: it can do without. */
    public Endpoint mayTake(Class<?> body) {
        return told(operation.takes(body, false));
    }

    /** Its body is multipart, with one or more files in the field {@code file}. */
    public Endpoint takesFiles() {
        return told(operation.takesFiles());
    }

    /** A parameter after the question mark. */
    public Endpoint asks(String name, String meaning) {
        return asks(name, String.class, meaning);
    }

    /** A parameter after the question mark that is the text of a number, a truth value or one of an enumeration. */
    public Endpoint asks(String name, Class<?> type, String meaning) {
        return told(operation.asks(name, type, meaning));
    }

    /** The JSON it answers with; told twice for a status, it is the one or the other. */
    public Endpoint gives(int status, Class<?> type) {
        return answers(status, Optional.of(type), false, "application/json");
    }

    /** One page of a list, asked for by {@code ?limit=&cursor=}. */
    public Endpoint givesPage(Class<?> item) {
        return asks("limit", int.class, "At most so many, 1 to 200; 50 unless told")
                .asks("cursor", "nextCursor of the page before")
                .answers(200, Optional.of(item), true, "application/json");
    }

    /** Something that is not JSON, streams of events among it. */
    public Endpoint givesMedia(int status, String mediaType) {
        return answers(status, Optional.empty(), false, mediaType);
    }

    /** No body. */
    public Endpoint givesNothing() {
        return answers(204, Optional.empty(), false, "");
    }

    /** Honours {@code Idempotency-Key}. */
    public Endpoint heedsKey() {
        return told(operation.heedsKey());
    }

    private Endpoint answers(int status, Optional<Class<?>> type, boolean page, String mediaType) {
        return told(operation.gives(status, new Operation.Answer(type, page, mediaType)));
    }

    private Endpoint told(Operation said) {
        return new Endpoint(method, path, access, handler, said, sites);
    }

    /** Lets pages of these origins call it too. @param origins in lower case; the call it is asked for knows no caller */
    public Endpoint calledFrom(Function<Call, CompletionStage<Set<String>>> origins) {
        return new Endpoint(method, path, access, handler, operation, Optional.of(origins));
    }

    /** The same with another handler around or instead of its own. */
    public Endpoint handledBy(Function<Call, Route> other) {
        return new Endpoint(method, path, access, other, operation, sites);
    }

    List<String> segments() {
        return path.length() == 1 ? List.of() : List.of(path.substring(1).split("/", -1));
    }

    @Override
    public String toString() {
        return method.name() + " " + path + " (" + access + ")";
    }
}
