package io.kvasir.conversation;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;

import io.kvasir.http.Access;
import io.kvasir.http.Call;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Json;
import io.kvasir.http.Problems;
import io.kvasir.identity.Identity;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.UserId;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * {@code /api/v1/public/{slug}}: shared knowledge bases for visitors nobody knows. A visitor gets a token that is good for
 * one conversation and a quarter of an hour, and may trade it for a fresh one while it is good.
 */
public final class PublicRoutes {
    /** What a visitor may see of a shared knowledge base. @param scope never leaves the server */
    public record Shared(Scope scope, String name, String description, List<String> suggestions) {}

    private record Face(String name, String description, List<String> suggestions) {}

    private record Admission(ConversationId id, String accessToken, long expiresIn) {}

    private static final Rejection NO_SUCH = new Rejection.NotFound("No such conversation");

    private final Conversations conversations;
    private final Identity identity;
    private final Function<String, CompletionStage<Optional<Shared>>> shared;
    private final Function<Scope, CompletionStage<Set<String>>> sites;
    private final Function<Scope, CompletionStage<Optional<String>>> secrets;
    private final Clock clock;

    /**
     * @param shared the knowledge base with a public address, while it is shared and active
     * @param sites origins whose pages may talk with a knowledge base
     * @param secrets with which its owner's server signs who a visitor is; empty where there is none
     */
    public PublicRoutes(
            Conversations conversations,
            Identity identity,
            Function<String, CompletionStage<Optional<Shared>>> shared,
            Function<Scope, CompletionStage<Set<String>>> sites,
            Function<Scope, CompletionStage<Optional<String>>> secrets,
            Clock clock) {
        this.conversations = conversations;
        this.identity = identity;
        this.shared = shared;
        this.sites = sites;
        this.secrets = secrets;
        this.clock = clock;
    }

    public List<Endpoint> endpoints() {
        String base = "/api/v1/public/{slug}";
        return Stream.of(
                        Endpoint.get(
                                        base,
                                        Access.PUBLIC,
                                        call -> of(
                                                call,
                                                kb -> complete(Json.ok(
                                                        new Face(kb.name(), kb.description(), kb.suggestions())))))
                                .says("Tell what is shared at this address")
                                .gives(200, Face.class),
                        Endpoint.post(base + "/conversations", Access.PUBLIC, call -> of(call, this::admit))
                                .says(
                                        "Start a conversation as a visitor, perhaps one the page knows; answers its token")
                                .takes(SignedVisitor.class)
                                .gives(201, Admission.class),
                        Endpoint.post(
                                        base + "/conversations/{conversationId}/token",
                                        Access.CONVERSE,
                                        call -> of(call, kb -> renew(kb, call.caller(), call.id("conversationId"))))
                                .says("Trade a visitor's token that is still good for a fresh one")
                                .gives(200, Admission.class))
                .map(endpoint -> endpoint.calledFrom(this::origins))
                .toList();
    }

    private CompletionStage<Set<String>> origins(Call call) {
        return shared.apply(call.text("slug"))
                .thenCompose(kb ->
                        kb.isPresent() ? sites.apply(kb.get().scope()) : CompletableFuture.completedFuture(Set.of()));
    }

    private Route of(Call call, Function<Shared, Route> inner) {
        return onSuccess(
                shared.apply(call.text("slug")),
                found -> found.map(inner)
                        .orElseGet(() -> Problems.refuse(new Rejection.NotFound("Nothing is shared at this address"))));
    }

    private Route admit(Shared kb) {
        return extractRequest(request -> request.entity().isKnownEmpty()
                ? admit(kb, Outcome.done(Optional.empty()))
                : entity(
                        Json.body(SignedVisitor.class),
                        signed -> signed.nobody()
                                ? admit(kb, Outcome.done(Optional.empty()))
                                : onSuccess(
                                        secrets.apply(kb.scope()),
                                        secret -> admit(
                                                kb,
                                                signed.known(secret, clock.instant())
                                                        .map(Optional::of)))));
    }

    private Route admit(Shared kb, Outcome<Optional<Messages.EndUser>> known) {
        UserId visitor = UserId.next();
        return switch (known) {
            case Outcome.Refused<Optional<Messages.EndUser>>(Rejection reason) -> Problems.refuse(reason);
            case Outcome.Done<Optional<Messages.EndUser>>(Optional<Messages.EndUser> person) ->
                Problems.answer(
                        conversations.startForVisitor(kb.scope(), visitor, person),
                        id -> Json.created(admission(kb, visitor, id)));
        };
    }

    private Route renew(Shared kb, Principal caller, String id) {
        ConversationId conversation = new ConversationId(id);
        return caller.tenant().equals(kb.scope().tenant())
                        && caller.boundTo().filter(conversation::equals).isPresent()
                ? onSuccess(
                        conversations.with(kb.scope(), conversation),
                        with -> with
                                ? complete(Json.ok(admission(kb, caller.user(), conversation)))
                                : Problems.refuse(NO_SUCH))
                : Problems.refuse(NO_SUCH);
    }

    private Admission admission(Shared kb, UserId visitor, ConversationId conversation) {
        Identity.Access access = identity.visitor(kb.scope().tenant(), visitor, conversation);
        return new Admission(conversation, access.accessToken(), access.expiresIn());
    }
}
