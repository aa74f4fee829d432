package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.headerValueByName;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.post;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.JdbcRememberedReplies;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
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
                                            : complete(Json.created(Map.of("n", made.incrementAndGet())))))));
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
