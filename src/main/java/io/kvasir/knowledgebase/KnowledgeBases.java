package io.kvasir.knowledgebase;

import static io.kvasir.knowledgebase.Region.then;

import io.kvasir.answering.Question;
import io.kvasir.http.Page;
import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.Reembedding;
import io.kvasir.ingestion.source.Shelf;
import io.kvasir.jdbc.BlobStore;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.Transactor;
import io.kvasir.journal.ReadModel;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import io.kvasir.knowledgebase.domain.Document;
import io.kvasir.knowledgebase.domain.Embedding;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent;
import io.kvasir.knowledgebase.domain.SearchSettings;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.Embedders;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SourceVersion;
import io.kvasir.retrieval.Spaces;
import io.kvasir.retrieval.VectorSpace;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** Knowledge bases as the rest of the house sees them. */
public final class KnowledgeBases {
    /** Documents that are looked at together where all of them are. */
    private static final int AT_ONCE = 100;

    private final Region region;
    private final KnowledgeBaseSettings settings;
    private final Clock clock;
    private final Uploads uploads;
    private final SubjectKeys keys;
    private final Catalogue catalogue;
    private final Room room;
    private final Spaces spaces;
    private final Views views;
    private final Function<Scope, CompletionStage<Void>> rereadSources;

    /** @param retire erases what is not in service any more, now or at another try */
    public KnowledgeBases(
            ActorSystem<?> system,
            KnowledgeBaseSettings settings,
            Clock clock,
            Transactor transactor,
            SubjectKeys keys,
            BlobStore blobs,
            Spaces spaces,
            BiFunction<VectorSpace, Scope, CompletionStage<Void>> retire,
            Ingestion ingestion,
            Reembedding reembedding,
            Room room,
            Function<Scope, CompletionStage<Void>> rereadSources,
            Function<Scope, CompletionStage<Void>> eraseDependents) {
        this.rereadSources = rereadSources;
        this.settings = settings;
        this.clock = clock;
        this.uploads = new Uploads(blobs, keys, room, settings.largestFile());
        this.keys = keys;
        this.catalogue = new Catalogue(transactor);
        this.room = room;
        this.views = new Views(keys);
        this.spaces = spaces;
        KnowledgeBaseWork.Tools tools = new KnowledgeBaseWork.Tools(
                ingestion,
                reembedding,
                Sources.embedding(spaces.unpinned()),
                embedding -> spaces.index(Sources.space(embedding)),
                (embedding, scope) -> retire.apply(Sources.space(embedding), scope),
                blobs,
                keys,
                catalogue,
                room,
                eraseDependents::apply);
        KnowledgeBaseEntity.Surroundings around = new KnowledgeBaseEntity.Surroundings(settings, clock, tools);
        this.region = new Region(
                system,
                settings.answerWithin(),
                context -> KnowledgeBaseEntity.create(Scope.parse(context.getEntityId()), context.getShard(), around));
    }

    /** All knowledge bases of all tenants, for an operator's command on a stopped server. */
    public static CompletionStage<List<Scope>> all(Transactor transactor) {
        return new Catalogue(transactor).all();
    }

    /** The list of knowledge bases, as what their events come to. */
    public static ReadModel<?, ?> readModel() {
        return new CatalogueRows();
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
            Optional<String> embeddingModel,
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
                                Optional.empty(),
                                Optional.empty()))
                .thenApply(outcome -> outcome.map(view -> new Scope(tenant, view.id())));
    }

    CompletionStage<Outcome<Views.Base>> create(TenantId tenant, UserId owner, Wishes wishes) {
        return create(new Scope(tenant, KnowledgeBaseId.next()), owner, wishes);
    }

    /** One of this id, which nothing else has. Asked again, where nobody heard what came of it, it creates no second. */
    CompletionStage<Outcome<Views.Base>> create(Scope scope, UserId owner, Wishes wishes) {
        return then(
                embedding(wishes),
                embedding -> Room.taking(
                                room.forKnowledgeBase(scope),
                                () -> created(
                                        scope,
                                        owner,
                                        wishes,
                                        embedding.orElseGet(() -> Sources.embedding(spaces.preferred()))))
                        .thenCompose(outcome -> outcome instanceof Outcome.Refused<Views.Base> refused
                                ? there(scope, refused)
                                : CompletableFuture.completedFuture(outcome)));
    }

    /** It may be refused because it is there: it exists already, or there was room for no other. */
    private CompletionStage<Outcome<Views.Base>> there(Scope scope, Outcome.Refused<Views.Base> refused) {
        return read(scope)
                .thenCompose(seen -> seen instanceof Outcome.Done<Views.Base>
                        ? CompletableFuture.completedFuture(seen)
                        : catalogue.forget(scope).thenApply(_ -> refused));
    }

    /** What is wanted to embed; refused where it is not offered. */
    private CompletionStage<Outcome<Optional<Embedding>>> embedding(Wishes wishes) {
        if (wishes.embeddingModel().isEmpty()) {
            return CompletableFuture.completedFuture(Outcome.done(Optional.empty()));
        }
        Optional<Embedder> offered =
                spaces.embedders().find(wishes.embeddingModel().get());
        return CompletableFuture.completedFuture(
                offered.isPresent()
                        ? Outcome.done(offered.map(VectorSpace::of).map(Sources::embedding))
                        : Outcome.refused(new Rejection.Invalid(
                                "The request has invalid fields",
                                List.of(new Rejection.FieldError(
                                        "/embeddingModel",
                                        "is not offered here; there are "
                                                + spaces.embedders().offers().stream()
                                                        .map(Embedders.Offer::model)
                                                        .collect(Collectors.joining(", ")))))));
    }

    private CompletionStage<Outcome<Views.Base>> created(
            Scope scope, UserId owner, Wishes wishes, Embedding embedding) {
        return keys.obtain(Sources.ownSubject(scope))
                .thenCompose(key -> catalogue.intend(scope, clock.instant()).thenApply(_ -> key))
                .thenCompose(key -> region.head(
                        scope,
                        replyTo -> new KnowledgeBaseEntity.Create(
                                new KnowledgeBaseEvent.Created(
                                        owner,
                                        views.profile(key, wishes, Optional.empty(), settings),
                                        Sources.search(settings.retrieval()),
                                        Optional.of(embedding),
                                        clock.instant()),
                                replyTo)))
                .thenCompose(head -> views.base(scope, head));
    }

    CompletionStage<Outcome<Views.Base>> read(Scope scope) {
        return region.read(scope).thenCompose(head -> views.base(scope, head));
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
                        region.read(scope),
                        head -> then(
                                embedding(wishes),
                                embedding -> keys.obtain(Sources.ownSubject(scope))
                                        .thenApply(key ->
                                                views.profile(key, wishes, Optional.of(head.profile()), settings))
                                        .thenCompose(profile -> region.head(
                                                scope,
                                                replyTo -> new KnowledgeBaseEntity.Describe(
                                                        profile, embedding, replyTo)))))
                .thenCompose(head -> views.base(scope, head));
    }

    /** Stays with the embedding model in service. */
    CompletionStage<Outcome<Views.Base>> cancelReembedding(Scope scope) {
        return region.head(scope, KnowledgeBaseEntity.CancelReembedding::new)
                .thenCompose(head -> views.base(scope, head));
    }

    /** Where its passages are found; empty where it is gone. */
    public CompletionStage<Optional<Spaces.Space>> searched(Scope scope) {
        return region.where(scope, false)
                .thenApply(found -> found.map(Sources::space).map(spaces::in));
    }

    /** Where passages are to be staged for it; empty where it is gone. Unavailable in the moment that changes. */
    public CompletionStage<Optional<Spaces.Space>> written(Scope scope) {
        return region.where(scope, true)
                .thenApply(found -> found.map(Sources::space).map(spaces::in));
    }

    CompletionStage<Outcome<RetrievalSettings>> search(Scope scope) {
        return region.read(scope).thenApply(outcome -> outcome.map(head -> Sources.retrieval(head.search())));
    }

    CompletionStage<Outcome<RetrievalSettings>> configure(Scope scope, RetrievalSettings wanted) {
        SearchSettings search = Sources.search(wanted);
        return region.head(scope, replyTo -> new KnowledgeBaseEntity.Configure(search, replyTo))
                .thenApply(outcome -> outcome.map(head -> Sources.retrieval(head.search())));
    }

    /** Gives it a public address. @param slug empty for a random one of 128 bits */
    public CompletionStage<Outcome<String>> share(Scope scope, Optional<String> slug) {
        return region.head(scope, replyTo -> new KnowledgeBaseEntity.Share(slug.orElseGet(Ids::next), replyTo))
                .thenApply(outcome -> outcome.map(head -> head.slug().orElseThrow()));
    }

    CompletionStage<Outcome<Boolean>> unshare(Scope scope) {
        return region.head(scope, KnowledgeBaseEntity.Unshare::new).thenApply(outcome -> outcome.map(_ -> true));
    }

    /** Acknowledged once it is promised; erasing everything that hangs on it goes on by itself. */
    public CompletionStage<Outcome<Boolean>> delete(Scope scope) {
        return region.head(scope, KnowledgeBaseEntity.Delete::new).thenApply(outcome -> outcome.map(_ -> true));
    }

    /** All of a tenant. */
    public CompletionStage<List<Scope>> all(TenantId tenant) {
        return all(tenant, new ArrayList<>(), Optional.empty());
    }

    private CompletionStage<List<Scope>> all(TenantId tenant, List<Scope> sofar, Optional<String> after) {
        return catalogue.list(tenant, after, AT_ONCE).thenCompose(ids -> {
            ids.forEach(id -> sofar.add(new Scope(tenant, id)));
            return ids.size() <= AT_ONCE
                    ? CompletableFuture.completedFuture(sofar)
                    : all(tenant, sofar, Optional.of(ids.getLast().value()));
        });
    }

    /** A knowledge base as the outer face shows it, and its documents with their bytes. */
    public record Whole(Object knowledgeBase, List<Original> originals) {}

    /** @param name as given, harmless */
    public record Original(SourceId id, String name, Source<ByteString, NotUsed> bytes) {}

    /** What a person keeps in a knowledge base of their own; empty where it is somebody else's. */
    public CompletionStage<Optional<Whole>> ownedBy(Scope scope, UserId person) {
        return read(scope)
                .thenCompose(outcome -> outcome instanceof Outcome.Done<Views.Base>(Views.Base base)
                                && base.ownerId().equals(person)
                        ? originals(scope, new ArrayList<>(), Optional.empty())
                                .thenApply(originals -> Optional.of(new Whole(base, originals)))
                        : CompletableFuture.completedFuture(Optional.empty()));
    }

    private CompletionStage<List<Original>> originals(Scope scope, List<Original> sofar, Optional<String> after) {
        return documents(scope, new Page.Request(AT_ONCE, after)).thenCompose(outcome -> {
            if (!(outcome instanceof Outcome.Done<Page<Views.Doc>>(Page<Views.Doc> page))) {
                return CompletableFuture.completedFuture(sofar);
            }
            CompletionStage<Void> each = CompletableFuture.completedFuture(null);
            for (Views.Doc doc : page.items()) {
                each = each.thenCompose(_ -> content(scope, doc.id())).thenAccept(content -> {
                    if (content instanceof Outcome.Done<Content>(Content original)) {
                        sofar.add(new Original(doc.id(), original.name(), original.bytes()));
                    }
                });
            }
            return each.thenCompose(_ -> page.nextCursor().isEmpty()
                    ? CompletableFuture.completedFuture(sofar)
                    : originals(
                            scope,
                            sofar,
                            Optional.of(page.items().getLast().id().value())));
        });
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
        return region.read(scope).thenCompose(head -> views.forAnswers(scope, head));
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

    /**
     * One that never was may be on its way from another server, however long ago it was announced. Its row would come with
     * its first event; its key would not, and nobody could read what is sealed with it. So the key is left: it is all that
     * is left of one that does not come, and tells nothing.
     */
    private CompletableFuture<Boolean> wake(Scope scope) {
        return region.wake(scope)
                .thenCompose(exists -> exists ? CompletableFuture.completedFuture(null) : catalogue.forget(scope))
                .thenApply(_ -> true)
                .toCompletableFuture();
    }

    // documents

    /** A file on its way in. @param name as given, already harmless */
    public record Upload(String name, Optional<String> mediaType, Source<ByteString, ?> bytes) {}

    /** Takes a file in: acknowledged once its bytes and the intention to read it are durable. */
    public CompletionStage<Outcome<SourceId>> add(Scope scope, Upload upload) {
        return added(scope, SourceId.next(), upload).thenApply(outcome -> outcome.map(Views.Doc::id));
    }

    /** One of this id, which nothing else has. Asked again, where nobody heard what came of it, it adds no second. */
    CompletionStage<Outcome<Views.Doc>> added(Scope scope, SourceId document, Upload upload) {
        // Asked first, so that nobody can fill the store of a knowledge base that is not theirs.
        return then(
                        region.read(scope),
                        _ -> one(scope, document)
                                .thenCompose(there -> there instanceof Outcome.Done<Seen>
                                        ? CompletableFuture.completedFuture(there)
                                        : Room.taking(
                                                room.forDocuments(scope, document.value(), 1, 0),
                                                () -> taken(scope, document, upload))))
                .thenCompose(seen -> views.document(scope, seen));
    }

    private CompletionStage<Outcome<Seen>> taken(Scope scope, SourceId document, Upload upload) {
        return uploads.stored(
                scope,
                document,
                Sources.firstFile(document),
                document.value() + "-bytes",
                upload,
                file -> region.one(
                        scope,
                        replyTo -> new KnowledgeBaseEntity.AddDocument(
                                new KnowledgeBaseEvent.DocumentAdded(document, file, JobId.next(), clock.instant()),
                                replyTo)));
    }

    CompletionStage<Outcome<Views.Doc>> replace(Scope scope, SourceId document, Upload upload) {
        return then(
                        one(scope, document),
                        _ -> uploads.stored(
                                scope,
                                document,
                                Sources.newFile(),
                                Ids.next(),
                                upload,
                                file -> region.one(
                                        scope,
                                        replyTo -> new KnowledgeBaseEntity.BeginVersion(
                                                document, Optional.of(file), JobId.next(), replyTo))))
                .thenCompose(seen -> views.document(scope, seen));
    }

    CompletionStage<Outcome<Views.Doc>> document(Scope scope, SourceId document) {
        return one(scope, document).thenCompose(seen -> views.document(scope, seen));
    }

    private CompletionStage<Outcome<Seen>> one(Scope scope, SourceId document) {
        return region.one(scope, replyTo -> new KnowledgeBaseEntity.ReadDocument(document, replyTo));
    }

    CompletionStage<Outcome<Page<Views.Doc>>> documents(Scope scope, Page.Request request) {
        return some(scope, request.after().orElse(""), request.limit() + 1)
                .thenCompose(seen -> views.documents(scope, seen, request.limit()));
    }

    private CompletionStage<Outcome<List<Seen>>> some(Scope scope, String after, int most) {
        return region.some(scope, replyTo -> new KnowledgeBaseEntity.ReadDocuments(after, most, replyTo));
    }

    CompletionStage<Outcome<Views.Doc>> retry(Scope scope, SourceId document) {
        return region.one(scope, replyTo -> new KnowledgeBaseEntity.RetryDocument(document, JobId.next(), replyTo))
                .thenCompose(seen -> views.document(scope, seen));
    }

    CompletionStage<Outcome<Boolean>> remove(Scope scope, SourceId document) {
        return region.head(scope, replyTo -> new KnowledgeBaseEntity.RemoveDocument(document, replyTo))
                .thenApply(outcome -> outcome.map(_ -> true));
    }

    /** Reads every document again, with the settings of now. */
    CompletionStage<Outcome<Boolean>> reindex(Scope scope) {
        return then(reindex(scope, ""), _ -> rereadSources.apply(scope).thenApply(_ -> Outcome.done(true)));
    }

    private CompletionStage<Outcome<Boolean>> reindex(Scope scope, String after) {
        return then(some(scope, after, AT_ONCE), page -> {
            CompletionStage<Outcome<Boolean>> all = CompletableFuture.completedFuture(Outcome.done(true));
            for (Seen seen : page) {
                all = then(all, _ -> again(scope, seen.document().id()));
            }
            return page.size() < AT_ONCE
                    ? all
                    : then(
                            all,
                            _ -> reindex(scope, page.getLast().document().id().value()));
        });
    }

    /** One that was removed meanwhile needs no reading. */
    private CompletionStage<Outcome<Boolean>> again(Scope scope, SourceId document) {
        return region.one(
                        scope,
                        replyTo ->
                                new KnowledgeBaseEntity.BeginVersion(document, Optional.empty(), JobId.next(), replyTo))
                .thenApply(_ -> Outcome.done(true));
    }

    /** The bytes as uploaded, with the name to save them under. */
    record Content(String name, String mediaType, long size, Source<ByteString, NotUsed> bytes) {}

    CompletionStage<Outcome<Content>> content(Scope scope, SourceId document) {
        return then(
                one(scope, document),
                seen -> views.document(scope, seen)
                        .thenApply(doc -> Outcome.done(new Content(
                                doc.fileName(),
                                seen.document()
                                        .read()
                                        .map(Document.Read::mediaType)
                                        .orElse("application/octet-stream"),
                                doc.size(),
                                uploads.file(scope, seen.document())))));
    }

    /** The text that was read from it, to which passages' offsets refer. */
    CompletionStage<Outcome<Source<ByteString, NotUsed>>> text(Scope scope, SourceId document) {
        return then(
                one(scope, document), seen -> CompletableFuture.completedFuture(uploads.text(scope, seen.document())));
    }

    // sources

    /** What knowledge bases do for what they are kept fresh from. */
    public Shelf shelf() {
        return new Shelf() {
            @Override
            public CompletionStage<Outcome<RetrievalSettings>> retrieval(Scope scope) {
                return search(scope);
            }

            @Override
            public CompletionStage<Outcome<Boolean>> stage(
                    Scope scope, List<SourceVersion> added, List<SourceVersion> removed, Holdings kept) {
                KnowledgeBaseEvent.ItemsStaged news = new KnowledgeBaseEvent.ItemsStaged(
                        Sources.versions(added),
                        Sources.versions(removed),
                        kept.items(),
                        kept.bytes(),
                        clock.instant());
                return region.head(scope, replyTo -> new KnowledgeBaseEntity.StageItems(news, replyTo))
                        .thenApply(outcome -> outcome.map(_ -> true));
            }

            @Override
            public CompletionStage<Outcome<Place>> room(Scope scope, long items, long bytes) {
                return room.forDocuments(scope, Ids.next(), items, bytes)
                        .thenApply(outcome -> outcome.map(place -> place::giveBack));
            }
        };
    }

    // jobs

    CompletionStage<Outcome<Page<Views.JobView>>> jobs(Scope scope, Page.Request request) {
        return documents(scope, request).thenApply(outcome -> outcome.map(page -> page.map(Views.Doc::job)));
    }

    CompletionStage<Outcome<Views.JobView>> job(Scope scope, JobId job) {
        return region.one(scope, replyTo -> new KnowledgeBaseEntity.ReadJob(job, replyTo))
                .thenCompose(seen -> views.document(scope, seen))
                .thenApply(outcome -> outcome.map(Views.Doc::job));
    }

    CompletionStage<Outcome<Views.JobView>> cancel(Scope scope, JobId job) {
        return region.one(scope, replyTo -> new KnowledgeBaseEntity.CancelJob(job, replyTo))
                .thenCompose(seen -> views.document(scope, seen))
                .thenApply(outcome -> outcome.map(Views.Doc::job));
    }

    /** The next news of jobs after a position; empty where there was none for a while. */
    CompletionStage<Optional<News>> news(Scope scope, String life, long after) {
        return region.news(scope, life, after);
    }

    CompletionStage<List<Views.Doc>> rendered(Scope scope, News news) {
        return views.documents(scope, news.changed());
    }
}
