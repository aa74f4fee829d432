package io.kvasir.identity;

import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.optionalCookie;

import io.kvasir.http.Origins;
import io.kvasir.http.Problems;
import io.kvasir.kernel.Rejection;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.HttpCookie;
import org.apache.pekko.http.javadsl.model.headers.HttpCookiePair;
import org.apache.pekko.http.javadsl.model.headers.SameSite;
import org.apache.pekko.http.javadsl.model.headers.SetCookie;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * The refresh token where a browser keeps it: out of scripts' reach, never sent from another site, and taken only from a
 * page of our own origin.
 */
final class SessionCookie {
    static final String NAME = "__Host-kvasir-session";

    private final Origins origins;

    /** @param publicUrl whose origin is ours; empty: the one of the request's Host header */
    SessionCookie(Optional<URI> publicUrl) {
        this.origins = new Origins(publicUrl);
    }

    static HttpResponse set(HttpResponse response, String token, long seconds) {
        return response.addHeader(SetCookie.create(cookie(NAME, token, seconds, SameSite.Strict)));
    }

    static HttpResponse clear(HttpResponse response) {
        return response.addHeader(SetCookie.create(cookie(NAME, "", 0, SameSite.Strict)));
    }

    /** A cookie for this host alone, over TLS (or on loopback), out of scripts' reach. */
    static HttpCookie cookie(String name, String value, long seconds, SameSite sameSite) {
        return HttpCookie.create(name, value)
                .withPath("/")
                .withSecure(true)
                .withHttpOnly(true)
                .withSameSite(sameSite)
                .withMaxAge(Duration.ofSeconds(seconds).toSeconds());
    }

    /** Hands the cookie's token to the route; 403 where a page of another origin sent it. */
    Route token(Function<Optional<String>, Route> inner) {
        return optionalCookie(
                NAME,
                cookie -> cookie.isEmpty()
                        ? inner.apply(Optional.empty())
                        : ours(() -> inner.apply(cookie.map(HttpCookiePair::value))));
    }

    /** Lets through what a page of our own origin sends. */
    Route ours(Supplier<Route> inner) {
        return extractRequest(request -> origins.ours(request)
                ? inner.get()
                : Problems.refuse(new Rejection.Forbidden("This may be asked only from a page of this server")));
    }
}
