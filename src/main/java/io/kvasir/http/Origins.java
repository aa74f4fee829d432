package io.kvasir.http;

import java.net.URI;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/** Where the page stands that sends a request, as its browser says in {@code Origin}. No credential: a program says what it likes. */
public final class Origins {
    private static final Pattern NAMED =
            Pattern.compile("https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?");

    private final Optional<URI> publicUrl;

    /** @param publicUrl whose origin is ours; empty: the one of the request's Host header */
    public Origins(Optional<URI> publicUrl) {
        this.publicUrl = publicUrl;
    }

    /** Whether a text names one origin exactly: no path, no wildcard, not {@code null}. */
    public static boolean named(String text) {
        return NAMED.matcher(text).matches();
    }

    static Optional<String> of(HttpRequest request) {
        return request.getHeader("Origin").map(header -> header.value());
    }

    /** Whether a page of this server sends it. One that says nothing of its origin does not. */
    public boolean ours(HttpRequest request) {
        Optional<String> origin = of(request);
        return origin.isPresent()
                && (publicUrl.isPresent()
                        ? origin.get().equalsIgnoreCase(publicUrl.get().toString())
                        : request.getHeader("Host")
                                .map(header -> header.value())
                                .filter(host -> origin.get().equalsIgnoreCase("http://" + host)
                                        || origin.get().equalsIgnoreCase("https://" + host))
                                .isPresent());
    }
}
