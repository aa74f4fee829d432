package io.kvasir.kernel;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which request a piece of work belongs to, as W3C Trace Context writes it. Handed along with the work; only what
 * observes looks into it.
 *
 * @param value {@code 00-<trace, 32 hex digits>-<span, 16>-<flags, 2>}
 */
public record TraceParent(String value) implements Wire {
    private static final Pattern FORM = Pattern.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");

    public TraceParent {
        if (!FORM.matcher(value).matches()) {
            throw new IllegalArgumentException("no traceparent: " + value);
        }
    }

    /** Empty where somebody wrote something else, or a version to come. */
    public static Optional<TraceParent> read(String header) {
        return FORM.matcher(header).matches() ? Optional.of(new TraceParent(header)) : Optional.empty();
    }

    public String trace() {
        return value.substring(3, 35);
    }

    public String span() {
        return value.substring(36, 52);
    }

    public String flags() {
        return value.substring(53);
    }
}
