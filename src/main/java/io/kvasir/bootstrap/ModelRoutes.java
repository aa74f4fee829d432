package io.kvasir.bootstrap;

import io.kvasir.http.Access;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Json;
import io.kvasir.llm.ChatModels;
import java.util.List;
import org.apache.pekko.http.javadsl.server.Directives;

/** {@code GET /api/v1/models}: what a knowledge base may be answered by. Changes with the configuration only. */
final class ModelRoutes {
    private final ChatModels models;

    ModelRoutes(ChatModels models) {
        this.models = models;
    }

    private record Offers(List<ChatModels.Offer> providers) {}

    List<Endpoint> endpoints() {
        return List.of(Endpoint.get(
                        "/api/v1/models", Access.READ, _ -> Directives.complete(Json.ok(new Offers(models.offers()))))
                .says("List the providers that are connected, with their models and prices")
                .gives(200, Offers.class));
    }
}
