package io.kvasir.http;

import com.typesafe.config.ConfigFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.server.Route;

/** A real server on a loopback port of the system's choice, with the guard every request of ours passes. */
public final class HttpServerForTests implements AutoCloseable {
    private final ActorSystem system;
    private final ServerBinding binding;
    private final HttpClient client = HttpClient.newHttpClient();

    private HttpServerForTests(ActorSystem system, ServerBinding binding) {
        this.system = system;
        this.binding = binding;
    }

    public static HttpServerForTests serving(Route routes) {
        ActorSystem system = ActorSystem.create(
                "http-test",
                ConfigFactory.parseString("pekko.loglevel=WARNING").withFallback(ConfigFactory.load("reference")));
        return new HttpServerForTests(
                system,
                Http.get(system)
                        .newServerAt("127.0.0.1", 0)
                        .bind(Problems.guarded(routes))
                        .toCompletableFuture()
                        .join());
    }

    public URI uri(String path) {
        return URI.create("http://127.0.0.1:" + binding.localAddress().getPort() + path);
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
