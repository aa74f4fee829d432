package io.kvasir.knowledgebase;

import static org.apache.pekko.http.javadsl.server.Directives.entity;

import io.kvasir.http.Access;
import io.kvasir.http.Call;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Json;
import io.kvasir.http.Origins;
import io.kvasir.http.Problems;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import io.kvasir.kernel.Scope;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/knowledge-bases/{kbId}/sites}: where the widget of a knowledge base may stand, and who says there who asks. */
public final class SiteRoutes {
    private static final int MOST = 50;
    private static final int LONGEST = 300;

    private final KnowledgeBases knowledgeBases;
    private final Sites sites;

    public SiteRoutes(KnowledgeBases knowledgeBases, Sites sites) {
        this.knowledgeBases = knowledgeBases;
        this.sites = sites;
    }

    public List<Endpoint> endpoints() {
        String path = "/api/v1/knowledge-bases/{kbId}/sites";
        return List.of(
                Endpoint.get(path, Access.READ, this::read)
                        .says("List the origins whose pages may talk with the knowledge base")
                        .gives(200, Sites.Chosen.class),
                Endpoint.put(path, Access.MANAGE, this::replace)
                        .says("Replace the origins whose pages may talk with the knowledge base")
                        .takes(Named.class)
                        .gives(200, Sites.Chosen.class),
                Endpoint.post(path + "/secret", Access.MANAGE, this::renew)
                        .says(
                                "Make a fresh secret to sign visitors with; the one before is void, this one is told once")
                        .gives(201, Secret.class),
                Endpoint.delete(path + "/secret", Access.MANAGE, this::withdraw)
                        .says("Withdraw the secret: visitors are nobody in particular")
                        .givesNothing());
    }

    private record Secret(String secret) {}

    private Route read(Call call) {
        Scope scope = KnowledgeBaseRoutes.scope(call);
        return Problems.answer(existing(scope, sites::chosen), Json::ok);
    }

    private Route renew(Call call) {
        Scope scope = KnowledgeBaseRoutes.scope(call);
        return Problems.answer(existing(scope, sites::renewSecret), secret -> Json.created(new Secret(secret)));
    }

    private Route withdraw(Call call) {
        Scope scope = KnowledgeBaseRoutes.scope(call);
        return Problems.answer(
                existing(scope, s -> sites.withdrawSecret(s).thenApply(_ -> true)), _ -> Problems.noContent());
    }

    private Route replace(Call call) {
        Scope scope = KnowledgeBaseRoutes.scope(call);
        return entity(
                Json.body(Named.class),
                body -> Problems.answer(
                        existing(
                                scope,
                                s -> sites.name(s, body.exact())
                                        .thenCompose(_ -> body.indexed() == null
                                                ? CompletableFuture.<Void>completedFuture(null)
                                                : sites.index(s, body.indexed()))
                                        .thenCompose(_ -> sites.chosen(s))),
                        Json::ok));
    }

    private <T> CompletionStage<Outcome<T>> existing(Scope scope, Function<Scope, CompletionStage<T>> work) {
        return knowledgeBases.read(scope).thenCompose(outcome -> switch (outcome) {
            case Outcome.Done<Views.Base> _ -> work.apply(scope).thenApply(Outcome::done);
            case Outcome.Refused<Views.Base>(Rejection reason) ->
                CompletableFuture.completedFuture(Outcome.refused(reason));
        });
    }

    /**
     * @param origins such as {@code https://shop.example}; at most 50
     * @param indexed whether search engines may list the public page; left out: as it was
     */
    record Named(
            @Nullable List<@Nullable String> origins,
            @Nullable Boolean indexed) {
        Named {
            if (origins == null || origins.size() > MOST) {
                throw Json.Refusal.of(new FieldError("/origins", "must be a list of at most " + MOST + " origins"));
            }
            List<FieldError> errors = new ArrayList<>();
            for (int i = 0; i < origins.size(); i++) {
                String origin = origins.get(i);
                if (origin == null || origin.length() > LONGEST || !Origins.named(origin)) {
                    errors.add(new FieldError(
                            "/origins/" + i, "must be an origin such as https://shop.example, without a path"));
                }
            }
            if (!errors.isEmpty()) {
                throw Json.Refusal.of(errors.toArray(FieldError[]::new));
            }
        }

        Set<String> exact() {
            Set<String> exact = new LinkedHashSet<>();
            for (String origin : origins == null ? List.<String>of() : origins) {
                if (origin != null) {
                    exact.add(origin.toLowerCase(Locale.ROOT));
                }
            }
            return exact;
        }
    }
}
