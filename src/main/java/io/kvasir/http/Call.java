package io.kvasir.http;

import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TraceParent;
import java.util.Map;
import java.util.Optional;

/** One request to an {@link Endpoint}: who calls, already let through, and what stands in the path. */
public final class Call {
    private final Optional<Principal> caller;
    private final Map<String, String> path;
    private final Optional<TraceParent> trace;

    Call(Optional<Principal> caller, Map<String, String> path, Optional<TraceParent> trace) {
        this.caller = caller;
        this.path = Map.copyOf(path);
        this.trace = trace;
    }

    /** To hand on to work that should be seen as part of this request; empty where nobody looks. */
    public Optional<TraceParent> trace() {
        return trace;
    }

    /** @throws IllegalStateException at a {@link Access#PUBLIC} endpoint, where nobody is known */
    public Principal caller() {
        return caller.orElseThrow(() -> new IllegalStateException("a public endpoint knows no caller"));
    }

    /**
     * An id in the path.
     *
     * @throws Json.Refusal not found, where it could not be an id of ours
     */
    public String id(String parameter) {
        String value = text(parameter);
        if (!Ids.safe(value)) {
            throw new Json.Refusal(new Rejection.NotFound("There is nothing at this address"));
        }
        return value;
    }

    /** Whether there is such a parameter in the path. */
    public boolean names(String parameter) {
        return path.containsKey(parameter);
    }

    /** A decoded path segment as it came: any characters but a slash that was written as one. */
    public String text(String parameter) {
        String value = path.get(parameter);
        if (value == null) {
            throw new IllegalArgumentException("no parameter " + parameter + " in the path");
        }
        return value;
    }
}
