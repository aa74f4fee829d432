package io.kvasir.knowledgebase;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;

import io.kvasir.http.Access;
import io.kvasir.http.Call;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Idempotent;
import io.kvasir.http.Json;
import io.kvasir.http.Page;
import io.kvasir.http.Problems;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.TraceParent;
import io.kvasir.retrieval.Retrieval;
import io.kvasir.retrieval.RetrievalSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** {@code /api/v1/knowledge-bases}. */
public final class KnowledgeBaseRoutes {
    /** Searches a revision of a knowledge base. Wiring gives the retriever. */
    @FunctionalInterface
    public interface Search {
        CompletionStage<Retrieval> apply(
                Scope scope, long revision, RetrievalSettings settings, String query, Optional<TraceParent> trace);
    }

    private static final String ALL = "/api/v1/knowledge-bases";

    private final KnowledgeBases knowledgeBases;
    private final Idempotent idempotent;
    private final Search search;
    private final Function<TenantId, CompletionStage<Void>> unshared;
    private final DocumentRoutes documents;

    /**
     * @param sources news of what a knowledge base is kept fresh from, as whole server-sent events
     * @param unshared is told of a tenant of whose knowledge bases one is shared no longer
     */
    public KnowledgeBaseRoutes(
            KnowledgeBases knowledgeBases,
            Idempotent idempotent,
            Search search,
            Function<Scope, Source<ByteString, NotUsed>> sources,
            Function<TenantId, CompletionStage<Void>> unshared) {
        this.knowledgeBases = knowledgeBases;
        this.idempotent = idempotent;
        this.search = search;
        this.unshared = unshared;
        this.documents = new DocumentRoutes(knowledgeBases, idempotent, sources);
    }

    private record Share(String slug, String url) {}

    private record Reindexing(String status) {}

    public List<Endpoint> endpoints() {
        String one = ALL + "/{kbId}";
        List<Endpoint> endpoints = new ArrayList<>(List.of(
                Endpoint.get(
                                ALL,
                                Access.READ,
                                call -> Page.requested(page -> onSuccess(
                                        knowledgeBases.list(call.caller().tenant(), page),
                                        bases -> complete(Json.ok(bases)))))
                        .says("List knowledge bases")
                        .givesPage(Views.Base.class),
                Endpoint.post(ALL, Access.MANAGE, this::create)
                        .says("Create a knowledge base")
                        .takes(Bodies.Base.class)
                        .gives(201, Views.Base.class)
                        .heedsKey(),
                Endpoint.get(one, Access.READ, call -> Problems.answer(knowledgeBases.read(scope(call)), Json::ok))
                        .says("Read a knowledge base")
                        .gives(200, Views.Base.class),
                Endpoint.put(
                                one,
                                Access.MANAGE,
                                call -> entity(
                                        Json.body(Bodies.Base.class),
                                        body -> Problems.answer(
                                                knowledgeBases.describe(scope(call), body.wishes()), Json::ok)))
                        .says("Change a knowledge base; what is left out stays")
                        .takes(Bodies.Base.class)
                        .gives(200, Views.Base.class),
                Endpoint.delete(
                                one,
                                Access.MANAGE,
                                call -> Problems.answer(knowledgeBases.delete(scope(call)), _ -> Problems.noContent()))
                        .says("Delete a knowledge base and all that hangs on it")
                        .givesNothing(),
                Endpoint.get(
                                one + "/rag-config",
                                Access.READ,
                                call -> Problems.answer(knowledgeBases.search(scope(call)), Json::ok))
                        .says("Read the retrieval settings")
                        .gives(200, RetrievalSettings.class),
                Endpoint.put(
                                one + "/rag-config",
                                Access.MANAGE,
                                call -> entity(
                                        Json.body(Bodies.RagConfig.class),
                                        body -> Problems.answer(configured(scope(call), body), Json::ok)))
                        .says("Change the retrieval settings; what is left out stays")
                        .takes(Bodies.RagConfig.class)
                        .gives(200, RetrievalSettings.class),
                Endpoint.post(
                                one + "/share",
                                Access.MANAGE,
                                call -> Problems.answer(
                                        knowledgeBases.share(scope(call), Optional.empty()),
                                        slug -> Json.ok(new Share(slug, "/kb/" + slug))))
                        .says("Share by a public address")
                        .gives(200, Share.class),
                Endpoint.delete(
                                one + "/share",
                                Access.MANAGE,
                                call -> Problems.answer(unshared(scope(call)), _ -> Problems.noContent()))
                        .says("End the sharing at once")
                        .givesNothing(),
                Endpoint.post(
                                one + "/reindex",
                                Access.MANAGE,
                                call -> Problems.answer(
                                        knowledgeBases.reindex(scope(call)),
                                        _ -> Json.response(StatusCodes.ACCEPTED, new Reindexing("started"))))
                        .says("Read and index all documents again")
                        .gives(202, Reindexing.class),
                Endpoint.delete(
                                one + "/embedding-change",
                                Access.MANAGE,
                                call -> Problems.answer(knowledgeBases.cancelReembedding(scope(call)), Json::ok))
                        .says("Stay with the embedding model in service, and drop what was embedded with the other")
                        .gives(200, Views.Base.class),
                Endpoint.post(
                                one + "/knowledge/search",
                                Access.READ,
                                call -> entity(
                                        Json.body(Bodies.Search.class),
                                        body -> Problems.answer(
                                                searched(scope(call), body, call.trace()),
                                                found -> Json.ok(
                                                        SearchResults.of(found, Boolean.TRUE.equals(body.explain()))))))
                        .says("Search without answering, with the score of each stage on demand")
                        .takes(Bodies.Search.class)
                        .gives(200, SearchResults.class)));
        endpoints.addAll(documents.endpoints(one));
        return endpoints;
    }

    private CompletionStage<Outcome<Boolean>> unshared(Scope scope) {
        return knowledgeBases
                .unshare(scope)
                .thenCompose(outcome -> unshared.apply(scope.tenant()).thenApply(_ -> outcome));
    }

    /** The knowledge base in the path, in the caller's own tenant: there is no way to name another. */
    static Scope scope(Call call) {
        return new Scope(call.caller().tenant(), new KnowledgeBaseId(call.id("kbId")));
    }

    private Route create(Call call) {
        return idempotent.once(
                call.caller(),
                id -> entity(
                        Json.body(Bodies.Base.class),
                        body -> Problems.answer(
                                knowledgeBases.create(
                                        new Scope(call.caller().tenant(), new KnowledgeBaseId(id)),
                                        call.caller().user(),
                                        body.whole()),
                                Json::created)));
    }

    private CompletionStage<Outcome<RetrievalSettings>> configured(Scope scope, Bodies.RagConfig body) {
        return knowledgeBases.search(scope).thenCompose(outcome -> switch (outcome) {
            case Outcome.Done<RetrievalSettings>(RetrievalSettings now) ->
                knowledgeBases.configure(scope, body.over(now));
            case Outcome.Refused<RetrievalSettings> refused ->
                java.util.concurrent.CompletableFuture.completedFuture(refused);
        });
    }

    private CompletionStage<Outcome<Retrieval>> searched(Scope scope, Bodies.Search body, Optional<TraceParent> trace) {
        return knowledgeBases.forAnswers(scope).thenCompose(outcome -> switch (outcome) {
            case Outcome.Done<KnowledgeBases.ForAnswers>(KnowledgeBases.ForAnswers kb) ->
                search.apply(scope, kb.revision(), body.over(kb.retrieval()), body.text(), trace)
                        .<Outcome<Retrieval>>thenApply(Outcome::done);
            case Outcome.Refused<KnowledgeBases.ForAnswers>(Rejection reason) ->
                java.util.concurrent.CompletableFuture.completedFuture(Outcome.refused(reason));
        });
    }
}
