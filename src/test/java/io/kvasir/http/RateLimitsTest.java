package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RateLimitsTest {
    private static final RateLimits.Rate MANY = new RateLimits.Rate(1_000_000, Duration.ofSeconds(1), 1_000_000);
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicInteger nodes = new AtomicInteger(1);

    private static RateLimits.Rate perMinute(int requests) {
        return new RateLimits.Rate(requests, Duration.ofMinutes(1), requests);
    }

    private RateLimits limits(RateLimits.Rate address, RateLimits.Rate user, RateLimits.Rate tenant) {
        return new RateLimits(
                new RateLimits.Settings(true, address, user, perMinute(3), tenant, 640), nodes::get, nanos::get);
    }

    private static Principal user(String tenant, String id) {
        return new Principal(new UserId(id), new TenantId(tenant), Set.of(Role.ADMIN), Optional.empty());
    }

    private static long passed(RateLimits limits, Principal caller, int times) {
        return IntStream.range(0, times)
                .filter(_ -> limits.admit(caller).passed())
                .count();
    }

    @Test
    void aUserMayAskSoOftenAndLaterAgain() {
        RateLimits limits = limits(MANY, perMinute(100), MANY);

        assertThat(passed(limits, user("t", "u"), 200)).isEqualTo(100);
        RateLimits.Verdict refused = limits.admit(user("t", "u"));
        assertThat(refused.retryAfter().orElseThrow()).isBetween(Duration.ofMillis(500), Duration.ofMillis(700));

        nanos.addAndGet(refused.retryAfter().orElseThrow().toNanos());
        assertThat(passed(limits, user("t", "u"), 10)).isEqualTo(1);
        nanos.addAndGet(Duration.ofHours(5).toNanos());
        assertThat(passed(limits, user("t", "u"), 200)).isEqualTo(100);
    }

    @Test
    void oneTenantsCrowdTakesNobodyElsesTurn() {
        RateLimits limits = limits(MANY, perMinute(100), perMinute(150));
        long crowd = 0;
        for (int i = 0; i < 50; i++) {
            crowd += passed(limits, user("crowd", "u" + i), 50);
        }

        assertThat(crowd).isEqualTo(150);
        assertThat(passed(limits, user("quiet", "u"), 50)).isEqualTo(50);
    }

    @Test
    void aVisitorHasALimitOfTheirOwn() {
        Principal visitor = new Principal(
                new UserId("v"), new TenantId("t"), Set.of(Role.END_USER), Optional.of(new ConversationId("c")));

        assertThat(passed(limits(MANY, perMinute(100), MANY), visitor, 50)).isEqualTo(3);
    }

    @Test
    void nodesTogetherGrantNoMoreThanOneWould() {
        nodes.set(3);
        long together = 0;
        for (int node = 0; node < 3; node++) {
            together += passed(limits(MANY, perMinute(99), MANY), user("t", "u"), 200);
        }
        assertThat(together).isEqualTo(99);

        // One of them leaves: the others take over its share.
        RateLimits staying = limits(MANY, perMinute(99), MANY);
        assertThat(passed(staying, user("t", "u"), 200)).isEqualTo(33);
        nodes.set(2);
        nanos.addAndGet(Duration.ofMinutes(2).toNanos());
        assertThat(passed(staying, user("t", "u"), 200)).isEqualTo(49);
    }

    @Test
    void aWholeNetworkOfIpv6IsOneAddress() {
        RateLimits limits = limits(perMinute(2), MANY, MANY);

        assertThat(limits.admit("2001:db8:0:1::1").passed()).isTrue();
        assertThat(limits.admit("2001:db8:0:1::2").passed()).isTrue();
        assertThat(limits.admit("2001:db8:0:1:ffff::3").passed()).isFalse();
        assertThat(limits.admit("2001:db8:0:2::1").passed()).isTrue();
        assertThat(limits.admit("192.0.2.1").passed()).isTrue();
        assertThat(limits.admit("192.0.2.2").passed()).isTrue();
    }

    @Test
    void memoryIsBounded() {
        RateLimits limits = limits(perMinute(2), MANY, MANY);
        for (int i = 0; i < 100_000; i++) {
            limits.admit("10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255));
        }

        assertThat(limits.buckets()).isLessThanOrEqualTo(640);
    }

    @Test
    void saysSoInTheHeadersAndTurnsAwayWithAProblem() throws Exception {
        Authenticator anybody = bearer -> CompletableFuture.completedFuture(Optional.of(user("t", bearer)));
        try (HttpServerForTests server = HttpServerForTests.serving(new Endpoints(
                        List.of(Endpoint.get("/things", Access.READ, _ -> complete("all"))),
                        new Authenticated(anybody),
                        limits(perMinute(5), perMinute(2), MANY),
                        new ClientAddress(1),
                        new OpenStreams(),
                        new Origins(java.util.Optional.empty()),
                        Endpoints.Watch.NOBODY)
                .route())) {
            HttpResponse<String> first = asked(server, "u", "192.0.2.1");
            assertThat(first.statusCode()).isEqualTo(200);
            assertThat(first.headers().allValues("RateLimit-Policy"))
                    .anySatisfy(p -> assertThat(p).contains("\"address\";q=5;w=60"))
                    .anySatisfy(p -> assertThat(p).contains("\"user\";q=2;w=60"));
            assertThat(first.headers().allValues("RateLimit"))
                    .anySatisfy(r -> assertThat(r).contains("\"user\";r=1;t=30"));
            asked(server, "u", "192.0.2.1");

            HttpResponse<String> refused = asked(server, "u", "192.0.2.1");
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.headers().firstValue("Retry-After")).hasValue("30");
            assertThat(refused.body()).contains("urn:kvasir:problem:too-many-requests");
            assertThat(asked(server, "other", "192.0.2.1").statusCode()).isEqualTo(200);

            asked(server, "another", "192.0.2.1");
            HttpResponse<String> sixth = asked(server, "yet-another", "192.0.2.1");
            assertThat(sixth.statusCode()).isEqualTo(429);
            assertThat(sixth.body()).contains("address");
            assertThat(asked(server, "yet-another", "192.0.2.2").statusCode()).isEqualTo(200);
        }
    }

    private static HttpResponse<String> asked(HttpServerForTests server, String user, String from) throws Exception {
        return server.send(HttpRequest.newBuilder(server.uri("/things"))
                .header("X-Forwarded-For", "203.0.113.9, " + from)
                .header("Authorization", "Bearer " + user));
    }
}
