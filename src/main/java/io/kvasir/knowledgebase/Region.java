package io.kvasir.knowledgebase;

import io.kvasir.http.Problems;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Repeated;
import io.kvasir.kernel.Scope;
import io.kvasir.knowledgebase.KnowledgeBaseEntity.Command;
import io.kvasir.knowledgebase.domain.Embedding;
import io.kvasir.sharding.MovesAmongTheLiving;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityContext;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;

/** The knowledge bases of the whole cluster, wherever they live. The only one here that knows sharding and time-outs. */
final class Region {
    private static final Duration PATIENCE_FOR_NEWS = Duration.ofSeconds(20);
    private static final Duration PATIENCE_FOR_RECOVERY = Duration.ofSeconds(60);

    private final ClusterSharding sharding;
    private final Duration answerWithin;

    /** @param answerWithin after this a request is told to come again */
    Region(ActorSystem<?> system, Duration answerWithin, Function<EntityContext<Command>, Behavior<Command>> birth) {
        this.sharding = ClusterSharding.get(system);
        this.answerWithin = answerWithin;
        sharding.init(MovesAmongTheLiving.spread(
                system,
                Entity.of(KnowledgeBaseEntity.KEY, birth::apply).withStopMessage(KnowledgeBaseEntity.Passivate.NOW)));
    }

    /** For what is answered with the knowledge base as a whole. */
    CompletionStage<Outcome<Head>> head(
            Scope scope, org.apache.pekko.japi.function.Function<ActorRef<Reply>, Command> question) {
        return asked(scope, question, Reply.Ok.class).thenApply(o -> o.map(Reply.Ok::head));
    }

    /** How it is now. Changes nothing, so it is asked again where a node died with the question. */
    CompletionStage<Outcome<Head>> read(Scope scope) {
        return replied(
                        Repeated.ask(
                                patience -> entity(scope).ask(KnowledgeBaseEntity.Read::new, patience), answerWithin),
                        Reply.Ok.class)
                .thenApply(o -> o.map(Reply.Ok::head));
    }

    /** For what is answered with one document. */
    CompletionStage<Outcome<Seen>> one(
            Scope scope, org.apache.pekko.japi.function.Function<ActorRef<Reply>, Command> question) {
        return asked(scope, question, Reply.One.class).thenApply(o -> o.map(Reply.One::seen));
    }

    /** For what is answered with some documents. */
    CompletionStage<Outcome<List<Seen>>> some(
            Scope scope, org.apache.pekko.japi.function.Function<ActorRef<Reply>, Command> question) {
        return asked(scope, question, Reply.Some.class).thenApply(o -> o.map(Reply.Some::seen));
    }

    /**
     * Where its passages are; empty where it is gone. Changes nothing, so it is asked again where a node died with the
     * question.
     *
     * @param writing to stage some; fails as {@link Problems.Unavailable} in the moment its embedding model changes
     */
    CompletionStage<Optional<Embedding>> where(Scope scope, boolean writing) {
        return replied(
                        Repeated.ask(
                                patience -> entity(scope)
                                        .ask(replyTo -> new KnowledgeBaseEntity.Where(writing, replyTo), patience),
                                answerWithin),
                        Reply.class)
                .thenApply(outcome -> switch (outcome) {
                    case Outcome.Done<Reply>(Reply.At(Embedding embedding)) -> Optional.of(embedding);
                    case Outcome.Done<Reply> _ ->
                        throw new Problems.Unavailable(
                                "The embedding model of the knowledge base is being changed", Duration.ofSeconds(1));
                    case Outcome.Refused<Reply> _ -> Optional.empty();
                });
    }

    /** Brings it into memory, so that unfinished work goes on. @return false where there never was such a knowledge base */
    CompletionStage<Boolean> wake(Scope scope) {
        return entity(scope)
                .ask(KnowledgeBaseEntity.Wake::new, PATIENCE_FOR_RECOVERY)
                .thenApply(reply -> !(reply instanceof Reply.Never));
    }

    /** The next news of jobs after a position; empty where there was none for a while. */
    CompletionStage<Optional<News>> news(Scope scope, String life, long after) {
        return entity(scope)
                .<News>ask(replyTo -> new KnowledgeBaseEntity.WatchJobs(life, after, replyTo), PATIENCE_FOR_NEWS)
                .handle((news, fault) -> {
                    if (fault == null) {
                        return Optional.of(news);
                    }
                    Throwable cause =
                            fault instanceof CompletionException && fault.getCause() != null ? fault.getCause() : fault;
                    if (cause instanceof TimeoutException) {
                        return Optional.<News>empty();
                    }
                    throw new CompletionException(cause);
                });
    }

    private EntityRef<Command> entity(Scope scope) {
        return sharding.entityRefFor(KnowledgeBaseEntity.KEY, scope.key());
    }

    private <R extends Reply> CompletionStage<Outcome<R>> asked(
            Scope scope, org.apache.pekko.japi.function.Function<ActorRef<Reply>, Command> question, Class<R> wanted) {
        return replied(entity(scope).ask(question, answerWithin), wanted);
    }

    private static <R extends Reply> CompletionStage<Outcome<R>> replied(
            CompletionStage<Reply> asked, Class<R> wanted) {
        return asked.handle((reply, fault) -> {
            if (fault != null) {
                throw new Problems.Unavailable("The knowledge base did not answer in time", Duration.ofSeconds(2));
            }
            return reply instanceof Reply.Refused(Rejection reason)
                    ? Outcome.refused(reason)
                    : Outcome.done(wanted.cast(reply));
        });
    }

    /** The next step, where the first was not refused. */
    static <A, B> CompletionStage<Outcome<B>> then(
            CompletionStage<Outcome<A>> first, Function<A, CompletionStage<Outcome<B>>> next) {
        return first.thenCompose(outcome -> switch (outcome) {
            case Outcome.Done<A>(A value) -> next.apply(value);
            case Outcome.Refused<A>(Rejection reason) -> CompletableFuture.completedFuture(Outcome.refused(reason));
        });
    }
}
