package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.mapResponse;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;

import io.kvasir.kernel.Rejection;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * Pages of other origins (CORS, Fetch standard). An endpoint answers those that stand on its list of sites and refuses
 * all others before anything happens; an endpoint without such a list never lets another origin's page read. Origins are
 * compared exactly, {@code *} is never said, and no cookie goes along.
 */
final class CrossOrigin {
    /** Seconds a browser may remember what it was told before it asked. */
    private static final String REMEMBERED = "600";

    private final Origins origins;

    CrossOrigin(Origins origins) {
        this.origins = origins;
    }

    Route guarded(HttpRequest request, Endpoint endpoint, Call call, Supplier<Route> inner) {
        if (endpoint.sites().isEmpty()) {
            return inner.get();
        }
        Optional<String> origin = Origins.of(request);
        if (origin.isEmpty() || origins.ours(request)) {
            return mapResponse(CrossOrigin::varied, inner);
        }
        return onSuccess(
                sites(endpoint, call),
                sites -> sites.contains(origin.get().toLowerCase(Locale.ROOT))
                        ? mapResponse(
                                response -> allowed(response, origin.get())
                                        .addHeader(RawHeader.create(
                                                "Access-Control-Expose-Headers",
                                                "Retry-After, RateLimit, RateLimit-Policy, X-Request-Id")),
                                inner)
                        : mapResponse(CrossOrigin::varied, CrossOrigin::refused));
    }

    /** What a browser asks before a page of another origin may send. @param endpoint which it wants to call */
    Route preflight(HttpRequest request, Endpoint endpoint, Call call) {
        Optional<String> origin = Origins.of(request);
        return onSuccess(
                sites(endpoint, call),
                sites -> origin.isPresent() && sites.contains(origin.get().toLowerCase(Locale.ROOT))
                        ? complete(allowed(Problems.noContent(), origin.get())
                                .addHeader(RawHeader.create(
                                        "Access-Control-Allow-Methods",
                                        endpoint.method().name()))
                                .addHeader(RawHeader.create(
                                        "Access-Control-Allow-Headers",
                                        "Accept, Authorization, Content-Type, Idempotency-Key, Last-Event-ID"))
                                .addHeader(RawHeader.create("Access-Control-Max-Age", REMEMBERED)))
                        : mapResponse(CrossOrigin::varied, CrossOrigin::refused));
    }

    private static CompletionStage<Set<String>> sites(Endpoint endpoint, Call call) {
        try {
            return endpoint.sites().isEmpty()
                    ? CompletableFuture.completedFuture(Set.of())
                    : endpoint.sites().get().apply(call);
        } catch (Json.Refusal notAnAddress) {
            return CompletableFuture.completedFuture(Set.of());
        }
    }

    private static Route refused() {
        return Problems.refuse(new Rejection.Forbidden("Pages of this site may not ask here"));
    }

    private static HttpResponse allowed(HttpResponse response, String origin) {
        return varied(response).addHeader(RawHeader.create("Access-Control-Allow-Origin", origin));
    }

    private static HttpResponse varied(HttpResponse response) {
        return response.addHeader(RawHeader.create("Vary", "Origin"));
    }
}
