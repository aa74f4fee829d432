package io.kvasir.bootstrap;

import io.kvasir.http.Access;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Json;
import io.kvasir.llm.ChatModels;
import io.kvasir.retrieval.Embedders;
import java.util.List;
import org.apache.pekko.http.javadsl.server.Directives;

/** {@code GET /api/v1/models}: what a knowledge base may be answered by, and embedded with. Changes with the configuration only. */
final class ModelRoutes {
    private final ChatModels models;
    private final Embedders embedders;

    ModelRoutes(ChatModels models, Embedders embedders) {
        this.models = models;
        this.embedders = embedders;
    }

    /** @param embedders what passages may be embedded with */
    private record Offers(List<ChatModels.Offer> providers, List<Embedders.Offer> embedders) {}

    List<Endpoint> endpoints() {
        return List.of(Endpoint.get(
                        "/api/v1/models",
                        Access.READ,
                        _ -> Directives.complete(Json.ok(new Offers(models.offers(), embedders.offers()))))
                .says("List the providers that are connected, with their models and prices, and the embedding models")
                .gives(200, Offers.class));
    }
}
