package io.kvasir.bootstrap;

import static org.apache.pekko.http.javadsl.server.Directives.onComplete;

import io.kvasir.http.Access;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Json;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code /health}: whether this process lives, and whether the parts it needs answer. */
final class HealthRoutes {
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final Map<String, Supplier<CompletionStage<?>>> parts;
    private final BooleanSupplier takesPart;

    /**
     * @param parts by name; a part is well if its stage completes in time
     * @param takesPart whether this server is a member that does not leave
     */
    HealthRoutes(Map<String, Supplier<CompletionStage<?>>> parts, BooleanSupplier takesPart) {
        this.parts = parts;
        this.takesPart = takesPart;
    }

    private record Alive(String status) {}

    private record Health(String status, Map<String, String> parts) {}

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/health/live", Access.PUBLIC, _ -> Directives.complete(Json.ok(new Alive("up"))))
                        .says("Tell whether the process lives")
                        .gives(200, Alive.class),
                Endpoint.get("/health/ready", Access.PUBLIC, _ -> report())
                        .says("Tell whether requests can be served")
                        .gives(200, Health.class)
                        .gives(503, Health.class),
                Endpoint.get("/health", Access.PUBLIC, _ -> report())
                        .says("Tell how each part is")
                        .gives(200, Health.class)
                        .gives(503, Health.class));
    }

    private Route report() {
        Map<String, CompletableFuture<String>> asked = new LinkedHashMap<>();
        asked.put("member", CompletableFuture.completedFuture(takesPart.getAsBoolean() ? "up" : "leaving"));
        parts.forEach((name, part) -> asked.put(name, state(part)));
        return onComplete(CompletableFuture.allOf(asked.values().toArray(CompletableFuture[]::new)), _ -> {
            Map<String, String> states = new LinkedHashMap<>();
            asked.forEach((name, state) -> states.put(name, state.join()));
            boolean well = states.values().stream().allMatch("up"::equals);
            return Directives.complete(Json.response(
                    well ? StatusCodes.OK : StatusCodes.SERVICE_UNAVAILABLE, new Health(well ? "up" : "down", states)));
        });
    }

    private static CompletableFuture<String> state(Supplier<CompletionStage<?>> part) {
        CompletionStage<?> stage;
        try {
            stage = part.get();
        } catch (RuntimeException e) {
            return CompletableFuture.completedFuture("down");
        }
        return stage.toCompletableFuture()
                .thenApply(_ -> "up")
                .completeOnTimeout("slow", PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                .exceptionally(_ -> "down");
    }
}
