package io.kvasir.outbound;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.util.ByteString;

/** How a request to a user's address ended. */
public sealed interface Fetched {
    /**
     * An answer, whatever its status.
     *
     * @param address where it came from in the end
     * @param redirects the addresses passed on the way, in order
     * @param body decompressed
     */
    record Answer(
            WebAddress address,
            List<WebAddress> redirects,
            int status,
            List<Pair<String, String>> headers,
            ByteString body)
            implements Fetched {
        public Answer {
            redirects = List.copyOf(redirects);
            headers = List.copyOf(headers);
        }

        /** The first header of this name, in any case. */
        public Optional<String> header(String name) {
            return headers.stream()
                    .filter(h -> h.first().toLowerCase(Locale.ROOT).equals(name.toLowerCase(Locale.ROOT)))
                    .map(Pair::second)
                    .findFirst();
        }
    }

    /** No answer. @param detail for the person who named the address */
    record Failed(Reason reason, String detail) implements Fetched {}

    /** Why there is no answer. */
    enum Reason {
        /** The text is no address of ours: scheme, form, credentials in it. */
        BAD_ADDRESS,
        /** It leads to a network that is not public. */
        REFUSED_ADDRESS,
        UNKNOWN_HOST,
        CONNECT,
        TLS,
        TIMEOUT,
        TOO_LARGE,
        TOO_MANY_REDIRECTS,
        /** Not HTTP, or cut off in the middle. */
        BROKEN
    }
}
