package io.kvasir.identity;

import static io.kvasir.identity.House.done;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.http.Access;
import io.kvasir.http.Authenticated;
import io.kvasir.http.ClientAddress;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Endpoints;
import io.kvasir.http.HttpServerForTests;
import io.kvasir.http.OpenStreams;
import io.kvasir.http.RateLimits;
import io.kvasir.http.Sse;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A node with open streams, and another one over the same database where access is taken away. */
class StreamsOfAnotherNodeTest {
    private final House house = new House();
    private final Identity node = house.node();
    private final OpenStreams streams = new OpenStreams();
    private final CompletableFuture<Supplier<CompletionStage<?>>> beforeAnswering = new CompletableFuture<>();
    private final HttpServerForTests server = HttpServerForTests.serving(new Endpoints(
                    List.of(
                            Endpoint.get("/news", Access.READ, _ -> Directives.complete(Sse.response(forEver()))),
                            Endpoint.get(
                                    "/late",
                                    Access.READ,
                                    _ -> Directives.onSuccess(
                                            beforeAnswering.join().get(),
                                            _ -> Directives.complete(Sse.response(forEver()))))),
                    new Authenticated(node),
                    RateLimits.none(),
                    new ClientAddress(0),
                    streams,
                    new io.kvasir.http.Origins(java.util.Optional.empty()),
                    Endpoints.Watch.NOBODY)
            .route());
    private UserId user;
    private TenantId tenant;
    private String token;

    private static Source<org.apache.pekko.util.ByteString, ?> forEver() {
        return Source.tick(Duration.ZERO, Duration.ofMillis(50), Sse.KEEP_ALIVE);
    }

    @BeforeEach
    void somebody() {
        node.suspensions().listen(ended -> streams.end(ended::concerns));
        tenant = house.tenant("T");
        user = house.user("u@x", tenant, Role.VIEWER);
        token = house.in("u@x").accessToken();
    }

    @AfterEach
    void close() throws Exception {
        server.close();
        node.close();
        house.close();
    }

    private HttpResponse<InputStream> open(HttpClient client, String path) throws Exception {
        return client.send(
                HttpRequest.newBuilder(server.uri(path))
                        .header("Authorization", "Bearer " + token)
                        .timeout(Duration.ofSeconds(20))
                        .build(),
                HttpResponse.BodyHandlers.ofInputStream());
    }

    @Test
    void aStreamEndsWhenAnotherNodeTakesTheAccess() throws Exception {
        try (HttpClient client = HttpClient.newHttpClient();
                InputStream body = open(client, "/news").body()) {
            assertThat(body.read()).isPositive();
            assertThat(streams.size()).isEqualTo(1);

            done(house.identity.suspensions().suspend(tenant));

            await().atMost(Duration.ofSeconds(30)).until(() -> streams.size() == 0);
            assertThat(body.readAllBytes()).isNotEmpty();
        }
    }

    @Test
    void anEndingBetweenTheQuestionWhoCallsAndTheAnswerCountsToo() throws Exception {
        beforeAnswering.complete(() -> node.suspensions().suspend(user));
        try (HttpClient client = HttpClient.newHttpClient();
                InputStream body = open(client, "/late").body()) {
            assertThat(body.readAllBytes()).hasSizeLessThan(100);
        }
        // The reader may see the end before the list of what is open does.
        await().atMost(Duration.ofSeconds(30)).until(() -> streams.size() == 0);
    }

    @Test
    void whoWasOvertakenByMoreThanIsRememberedIsEnded() throws Exception {
        beforeAnswering.complete(() -> {
            for (int i = 0; i < 1_001; i++) {
                streams.end(_ -> false);
            }
            return CompletableFuture.completedFuture(null);
        });
        try (HttpClient client = HttpClient.newHttpClient();
                InputStream body = open(client, "/late").body()) {
            assertThat(body.readAllBytes()).hasSizeLessThan(100);
        }
    }
}
