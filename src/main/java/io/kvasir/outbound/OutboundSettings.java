package io.kvasir.outbound;

import java.time.Duration;
import java.util.List;

/**
 * Bounds of every request to an address a user named.
 *
 * @param allowedNetworks private networks that may be reached all the same
 * @param redirects how many are followed
 * @param largest bytes of a body, after decompression
 * @param connect time to connect, TLS included
 * @param total time for one request with its redirects and its body
 * @param userAgent how we introduce ourselves
 */
public record OutboundSettings(
        List<Network> allowedNetworks,
        int redirects,
        long largest,
        Duration connect,
        Duration total,
        String userAgent) {
    public OutboundSettings {
        allowedNetworks = List.copyOf(allowedNetworks);
        if (redirects < 0 || largest < 1 || userAgent.isBlank()) {
            throw new IllegalArgumentException("outbound: redirects, largest or user-agent is wrong");
        }
    }
}
