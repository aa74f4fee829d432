package io.kvasir.bootstrap;

import io.kvasir.answering.Answerer;
import io.kvasir.answering.PreparedAnswers;
import io.kvasir.audit.Audit;
import io.kvasir.audit.AuditRoutes;
import io.kvasir.conversation.ConversationRoutes;
import io.kvasir.conversation.Conversations;
import io.kvasir.conversation.Profile;
import io.kvasir.conversation.PublicRoutes;
import io.kvasir.http.ApiDocs;
import io.kvasir.http.Authenticated;
import io.kvasir.http.ClientAddress;
import io.kvasir.http.Departure;
import io.kvasir.http.Endpoints;
import io.kvasir.http.Idempotent;
import io.kvasir.http.OpenStreams;
import io.kvasir.http.Origins;
import io.kvasir.http.Problems;
import io.kvasir.http.RateLimits;
import io.kvasir.http.WebUi;
import io.kvasir.http.server.HttpServer;
import io.kvasir.identity.AccountRoutes;
import io.kvasir.identity.Identity;
import io.kvasir.identity.IdentityRoutes;
import io.kvasir.identity.MemberRoutes;
import io.kvasir.identity.MfaRoutes;
import io.kvasir.identity.OAuthRoutes;
import io.kvasir.identity.Suspensions;
import io.kvasir.ingestion.document.DocumentIngestion;
import io.kvasir.ingestion.document.PassageReembedding;
import io.kvasir.ingestion.faq.Faq;
import io.kvasir.ingestion.faq.FaqRoutes;
import io.kvasir.ingestion.mailbox.EmailRoutes;
import io.kvasir.ingestion.mailbox.MailAccounts;
import io.kvasir.ingestion.mailbox.MailboxKind;
import io.kvasir.ingestion.source.Ledger;
import io.kvasir.ingestion.source.SourceStream;
import io.kvasir.ingestion.web.WebKind;
import io.kvasir.ingestion.web.WebRoutes;
import io.kvasir.jdbc.AliveLock;
import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.JdbcBlobStore;
import io.kvasir.jdbc.JdbcRememberedReplies;
import io.kvasir.jdbc.MasterKey;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.Transactor;
import io.kvasir.journal.Projections;
import io.kvasir.journal.SharedDatabase;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Scope;
import io.kvasir.knowledgebase.KnowledgeBaseRoutes;
import io.kvasir.knowledgebase.KnowledgeBases;
import io.kvasir.knowledgebase.SiteRoutes;
import io.kvasir.knowledgebase.Sites;
import io.kvasir.llm.ChatModels;
import io.kvasir.mail.Mailer;
import io.kvasir.observability.Metrics;
import io.kvasir.observability.Traces;
import io.kvasir.outbound.AddressGuard;
import io.kvasir.outbound.OutboundHttp;
import io.kvasir.privacy.Privacy;
import io.kvasir.privacy.PrivacyRoutes;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.Embedders;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.RememberingEmbedder;
import io.kvasir.retrieval.Retriever;
import io.kvasir.retrieval.Spaces;
import io.kvasir.retrieval.onnx.OnnxEmbedder;
import io.kvasir.tenancy.TenancyRoutes;
import io.kvasir.tenancy.Tenants;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.net.ssl.SSLSocketFactory;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.stream.Materializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The whole server, wired by hand. What is started is stopped in the opposite order. */
public final class Server implements AutoCloseable {
    /** Questions of its own list that a public page suggests. */
    private static final int SUGGESTED = 4;

    private static final Logger LOG = LoggerFactory.getLogger("kvasir.bootstrap");
    private static final Duration LEAVE = Duration.ofSeconds(10);

    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    private final HttpServer web;
    private final Identity.Owner owner;
    private final CompletionStage<Boolean> ended;
    private volatile boolean closing;

    private Server(Settings settings) throws IOException {
        try {
            Clock clock = Clock.systemUTC();
            Files.createDirectories(settings.dataDir());
            // The slow ones begin at once, beside everything else.
            CompletableFuture<Embedder> builtIn =
                    beside(() -> OnnxEmbedder.load(Runtime.getRuntime().availableProcessors()));
            MoveIndex.forget(settings.dataDir());
            Metrics metrics = keep(new Metrics());
            Observed observed = new Observed(metrics, keep(Traces.open(settings.traces())));
            Database database = keep(Database.open(settings.database(), metrics.registry()));
            Transactor transactor = keep(new Transactor(
                    database.dataSource(),
                    settings.database().poolSize() - settings.journalConnections() - settings.projectionConnections()));
            boolean unrecorded = join(UnpinnedSpace.find(transactor)).isEmpty();
            CompletableFuture<OpenIndexes> indexing = beside(() -> OpenIndexes.open(
                    settings.index().kind(), settings, settings.embedding().space(builtIn::join), unrecorded));
            SubjectKeys keys = new SubjectKeys(
                    transactor,
                    MasterKey.load(settings.masterKey(), settings.dataDir().resolve("master.key")));
            Audit audit = new Audit(transactor, keys, clock);
            Mailer mailer = Mailer.of(settings.mail());
            CompletionStage<Identity> identifying = Identity.open(
                    transactor,
                    keys,
                    settings.tokens(),
                    settings.accounts(),
                    settings.oauth(),
                    mailer,
                    new Logins(audit),
                    clock);

            CompletableFuture<KnowledgeBases> waking = new CompletableFuture<>();
            CompletableFuture<ProofOfEnd> proving = new CompletableFuture<>();
            Node.Started node = Node.start(
                    settings.config(),
                    !settings.cluster().several(),
                    new SharedDatabase.Pool(
                            database.dataSource(), settings.database().h2(), settings.journalConnections()),
                    member -> proving.thenApplyAsync(proof -> proof.of(member), Thread::startVirtualThread),
                    () -> waking.thenAccept(this::wake));
            ActorSystem<?> system = node.system();
            if (settings.cluster().several()) {
                // Given back once nothing lives here any more, so after the actor system.
                AliveLock alive = keep(AliveLock.hold(settings.database(), Node.number(system)));
                proving.complete(new ProofOfEnd(alive::released));
            }
            keep(() -> {
                system.terminate();
                system.getWhenTerminated().toCompletableFuture().get(45, TimeUnit.SECONDS);
            });
            ended = system.getWhenTerminated().thenApply(_ -> !closing);

            JdbcBlobStore blobs = keep(new JdbcBlobStore(transactor, keys, Materializer.matFromSystem(system)));
            RememberingEmbedder sentences = keep(settings.embedding().remembering(join(builtIn)));
            Embedders embedders = keep(settings.embedding().open(sentences, system, clock));
            OpenIndexes indexes = keep(join(indexing));
            Spaces spaces = new Spaces(embedders, indexes::in, join(UnpinnedSpace.record(transactor, indexes.first())));
            CompletableFuture<KnowledgeBases> shelving = new CompletableFuture<>();
            DocumentIngestion ingestion = keep(DocumentIngestion.open(
                    settings.ingestion(), blobs, scope -> shelving.thenCompose(bases -> bases.written(scope))));
            PassageReembedding reembedding = keep(new PassageReembedding(
                    spaces, settings.knowledgeBase().reembedding().atOnce()));
            Identity identity = keep(join(identifying));

            Answerer.Retrieve search =
                    observed.search(new Retriever(scope -> shelving.thenCompose(bases -> bases.searched(scope))));
            ChatModels models = Models.of(settings.providers(), sentences, system, clock, observed::model);
            Answerer answerer = new Answerer(search, models, settings.answering());

            // Each feature is handed what it needs of the other as a function: neither knows the other.
            CompletableFuture<Conversations> conversing = new CompletableFuture<>();
            Tenants tenants = new Tenants(system, settings.tenancy(), clock, transactor);
            Metering metering = new Metering(tenants, settings.providers()::price, settings.answering());
            Faq faq = new Faq(transactor, keys, settings.faq(), clock);
            CompletableFuture<Ledger> keeping = new CompletableFuture<>();
            Sites sites = new Sites(transactor, keys);
            KnowledgeBases knowledgeBases = new KnowledgeBases(
                    system,
                    settings.knowledgeBase(),
                    clock,
                    transactor,
                    keys,
                    blobs,
                    spaces,
                    indexes::retire,
                    observed.ingestion(ingestion),
                    reembedding,
                    metering,
                    scope -> keeping.thenCompose(ledger -> ledger.reread(scope)),
                    scope -> keeping.thenCompose(ledger -> ledger.eraseOf(scope))
                            .thenCompose(_ -> faq.eraseOf(scope))
                            .thenCompose(_ -> conversing.thenCompose(c -> c.eraseOf(scope)))
                            .thenCompose(_ -> sites.forget(scope)));
            shelving.complete(knowledgeBases);
            AddressGuard guard = new AddressGuard(settings.outbound().allowedNetworks());
            OutboundHttp outbound = new OutboundHttp(system, settings.outbound(), guard);
            MailboxKind mailboxes =
                    new MailboxKind(settings.email(), guard, (SSLSocketFactory) SSLSocketFactory.getDefault(), clock);
            Ledger ledger = keep(Ledger.open(
                    settings.sources(),
                    List.of(faq.kind(), new WebKind(outbound, transactor, settings.webSources(), clock), mailboxes),
                    transactor,
                    keys,
                    blobs,
                    observed.ingestion(ingestion),
                    knowledgeBases.shelf(),
                    clock,
                    !settings.cluster().several()));
            keeping.complete(ledger);
            faq.kept(ledger);
            PreparedAnswers answers = new PreparedAnswers(
                    (scope, question) -> faq.exact(scope, question).thenApply(entry -> entry.map(Server::prepared)),
                    answerer,
                    settings.answering());
            Conversations conversations = new Conversations(
                    system,
                    settings.conversation(),
                    clock,
                    transactor,
                    keys,
                    observed.answers(answers),
                    scope -> profile(knowledgeBases, scope),
                    metering);
            conversing.complete(conversations);

            join(node.up());
            // Where others may be writing, only what nobody can be writing any more.
            join(blobs.sweep(
                    settings.cluster().several() ? clock.instant().minus(Duration.ofDays(1)) : clock.instant()));
            owner = join(identity.ensureOwner(
                    settings.owner().email(), settings.owner().password()));
            join(tenants.ensureOwnerPlan(owner.tenant()));

            Departure departure = new Departure();
            ClientAddress addresses = new ClientAddress(settings.http().proxies());
            JdbcRememberedReplies replies = new JdbcRememberedReplies(
                    transactor, keys, clock, Node.name(system), name -> Node.knows(system, name));
            Idempotent idempotent = new Idempotent(replies);
            CompletableFuture<Endpoints> inventory = new CompletableFuture<>();
            Privacy privacy = new Privacy(
                    new PersonalData(
                            transactor,
                            keys,
                            blobs,
                            indexes,
                            knowledgeBases,
                            faq,
                            ledger,
                            conversations,
                            tenants,
                            audit,
                            replies,
                            identity.suspensions(),
                            mailer),
                    transactor,
                    clock,
                    settings.privacy().patience());
            Audited audited = new Audited(audit, tenant -> Accounts.there(transactor, tenant), system, addresses);
            OpenStreams streams = new OpenStreams();
            keep(identity.suspensions().listen(ended -> streams.end(ended::concerns)));
            Endpoints endpoints = new Endpoints(
                    audited.over(Stream.of(
                                    new ApiDocs(() -> inventory.join().all()).endpoints(),
                                    observed.endpoints(),
                                    new IdentityRoutes(identity, settings.accounts(), addresses).endpoints(),
                                    new AccountRoutes(identity, settings.accounts(), addresses).endpoints(),
                                    new MfaRoutes(identity, settings.accounts(), addresses).endpoints(),
                                    new OAuthRoutes(identity, settings.accounts(), addresses).endpoints(),
                                    new MemberRoutes(identity, idempotent).endpoints(),
                                    new KnowledgeBaseRoutes(
                                                    knowledgeBases,
                                                    idempotent,
                                                    search::apply,
                                                    new SourceStream(ledger)::from,
                                                    tenant -> identity.suspensions()
                                                            .end(new Suspensions.Ended.Visitors(tenant)))
                                            .endpoints(),
                                    new FaqRoutes(faq, idempotent).endpoints(),
                                    new WebRoutes(ledger, idempotent, settings.webSources()).endpoints(),
                                    new EmailRoutes(
                                                    new MailAccounts(
                                                            ledger,
                                                            mailboxes,
                                                            settings.email(),
                                                            transactor,
                                                            clock,
                                                            identity.publicUrl()),
                                                    idempotent)
                                            .endpoints(),
                                    new SiteRoutes(knowledgeBases, sites).endpoints(),
                                    new ConversationRoutes(conversations, idempotent, sites::open, sites::shared)
                                            .endpoints(),
                                    new PublicRoutes(
                                                    conversations,
                                                    identity,
                                                    slug -> shared(knowledgeBases, faq, transactor, slug),
                                                    sites::open,
                                                    sites::secret,
                                                    clock)
                                            .endpoints(),
                                    new ModelRoutes(models, embedders).endpoints(),
                                    new BackupRoutes(
                                                    settings.database().h2()
                                                            ? indexes.files()
                                                                    .map(files -> new Backup(
                                                                            transactor,
                                                                            files,
                                                                            settings.backupFolder(),
                                                                            clock))
                                                            : Optional.empty())
                                            .endpoints(),
                                    new TenancyRoutes(tenants, tenant -> Accounts.there(transactor, tenant))
                                            .endpoints(),
                                    new AuditRoutes(audit).endpoints(),
                                    new PrivacyRoutes(privacy).endpoints(),
                                    new HealthRoutes(
                                                    parts(transactor, indexes),
                                                    () -> !departure.announced() && Node.takesPart(system),
                                                    models::health)
                                            .endpoints())
                            .flatMap(List::stream)
                            .toList()),
                    new Authenticated(identity),
                    new RateLimits(settings.rateLimits(), () -> Node.up(system), System::nanoTime),
                    addresses,
                    streams,
                    new Origins(settings.accounts().publicUrl()),
                    observed::begun);
            inventory.complete(endpoints);
            Route routes = Directives.concat(
                    endpoints.route(),
                    new WebUi(settings.web(), slug -> face(knowledgeBases, faq, transactor, sites, slug)).routes());
            web = HttpServer.start(
                    system,
                    settings.http().host(),
                    settings.http().port(),
                    Problems.guarded(departure.over(routes)).handler(system));
            identity.reachedAt(URI.create("http://localhost:" + port()));
            keep(() -> web.terminate(LEAVE).toCompletableFuture().get(LEAVE.toSeconds() + 5, TimeUnit.SECONDS));
            if (settings.cluster().several()) {
                keep(() -> leave(departure, settings.cluster().notice()));
            }

            Projections.start(system, database.dataSource(), transactor, Commands.READ_MODELS);
            wake(knowledgeBases);
            ledger.start();
            waking.complete(knowledgeBases);
            system.scheduler()
                    .scheduleWithFixedDelay(
                            settings.privacy().sweepAfter(),
                            settings.privacy().sweepEvery(),
                            () -> privacy.sweep().exceptionally(fault -> {
                                failed("what has no owner any more could not be swept", fault);
                                return new Privacy.Swept(0, 0, 0);
                            }),
                            system.executionContext());
            if (settings.demo()) {
                Demo.ensure(knowledgeBases, owner).whenComplete((_, fault) -> {
                    if (fault != null) {
                        failed("the demo knowledge base could not be made", fault);
                    }
                });
            }
        } catch (RuntimeException | IOException e) {
            close();
            throw e;
        }
    }

    /** Also what a lost member left unfinished: waking what is at work already changes nothing. */
    private void wake(KnowledgeBases knowledgeBases) {
        knowledgeBases.wakeUnfinished().whenComplete((n, fault) -> {
            if (fault != null) {
                failed("unfinished work could not be woken", fault);
            } else if (n > 0) {
                LOG.info("{} knowledge bases go on with unfinished work", n);
            }
        });
    }

    /** What a stop cuts off is taken up by the next start, and nothing for an operator to look into. */
    private void failed(String what, Throwable fault) {
        if (closing) {
            LOG.info("{}, since the server stops", what);
        } else {
            LOG.error(what, fault);
        }
    }

    /**
     * Clients see it first and go to another server; only then does this one refuse connections. Nothing tells when the
     * balancers before it have seen that, so the configured notice is all there is to wait for.
     */
    private static void leave(Departure departure, Duration notice) throws InterruptedException {
        departure.announce();
        Thread.sleep(notice);
        departure.endStreams();
    }

    /** Completes when the actor system has ended. @return whether it was put out of its cluster, and not told to stop */
    public CompletionStage<Boolean> ended() {
        return ended;
    }

    /** @throws RuntimeException or IOException where a part can't start; what had started is stopped again */
    public static Server start(Settings settings) throws IOException {
        return new Server(settings);
    }

    public int port() {
        return web.port();
    }

    /** The first owner, with the password to show once where it was made up just now. */
    public Identity.Owner owner() {
        return owner;
    }

    private static CompletionStage<Outcome<Profile>> profile(KnowledgeBases knowledgeBases, Scope scope) {
        return knowledgeBases.forAnswers(scope).thenApply(outcome -> switch (outcome) {
            case Outcome.Done<KnowledgeBases.ForAnswers>(KnowledgeBases.ForAnswers kb) ->
                kb.active()
                        ? Outcome.done(new Profile(kb.revision(), kb.style(), kb.retrieval()))
                        : Outcome.refused(new io.kvasir.kernel.Rejection.Conflict(
                                "knowledge-base-inactive", "This knowledge base does not answer at the moment"));
            case Outcome.Refused<KnowledgeBases.ForAnswers> refused -> Outcome.refused(refused.rejection());
        });
    }

    private static PreparedAnswers.Prepared prepared(Faq.Exact entry) {
        return new PreparedAnswers.Prepared(
                entry.version().source(),
                Passage.identity(entry.scope(), entry.version(), 0),
                entry.question(),
                entry.answer());
    }

    private static CompletionStage<Optional<WebUi.Face>> face(
            KnowledgeBases knowledgeBases, Faq faq, Transactor transactor, Sites sites, String slug) {
        return shared(knowledgeBases, faq, transactor, slug)
                .thenCompose(found -> found.isEmpty()
                        ? CompletableFuture.completedFuture(Optional.empty())
                        : sites.open(found.get().scope())
                                .thenCombine(
                                        sites.indexed(found.get().scope()),
                                        (origins, indexed) -> Optional.of(new WebUi.Face(
                                                found.get().name(), found.get().description(), origins, indexed))));
    }

    /** What is shared at an address, while its tenant is open. */
    private static CompletionStage<Optional<PublicRoutes.Shared>> shared(
            KnowledgeBases knowledgeBases, Faq faq, Transactor transactor, String slug) {
        return knowledgeBases
                .bySlug(slug)
                .thenCompose(found -> found.isEmpty()
                        ? CompletableFuture.completedFuture(found)
                        : Accounts.open(transactor, found.get().tenant()).thenApply(open -> found.filter(_ -> open)))
                .thenCompose(found -> found.isEmpty()
                        ? CompletableFuture.completedFuture(Optional.empty())
                        : knowledgeBases
                                .forAnswers(found.get())
                                .thenCombine(
                                        faq.first(found.get(), SUGGESTED), (outcome, questions) -> switch (outcome) {
                                            case Outcome.Done<KnowledgeBases.ForAnswers>(
                                                    KnowledgeBases.ForAnswers kb) ->
                                                kb.active()
                                                        ? Optional.of(new PublicRoutes.Shared(
                                                                found.get(),
                                                                kb.name(),
                                                                kb.description(),
                                                                slug.equals(Demo.SLUG) ? Demo.SUGGESTIONS : questions))
                                                        : Optional.empty();
                                            case Outcome.Refused<KnowledgeBases.ForAnswers> _ -> Optional.empty();
                                        }));
    }

    private static Map<String, Supplier<CompletionStage<?>>> parts(Transactor transactor, OpenIndexes indexes) {
        Map<String, Supplier<CompletionStage<?>>> parts = new LinkedHashMap<>();
        parts.put("database", () -> transactor.run(c -> c.isValid(2)));
        parts.put("index", indexes::health);
        return parts;
    }

    private <T extends AutoCloseable> T keep(T part) {
        started.push(part);
        return part;
    }

    private static <T> CompletableFuture<T> beside(Callable<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("start").start(() -> {
            try {
                result.complete(work.call());
            } catch (Exception e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }

    private static <T> T join(CompletionStage<T> stage) throws IOException {
        try {
            return stage.toCompletableFuture().join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            throw e;
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    @Override
    public void close() {
        closing = true;
        while (!started.isEmpty()) {
            AutoCloseable part = started.pop();
            try {
                part.close();
            } catch (Exception e) {
                LOG.warn("a part did not stop in order", e);
            }
        }
    }
}
