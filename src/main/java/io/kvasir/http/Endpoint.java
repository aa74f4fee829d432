package io.kvasir.http;

import java.util.List;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * One operation of the outer face: what it is called, who may call it, and what it does. A feature declares its own;
 * together they are the inventory that documentation and tests read.
 *
 * @param path whole path; a segment in braces is a parameter: {@code /api/v1/knowledge-bases/{kbId}}
 */
public record Endpoint(HttpMethod method, String path, Access access, Function<Call, Route> handler) {
    public Endpoint {
        if (!path.startsWith("/") || path.length() > 1 && path.endsWith("/") || path.contains("//")) {
            throw new IllegalArgumentException("not a path: " + path);
        }
    }

    public static Endpoint get(String path, Access access, Function<Call, Route> handler) {
        return new Endpoint(HttpMethods.GET, path, access, handler);
    }

    public static Endpoint post(String path, Access access, Function<Call, Route> handler) {
        return new Endpoint(HttpMethods.POST, path, access, handler);
    }

    public static Endpoint put(String path, Access access, Function<Call, Route> handler) {
        return new Endpoint(HttpMethods.PUT, path, access, handler);
    }

    public static Endpoint delete(String path, Access access, Function<Call, Route> handler) {
        return new Endpoint(HttpMethods.DELETE, path, access, handler);
    }

    List<String> segments() {
        return path.length() == 1 ? List.of() : List.of(path.substring(1).split("/", -1));
    }

    @Override
    public String toString() {
        return method.name() + " " + path + " (" + access + ")";
    }
}
