package io.kvasir.http;

import com.typesafe.config.ConfigFactory;
import io.kvasir.http.server.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.http.javadsl.server.Route;

/** A real server on a loopback port of the system's choice, with the guard every request of ours passes. */
public final class HttpServerForTests implements AutoCloseable {
    private final ActorSystem system;
    private final HttpServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    private HttpServerForTests(ActorSystem system, HttpServer server) {
        this.system = system;
        this.server = server;
    }

    public static HttpServerForTests serving(Route routes) {
        ActorSystem system = ActorSystem.create(
                "http-test",
                ConfigFactory.parseString("pekko.loglevel=WARNING").withFallback(ConfigFactory.load("reference")));
        try {
            return new HttpServerForTests(
                    system,
                    HttpServer.start(
                            Adapter.toTyped(system),
                            "127.0.0.1",
                            0,
                            Problems.guarded(routes).handler(system)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    public HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    public HttpResponse<String> get(String path) throws Exception {
        return send(HttpRequest.newBuilder(uri(path)));
    }

    public HttpResponse<String> post(String path, String json, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json));
        return send(headers.length == 0 ? request : request.headers(headers));
    }

    @Override
    public void close() throws Exception {
        client.close();
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }
}
