package io.kvasir.observability;

import java.net.URI;
import java.util.Optional;

/**
 * @param endpoint where spans go by OTLP over HTTP, {@code http://collector:4318/v1/traces}; empty: nothing is traced
 * @param share of the questions that are traced, 0 to 1; whoever sends a {@code traceparent} decides for theirs
 */
public record TraceSettings(Optional<URI> endpoint, double share) {
    public TraceSettings {
        if (share < 0 || share > 1) {
            throw new IllegalArgumentException("kvasir.traces.share must be from 0 to 1, not " + share);
        }
        endpoint.ifPresent(uri -> {
            if (uri.getHost() == null || !String.valueOf(uri.getScheme()).matches("https?")) {
                throw new IllegalArgumentException(
                        "kvasir.traces.endpoint must be an address such as http://collector:4318/v1/traces, not "
                                + uri);
            }
        });
    }
}
