package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.onComplete;

import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.AuthorizationFailedRejection;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.http.javadsl.server.ExceptionHandler;
import org.apache.pekko.http.javadsl.server.MalformedQueryParamRejection;
import org.apache.pekko.http.javadsl.server.MalformedRequestContentRejection;
import org.apache.pekko.http.javadsl.server.MethodRejection;
import org.apache.pekko.http.javadsl.server.MissingQueryParamRejection;
import org.apache.pekko.http.javadsl.server.RejectionHandler;
import org.apache.pekko.http.javadsl.server.RequestEntityExpectedRejection;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.javadsl.server.UnacceptedResponseContentTypeRejection;
import org.apache.pekko.http.javadsl.server.UnsupportedRequestContentTypeRejection;
import org.apache.pekko.http.scaladsl.model.EntityStreamSizeException;
import org.apache.pekko.http.scaladsl.model.IllegalRequestException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one place where refusals, broken requests and bugs become {@code application/problem+json}. */
public final class Problems {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.http");
    private static final AttributeKey<String> REQUEST_ID = AttributeKey.create("request-id", String.class);

    /**
     * A segment of the path, before the question mark, of one or two dots: they would be resolved, so that DELETE of
     * {@code …/documents/%2e%2e} would be one of what the documents belong to.
     */
    private static final Pattern DOTS = Pattern.compile("^[^?#]*/(?:\\.|%2[eE]){1,2}(?:[/?#]|$)");

    /** PostgreSQL knows no such character in a text: it would fail where H2 finds nothing. */
    private static final Pattern NUL = Pattern.compile("%00");

    private Problems() {}

    /** Completes with what the façade answered: the value by {@code render}, a refusal as its problem. */
    public static <T> Route answer(CompletionStage<Outcome<T>> outcome, Function<T, HttpResponse> render) {
        return onComplete(outcome, result -> {
            if (result.isFailure()) {
                return failed(result.failed().get());
            }
            return switch (result.get()) {
                case Outcome.Done<T>(T value) -> complete(render.apply(value));
                case Outcome.Refused<T>(Rejection rejection) -> refuse(rejection);
            };
        });
    }

    /** Like {@link #answer}, for values that are rendered by a route (streams). */
    public static <T> Route answerWith(CompletionStage<Outcome<T>> outcome, Function<T, Route> render) {
        return onComplete(outcome, result -> {
            if (result.isFailure()) {
                return failed(result.failed().get());
            }
            return switch (result.get()) {
                case Outcome.Done<T>(T value) -> render.apply(value);
                case Outcome.Refused<T>(Rejection rejection) -> refuse(rejection);
            };
        });
    }

    public static Route refuse(Rejection rejection) {
        return extractRequest(request -> complete(Problem.response(rejection, requestId(request))));
    }

    /** Gives every request an id, shown as {@code X-Request-Id} and in problems, and seals the routes: nothing leaves as plain text. */
    public static Route guarded(Route routes) {
        return Directives.mapRequest(
                request -> request.addAttribute(REQUEST_ID, Ids.next()),
                () -> extractRequest(request -> Directives.mapResponse(
                        response -> response.addHeader(RawHeader.create("X-Request-Id", requestId(request))),
                        () -> written(request, DOTS)
                                ? refuse(new Rejection.NotFound("There is nothing at this address"))
                                : written(request, NUL)
                                        ? refuse(new Rejection.Invalid(
                                                "The address must not hold NUL characters", List.of()))
                                        : sealed(routes))));
    }

    /** Whether the address holds this as it was written; the library tidies it up before anybody sees it. */
    private static boolean written(HttpRequest request, Pattern what) {
        for (HttpHeader header : request.getHeaders()) {
            if (header.is("raw-request-uri") && what.matcher(header.value()).find()) {
                return true;
            }
        }
        return false;
    }

    /** Nothing leaves these routes but a response. */
    static Route sealed(Route routes) {
        return routes.seal(rejections(), exceptions());
    }

    public static String requestId(HttpRequest request) {
        return request.getAttribute(REQUEST_ID).orElse("none");
    }

    private static ExceptionHandler exceptions() {
        return ExceptionHandler.newBuilder().matchAny(Problems::failed).build();
    }

    private static Route failed(Throwable thrown) {
        Throwable cause = unwrap(thrown);
        return switch (cause) {
            case Json.Refusal refusal -> refuse(refusal.rejection());
            case EntityStreamSizeException _ -> refuse(new Rejection.TooLarge("The request body is too large"));
            case IllegalRequestException _ -> refuse(new Rejection.Invalid("The request is malformed", List.of()));
            case TimeoutException _ -> unavailable(cause);
            case java.sql.SQLTransientException _ -> unavailable(cause);
            case java.io.IOException _
            when cause.getCause() instanceof java.sql.SQLTransientException -> unavailable(cause);
            case Unavailable away -> refuse(new Rejection.Unavailable(away.getMessage(), away.retryAfter()));
            default ->
                extractRequest(request -> {
                    String id = requestId(request);
                    LOG.error("request {} failed", id, cause);
                    return complete(Problem.plain(
                                    "internal-error",
                                    "Internal error",
                                    500,
                                    "Something went wrong on our side. The request id helps us to find it.",
                                    id)
                            .response());
                });
        };
    }

    private static Route unavailable(Throwable cause) {
        LOG.warn("answered 503: {}", cause.toString());
        return refuse(new Rejection.Unavailable("The server is busy or a part of it is away", Duration.ofSeconds(2)));
    }

    private static Throwable unwrap(Throwable thrown) {
        Throwable cause = thrown;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    private static RejectionHandler rejections() {
        return RejectionHandler.newBuilder()
                .handle(MalformedRequestContentRejection.class, r -> malformed(r.getCause()))
                .handle(
                        RequestEntityExpectedRejection.class,
                        _ -> refuse(Rejection.Invalid.field("", "a JSON body is expected")))
                .handle(
                        UnsupportedRequestContentTypeRejection.class,
                        _ -> refuse(new Rejection.Unsupported("The content type of the request is not read here")))
                .handle(
                        UnacceptedResponseContentTypeRejection.class,
                        _ -> plain("not-acceptable", "Not acceptable", 406, "None of the accepted types is offered"))
                .handle(
                        MissingQueryParamRejection.class,
                        r -> refuse(Rejection.Invalid.field("?" + r.parameterName(), "is required")))
                .handle(
                        MalformedQueryParamRejection.class,
                        r -> refuse(Rejection.Invalid.field("?" + r.parameterName(), "is not valid")))
                .handle(
                        AuthorizationFailedRejection.class,
                        _ -> refuse(new Rejection.Forbidden("Your role does not allow this")))
                .handleAll(
                        MethodRejection.class,
                        _ -> plain("method-not-allowed", "Method not allowed", 405, "This method is not offered here"))
                .handle(
                        org.apache.pekko.http.javadsl.server.Rejection.class,
                        _ -> refuse(new Rejection.Invalid("The request is malformed", List.of())))
                .handleNotFound(refuse(new Rejection.NotFound("There is nothing at this address")))
                .build();
    }

    private static Route malformed(@Nullable Throwable cause) {
        if (cause == null) {
            return refuse(new Rejection.Invalid("The request is malformed", List.of()));
        }
        return switch (unwrap(cause)) {
            case Json.Refusal refusal -> refuse(refusal.rejection());
            case EntityStreamSizeException _ -> refuse(new Rejection.TooLarge("The request body is too large"));
            default -> refuse(new Rejection.Invalid("The request is malformed", List.of()));
        };
    }

    /** 405, with what would be allowed. */
    static Route methodNotAllowed(List<String> allowed) {
        return extractRequest(request -> complete(Problem.plain(
                        "method-not-allowed",
                        "Method not allowed",
                        405,
                        "This method is not offered here",
                        requestId(request))
                .response()
                .addHeader(RawHeader.create("Allow", String.join(", ", allowed)))));
    }

    private static Route plain(String code, String title, int status, String detail) {
        return extractRequest(request -> complete(
                Problem.plain(code, title, status, detail, requestId(request)).response()));
    }

    /** Something needed is away for now: 503 with Retry-After, whoever throws it. */
    public static final class Unavailable extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final Duration retryAfter;

        public Unavailable(String detail, Duration retryAfter) {
            super(detail, null, false, false);
            this.retryAfter = retryAfter;
        }

        Duration retryAfter() {
            return retryAfter;
        }

        @Override
        public String getMessage() {
            return String.valueOf(super.getMessage());
        }
    }

    /** 204. */
    public static HttpResponse noContent() {
        return HttpResponse.create().withStatus(StatusCodes.NO_CONTENT);
    }
}
