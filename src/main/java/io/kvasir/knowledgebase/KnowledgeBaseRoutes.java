package io.kvasir.knowledgebase;

import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.delete;
import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathEndOrSingleSlash;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;
import static org.apache.pekko.http.javadsl.server.Directives.post;
import static org.apache.pekko.http.javadsl.server.Directives.put;
import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.kvasir.http.Authenticated;
import io.kvasir.http.Idempotent;
import io.kvasir.http.Json;
import io.kvasir.http.Page;
import io.kvasir.http.Problems;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.retrieval.Retrieval;
import io.kvasir.retrieval.RetrievalSettings;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code /api/v1/knowledge-bases}. */
public final class KnowledgeBaseRoutes {
    /** Searches a revision of a knowledge base. Wiring gives the retriever. */
    @FunctionalInterface
    public interface Search {
        CompletionStage<Retrieval> apply(Scope scope, long revision, RetrievalSettings settings, String query);
    }

    private final KnowledgeBases knowledgeBases;
    private final Authenticated authenticated;
    private final Idempotent idempotent;
    private final Search search;
    private final DocumentRoutes documents;

    public KnowledgeBaseRoutes(
            KnowledgeBases knowledgeBases, Authenticated authenticated, Idempotent idempotent, Search search) {
        this.knowledgeBases = knowledgeBases;
        this.authenticated = authenticated;
        this.idempotent = idempotent;
        this.search = search;
        this.documents = new DocumentRoutes(knowledgeBases, idempotent);
    }

    public Route routes() {
        return pathPrefix(
                "knowledge-bases",
                () -> authenticated.caller(caller -> caller.boundTo().isPresent()
                        ? Problems.refuse(new Rejection.NotFound("There is nothing at this address"))
                        : concat(
                                pathEndOrSingleSlash(() -> all(caller)),
                                pathPrefix(segment(), id -> within(caller, id, scope -> one(caller, scope))))));
    }

    /** An id that could not be one of ours is simply not there. */
    private static Route within(Principal caller, String id, Function<Scope, Route> inner) {
        return Ids.safe(id)
                ? inner.apply(new Scope(caller.tenant(), new KnowledgeBaseId(id)))
                : Problems.refuse(new Rejection.NotFound("No such knowledge base"));
    }

    /** Changes are for those who manage the tenant's knowledge bases. */
    static Route managing(Principal caller, Supplier<Route> inner) {
        return caller.manages()
                ? inner.get()
                : Problems.refuse(new Rejection.Forbidden("Your role does not allow this"));
    }

    private Route all(Principal caller) {
        return concat(
                get(() -> Page.requested(page -> onSuccess(
                        knowledgeBases.list(caller.tenant(), page),
                        bases -> org.apache.pekko.http.javadsl.server.Directives.complete(Json.ok(bases))))),
                post(() -> managing(
                        caller,
                        () -> idempotent.once(
                                caller,
                                () -> entity(
                                        Json.body(Bodies.Base.class),
                                        body -> Problems.answer(
                                                knowledgeBases.create(caller.tenant(), caller.user(), body.whole()),
                                                Json::created))))));
    }

    private Route one(Principal caller, Scope scope) {
        return concat(
                pathEndOrSingleSlash(() -> concat(
                        get(() -> Problems.answer(knowledgeBases.read(scope), Json::ok)),
                        put(() -> managing(
                                caller,
                                () -> entity(
                                        Json.body(Bodies.Base.class),
                                        body -> Problems.answer(
                                                knowledgeBases.describe(scope, body.wishes()), Json::ok)))),
                        delete(() -> managing(
                                caller,
                                () -> Problems.answer(knowledgeBases.delete(scope), _ -> Problems.noContent()))))),
                path(
                        "rag-config",
                        () -> concat(
                                get(() -> Problems.answer(knowledgeBases.search(scope), Json::ok)),
                                put(() -> managing(
                                        caller,
                                        () -> entity(
                                                Json.body(Bodies.RagConfig.class),
                                                body -> Problems.answer(configured(scope, body), Json::ok)))))),
                path(
                        "share",
                        () -> managing(
                                caller,
                                () -> concat(
                                        post(() -> Problems.answer(
                                                knowledgeBases.share(scope, Optional.empty()),
                                                slug -> Json.ok(Map.of("slug", slug, "url", "/kb/" + slug)))),
                                        delete(() -> Problems.answer(
                                                knowledgeBases.unshare(scope), _ -> Problems.noContent()))))),
                path(
                        "reindex",
                        () -> post(() -> managing(
                                caller,
                                () -> Problems.answer(
                                        knowledgeBases.reindex(scope),
                                        _ -> Json.response(StatusCodes.ACCEPTED, Map.of("status", "started")))))),
                pathPrefix(
                        "knowledge",
                        () -> path(
                                "search",
                                () -> post(() -> entity(
                                        Json.body(Bodies.Search.class),
                                        body -> Problems.answer(
                                                searched(scope, body),
                                                found -> Json.ok(SearchResults.of(
                                                        found, Boolean.TRUE.equals(body.explain())))))))),
                documents.routes(caller, scope));
    }

    private CompletionStage<Outcome<RetrievalSettings>> configured(Scope scope, Bodies.RagConfig body) {
        return knowledgeBases.search(scope).thenCompose(outcome -> switch (outcome) {
            case Outcome.Done<RetrievalSettings>(RetrievalSettings now) ->
                knowledgeBases.configure(scope, body.over(now));
            case Outcome.Refused<RetrievalSettings> refused ->
                java.util.concurrent.CompletableFuture.completedFuture(refused);
        });
    }

    private CompletionStage<Outcome<Retrieval>> searched(Scope scope, Bodies.Search body) {
        return knowledgeBases.forAnswers(scope).thenCompose(outcome -> switch (outcome) {
            case Outcome.Done<KnowledgeBases.ForAnswers>(KnowledgeBases.ForAnswers kb) ->
                search.apply(scope, kb.revision(), body.over(kb.retrieval()), body.text())
                        .<Outcome<Retrieval>>thenApply(Outcome::done);
            case Outcome.Refused<KnowledgeBases.ForAnswers>(Rejection reason) ->
                java.util.concurrent.CompletableFuture.completedFuture(Outcome.refused(reason));
        });
    }
}
