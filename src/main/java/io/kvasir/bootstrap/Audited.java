package io.kvasir.bootstrap;

import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.mapRouteResultFuture;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kvasir.audit.Audit;
import io.kvasir.audit.AuditEntry.Origin;
import io.kvasir.http.Access;
import io.kvasir.http.Call;
import io.kvasir.http.ClientAddress;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Json;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.TenantId;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.pekko.actor.ClassicActorSystemProvider;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Complete;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.javadsl.server.RouteResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts every change made over HTTP on record, without the features knowing. A new endpoint that changes something is on
 * record by itself: silent are only those named here. What is recorded as before is what the GET of the same address
 * gives, as after what the change answers; fields that may hold a secret are left out of both.
 */
final class Audited {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.audit");
    private static final int LARGEST = 64 * 1024;
    private static final Pattern SECRET =
            Pattern.compile("(?i).*(token|secret|password|key|credential|cookie|otp|recovery|code|sealed|hash).*");
    /** Talking is no change of anything, and the conversation keeps it anyway; searching and renewing neither. */
    private static final Pattern SILENT =
            Pattern.compile("/api/v1/(chat|public)/.*|.*/search|.*/auth/refresh|/v1/.*|.*/(cancel|events)");

    private static final Pattern EXPORT = Pattern.compile(".*/export");

    private final Audit audit;
    private final Function<TenantId, CompletionStage<Boolean>> there;
    private final ClassicActorSystemProvider system;
    private final ClientAddress addresses;

    /** @param there whether a tenant still is: what erased it leaves no line of it behind */
    Audited(
            Audit audit,
            Function<TenantId, CompletionStage<Boolean>> there,
            ClassicActorSystemProvider system,
            ClientAddress addresses) {
        this.audit = audit;
        this.there = there;
        this.system = system;
        this.addresses = addresses;
    }

    List<Endpoint> over(List<Endpoint> endpoints) {
        Map<String, Endpoint> readers = new HashMap<>();
        endpoints.stream().filter(e -> e.method().equals(HttpMethods.GET)).forEach(e -> readers.put(e.path(), e));
        return endpoints.stream()
                .map(e -> recorded(e) ? over(e, Optional.ofNullable(readers.get(e.path()))) : e)
                .toList();
    }

    static boolean recorded(Endpoint endpoint) {
        return endpoint.method().equals(HttpMethods.GET)
                ? EXPORT.matcher(endpoint.path()).matches()
                : !SILENT.matcher(endpoint.path()).matches();
    }

    /** {@code knowledge-bases.share.deleted}: the words of the path, then what was done. */
    static String action(Endpoint endpoint) {
        StringBuilder action = new StringBuilder();
        for (String part : endpoint.path().replaceFirst("^/(api/v1/)?", "").split("/")) {
            if (!part.startsWith("{")) {
                action.append(part).append('.');
            }
        }
        return action
                + switch (endpoint.method().name()) {
                    case "GET" -> "exported";
                    case "PUT", "PATCH" -> "changed";
                    case "DELETE" -> "deleted";
                    default -> "created";
                };
    }

    private Endpoint over(Endpoint endpoint, Optional<Endpoint> reader) {
        if (endpoint.access() == Access.PUBLIC) {
            return endpoint;
        }
        return with(
                endpoint,
                call -> extractRequest(request -> onSuccess(
                        before(reader, call, request),
                        before -> mapRouteResultFuture(
                                result -> result.thenCompose(done -> changed(endpoint, call, request, before, done)),
                                () -> endpoint.handler().apply(call)))));
    }

    private static Endpoint with(Endpoint endpoint, Function<Call, Route> handler) {
        return endpoint.handledBy(handler);
    }

    // changes

    private CompletionStage<Optional<JsonNode>> before(Optional<Endpoint> reader, Call call, HttpRequest request) {
        if (reader.isEmpty()
                || request.method().equals(HttpMethods.POST)
                || request.method().equals(HttpMethods.GET)) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        HttpRequest reading = HttpRequest.GET(request.getUri().toString());
        try {
            return reader.get()
                    .handler()
                    .apply(call)
                    .function(system)
                    .apply(reading)
                    .toCompletableFuture()
                    .thenApply(this::told)
                    .exceptionally(fault -> {
                        LOG.warn(
                                "the record will not say what {} was like before",
                                request.getUri().path(),
                                fault);
                        return Optional.empty();
                    });
        } catch (Json.Refusal refused) {
            return CompletableFuture.completedFuture(Optional.empty());
        } catch (Exception e) {
            throw new IllegalStateException("what it was like before could not be read", e);
        }
    }

    private Optional<JsonNode> told(HttpResponse response) {
        if (!(response.entity() instanceof HttpEntity.Strict body)) {
            response.discardEntityBytes(system);
            return Optional.empty();
        }
        return response.status().isSuccess() ? json(body) : Optional.empty();
    }

    private CompletionStage<RouteResult> changed(
            Endpoint endpoint, Call call, HttpRequest request, Optional<JsonNode> before, RouteResult result) {
        if (!(result instanceof Complete complete)
                || !complete.getResponse().status().isSuccess()) {
            return CompletableFuture.completedFuture(result);
        }
        Optional<JsonNode> after = complete.getResponse().entity() instanceof HttpEntity.Strict body
                        && !endpoint.method().equals(HttpMethods.DELETE)
                ? json(body)
                : Optional.empty();
        String named = request.getUri().path().replaceFirst("^/(api/v1/)?", "");
        String subject = endpoint.method().equals(HttpMethods.POST)
                        && !endpoint.path().endsWith("}")
                        && after.isPresent()
                        && after.get().path("id").isTextual()
                ? named + "/" + after.get().get("id").asText()
                : named;
        Principal caller = call.caller();
        return recorded(
                there.apply(caller.tenant())
                        // Where that cannot be told, the line is tried: it says itself where it fails.
                        .exceptionally(_ -> true)
                        .thenCompose(is -> is
                                ? audit.record(
                                        caller.tenant(),
                                        "user/" + caller.user(),
                                        action(endpoint),
                                        subject.length() > 400 ? subject.substring(0, 400) : subject,
                                        before,
                                        after,
                                        origin(request))
                                : CompletableFuture.completedFuture(null)),
                result);
    }

    /** The change took place: that its line could not be written is in the log, and does not undo it. */
    private static CompletionStage<RouteResult> recorded(CompletionStage<Void> line, RouteResult result) {
        return line.handle((_, _) -> result);
    }

    // what is recorded

    private Origin origin(HttpRequest request) {
        return new Origin(
                Optional.of(addresses.of(request)).filter(address -> !address.equals(ClientAddress.UNKNOWN)),
                request.getHeader("User-Agent").map(HttpHeader::value));
    }

    private static Optional<JsonNode> json(HttpEntity.Strict body) {
        return whole(body).map(Audited::harmless);
    }

    private static Optional<JsonNode> whole(HttpEntity.Strict body) {
        if (body.getData().isEmpty()
                || body.getData().size() > LARGEST
                || !body.getContentType().mediaType().toString().equals("application/json")) {
            return Optional.empty();
        }
        try {
            return Optional.of(Json.MAPPER.readTree(body.getData().toArray()));
        } catch (IOException broken) {
            return Optional.empty();
        }
    }

    /** Without fields whose name says that they may hold a secret, at any depth. */
    static JsonNode harmless(JsonNode node) {
        if (node instanceof ObjectNode object) {
            List<String> names = new java.util.ArrayList<>();
            object.fieldNames().forEachRemaining(names::add);
            for (String name : names) {
                if (SECRET.matcher(name).matches()) {
                    object.remove(name);
                } else {
                    harmless(object.get(name));
                }
            }
        } else if (node.isArray()) {
            node.forEach(Audited::harmless);
        }
        return node;
    }
}
