package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.mapResponse;

import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * Turns away who asks too often, with 429 and {@code Retry-After}. Every response says how much is left, in the fields
 * {@code RateLimit-Policy} and {@code RateLimit} of draft-ietf-httpapi-ratelimit-headers.
 */
final class RateLimited {
    private final RateLimits limits;
    private final ClientAddress addresses;

    RateLimited(RateLimits limits, ClientAddress addresses) {
        this.limits = limits;
        this.addresses = addresses;
    }

    Route byAddress(HttpRequest request, Supplier<Route> inner) {
        return limited(limits.admit(addresses.of(request)), inner);
    }

    Route byCaller(Principal caller, Supplier<Route> inner) {
        return limited(limits.admit(caller), inner);
    }

    private static Route limited(RateLimits.Verdict verdict, Supplier<Route> inner) {
        if (verdict.quotas().isEmpty()) {
            return inner.get();
        }
        return mapResponse(
                response -> shown(response, verdict.quotas()),
                verdict.passed()
                        ? inner
                        : () -> Problems.refuse(new Rejection.TooMany(
                                "Too many requests of this "
                                        + verdict.quotas().getLast().policy() + "; wait a little",
                                roundedUp(verdict.retryAfter().orElseThrow()))));
    }

    private static Duration roundedUp(Duration wait) {
        return Duration.ofSeconds(Math.ceilDiv(wait.toNanos(), 1_000_000_000L));
    }

    private static HttpResponse shown(HttpResponse response, List<RateLimits.Quota> quotas) {
        HttpResponse policies = add(
                response,
                "RateLimit-Policy",
                quotas.stream()
                        .map(q -> "\"" + q.policy() + "\";q=" + q.limit() + ";w=" + q.window())
                        .collect(Collectors.joining(", ")));
        return add(
                policies,
                "RateLimit",
                quotas.stream()
                        .map(q -> "\"" + q.policy() + "\";r=" + q.remaining() + ";t=" + q.reset())
                        .collect(Collectors.joining(", ")));
    }

    private static HttpResponse add(HttpResponse response, String name, String value) {
        return response.addHeader(RawHeader.create(name, value));
    }
}
