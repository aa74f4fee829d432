package io.kvasir.llm.provider;

import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatFailure.Kind;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import org.apache.pekko.stream.StreamTcpException;
import org.jspecify.annotations.Nullable;

/** Says what a provider's refusal means, in words a tenant may read. */
final class Failures {
    private Failures() {}

    static ChatFailure ofStatus(int status, String code) {
        String told = " (HTTP " + status + (code.isEmpty() ? "" : ", " + code) + ")";
        if (code.equals("insufficient_quota")) {
            // OpenAI says so with 429, but no waiting mends an empty account.
            return new ChatFailure(Kind.REJECTED, "The provider refused the request" + told);
        }
        return switch (status) {
            case 429 -> new ChatFailure(Kind.RATE_LIMITED, "The provider limits our rate" + told);
            case 408, 504 -> new ChatFailure(Kind.TIMEOUT, "The provider gave up waiting" + told);
            default ->
                status >= 500
                        ? new ChatFailure(Kind.UNAVAILABLE, "The provider is not available" + told)
                        : status >= 400
                                ? new ChatFailure(Kind.REJECTED, "The provider refused the request" + told)
                                : new ChatFailure(Kind.GARBAGE, "The provider gave an unexpected answer" + told);
        };
    }

    /** An error object where an event was expected: OpenAI's and Anthropic's types, Google's status names. */
    static ChatFailure inStream(String code) {
        String lower = code.toLowerCase(Locale.ROOT);
        String told = code.isEmpty() ? "" : " (" + code + ")";
        if (lower.contains("rate_limit") || lower.equals("resource_exhausted") || lower.equals("429")) {
            return new ChatFailure(Kind.RATE_LIMITED, "The provider limits our rate" + told);
        }
        if (lower.contains("timeout") || lower.equals("deadline_exceeded")) {
            return new ChatFailure(Kind.TIMEOUT, "The provider gave up waiting" + told);
        }
        for (String refusal : new String[] {
            "invalid",
            "authentication",
            "unauthenticated",
            "permission",
            "not_found",
            "too_large",
            "billing",
            "quota",
            "failed_precondition",
            "context_length"
        }) {
            if (lower.contains(refusal)) {
                return new ChatFailure(Kind.REJECTED, "The provider refused the request" + told);
            }
        }
        return new ChatFailure(Kind.UNAVAILABLE, "The provider reported an error" + told);
    }

    /** Why there was no response at all. */
    static ChatFailure unreachable(@Nullable Throwable problem) {
        return switch (problem) {
            case ChatFailure ours -> ours;
            case StreamTcpException _ -> new ChatFailure(Kind.UNAVAILABLE, "The provider cannot be reached");
            case null, default -> new ChatFailure(Kind.UNAVAILABLE, "The provider did not answer");
        };
    }

    static ChatFailure garbage() {
        return new ChatFailure(Kind.GARBAGE, "The provider's answer is not of the protocol");
    }

    /** Whether the same call may go better in a moment. Our own time-outs end a call and are not asked about. */
    static boolean worthRetrying(ChatFailure failure) {
        return switch (failure.kind()) {
            case UNAVAILABLE, RATE_LIMITED, CUT_OFF, TIMEOUT -> true;
            case REJECTED, GARBAGE -> false;
        };
    }

    /** Whether the failure tells that the provider is in trouble, rather than that it did not want this request. */
    static boolean ofProvider(ChatFailure failure) {
        return switch (failure.kind()) {
            case UNAVAILABLE, TIMEOUT, GARBAGE, CUT_OFF -> true;
            case RATE_LIMITED, REJECTED -> false;
        };
    }

    /** {@code Retry-After} as seconds or as an HTTP date (RFC 9110, 10.2.3); empty where it is neither. */
    static Optional<Duration> retryAfter(String value, Instant now) {
        String text = value.strip();
        try {
            double seconds = Double.parseDouble(text);
            return Double.isFinite(seconds)
                    ? Optional.of(Duration.ofMillis((long) Math.clamp(Math.ceil(seconds * 1000), 0, 1e12)))
                    : Optional.empty();
        } catch (NumberFormatException notSeconds) {
            try {
                Duration wait = Duration.between(now, ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME));
                return Optional.of(wait.isNegative() ? Duration.ZERO : wait);
            } catch (DateTimeException neither) {
                return Optional.empty();
            }
        }
    }
}
