package io.kvasir.llm.provider;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * One provider's address and how it is called.
 *
 * @param name as knowledge bases name it
 * @param baseUrl up to and including the version: {@code https://api.openai.com/v1}
 * @param apiKey absent for servers that want none
 */
public record ProviderSettings(
        String name,
        URI baseUrl,
        Optional<String> apiKey,
        Timeouts timeouts,
        Retries retries,
        Pool pool,
        Limits limits,
        Pause pause) {
    public ProviderSettings {
        if (name.isBlank()) {
            throw new IllegalArgumentException("a provider needs a name");
        }
        String scheme = String.valueOf(baseUrl.getScheme());
        if (!(scheme.equals("http") || scheme.equals("https")) || baseUrl.getHost() == null) {
            throw new IllegalArgumentException("base-url of provider " + name + " is not an absolute http(s) URL");
        }
        if (apiKey.isPresent() && !apiKey.get().chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw new IllegalArgumentException("api-key of provider " + name + " holds what no header can carry");
        }
    }

    /** The key never reaches a log. */
    @Override
    public String toString() {
        return "ProviderSettings[" + name + ", " + baseUrl.getHost() + ", key "
                + (apiKey.isPresent() ? "set" : "absent") + "]";
    }

    /**
     * @param connect TCP and TLS
     * @param firstToken from the call to the first token, retries included
     * @param idle between two tokens
     * @param total of the whole reply
     */
    public record Timeouts(Duration connect, Duration firstToken, Duration idle, Duration total) {
        public Timeouts {
            for (Duration d : new Duration[] {connect, firstToken, idle, total}) {
                if (d.isNegative() || d.isZero()) {
                    throw new IllegalArgumentException("a provider's time-out must be positive");
                }
            }
        }
    }

    /**
     * Before the first token only.
     *
     * @param attempts calls in all, from 1
     * @param first wait before the second call; doubles, with up to half of it taken off at random
     * @param longest most to wait, also where the provider says {@code Retry-After}: one that wants more has failed
     */
    public record Retries(int attempts, Duration first, Duration longest) {
        public Retries {
            if (attempts < 1 || first.isNegative() || longest.compareTo(first) < 0) {
                throw new IllegalArgumentException("retries need attempts >= 1 and 0 <= first <= longest");
            }
        }
    }

    /**
     * @param connections most at a time, and so most requests at once; a streamed reply holds one to its end
     * @param waiting most calls at a time, those that wait for a connection included
     */
    public record Pool(int connections, int waiting) {
        public Pool {
            if (connections < 1 || waiting < connections) {
                throw new IllegalArgumentException("a pool needs connections >= 1 and waiting >= connections");
            }
        }
    }

    /** @param perMinute most requests a minute from this node, 0 for no limit of ours */
    public record Limits(int perMinute) {
        public Limits {
            if (perMinute < 0) {
                throw new IllegalArgumentException("requests-per-minute is not negative");
            }
        }
    }

    /**
     * When a provider is left alone.
     *
     * @param after so many failures in a row
     * @param length until one call tries again
     */
    public record Pause(int after, Duration length) {
        public Pause {
            if (after < 1 || length.isNegative() || length.isZero()) {
                throw new IllegalArgumentException("a pause needs after >= 1 and a positive length");
            }
        }
    }
}
