package io.kvasir.llm.openai;

import io.kvasir.llm.Price;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * One provider.
 *
 * @param name as knowledge bases name it
 * @param baseUrl up to and including the version: {@code https://api.openai.com/v1}
 * @param apiKey sent as bearer; absent for servers that want none
 * @param prices by model; a model that is missing costs nothing
 * @param limitField what the provider calls the most tokens of a reply: {@code max_tokens}, or
 *     {@code max_completion_tokens} for OpenAI's newer models
 */
public record OpenAiSettings(
        String name,
        URI baseUrl,
        Optional<String> apiKey,
        Map<String, Price> prices,
        String limitField,
        Timeouts timeouts,
        Retries retries,
        Pool pool) {
    public OpenAiSettings {
        prices = Map.copyOf(prices);
        if (name.isBlank()) {
            throw new IllegalArgumentException("a provider needs a name");
        }
        String scheme = String.valueOf(baseUrl.getScheme());
        if (!(scheme.equals("http") || scheme.equals("https")) || baseUrl.getHost() == null) {
            throw new IllegalArgumentException("base-url of provider " + name + " is not an absolute http(s) URL");
        }
        if (!limitField.matches("[a-z_]+")) {
            throw new IllegalArgumentException("limit-field of provider " + name + " is not a field name");
        }
    }

    /** The key never reaches a log. */
    @Override
    public String toString() {
        return "OpenAiSettings[" + name + ", " + baseUrl.getHost() + ", key " + (apiKey.isPresent() ? "set" : "absent")
                + "]";
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
     * @param connections most at a time; a streamed reply holds one to its end
     * @param waiting most calls at a time, those that wait for a connection included; a power of two
     */
    public record Pool(int connections, int waiting) {
        public Pool {
            if (connections < 1 || waiting < connections || Integer.bitCount(waiting) != 1) {
                throw new IllegalArgumentException(
                        "a pool needs connections >= 1 and waiting >= connections, a power of two");
            }
        }
    }
}
