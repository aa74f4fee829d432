package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.extractMaterializer;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.mapRouteResultFuture;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.optionalHeaderValueByName;

import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.RememberedReplies;
import io.kvasir.kernel.RememberedReplies.Claim;
import io.kvasir.kernel.RememberedReplies.Reply;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Complete;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.javadsl.server.RouteResult;
import org.apache.pekko.http.javadsl.server.RouteResults;
import org.apache.pekko.stream.Materializer;

/**
 * Honours {@code Idempotency-Key} on POSTs that create something: the first request's success is given again to the
 * same request with the same key, marked {@code Idempotency-Replayed}. A JSON body counts as part of the request; an
 * upload counts by its declared length, since it is not read twice.
 *
 * <p>A request that was refused may be tried anew. Of one that failed (5xx) nobody knows whether it was done: a repeat
 * is given the same id for what it creates, by which it can find what is there already. The same holds for one that was
 * refused when a part of it was done.
 */
public final class Idempotent {
    private static final int LONGEST_KEY = 200;
    private static final int LARGEST_JSON = 1024 * 1024;
    private static final AttributeKey<Boolean> PARTLY_DONE = AttributeKey.create("partly-done", Boolean.class);

    private final RememberedReplies replies;

    public Idempotent(RememberedReplies replies) {
        this.replies = replies;
    }

    /**
     * For what does not look for an earlier try. Begun again after a failure it may be done twice, so it should be what
     * then takes the place of the first.
     */
    public Route once(Principal caller, Supplier<Route> inner) {
        return once(caller, _ -> inner.get());
    }

    /**
     * Runs {@code inner} to one success per key and caller; without the header simply runs it.
     *
     * @param inner is given an id for what it creates, an older one where an earlier try failed
     */
    public Route once(Principal caller, Function<String, Route> inner) {
        return optionalHeaderValueByName("Idempotency-Key", header -> {
            if (header.isEmpty()) {
                return inner.apply(Ids.next());
            }
            String key = header.get();
            if (key.isBlank() || key.length() > LONGEST_KEY || !key.chars().allMatch(c -> c > 32 && c < 127)) {
                return Problems.refuse(
                        Rejection.Invalid.field("Idempotency-Key", "must have 1 to 200 visible ASCII characters"));
            }
            String owner = caller.tenant() + "/" + caller.user();
            return extractMaterializer(materializer -> extractRequest(request -> onSuccess(
                    kept(request, materializer),
                    replayable -> onSuccess(replies.claim(owner, key, hash(replayable)), claim -> switch (claim) {
                        case Claim.Mine(String id) ->
                            first(owner, key, replayable, materializer, () -> inner.apply(id));
                        case Claim.Earlier earlier -> again(earlier.reply());
                        case Claim.OtherRequest _ ->
                            Problems.refuse(new Rejection.Conflict(
                                    "idempotency-key-reused", "This Idempotency-Key was used for another request"));
                    }))));
        });
    }

    /** A refusal after which some of what was asked for is there. */
    public static HttpResponse partlyDone(HttpResponse refusal) {
        return refusal.addAttribute(PARTLY_DONE, true);
    }

    private Route first(
            String owner, String key, HttpRequest request, Materializer materializer, Supplier<Route> inner) {
        return org.apache.pekko.http.javadsl.server.Directives.mapRequest(
                _ -> request,
                () -> mapRouteResultFuture(
                        result -> result.handle((done, failure) -> failure != null
                                        ? replies.leave(owner, key)
                                                .<RouteResult>thenCompose(_ -> CompletableFuture.failedFuture(failure))
                                        : settle(owner, key, done, materializer))
                                .thenCompose(stage -> stage),
                        // Sealed here, so that a refusal that is thrown is one.
                        () -> Problems.sealed(extractRequest(_ -> inner.get()))));
    }

    private CompletionStage<RouteResult> settle(
            String owner, String key, RouteResult result, Materializer materializer) {
        if (!(result instanceof Complete complete)) {
            return replies.forget(owner, key).thenApply(_ -> result);
        }
        HttpResponse response = complete.getResponse();
        if (!response.status().isSuccess()) {
            boolean nothingDone = response.status().intValue() < 500
                    && response.getAttribute(PARTLY_DONE).isEmpty();
            return (nothingDone ? replies.forget(owner, key) : replies.leave(owner, key)).thenApply(_ -> result);
        }
        return response.entity()
                .toStrict(10_000, materializer)
                .thenCompose(strict -> replies.remember(
                                owner,
                                key,
                                new Reply(
                                        response.status().intValue(),
                                        strict.getData().toArray()))
                        .thenApply(_ -> RouteResults.complete(response.withEntity(strict))));
    }

    private static Route again(Optional<Reply> reply) {
        return reply.map(r -> complete(HttpResponse.create()
                        .withStatus(StatusCodes.get(r.status()))
                        .addHeader(RawHeader.create("Idempotency-Replayed", "true"))
                        .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, r.body()))))
                .orElseGet(() -> Problems.refuse(new Rejection.Conflict(
                        "idempotent-request-in-progress",
                        "The first request with this Idempotency-Key is still at work")));
    }

    private static CompletionStage<HttpRequest> kept(HttpRequest request, Materializer materializer) {
        return json(request)
                ? request.entity()
                        .withSizeLimit(LARGEST_JSON)
                        .toStrict(10_000, materializer)
                        .thenApply(request::withEntity)
                : CompletableFuture.completedFuture(request);
    }

    private static boolean json(HttpRequest request) {
        return request.entity().getContentType().equals(ContentTypes.APPLICATION_JSON);
    }

    private static String hash(HttpRequest request) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(
                    (request.method().name() + " " + request.getUri().path() + "\n").getBytes(StandardCharsets.UTF_8));
            // An upload too is sometimes here whole, as it happens to arrive.
            if (json(request) && request.entity() instanceof HttpEntity.Strict strict) {
                digest.update(strict.getData().toArray());
            } else {
                digest.update(
                        Long.toString(request.entity().getContentLengthOption().orElse(-1))
                                .getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
