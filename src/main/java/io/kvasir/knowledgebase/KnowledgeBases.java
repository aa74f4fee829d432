package io.kvasir.knowledgebase;

import io.kvasir.answering.Question;
import io.kvasir.http.Page;
import io.kvasir.http.Problems;
import io.kvasir.ingestion.Ingestion;
import io.kvasir.jdbc.BlobStore;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import io.kvasir.knowledgebase.KnowledgeBaseEntity.Command;
import io.kvasir.knowledgebase.KnowledgeBaseEntity.News;
import io.kvasir.knowledgebase.KnowledgeBaseEntity.Reply;
import io.kvasir.knowledgebase.domain.Document;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent;
import io.kvasir.knowledgebase.domain.SearchSettings;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.RetrievalSettings;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** Knowledge bases as the rest of the house sees them: the only one here that knows sharding, time-outs and keys. */
public final class KnowledgeBases {
    private final ClusterSharding sharding;
    private final KnowledgeBaseSettings settings;
    private final Clock clock;
    private final BlobStore blobs;
    private final SubjectKeys keys;
    private final Catalogue catalogue;
    private final Views views;

    public KnowledgeBases(
            ActorSystem<?> system,
            KnowledgeBaseSettings settings,
            Clock clock,
            Transactor transactor,
            SubjectKeys keys,
            BlobStore blobs,
            PassageIndex index,
            Ingestion ingestion,
            Function<Scope, CompletionStage<Void>> eraseDependents) {
        this.sharding = ClusterSharding.get(system);
        this.settings = settings;
        this.clock = clock;
        this.blobs = blobs;
        this.keys = keys;
        this.catalogue = new Catalogue(transactor);
        this.views = new Views(keys);
        KnowledgeBaseWork.Tools tools =
                new KnowledgeBaseWork.Tools(ingestion, index, blobs, keys, catalogue, eraseDependents::apply);
        sharding.init(Entity.of(
                        KnowledgeBaseEntity.KEY,
                        context -> KnowledgeBaseEntity.create(
                                Scope.parse(context.getEntityId()), context.getShard(), settings, clock, tools))
                .withStopMessage(KnowledgeBaseEntity.Passivate.NOW));
    }

    KnowledgeBaseSettings settings() {
        return settings;
    }

    // the knowledge base itself

    /** What its owner says of a knowledge base; what is left out of a new one is as configured. */
    record Wishes(
            Optional<String> name,
            Optional<String> description,
            Optional<String> provider,
            Optional<String> model,
            Optional<String> systemPrompt,
            Optional<Double> temperature,
            Optional<Integer> maxTokens,
            Optional<Boolean> active) {}

    /** A knowledge base with nothing in it. @param name 1 to 200 characters */
    public CompletionStage<Outcome<Scope>> create(TenantId tenant, UserId owner, String name, String description) {
        return create(
                        tenant,
                        owner,
                        new Wishes(
                                Optional.of(name),
                                Optional.of(description),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty()))
                .thenApply(outcome -> outcome.map(view -> new Scope(tenant, view.id())));
    }

    CompletionStage<Outcome<Views.Base>> create(TenantId tenant, UserId owner, Wishes wishes) {
        Scope scope = new Scope(tenant, KnowledgeBaseId.next());
        return keys.obtain(Sources.ownSubject(scope))
                .thenCompose(key -> catalogue.intend(scope, clock.instant()).thenApply(_ -> key))
                .thenCompose(key -> asked(
                        scope,
                        replyTo -> new KnowledgeBaseEntity.Create(
                                new KnowledgeBaseEvent.Created(
                                        owner,
                                        views.profile(key, wishes, Optional.empty(), settings),
                                        Sources.search(settings.retrieval()),
                                        clock.instant()),
                                replyTo)))
                .thenCompose(state -> views.base(scope, state));
    }

    CompletionStage<Outcome<Views.Base>> read(Scope scope) {
        return asked(scope, KnowledgeBaseEntity.Read::new).thenCompose(state -> views.base(scope, state));
    }

    CompletionStage<Page<Views.Base>> list(TenantId tenant, Page.Request request) {
        return catalogue.list(tenant, request.after(), request.limit()).thenCompose(ids -> {
            Page<KnowledgeBaseId> page = Page.of(ids, request.limit(), KnowledgeBaseId::value);
            List<CompletableFuture<Outcome<Views.Base>>> each = page.items().stream()
                    .map(id -> read(new Scope(tenant, id)).toCompletableFuture())
                    .toList();
            return CompletableFuture.allOf(each.toArray(CompletableFuture[]::new))
                    .thenApply(_ -> {
                        List<Views.Base> bases = new ArrayList<>();
                        for (CompletableFuture<Outcome<Views.Base>> one : each) {
                            // One that was deleted between the two looks is simply not there.
                            if (one.join() instanceof Outcome.Done<Views.Base>(Views.Base base)) {
                                bases.add(base);
                            }
                        }
                        return new Page<>(bases, page.nextCursor());
                    });
        });
    }

    CompletionStage<Outcome<Views.Base>> describe(Scope scope, Wishes wishes) {
        return then(
                        asked(scope, KnowledgeBaseEntity.Read::new),
                        state -> keys.obtain(Sources.ownSubject(scope))
                                .thenCompose(key -> asked(
                                        scope,
                                        replyTo -> new KnowledgeBaseEntity.Describe(
                                                views.profile(
                                                        key,
                                                        wishes,
                                                        state.knowledgeBase().profile(),
                                                        settings),
                                                replyTo))))
                .thenCompose(state -> views.base(scope, state));
    }

    CompletionStage<Outcome<RetrievalSettings>> search(Scope scope) {
        return asked(scope, KnowledgeBaseEntity.Read::new)
                .thenApply(outcome -> outcome.map(
                        s -> Sources.retrieval(s.knowledgeBase().search().orElseThrow())));
    }

    CompletionStage<Outcome<RetrievalSettings>> configure(Scope scope, RetrievalSettings wanted) {
        SearchSettings search = Sources.search(wanted);
        return asked(scope, replyTo -> new KnowledgeBaseEntity.Configure(search, replyTo))
                .thenApply(outcome -> outcome.map(
                        s -> Sources.retrieval(s.knowledgeBase().search().orElseThrow())));
    }

    /** Gives it a public address. @param slug empty for a random one of 128 bits */
    public CompletionStage<Outcome<String>> share(Scope scope, Optional<String> slug) {
        return asked(scope, replyTo -> new KnowledgeBaseEntity.Share(slug.orElseGet(Ids::next), replyTo))
                .thenApply(outcome -> outcome.map(s -> s.knowledgeBase().slug().orElseThrow()));
    }

    CompletionStage<Outcome<Boolean>> unshare(Scope scope) {
        return asked(scope, KnowledgeBaseEntity.Unshare::new).thenApply(outcome -> outcome.map(_ -> true));
    }

    CompletionStage<Outcome<Boolean>> delete(Scope scope) {
        return asked(scope, KnowledgeBaseEntity.Delete::new).thenApply(outcome -> outcome.map(_ -> true));
    }

    /** Which knowledge base has this public address; empty where it is not shared. */
    public CompletionStage<Optional<Scope>> bySlug(String slug) {
        return Ids.safe(slug) ? catalogue.bySlug(slug) : CompletableFuture.completedFuture(Optional.empty());
    }

    /**
     * What it takes to answer from a knowledge base, at this moment.
     *
     * @param revision what it knows
     */
    public record ForAnswers(
            long revision,
            String name,
            String description,
            boolean active,
            Question.Style style,
            RetrievalSettings retrieval) {}

    public CompletionStage<Outcome<ForAnswers>> forAnswers(Scope scope) {
        return asked(scope, KnowledgeBaseEntity.Read::new).thenCompose(state -> views.forAnswers(scope, state));
    }

    /** Lets go on what a stop or a kill interrupted. @return how many there were */
    public CompletionStage<Integer> wakeUnfinished() {
        return catalogue.unfinished().thenCompose(scopes -> {
            List<CompletableFuture<Boolean>> woken =
                    scopes.stream().map(this::wake).toList();
            return CompletableFuture.allOf(woken.toArray(CompletableFuture[]::new))
                    .thenApply(_ -> scopes.size());
        });
    }

    private CompletableFuture<Boolean> wake(Scope scope) {
        return entity(scope)
                .ask(KnowledgeBaseEntity.Wake::new, Duration.ofSeconds(60))
                .thenCompose(reply -> reply instanceof KnowledgeBaseEntity.Never
                        ? catalogue.remove(scope).thenCompose(_ -> keys.destroy(Sources.ownSubject(scope)))
                        : CompletableFuture.completedFuture(null))
                .thenApply(_ -> true)
                .toCompletableFuture();
    }

    // documents

    /** A file on its way in. @param name as given, already harmless */
    public record Upload(String name, Optional<String> mediaType, Source<ByteString, ?> bytes) {}

    /** Takes a file in: acknowledged once its bytes and the intention to read it are durable. */
    public CompletionStage<Outcome<SourceId>> add(Scope scope, Upload upload) {
        return added(scope, upload).thenApply(outcome -> outcome.map(Views.Doc::id));
    }

    CompletionStage<Outcome<Views.Doc>> added(Scope scope, Upload upload) {
        SourceId document = SourceId.next();
        return stored(
                scope,
                document,
                1,
                upload,
                file -> asked(
                        scope,
                        replyTo -> new KnowledgeBaseEntity.AddDocument(
                                new KnowledgeBaseEvent.DocumentAdded(document, file, JobId.next(), clock.instant()),
                                replyTo)));
    }

    CompletionStage<Outcome<Views.Doc>> replace(Scope scope, SourceId document, Upload upload) {
        return then(
                document(scope, document),
                before -> stored(
                        scope,
                        document,
                        before.version() + 1,
                        upload,
                        file -> asked(
                                scope,
                                replyTo -> new KnowledgeBaseEntity.BeginVersion(
                                        document, Optional.of(file), JobId.next(), replyTo))));
    }

    private CompletionStage<Outcome<Views.Doc>> stored(
            Scope scope,
            SourceId document,
            long version,
            Upload upload,
            Function<Document.File, CompletionStage<Outcome<KnowledgeBaseEntity.State>>> told) {
        String subject = Sources.subject(scope, document);
        // Asked first, so that nobody can fill the store of a knowledge base that is not theirs.
        return then(
                        asked(scope, KnowledgeBaseEntity.Read::new),
                        _ -> blobs.write(
                                        scope,
                                        Sources.file(document, version),
                                        subject,
                                        upload.bytes(),
                                        settings.largestFile())
                                .thenCompose(blob -> keys.obtain(subject)
                                        .thenApply(key -> new Document.File(
                                                key.seal(upload.name()),
                                                upload.mediaType(),
                                                blob.size(),
                                                blob.sha256())))
                                .thenCompose(told)
                                .thenCompose(outcome -> switch (outcome) {
                                    case Outcome.Done<KnowledgeBaseEntity.State> done ->
                                        CompletableFuture.<Outcome<KnowledgeBaseEntity.State>>completedFuture(done);
                                    case Outcome.Refused<KnowledgeBaseEntity.State> refused ->
                                        blobs.delete(scope, Sources.file(document, version))
                                                .<Outcome<KnowledgeBaseEntity.State>>thenApply(_ -> refused);
                                }))
                .thenCompose(state -> views.document(scope, document, state));
    }

    CompletionStage<Outcome<Views.Doc>> document(Scope scope, SourceId document) {
        return asked(scope, KnowledgeBaseEntity.Read::new).thenCompose(state -> views.document(scope, document, state));
    }

    CompletionStage<Outcome<Page<Views.Doc>>> documents(Scope scope, Page.Request request) {
        return asked(scope, KnowledgeBaseEntity.Read::new).thenCompose(state -> views.documents(scope, state, request));
    }

    CompletionStage<Outcome<Views.Doc>> retry(Scope scope, SourceId document) {
        return asked(scope, replyTo -> new KnowledgeBaseEntity.RetryDocument(document, JobId.next(), replyTo))
                .thenCompose(state -> views.document(scope, document, state));
    }

    CompletionStage<Outcome<Boolean>> remove(Scope scope, SourceId document) {
        return asked(scope, replyTo -> new KnowledgeBaseEntity.RemoveDocument(document, replyTo))
                .thenApply(outcome -> outcome.map(_ -> true));
    }

    /** Reads every document again, with the settings of now. */
    CompletionStage<Outcome<Boolean>> reindex(Scope scope) {
        return then(asked(scope, KnowledgeBaseEntity.Read::new), state -> {
            CompletionStage<Outcome<Boolean>> all = CompletableFuture.completedFuture(Outcome.done(true));
            for (Document document : state.knowledgeBase().documents()) {
                all = then(
                        all,
                        _ -> asked(
                                        scope,
                                        replyTo -> new KnowledgeBaseEntity.BeginVersion(
                                                document.id(), Optional.empty(), JobId.next(), replyTo))
                                .thenApply(outcome -> outcome.map(_ -> true)));
            }
            return all;
        });
    }

    /** The bytes as uploaded, with the name to save them under. */
    record Content(String name, String mediaType, long size, Source<ByteString, NotUsed> bytes) {}

    CompletionStage<Outcome<Content>> content(Scope scope, SourceId document) {
        return then(
                document(scope, document),
                doc -> asked(scope, KnowledgeBaseEntity.Read::new)
                        .thenApply(outcome -> outcome.map(state -> {
                            Document known =
                                    state.knowledgeBase().document(document).orElseThrow();
                            return new Content(
                                    doc.fileName(),
                                    known.read().map(Document.Read::mediaType).orElse("application/octet-stream"),
                                    doc.size(),
                                    blobs.read(scope, Sources.file(document, known.fileVersion())));
                        })));
    }

    /** The text that was read from it, to which passages' offsets refer. */
    CompletionStage<Outcome<Source<ByteString, NotUsed>>> text(Scope scope, SourceId document) {
        return then(asked(scope, KnowledgeBaseEntity.Read::new), state -> {
            Optional<Document> known = state.knowledgeBase().document(document).filter(d -> d.published() > 0);
            return CompletableFuture.completedFuture(known.<Outcome<Source<ByteString, NotUsed>>>map(
                            d -> Outcome.done(blobs.read(scope, Sources.text(document, d.published()))))
                    .orElseGet(() ->
                            Outcome.refused(new Rejection.NotFound("No text has been read from this document yet"))));
        });
    }

    // jobs

    CompletionStage<Outcome<Page<Views.JobView>>> jobs(Scope scope, Page.Request request) {
        return documents(scope, request).thenApply(outcome -> outcome.map(page -> page.map(Views.Doc::job)));
    }

    CompletionStage<Outcome<Views.JobView>> job(Scope scope, JobId job) {
        return asked(scope, KnowledgeBaseEntity.Read::new).thenCompose(state -> views.job(scope, job, state));
    }

    CompletionStage<Outcome<Views.JobView>> cancel(Scope scope, JobId job) {
        return asked(scope, replyTo -> new KnowledgeBaseEntity.CancelJob(job, replyTo))
                .thenCompose(state -> views.job(scope, job, state));
    }

    /** The next news of jobs after a position; empty where there was none for a while. */
    CompletionStage<Optional<News>> news(Scope scope, String life, long after) {
        Duration patience = Duration.ofSeconds(20);
        return entity(scope)
                .<News>ask(replyTo -> new KnowledgeBaseEntity.WatchJobs(life, after, replyTo), patience)
                .handle((news, fault) -> {
                    if (fault == null) {
                        return Optional.of(news);
                    }
                    Throwable cause =
                            fault instanceof java.util.concurrent.CompletionException && fault.getCause() != null
                                    ? fault.getCause()
                                    : fault;
                    if (cause instanceof TimeoutException) {
                        return Optional.<News>empty();
                    }
                    throw new java.util.concurrent.CompletionException(cause);
                });
    }

    CompletionStage<List<Views.Doc>> rendered(Scope scope, News news) {
        return views.documents(scope, news.changed());
    }

    // asking

    private EntityRef<Command> entity(Scope scope) {
        return sharding.entityRefFor(KnowledgeBaseEntity.KEY, scope.key());
    }

    private CompletionStage<Outcome<KnowledgeBaseEntity.State>> asked(
            Scope scope, org.apache.pekko.japi.function.Function<ActorRef<Reply>, Command> question) {
        return entity(scope).ask(question, settings.answerWithin()).handle((reply, fault) -> {
            if (fault != null) {
                throw new Problems.Unavailable("The knowledge base did not answer in time", Duration.ofSeconds(2));
            }
            return switch (reply) {
                case KnowledgeBaseEntity.Ok(KnowledgeBaseEntity.State state) -> Outcome.done(state);
                case KnowledgeBaseEntity.Refused(Rejection reason) -> Outcome.refused(reason);
                case KnowledgeBaseEntity.Never _ -> Outcome.refused(new Rejection.NotFound("No such knowledge base"));
            };
        });
    }

    private static <A, B> CompletionStage<Outcome<B>> then(
            CompletionStage<Outcome<A>> first, Function<A, CompletionStage<Outcome<B>>> next) {
        return first.thenCompose(outcome -> switch (outcome) {
            case Outcome.Done<A>(A value) -> next.apply(value);
            case Outcome.Refused<A>(Rejection reason) -> CompletableFuture.completedFuture(Outcome.refused(reason));
        });
    }
}
