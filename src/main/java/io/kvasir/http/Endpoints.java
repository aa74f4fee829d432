package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;

import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TraceParent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;

/**
 * All endpoints of the server as one route: finds the endpoint of a path, asks who calls, and lets in whom its
 * {@link Access} allows. A segment written out goes before a parameter.
 */
public final class Endpoints {
    /** Is told of every request and its answer. It must not wait. */
    @FunctionalInterface
    public interface Watch {
        Watch NOBODY = (_, _) -> (_, _) -> {};

        /** @param parent what the client's own request belongs to, where it says so */
        Watching begun(Endpoint endpoint, Optional<TraceParent> parent);
    }

    /** One request under watch. */
    @FunctionalInterface
    public interface Watching {
        /** @param took until the answer's head was ready */
        void served(int status, Duration took);

        default Optional<TraceParent> trace() {
            return Optional.empty();
        }
    }

    private final List<Endpoint> all;
    private final Authenticated authenticated;
    private final Watch watch;
    private final RateLimited limited;
    private final OpenStreams streams;
    private final CrossOrigin crossOrigin;
    private final Step root = new Step();

    /** @throws IllegalArgumentException where two endpoints have one address, or one parameter has two names */
    public Endpoints(List<Endpoint> all, Authenticated authenticated) {
        this(
                all,
                authenticated,
                RateLimits.none(),
                new ClientAddress(0),
                new OpenStreams(),
                new Origins(Optional.empty()),
                Watch.NOBODY);
    }

    /**
     * @param streams ends what is sent to callers whose access ends
     * @param origins tells which pages are our own
     * @param watch is told of every answer
     * @throws IllegalArgumentException where two endpoints have one address, or one parameter has two names
     */
    public Endpoints(
            List<Endpoint> all,
            Authenticated authenticated,
            RateLimits limits,
            ClientAddress addresses,
            OpenStreams streams,
            Origins origins,
            Watch watch) {
        this.all = List.copyOf(all);
        this.authenticated = authenticated;
        this.limited = new RateLimited(limits, addresses);
        this.streams = streams;
        this.crossOrigin = new CrossOrigin(origins);
        this.watch = watch;
        this.all.forEach(this::place);
    }

    /** The inventory, in the order of declaration. */
    public List<Endpoint> all() {
        return all;
    }

    /** Rejects what has no endpoint, so that other routes may follow. */
    public Route route() {
        return extractRequest(request -> {
            List<String> segments = new ArrayList<>();
            request.getUri().pathSegments().forEach(segments::add);
            if (segments.size() > 1 && segments.getLast().isEmpty()) {
                segments.removeLast();
            }
            List<Match> matches = new ArrayList<>();
            root.find(segments, 0, new HashMap<>(), matches);
            if (matches.isEmpty()) {
                return Directives.reject();
            }
            Optional<String> wanted = request.getHeader("Access-Control-Request-Method")
                    .filter(_ -> request.method().equals(HttpMethods.OPTIONS))
                    .map(header -> header.value());
            String method = wanted.orElse(request.method().name());
            for (Match match : matches) {
                Endpoint endpoint = match.step().here.get(method);
                if (endpoint != null) {
                    return wanted.isPresent()
                            ? limited.byAddress(
                                    request,
                                    () -> crossOrigin.preflight(
                                            request,
                                            endpoint,
                                            new Call(Optional.empty(), match.parameters(), Optional.empty())))
                            : watched(
                                    endpoint,
                                    match.parameters(),
                                    watch.begun(
                                            endpoint,
                                            request.getHeader("traceparent")
                                                    .flatMap(h -> TraceParent.read(h.value()))));
                }
            }
            return Problems.methodNotAllowed(matches.stream()
                    .flatMap(match -> match.step().here.keySet().stream())
                    .distinct()
                    .sorted()
                    .toList());
        });
    }

    /** Sealed here, so that what becomes of a failure is seen too. */
    private Route watched(Endpoint endpoint, Map<String, String> parameters, Watching watching) {
        long began = System.nanoTime();
        return Directives.mapResponse(
                response -> {
                    watching.served(response.status().intValue(), Duration.ofNanos(System.nanoTime() - began));
                    return response;
                },
                () -> Problems.sealed(extractRequest(request -> limited.byAddress(
                        request,
                        () -> crossOrigin.guarded(
                                request,
                                endpoint,
                                new Call(Optional.empty(), parameters, watching.trace()),
                                () -> Problems.sealed(admitted(endpoint, parameters, watching.trace())))))));
    }

    private Route admitted(Endpoint endpoint, Map<String, String> parameters, Optional<TraceParent> trace) {
        if (endpoint.access().open()) {
            return handled(endpoint, new Call(Optional.empty(), parameters, trace));
        }
        long since = streams.endings();
        return authenticated.caller(caller -> limited.byCaller(
                caller,
                () -> endpoint.access().allows(caller)
                        ? Directives.mapResponse(
                                response -> streams.ending(response, caller, since),
                                () -> handled(endpoint, new Call(Optional.of(caller), parameters, trace)))
                        : refused(endpoint.access(), caller)));
    }

    private static Route refused(Access access, Principal caller) {
        return Problems.refuse(
                access.hiddenFrom(caller)
                        ? new Rejection.NotFound("There is nothing at this address")
                        : new Rejection.Forbidden("Your role does not allow this"));
    }

    private static Route handled(Endpoint endpoint, Call call) {
        try {
            return endpoint.handler().apply(call);
        } catch (Json.Refusal refusal) {
            return Problems.refuse(refusal.rejection());
        }
    }

    private void place(Endpoint endpoint) {
        Step step = root;
        for (String segment : endpoint.segments()) {
            step = segment.startsWith("{")
                    ? step.parameter(segment.substring(1, segment.length() - 1), endpoint)
                    : step.written.computeIfAbsent(segment, _ -> new Step());
        }
        if (step.here.put(endpoint.method().name(), endpoint) != null) {
            throw new IllegalArgumentException("declared twice: " + endpoint);
        }
    }

    /** What is left of paths after some segments. */
    private static final class Step {
        private final Map<String, Step> written = new LinkedHashMap<>();
        private final Map<String, Endpoint> here = new TreeMap<>();
        private @Nullable Step any;
        private String name = "";

        Step parameter(String parameter, Endpoint endpoint) {
            if (any == null) {
                any = new Step();
                name = parameter;
            }
            if (!name.equals(parameter)) {
                throw new IllegalArgumentException("{" + name + "} is called {" + parameter + "} in " + endpoint);
            }
            return any;
        }

        /** Adds the places these segments lead to, the most literal first. */
        void find(List<String> segments, int from, Map<String, String> parameters, List<Match> found) {
            if (from == segments.size()) {
                if (!here.isEmpty()) {
                    found.add(new Match(this, Map.copyOf(parameters)));
                }
                return;
            }
            String segment = segments.get(from);
            Step next = written.get(segment);
            if (next != null) {
                next.find(segments, from + 1, parameters, found);
            }
            if (any != null) {
                parameters.put(name, segment);
                any.find(segments, from + 1, parameters, found);
                parameters.remove(name);
            }
        }
    }

    private record Match(Step step, Map<String, String> parameters) {}
}
