package io.kvasir.llm.provider;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.jspecify.annotations.Nullable;

/** One request and its response on one of the {@link Connections}, whose lock guards what changes here. */
final class Exchange {
    final HttpRequest request;
    final CompletableFuture<HttpResponse> response = new CompletableFuture<>();
    private final Connections connections;
    Connections.@Nullable Connection on;
    boolean repeated;
    boolean over;

    Exchange(Connections connections, HttpRequest request) {
        this.connections = connections;
        this.request = request;
    }

    /** Fails where there is no connection, or it broke before the response's head. */
    CompletionStage<HttpResponse> response() {
        return response;
    }

    /** The response was read to its end: the connection is free for others. */
    void finished() {
        connections.finished(this);
    }

    /** Closes the connection, or leaves the queue for one. Has no effect after {@link #finished()}. */
    void abort() {
        connections.aborted(this);
    }
}
