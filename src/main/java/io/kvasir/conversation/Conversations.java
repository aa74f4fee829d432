package io.kvasir.conversation;

import io.kvasir.answering.Answers;
import io.kvasir.conversation.ConversationEntity.Command;
import io.kvasir.conversation.domain.ConversationEvent;
import io.kvasir.conversation.domain.Position;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.http.Json;
import io.kvasir.http.Page;
import io.kvasir.http.Problems;
import io.kvasir.http.Sse;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.Transactor;
import io.kvasir.journal.ReadModel;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Repeated;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.TraceParent;
import io.kvasir.kernel.UserId;
import io.kvasir.sharding.MovesAmongTheLiving;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** Conversations as the rest of the house sees them: the only one here that knows sharding, time-outs and keys. */
public final class Conversations {
    /** Rows of the list that are read together where all are looked at. */
    private static final int LOOKED_AT = 200;

    private final ClusterSharding sharding;
    private final ConversationSettings settings;
    private final Clock clock;
    private final SubjectKeys keys;
    private final Register register;
    private final Function<Scope, CompletionStage<Outcome<Profile>>> profiles;
    private final Allowance allowance;
    private final Materializer materializer;
    private final ActorRef<Lookout.Command> lookout;
    private final Changes changes;

    /**
     * @param profiles what a knowledge base is like at the moment it is asked; refused where it can't be asked
     */
    public Conversations(
            ActorSystem<?> system,
            ConversationSettings settings,
            Clock clock,
            Transactor transactor,
            SubjectKeys keys,
            Answers answers,
            Function<Scope, CompletionStage<Outcome<Profile>>> profiles,
            Allowance allowance) {
        this.sharding = ClusterSharding.get(system);
        this.settings = settings;
        this.clock = clock;
        this.keys = keys;
        this.register = new Register(transactor);
        this.profiles = profiles;
        this.allowance = allowance;
        this.materializer = Materializer.matFromSystem(system);
        this.lookout = system.systemActorOf(Lookout.create(), "conversation-lookout", Props.empty());
        this.changes = new Changes(system);
        ConversationEntity.Surroundings around = new ConversationEntity.Surroundings(
                settings,
                clock,
                entityId -> keys.find(ConversationAddress.parse(entityId).subject()),
                new Answering(answers, allowance, materializer, settings.historyTurns()),
                new Listing(register::changed, changes::tell, materializer)::changed,
                settings.keepBeforeShowing() ? Optional.of(new ReplyTails(transactor)) : Optional.empty());
        sharding.init(MovesAmongTheLiving.spread(
                system,
                Entity.of(
                                ConversationEntity.KEY,
                                context -> ConversationEntity.create(context.getEntityId(), context.getShard(), around))
                        .withStopMessage(ConversationEntity.Passivate.NOW)));
    }

    /** The list of conversations, as what their events come to. */
    public static ReadModel<?, ?> readModel() {
        return new RegisterRows();
    }

    ConversationSettings settings() {
        return settings;
    }

    /** Starts a conversation for a visitor of a shared knowledge base. @param known who that is; empty: nobody in particular */
    CompletionStage<Outcome<ConversationId>> startForVisitor(
            Scope scope, UserId visitor, Optional<Messages.EndUser> known) {
        return start(scope, visitor, known).thenApply(outcome -> outcome.map(Messages.View::id));
    }

    CompletionStage<Outcome<Messages.View>> start(Scope scope, UserId by, Optional<Messages.EndUser> endUser) {
        ConversationAddress address = new ConversationAddress(scope.tenant(), ConversationId.next());
        return then(
                        profiles.apply(scope),
                        _ -> keys.obtain(address.subject()).thenCompose(key -> {
                            ConversationEvent.ConversationStarted birth = new ConversationEvent.ConversationStarted(
                                    scope.knowledgeBase(),
                                    Optional.of(by),
                                    endUser.map(user -> key.seal(Json.write(user))),
                                    clock.instant());
                            return then(
                                    asked(address, replyTo -> new ConversationEntity.Start(birth, replyTo)),
                                    _ -> register.add(address, birth).thenApply(_ -> {
                                        changes.tell(address);
                                        return Outcome.done(true);
                                    }));
                        }))
                .thenCompose(outcome -> next(outcome, _ -> read(address)));
    }

    CompletionStage<Page<Register.Entry>> list(
            TenantId tenant, Optional<KnowledgeBaseId> kb, Optional<String> status, Page.Request request) {
        return register.list(tenant, kb, status, request.after(), request.limit())
                .thenApply(entries ->
                        Page.of(entries, request.limit(), entry -> entry.id().value()));
    }

    /**
     * Entries of the list as they change, from now on, as {@code conversation.changed}. It says nothing of before: read the
     * list once this has begun, which {@code conversations.watched} tells.
     */
    Source<ByteString, NotUsed> changes(TenantId tenant, Optional<KnowledgeBaseId> kb) {
        return changes.of(tenant)
                .mapAsync(1, ids -> register.entries(tenant, ids))
                .mapConcat(entries -> entries.stream()
                        .filter(entry -> kb.isEmpty() || kb.get().equals(entry.kbId()))
                        .map(entry -> Sse.event("conversation.changed", Json.write(entry)))
                        .toList())
                .prepend(Source.single(Sse.RETRY.concat(Sse.event("conversations.watched", "{}"))))
                .keepAlive(settings.keepAlive(), () -> Sse.KEEP_ALIVE);
    }

    CompletionStage<Outcome<Messages.View>> read(ConversationAddress address) {
        return then(
                pages(address, 1, 0),
                page -> key(address).thenApply(key -> Outcome.done(Messages.view(address.id(), page, key))));
    }

    /** With which knowledge base a conversation is, whosever it is. */
    CompletionStage<Optional<Scope>> scope(ConversationId id) {
        return register.scope(id);
    }

    /** Whether a conversation is there, and with this knowledge base. */
    CompletionStage<Boolean> with(Scope scope, ConversationId id) {
        return pages(new ConversationAddress(scope.tenant(), id), 1, 0)
                .thenApply(outcome -> outcome instanceof Outcome.Done<Reply.Page>(var page)
                        && page.opening().knowledgeBase().equals(scope.knowledgeBase()));
    }

    CompletionStage<Outcome<Page<Messages.Message>>> messages(ConversationAddress address, Page.Request request) {
        int from = request.after()
                        .filter(a -> a.matches("[1-9][0-9]{0,8}"))
                        .map(Integer::parseInt)
                        .orElse(0)
                + 1;
        return then(
                pages(address, from, request.limit()),
                page -> key(address).thenApply(key -> {
                    List<Messages.Message> messages = new ArrayList<>();
                    page.turns().forEach(turn -> messages.addAll(Messages.of(address.id(), turn, page.live(), key)));
                    int last = from - 1 + page.turns().size();
                    return Outcome.done(new Page<>(
                            messages,
                            last < page.count() ? Optional.of(Page.cursor(Integer.toString(last))) : Optional.empty()));
                }));
    }

    /** Puts a question. Acknowledged once it is persisted. @return the number of its turn */
    CompletionStage<Outcome<Integer>> ask(ConversationAddress address, String question, Optional<TraceParent> trace) {
        return put(
                address,
                Optional.of(question),
                trace,
                (key, profile) -> replyTo -> new ConversationEntity.Ask(key.seal(question), profile, replyTo));
    }

    /** Puts the last question again, where its reply failed or was stopped. @return the number of the new turn */
    CompletionStage<Outcome<Integer>> retry(ConversationAddress address, Optional<TraceParent> trace) {
        return put(
                address,
                Optional.empty(),
                trace,
                (_, profile) -> replyTo -> new ConversationEntity.Retry(profile, replyTo));
    }

    private CompletionStage<Outcome<Integer>> put(
            ConversationAddress address,
            Optional<String> text,
            Optional<TraceParent> trace,
            BiFunction<SubjectKey, Profile, org.apache.pekko.japi.function.Function<ActorRef<Reply>, Command>>
                    question) {
        return then(pages(address, 1, 0), page -> {
                    Scope scope = new Scope(address.tenant(), page.opening().knowledgeBase());
                    return then(profiles.apply(scope), profile -> {
                        text.ifPresent(t -> expect(address, t, profile));
                        return then(
                                allowance.reserve(scope, profile, text.orElse("")),
                                reservation -> put(
                                        address,
                                        scope,
                                        profile.reservedAs(reservation).within(trace),
                                        question));
                    });
                })
                .thenApply(outcome -> outcome.map(Reply.Ok::turns));
    }

    /** Searching begins where the conversation lives while the question is paid for and stored: one waits for the longer alone. */
    private void expect(ConversationAddress address, String question, Profile profile) {
        key(address)
                .thenAccept(key -> key.ifPresent(
                        k -> entity(address).tell(new ConversationEntity.Expect(k.seal(question), profile))));
    }

    private CompletionStage<Outcome<Reply.Ok>> put(
            ConversationAddress address,
            Scope scope,
            Profile profile,
            BiFunction<SubjectKey, Profile, org.apache.pekko.japi.function.Function<ActorRef<Reply>, Command>>
                    question) {
        return key(address)
                .thenCompose(key -> key.isEmpty()
                        ? CompletableFuture.completedFuture(
                                Outcome.<Reply.Ok>refused(new Rejection.NotFound("No such conversation")))
                        : asked(address, question.apply(key.get(), profile)))
                .thenApply(outcome -> {
                    if (outcome instanceof Outcome.Refused<Reply.Ok>) {
                        allowance.release(scope, profile.reservation());
                    }
                    return outcome;
                });
    }

    CompletionStage<Outcome<Boolean>> stop(ConversationAddress address) {
        return asked(address, ConversationEntity.Stop::new).thenApply(outcome -> outcome.map(_ -> true));
    }

    CompletionStage<Outcome<Messages.View>> close(ConversationAddress address) {
        return then(
                        asked(address, ConversationEntity.Close::new),
                        _ -> register.close(address).thenApply(_ -> {
                            changes.tell(address);
                            return Outcome.done(true);
                        }))
                .thenCompose(outcome -> next(outcome, _ -> read(address)));
    }

    CompletionStage<Outcome<Boolean>> rate(
            ConversationAddress address, int turn, Turn.Rating rating, Optional<String> comment) {
        return key(address)
                .thenCompose(key -> asked(
                        address,
                        replyTo -> new ConversationEntity.Rate(
                                turn,
                                new Turn.Feedback(
                                        rating, comment.flatMap(c -> key.map(k -> k.seal(c))), clock.instant()),
                                replyTo)))
                .thenApply(outcome -> outcome.map(_ -> true));
    }

    /** The events of a turn that was just asked, to its end. */
    CompletionStage<Source<ByteString, NotUsed>> turn(ConversationAddress address, int turn) {
        return key(address).thenApply(key -> stream(address, key, Position.before(turn), true));
    }

    /**
     * Everything after a position, and on.
     *
     * @param after empty for the beginning of the last turn
     */
    CompletionStage<Outcome<Source<ByteString, NotUsed>>> events(
            ConversationAddress address, Optional<Position> after) {
        return then(pages(address, 1, 0), page -> {
            Position from = after.orElseGet(() -> Position.before(Math.max(1, page.count())));
            return from.turn() > page.count() + 1
                    ? CompletableFuture.completedFuture(Outcome.refused(
                            Rejection.Invalid.field("Last-Event-ID", "is no position of this conversation")))
                    : key(address).thenApply(key -> Outcome.done(stream(address, key, from, false)));
        });
    }

    /** The whole reply to a question, once it is done. */
    CompletionStage<Outcome<Messages.Message>> whole(ConversationAddress address, int turn) {
        return turn(address, turn)
                .thenCompose(events -> events.runWith(Sink.ignore(), materializer))
                .thenCompose(_ -> then(
                        pages(address, turn, 1),
                        page -> key(address)
                                .thenApply(key -> Outcome.done(Messages.reply(
                                        address.id(), page.turns().getFirst(), page.live(), key)))));
    }

    /** Makes every conversation of a knowledge base unreadable for ever, and forgets them. */
    public CompletionStage<Void> eraseOf(Scope scope) {
        // The keys first: a crash in between leaves the rows, by which the rest is found again.
        return register.of(scope).thenCompose(ids -> {
            CompletionStage<Void> all = CompletableFuture.completedFuture(null);
            for (ConversationId id : ids) {
                all = all.thenCompose(_ -> keys.destroy(new ConversationAddress(scope.tenant(), id).subject()));
            }
            return all.thenCompose(_ -> register.remove(scope.tenant(), ids));
        });
    }

    // a person's own

    /** Those a person started. Looks at each of the tenant's: it takes a while where there are many. */
    public CompletionStage<List<ConversationId>> startedBy(TenantId tenant, UserId person) {
        return chosen(
                tenant,
                entry -> pages(new ConversationAddress(tenant, entry.id()), 1, 0)
                        .thenApply(outcome -> outcome instanceof Outcome.Done<Reply.Page>(var page)
                                && page.opening().startedBy().equals(Optional.of(person))));
    }

    /** Those nothing was heard of since a moment. */
    public CompletionStage<List<ConversationId>> olderThan(TenantId tenant, Instant moment) {
        return chosen(
                tenant,
                entry -> CompletableFuture.completedFuture(!entry.updatedAt().isAfter(moment)));
    }

    private CompletionStage<List<ConversationId>> chosen(
            TenantId tenant, Function<Register.Entry, CompletionStage<Boolean>> wanted) {
        return Source.unfoldAsync(
                        Optional.<String>empty(),
                        before -> register.list(tenant, Optional.empty(), Optional.empty(), before, LOOKED_AT)
                                .thenApply(entries -> entries.isEmpty()
                                        ? Optional.<Pair<Optional<String>, List<Register.Entry>>>empty()
                                        : Optional.of(Pair.create(
                                                Optional.of(
                                                        entries.getLast().id().value()),
                                                entries))))
                .mapConcat(entries -> entries)
                .mapAsync(
                        4,
                        entry -> wanted.apply(entry)
                                .thenApply(yes -> yes ? List.of(entry.id()) : List.<ConversationId>of()))
                .mapConcat(ids -> ids)
                .runWith(Sink.seq(), materializer);
    }

    /** A conversation with all its messages, as the outer face shows them. */
    public record Whole(Object conversation, List<?> messages) {}

    public CompletionStage<Outcome<Whole>> whole(TenantId tenant, ConversationId id) {
        ConversationAddress address = new ConversationAddress(tenant, id);
        return then(
                read(address),
                view -> from(address, 1, List.of())
                        .thenApply(outcome -> outcome.map(messages -> new Whole(view, messages))));
    }

    private CompletionStage<Outcome<List<Messages.Message>>> from(
            ConversationAddress address, int turn, List<Messages.Message> before) {
        return then(
                pages(address, turn, settings.maxTurns()),
                page -> key(address).thenCompose(key -> {
                    List<Messages.Message> messages = new ArrayList<>(before);
                    page.turns().forEach(t -> messages.addAll(Messages.of(address.id(), t, page.live(), key)));
                    return page.turns().isEmpty()
                            ? CompletableFuture.completedFuture(Outcome.done(messages))
                            : from(address, turn + page.turns().size(), messages);
                }));
    }

    /** Stops them, makes them unreadable for ever, and forgets them. */
    public CompletionStage<Void> erase(TenantId tenant, List<ConversationId> ids) {
        CompletionStage<Void> all = CompletableFuture.completedFuture(null);
        for (ConversationId id : ids) {
            ConversationAddress address = new ConversationAddress(tenant, id);
            all = all.thenCompose(_ -> stop(address))
                    .thenCompose(_ -> keys.destroy(address.subject()))
                    .thenCompose(_ -> register.remove(tenant, List.of(id)));
        }
        return all;
    }

    /** Empty where the credential itself forbids it. */
    static Optional<ConversationAddress> address(Principal caller, ConversationId id) {
        return caller.mayTouch(id) ? Optional.of(new ConversationAddress(caller.tenant(), id)) : Optional.empty();
    }

    private Source<ByteString, NotUsed> stream(
            ConversationAddress address, Optional<SubjectKey> key, Position from, boolean oneTurn) {
        EntityRef<Command> entity = entity(address);
        return Source.fromGraph(
                new ReplyStream(address.id(), entity::tell, key, from, oneTurn, settings.keepAlive(), lookout::tell));
    }

    private CompletionStage<Optional<SubjectKey>> key(ConversationAddress address) {
        return keys.find(address.subject());
    }

    private EntityRef<Command> entity(ConversationAddress address) {
        return sharding.entityRefFor(ConversationEntity.KEY, address.entityId());
    }

    private CompletionStage<Outcome<Reply.Page>> pages(ConversationAddress address, int from, int turns) {
        // Changes nothing, so it is asked again where a node died with the question.
        return answered(Repeated.ask(
                        patience -> entity(address)
                                .<Reply>ask(replyTo -> new ConversationEntity.Read(from, turns, replyTo), patience),
                        settings.answerWithin()))
                .thenApply(reply -> switch (reply) {
                    case Reply.Page page -> Outcome.done(page);
                    case Reply.Refused(Rejection reason) -> Outcome.refused(reason);
                    case Reply.Ok _ -> throw new IllegalStateException("a conversation answered a reader with Ok");
                });
    }

    private CompletionStage<Outcome<Reply.Ok>> asked(
            ConversationAddress address, org.apache.pekko.japi.function.Function<ActorRef<Reply>, Command> question) {
        return reply(address, question).thenApply(reply -> switch (reply) {
            case Reply.Ok ok -> Outcome.done(ok);
            case Reply.Refused(Rejection reason) -> Outcome.refused(reason);
            case Reply.Page _ -> throw new IllegalStateException("a conversation answered a change with a page");
        });
    }

    private CompletionStage<Reply> reply(
            ConversationAddress address, org.apache.pekko.japi.function.Function<ActorRef<Reply>, Command> question) {
        return answered(entity(address).ask(question, settings.answerWithin()));
    }

    private static CompletionStage<Reply> answered(CompletionStage<Reply> asked) {
        return asked.handle((reply, fault) -> {
            if (fault != null) {
                throw new Problems.Unavailable("The conversation did not answer in time", Duration.ofSeconds(2));
            }
            return reply;
        });
    }

    private static <A, B> CompletionStage<Outcome<B>> then(
            CompletionStage<Outcome<A>> first, Function<A, CompletionStage<Outcome<B>>> next) {
        return first.thenCompose(outcome -> next(outcome, next));
    }

    private static <A, B> CompletionStage<Outcome<B>> next(
            Outcome<A> outcome, Function<A, CompletionStage<Outcome<B>>> next) {
        return switch (outcome) {
            case Outcome.Done<A>(A value) -> next.apply(value);
            case Outcome.Refused<A>(Rejection reason) -> CompletableFuture.completedFuture(Outcome.refused(reason));
        };
    }
}
