package io.kvasir.llm.openai;

import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatFailure.Kind;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;

/** Says what a provider's refusal means, in words a tenant may read. */
final class Failures {
    private Failures() {}

    static ChatFailure ofStatus(int status, String code) {
        String told = " (HTTP " + status + (code.isEmpty() ? "" : ", " + code) + ")";
        return switch (status) {
            case 429 -> new ChatFailure(Kind.RATE_LIMITED, "The provider limits our rate" + told);
            case 408 -> new ChatFailure(Kind.TIMEOUT, "The provider gave up waiting" + told);
            default ->
                status >= 500
                        ? new ChatFailure(Kind.UNAVAILABLE, "The provider is not available" + told)
                        : status >= 400
                                ? new ChatFailure(Kind.REJECTED, "The provider refused the request" + told)
                                : new ChatFailure(Kind.GARBAGE, "The provider gave an unexpected answer" + told);
        };
    }

    /** An error object where an event was expected. */
    static ChatFailure inStream(String code) {
        String lower = code.toLowerCase(Locale.ROOT);
        String told = code.isEmpty() ? "" : " (" + code + ")";
        if (lower.contains("rate_limit") || lower.equals("429")) {
            return new ChatFailure(Kind.RATE_LIMITED, "The provider limits our rate" + told);
        }
        if (lower.contains("invalid") || lower.contains("authentication") || lower.contains("context_length")) {
            return new ChatFailure(Kind.REJECTED, "The provider refused the request" + told);
        }
        return new ChatFailure(Kind.UNAVAILABLE, "The provider reported an error" + told);
    }

    /** Whether the same call may go better in a moment. */
    static boolean worthRetrying(ChatFailure failure) {
        return switch (failure.kind()) {
            case UNAVAILABLE, RATE_LIMITED, CUT_OFF -> true;
            case TIMEOUT, REJECTED, GARBAGE -> false;
        };
    }

    /** {@code Retry-After} as seconds or as an HTTP date (RFC 9110, 10.2.3); empty where it is neither. */
    static Optional<Duration> retryAfter(String value, Instant now) {
        try {
            return Optional.of(Duration.ofMillis(Math.max(0, Math.round(Double.parseDouble(value.strip()) * 1000))));
        } catch (NumberFormatException notSeconds) {
            try {
                Duration wait =
                        Duration.between(now, ZonedDateTime.parse(value.strip(), DateTimeFormatter.RFC_1123_DATE_TIME));
                return Optional.of(wait.isNegative() ? Duration.ZERO : wait);
            } catch (DateTimeException neither) {
                return Optional.empty();
            }
        }
    }
}
