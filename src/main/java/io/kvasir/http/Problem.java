package io.kvasir.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/**
 * RFC 9457. {@code type} is stable ({@code urn:kvasir:problem:<code>}), {@code detail} is for a person.
 *
 * @param errors JSON pointers of bad fields; left out where there are none
 * @param limit what the plan allows; only where that is reached
 */
public record Problem(
        String type,
        String title,
        int status,
        String detail,
        String requestId,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<FieldError> errors,
        @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Limit> limit) {
    /** See {@link Rejection.LimitReached}. */
    public record Limit(
            String what,
            long used,
            long wanted,
            long limit,
            @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Instant> until) {}

    private static final ContentType TYPE = MediaTypes.applicationWithFixedCharset("problem+json", HttpCharsets.UTF_8)
            .toContentType();

    public static Problem of(Rejection rejection, String requestId) {
        return switch (rejection) {
            case Rejection.NotFound r -> plain("not-found", "Not found", 404, r.detail(), requestId);
            case Rejection.Invalid r ->
                new Problem(
                        type("invalid-request"),
                        "Invalid request",
                        400,
                        r.detail(),
                        requestId,
                        r.errors(),
                        Optional.empty());
            case Rejection.Conflict r -> plain(r.code(), "Conflict", 409, r.detail(), requestId);
            case Rejection.TooLarge r -> plain("too-large", "Too large", 413, r.detail(), requestId);
            case Rejection.Unsupported r -> plain("unsupported-type", "Unsupported type", 415, r.detail(), requestId);
            case Rejection.Forbidden r -> plain("forbidden", "Forbidden", 403, r.detail(), requestId);
            case Rejection.Unauthenticated r -> plain("unauthenticated", "Not signed in", 401, r.detail(), requestId);
            case Rejection.TooMany r -> plain("too-many-requests", "Too many requests", 429, r.detail(), requestId);
            case Rejection.LimitReached r ->
                new Problem(
                        type("limit-reached"),
                        "Limit reached",
                        r.until().isPresent() ? 429 : 402,
                        r.detail(),
                        requestId,
                        List.of(),
                        Optional.of(new Limit(r.what(), r.used(), r.wanted(), r.limit(), r.until())));
            case Rejection.Unavailable r -> plain("unavailable", "Unavailable", 503, r.detail(), requestId);
        };
    }

    public static Problem plain(String code, String title, int status, String detail, String requestId) {
        return new Problem(type(code), title, status, detail, requestId, List.of(), Optional.empty());
    }

    static HttpResponse response(Rejection rejection, String requestId) {
        HttpResponse response = of(rejection, requestId).response();
        return switch (rejection) {
            case Rejection.TooMany r -> retryAfter(response, r.retryAfter());
            case Rejection.Unavailable r -> retryAfter(response, r.retryAfter());
            case Rejection.LimitReached r ->
                r.until()
                        .map(until -> retryAfter(response, Duration.between(Instant.now(), until)))
                        .orElse(response);
            case Rejection.Unauthenticated _ -> response.addHeader(RawHeader.create("WWW-Authenticate", "Bearer"));
            case Rejection.NotFound _,
                    Rejection.Invalid _,
                    Rejection.Conflict _,
                    Rejection.TooLarge _,
                    Rejection.Unsupported _,
                    Rejection.Forbidden _ -> response;
        };
    }

    HttpResponse response() {
        return HttpResponse.create().withStatus(status).withEntity(HttpEntities.create(TYPE, Json.bytes(this)));
    }

    private static HttpResponse retryAfter(HttpResponse response, Duration after) {
        return response.addHeader(RawHeader.create("Retry-After", Long.toString(Math.max(1, after.toSeconds()))));
    }

    private static String type(String code) {
        return "urn:kvasir:problem:" + code;
    }
}
