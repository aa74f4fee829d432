package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.extractMaterializer;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequestEntity;
import static org.apache.pekko.http.javadsl.server.Directives.headerValueByName;
import static org.apache.pekko.http.javadsl.server.Directives.mapResponse;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.JdbcRememberedReplies;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.server.Route;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.class)
class IdempotentTest {
    private final Database database;
    private final Transactor transactor;
    private final Idempotent idempotent;
    private final AtomicInteger made = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger(1);
    private final List<String> ids = new CopyOnWriteArrayList<>();
    private Supplier<Route> failure = () -> Problems.refuse(new Rejection.Unavailable("No answer", Duration.ZERO));
    private HttpServerForTests server;

    record Body(String name) {}

    IdempotentTest(TestDatabase kind) {
        database = kind.open();
        transactor = new Transactor(database.dataSource(), 4);
        idempotent = new Idempotent(new JdbcRememberedReplies(
                transactor,
                new SubjectKeys(transactor, TestDatabase.masterKey()),
                Clock.systemUTC(),
                "here",
                _ -> false));
    }

    @BeforeEach
    void serve() {
        server = HttpServerForTests.serving(headerValueByName("X-User", user -> {
            Principal caller = new Principal(new UserId(user), new TenantId("t"), Set.of(), Optional.empty());
            return concat(
                    path(
                            "things",
                            () -> post(() -> idempotent.once(
                                    caller,
                                    () -> entity(
                                            Json.body(Body.class),
                                            _ -> complete(Json.created(Map.of("n", made.incrementAndGet()))))))),
                    path(
                            "flaky",
                            () -> post(() -> idempotent.once(
                                    caller,
                                    () -> failures.getAndDecrement() > 0
                                            ? Problems.refuse(new Rejection.Conflict("busy", "busy"))
                                            : complete(Json.created(Map.of("n", made.incrementAndGet())))))),
                    path(
                            "thrown",
                            () -> post(() -> idempotent.once(caller, () -> {
                                if (failures.getAndDecrement() > 0) {
                                    throw new Json.Refusal(new Rejection.NotFound("No such thing"));
                                }
                                return complete(Json.created(Map.of("n", made.incrementAndGet())));
                            }))),
                    path(
                            "named",
                            () -> post(() -> idempotent.once(caller, id -> {
                                ids.add(id);
                                return failures.getAndDecrement() > 0
                                        ? failure.get()
                                        : complete(Json.created(Map.of("id", id)));
                            }))),
                    path(
                            "partly",
                            () -> post(() -> idempotent.once(caller, id -> {
                                ids.add(id);
                                return failures.getAndDecrement() > 0
                                        ? mapResponse(
                                                Idempotent::partlyDone,
                                                () -> Problems.refuse(new Rejection.Conflict("full", "full")))
                                        : complete(Json.created(Map.of("id", id)));
                            }))),
                    path(
                            "taken",
                            () -> post(() -> idempotent.once(caller, id -> {
                                ids.add(id);
                                return extractMaterializer(materializer -> extractRequestEntity(file -> onSuccess(
                                        file.toStrict(10_000, materializer),
                                        _ -> failures.getAndDecrement() > 0
                                                ? failure.get()
                                                : complete(Json.created(Map.of("id", id))))));
                            }))));
        }));
    }

    @AfterEach
    void close() throws Exception {
        server.close();
        transactor.close();
        database.close();
    }

    private HttpResponse<String> make(String path, String body, String user, String key) throws Exception {
        return server.post(path, body, "X-User", user, "Idempotency-Key", key);
    }

    @Test
    void theSameRequestTwiceCreatesOnce() throws Exception {
        HttpResponse<String> first = make("/things", "{\"name\":\"a\"}", "u", "k");
        HttpResponse<String> second = make("/things", "{\"name\":\"a\"}", "u", "k");

        assertThat(made).hasValue(1);
        assertThat(second.statusCode()).isEqualTo(201);
        assertThat(second.body()).isEqualTo(first.body());
        assertThat(second.headers().firstValue("Idempotency-Replayed")).hasValue("true");
    }

    @Test
    void anotherBodyUnderTheSameKeyIsAConflict() throws Exception {
        make("/things", "{\"name\":\"a\"}", "u", "k");

        assertThat(make("/things", "{\"name\":\"b\"}", "u", "k").statusCode()).isEqualTo(409);
        assertThat(made).hasValue(1);
    }

    @Test
    void keysOfDifferentUsersNeverMeet() throws Exception {
        make("/things", "{\"name\":\"a\"}", "u", "k");
        make("/things", "{\"name\":\"a\"}", "other", "k");

        assertThat(made).hasValue(2);
    }

    @Test
    void aFailedRequestMayBeTriedAgain() throws Exception {
        assertThat(make("/flaky", "{}", "u", "k").statusCode()).isEqualTo(409);

        assertThat(make("/flaky", "{}", "u", "k").statusCode()).isEqualTo(201);
    }

    @Test
    void aRefusalThatIsThrownIsOne() throws Exception {
        assertThat(make("/thrown", "{}", "u", "k").statusCode()).isEqualTo(404);

        assertThat(make("/thrown", "{\"mended\":1}", "u", "k").statusCode()).isEqualTo(201);
    }

    @Test
    void aRepeatOfWhatMayHaveBeenDoneGoesOnWithItsId() throws Exception {
        failures.set(2);
        assertThat(make("/named", "{}", "u", "k").statusCode()).isEqualTo(503);
        failure = () -> {
            throw new IllegalStateException("a bug");
        };
        assertThat(make("/named", "{}", "u", "k").statusCode()).isEqualTo(500);
        assertThat(make("/named", "{}", "u", "k").statusCode()).isEqualTo(201);

        assertThat(ids).hasSize(3).containsOnly(ids.getFirst());
        assertThat(make("/named", "{}", "u", "k").body()).contains(ids.getFirst());
        assertThat(ids).as("the answer is given again").hasSize(3);
    }

    @Test
    void whatMayHaveBeenDoneLeavesItsKeyToNoOtherRequest() throws Exception {
        assertThat(make("/named", "{}", "u", "k").statusCode()).isEqualTo(503);

        assertThat(make("/named", "{\"other\":1}", "u", "k").statusCode()).isEqualTo(409);
        assertThat(make("/named", "{}", "u", "k").statusCode()).isEqualTo(201);
    }

    @Test
    void whatWasRefusedIsBegunAnew() throws Exception {
        failure = () -> Problems.refuse(new Rejection.Conflict("busy", "busy"));
        assertThat(make("/named", "{}", "u", "k").statusCode()).isEqualTo(409);
        assertThat(make("/named", "{\"other\":1}", "u", "k").statusCode()).isEqualTo(201);

        assertThat(ids).hasSize(2).doesNotHaveDuplicates();
    }

    @Test
    void whatWasRefusedButForAPartGoesOnWithItsId() throws Exception {
        assertThat(make("/partly", "{}", "u", "k").statusCode()).isEqualTo(409);
        assertThat(make("/partly", "{\"other\":1}", "u", "k").statusCode()).isEqualTo(409);
        assertThat(make("/partly", "{}", "u", "k").statusCode()).isEqualTo(201);

        assertThat(ids).hasSize(2).containsOnly(ids.getFirst());
    }

    @Test
    void anUploadIsTheSameHoweverItArrives() throws Exception {
        byte[] head = ("POST /taken HTTP/1.1\r\nHost: here\r\nX-User: u\r\nIdempotency-Key: k\r\n"
                        + "Content-Type: application/octet-stream\r\nContent-Length: 5\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        byte[] bytes = "bytes".getBytes(StandardCharsets.US_ASCII);
        try (Socket socket = new Socket("127.0.0.1", server.uri("/").getPort())) {
            socket.getOutputStream().write(head);
            await().until(() -> ids.size() == 1);
            socket.getOutputStream().write(bytes);
            assertThat(status(socket)).contains("503");
        }

        try (Socket socket = new Socket("127.0.0.1", server.uri("/").getPort())) {
            OutputStream out = socket.getOutputStream();
            byte[] whole = java.util.Arrays.copyOf(head, head.length + bytes.length);
            System.arraycopy(bytes, 0, whole, head.length, bytes.length);
            out.write(whole);
            assertThat(status(socket)).contains("201");
        }
        assertThat(ids).hasSize(2).containsOnly(ids.getFirst());
    }

    private static String status(Socket socket) throws IOException {
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII)).readLine();
    }

    @Test
    void everyRequestHasAnIdOfItsOwn() throws Exception {
        failures.set(0);
        make("/named", "{}", "u", "k");
        make("/named", "{}", "u", "other");
        server.post("/named", "{}", "X-User", "u");

        assertThat(ids).hasSize(3).doesNotHaveDuplicates();
    }

    @Test
    void aBrokenBodyMayBeTriedAgain() throws Exception {
        assertThat(make("/things", "{\"name\":1}", "u", "k").statusCode()).isEqualTo(400);

        assertThat(make("/things", "{\"name\":\"a\"}", "u", "other").statusCode())
                .isEqualTo(201);
    }

    @Test
    void anUnreadableKeyIsRefused() throws Exception {
        assertThat(make("/things", "{\"name\":\"a\"}", "u", "x".repeat(201)).statusCode())
                .isEqualTo(400);
    }

    @Test
    void withoutAKeyEveryRequestCounts() throws Exception {
        server.post("/things", "{\"name\":\"a\"}", "X-User", "u");
        server.post("/things", "{\"name\":\"a\"}", "X-User", "u");

        assertThat(made).hasValue(2);
    }
}
