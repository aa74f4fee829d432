package io.kvasir.conversation;

import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.mapRouteResultFuture;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.optionalHeaderValueByName;
import static org.apache.pekko.http.javadsl.server.Directives.parameterOptional;
import static org.apache.pekko.http.javadsl.server.Directives.withoutRequestTimeout;

import io.kvasir.conversation.domain.Position;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.http.Access;
import io.kvasir.http.Call;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Idempotent;
import io.kvasir.http.Json;
import io.kvasir.http.Page;
import io.kvasir.http.Problems;
import io.kvasir.http.Sse;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import io.kvasir.kernel.Scope;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.Complete;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.javadsl.server.RouteResult;
import org.apache.pekko.http.javadsl.server.RouteResults;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/chat}. */
public final class ConversationRoutes {
    private final Conversations conversations;
    private final Idempotent idempotent;

    private final Function<Scope, CompletionStage<Set<String>>> sites;
    private final Function<Scope, CompletionStage<Boolean>> shared;

    /**
     * @param sites origins whose pages may talk with a knowledge base: there visitors come from
     * @param shared whether visitors may still talk with a knowledge base
     */
    public ConversationRoutes(
            Conversations conversations,
            Idempotent idempotent,
            Function<Scope, CompletionStage<Set<String>>> sites,
            Function<Scope, CompletionStage<Boolean>> shared) {
        this.conversations = conversations;
        this.idempotent = idempotent;
        this.sites = sites;
        this.shared = shared;
    }

    public List<Endpoint> endpoints() {
        String all = "/api/v1/chat/conversations";
        String one = all + "/{conversationId}";
        return Stream.of(
                        Endpoint.get(all, Access.READ, this::list)
                                .says("List conversations, the newest first")
                                .asks("kbId", "Only those with this knowledge base")
                                .asks("status", Messages.Standing.class, "Only those that go on, or are closed")
                                .givesPage(Register.Entry.class),
                        Endpoint.get("/api/v1/chat/events", Access.READ, this::changes)
                                .says("Stream the entries of the list as they change (server-sent events)")
                                .asks("kbId", "Only those with this knowledge base")
                                .givesMedia(200, "text/event-stream"),
                        Endpoint.post(all, Access.TALK, this::start)
                                .says("Start a conversation with a knowledge base")
                                .takes(Start.class)
                                .gives(201, Messages.View.class)
                                .heedsKey(),
                        Endpoint.get(
                                        one,
                                        Access.CONVERSE,
                                        call -> within(call, at -> Problems.answer(conversations.read(at), Json::ok)))
                                .says("Read a conversation")
                                .gives(200, Messages.View.class),
                        Endpoint.get(
                                        one + "/messages",
                                        Access.CONVERSE,
                                        call -> within(
                                                call,
                                                at -> Page.requested(page ->
                                                        Problems.answer(conversations.messages(at, page), Json::ok))))
                                .says("List the messages of a conversation, in order")
                                .givesPage(Messages.Message.class),
                        Endpoint.post(one + "/messages", Access.CONVERSE, call -> within(call, at -> asking(call, at)))
                                .says(
                                        "Ask; the reply is streamed, awaited or read later, as Accept says: text/event-stream, application/json or neither")
                                .takes(Ask.class)
                                .gives(200, Messages.Message.class)
                                .givesMedia(200, "text/event-stream")
                                .gives(202, Asked.class)
                                .heedsKey(),
                        Endpoint.post(one + "/retry", Access.CONVERSE, call -> within(call, at -> retrying(call, at)))
                                .says(
                                        "Ask the last question again where its reply failed or was stopped; the reply as for a question")
                                .gives(200, Messages.Message.class)
                                .givesMedia(200, "text/event-stream")
                                .gives(202, Asked.class)
                                .heedsKey(),
                        Endpoint.get(
                                        one + "/events",
                                        Access.CONVERSE,
                                        call -> within(call, at -> withoutRequestTimeout(() -> events(at))))
                                .says(
                                        "Stream the replies from a position on (server-sent events; Last-Event-ID or after)")
                                .asks("after", "Position to go on after, for example 7:31")
                                .givesMedia(200, "text/event-stream"),
                        Endpoint.post(
                                        one + "/stop",
                                        Access.CONVERSE,
                                        call -> within(
                                                call,
                                                at -> Problems.answer(
                                                        conversations.stop(at), _ -> Problems.noContent())))
                                .says("Stop the running reply")
                                .givesNothing(),
                        Endpoint.post(
                                        one + "/close",
                                        Access.CONVERSE,
                                        call -> within(call, at -> Problems.answer(conversations.close(at), Json::ok)))
                                .says("Close a conversation")
                                .gives(200, Messages.View.class),
                        Endpoint.post(
                                        "/api/v1/chat/messages/{messageId}/feedback",
                                        Access.CONVERSE,
                                        call -> feedback(call.caller(), call.id("messageId")))
                                .says("Rate a reply")
                                .takes(Feedback.class)
                                .givesNothing())
                .map(endpoint -> endpoint.access() == Access.CONVERSE ? endpoint.calledFrom(this::origins) : endpoint)
                .toList();
    }

    /** A conversation is known by its id before it is known who asks: its knowledge base says which sites may. */
    private CompletionStage<Set<String>> origins(Call call) {
        Optional<ConversationId> conversation = call.names("conversationId")
                ? Optional.of(new ConversationId(call.id("conversationId")))
                : MessageIds.parse(call.id("messageId")).map(MessageIds.Named::conversation);
        return conversation
                .map(conversations::scope)
                .orElseGet(() -> CompletableFuture.completedFuture(Optional.empty()))
                .thenCompose(scope ->
                        scope.isPresent() ? sites.apply(scope.get()) : CompletableFuture.completedFuture(Set.of()));
    }

    private Route within(Call call, Function<ConversationAddress, Route> inner) {
        return within(
                call.caller(),
                new ConversationId(call.id("conversationId")),
                new Rejection.NotFound("No such conversation"),
                inner);
    }

    /** A visitor's token outlives the sharing, and is good for nothing then. */
    private Route within(
            Principal caller, ConversationId id, Rejection missing, Function<ConversationAddress, Route> inner) {
        Optional<ConversationAddress> address = Conversations.address(caller, id);
        if (address.isEmpty()) {
            return Problems.refuse(missing);
        }
        return caller.boundTo().isEmpty()
                ? inner.apply(address.get())
                : onSuccess(
                        conversations
                                .scope(id)
                                .thenCompose(scope -> scope.isPresent()
                                        ? shared.apply(scope.get())
                                        : CompletableFuture.completedFuture(false)),
                        open -> open ? inner.apply(address.get()) : Problems.refuse(missing));
    }

    private Route list(Call call) {
        return Page.requested(page -> parameterOptional(
                "kbId", kb -> parameterOptional("status", status -> listed(call.caller(), page, kb, status))));
    }

    private Route start(Call call) {
        Principal caller = call.caller();
        return idempotent.once(
                caller,
                () -> entity(
                        Json.body(Start.class),
                        body -> Problems.answer(
                                conversations.start(
                                        new Scope(caller.tenant(), new KnowledgeBaseId(String.valueOf(body.kbId()))),
                                        caller.user(),
                                        Optional.ofNullable(body.endUser())),
                                Json::created)));
    }

    private Route listed(Principal caller, Page.Request page, Optional<String> kb, Optional<String> status) {
        if (status.filter(s -> !s.equals("active") && !s.equals("closed")).isPresent()) {
            return Problems.refuse(Rejection.Invalid.field("?status", "must be active or closed"));
        }
        if (kb.filter(id -> !Ids.safe(id)).isPresent()) {
            return Problems.refuse(Rejection.Invalid.field("?kbId", "is not an id"));
        }
        return onSuccess(
                conversations.list(caller.tenant(), kb.map(KnowledgeBaseId::new), status, page),
                entries -> Directives.complete(Json.ok(entries)));
    }

    private Route changes(Call call) {
        return withoutRequestTimeout(() -> parameterOptional(
                "kbId",
                kb -> kb.filter(id -> !Ids.safe(id)).isPresent()
                        ? Problems.refuse(Rejection.Invalid.field("?kbId", "is not an id"))
                        : Directives.complete(Sse.response(
                                conversations.changes(call.caller().tenant(), kb.map(KnowledgeBaseId::new))))));
    }

    private Route asking(Call call, ConversationAddress address) {
        return as(
                call.caller(),
                address,
                way -> entity(Json.body(Ask.class), body -> {
                    String question = body.checked(conversations.settings().longestQuestion());
                    return way.answer(() -> conversations.ask(address, question, call.trace()));
                }));
    }

    private Route retrying(Call call, ConversationAddress address) {
        return as(call.caller(), address, way -> way.answer(() -> conversations.retry(address, call.trace())));
    }

    /** How the answer to a question is given. */
    @FunctionalInterface
    private interface Way {
        /** @param question puts it, and tells the number of its turn */
        Route answer(Supplier<CompletionStage<Outcome<Integer>>> question);
    }

    /**
     * The way the caller accepts.
     *
     * @param asked reads the request. Within what keeps a key's request to be done once only: a body can be read once
     */
    private Route as(Principal caller, ConversationAddress address, Function<Way, Route> asked) {
        return optionalHeaderValueByName("Accept", accept -> {
            String wanted = accept.orElse("*/*");
            if (wanted.contains("text/event-stream")) {
                return optionalHeaderValueByName(
                        "Idempotency-Key",
                        key -> key.isEmpty()
                                ? asked.apply(question -> streamed(address, question))
                                : streamedOnce(caller, address, asked));
            }
            return idempotent.once(
                    caller,
                    () -> asked.apply(
                            wanted.contains("application/json")
                                    ? question -> whole(address, question)
                                    : question -> accepted(address, question)));
        });
    }

    private Route streamed(ConversationAddress address, Supplier<CompletionStage<Outcome<Integer>>> question) {
        return withoutRequestTimeout(() -> Problems.answerWith(
                question.get(),
                turn -> onSuccess(
                        conversations.turn(address, turn), events -> Directives.complete(Sse.response(events)))));
    }

    /** Asked once per key: a repeat follows the turn of the first, wherever that is by now. */
    private Route streamedOnce(Principal caller, ConversationAddress address, Function<Way, Route> asked) {
        return withoutRequestTimeout(() -> mapRouteResultFuture(
                result -> result.thenCompose(done -> followed(address, done)),
                () -> idempotent.once(caller, () -> asked.apply(question -> accepted(address, question)))));
    }

    private CompletionStage<RouteResult> followed(ConversationAddress address, RouteResult done) {
        if (!(done instanceof Complete complete)
                || !complete.getResponse().status().equals(StatusCodes.ACCEPTED)
                || !(complete.getResponse().entity() instanceof HttpEntity.Strict strict)) {
            return CompletableFuture.completedFuture(done);
        }
        int turn = Integer.parseInt(
                Json.read(strict.getData().utf8String(), Asked.class).turnId());
        return conversations
                .turn(address, turn)
                .thenApply(events -> RouteResults.complete(
                        Sse.response(events).addHeaders(complete.getResponse().getHeaders())));
    }

    private Route whole(ConversationAddress address, Supplier<CompletionStage<Outcome<Integer>>> question) {
        return withoutRequestTimeout(() -> Problems.answerWith(
                question.get(), turn -> Problems.answer(conversations.whole(address, turn), Json::ok)));
    }

    private Route accepted(ConversationAddress address, Supplier<CompletionStage<Outcome<Integer>>> question) {
        return Problems.answer(
                question.get(),
                turn -> Json.response(
                        StatusCodes.ACCEPTED,
                        new Asked(
                                Integer.toString(turn),
                                MessageIds.question(address.id(), turn),
                                MessageIds.reply(address.id(), turn))));
    }

    private Route events(ConversationAddress address) {
        return optionalHeaderValueByName(
                "Last-Event-ID",
                header -> parameterOptional("after", parameter -> {
                    Optional<String> id = header.or(() -> parameter).filter(text -> !text.isBlank());
                    Optional<Position> position = id.flatMap(Position::parse);
                    return id.isPresent() && position.isEmpty()
                            ? Problems.refuse(
                                    Rejection.Invalid.field("Last-Event-ID", "must be a position, for example 7:31"))
                            : Problems.answer(conversations.events(address, position), Sse::response);
                }));
    }

    private Route feedback(Principal caller, String id) {
        Rejection missing = new Rejection.NotFound("No such message");
        Optional<MessageIds.Named> named = MessageIds.parse(id).filter(MessageIds.Named::reply);
        return named.isEmpty()
                ? Problems.refuse(missing)
                : within(
                        caller,
                        named.get().conversation(),
                        missing,
                        address -> entity(
                                Json.body(Feedback.class),
                                body -> Problems.answer(
                                        conversations.rate(
                                                address,
                                                named.get().turn(),
                                                body.checked(),
                                                Optional.ofNullable(body.comment())),
                                        _ -> Problems.noContent())));
    }

    private record Asked(String turnId, String userMessageId, String messageId) {}

    record Start(@Nullable String kbId, Messages.@Nullable EndUser endUser) {
        Start {
            if (kbId == null || !Ids.safe(kbId)) {
                throw Json.Refusal.of(new FieldError("/kbId", "must be the id of a knowledge base"));
            }
            if (endUser != null) {
                endUser.check("/endUser");
            }
        }
    }

    record Ask(@Nullable String content) {
        String checked(int longest) {
            if (content == null || content.isBlank()) {
                throw Json.Refusal.of(new FieldError("/content", "must not be empty"));
            }
            if (content.length() > longest) {
                throw Json.Refusal.of(new FieldError("/content", "must have at most " + longest + " characters"));
            }
            return content;
        }
    }

    record Feedback(
            Messages.@Nullable Thumb rating, @Nullable String comment) {
        Feedback {
            if (comment != null && comment.length() > 5_000) {
                throw Json.Refusal.of(new FieldError("/comment", "must have at most 5000 characters"));
            }
        }

        Turn.Rating checked() {
            if (rating == null) {
                throw Json.Refusal.of(new FieldError("/rating", "must be up or down"));
            }
            return rating == Messages.Thumb.UP ? Turn.Rating.UP : Turn.Rating.DOWN;
        }
    }
}
