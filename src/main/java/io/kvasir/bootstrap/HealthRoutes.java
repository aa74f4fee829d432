package io.kvasir.bootstrap;

import static org.apache.pekko.http.javadsl.server.Directives.onComplete;

import io.kvasir.http.Access;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Json;
import io.kvasir.llm.ProviderHealth;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
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
    private final Supplier<List<ProviderHealth>> providers;

    /**
     * @param parts by name; a part is well if its stage completes in time
     * @param takesPart whether this server is a member that does not leave
     * @param providers how the language models fare; one that is away makes nothing unready, since others answer
     */
    HealthRoutes(
            Map<String, Supplier<CompletionStage<?>>> parts,
            BooleanSupplier takesPart,
            Supplier<List<ProviderHealth>> providers) {
        this.providers = providers;
        this.parts = parts;
        this.takesPart = takesPart;
    }

    private record Alive(String status) {}

    /** @param pausedUntil when it is tried again; @param lastFailure of what kind, since the server started */
    private record Provider(
            String name,
            String state,
            int calls,
            int waiting,
            Optional<Instant> pausedUntil,
            Optional<String> lastFailure,
            Optional<Instant> lastFailureAt) {
        static Provider of(ProviderHealth health) {
            return new Provider(
                    health.provider(),
                    health.state().name().toLowerCase(Locale.ROOT),
                    health.calls(),
                    health.waiting(),
                    health.pausedUntil(),
                    health.lastFailure().map(f -> f.kind().name().toLowerCase(Locale.ROOT)),
                    health.lastFailure().map(ProviderHealth.Failure::at));
        }
    }

    private record Health(String status, Map<String, String> parts, List<Provider> providers) {}

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
                    well ? StatusCodes.OK : StatusCodes.SERVICE_UNAVAILABLE,
                    new Health(
                            well ? "up" : "down",
                            states,
                            providers.get().stream().map(Provider::of).toList())));
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
