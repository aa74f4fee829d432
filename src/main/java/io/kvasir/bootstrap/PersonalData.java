package io.kvasir.bootstrap;

import io.kvasir.audit.Audit;
import io.kvasir.conversation.Conversations;
import io.kvasir.http.Json;
import io.kvasir.identity.Suspensions;
import io.kvasir.identity.Suspensions.Ended;
import io.kvasir.ingestion.faq.Faq;
import io.kvasir.ingestion.source.Ledger;
import io.kvasir.jdbc.BlobStore;
import io.kvasir.jdbc.JdbcRememberedReplies;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import io.kvasir.knowledgebase.KnowledgeBases;
import io.kvasir.mail.Mailer;
import io.kvasir.privacy.Keeper;
import io.kvasir.privacy.Stores;
import io.kvasir.privacy.Zip;
import io.kvasir.retrieval.MovableIndex;
import io.kvasir.retrieval.lucene.LucenePassageIndex;
import io.kvasir.tenancy.Tenants;
import io.kvasir.tenancy.domain.Preferences;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** Every store of the house as privacy sees it. */
record PersonalData(
        Transactor transactor,
        SubjectKeys keys,
        BlobStore blobs,
        OpenIndexes indexes,
        KnowledgeBases bases,
        Faq faq,
        Ledger sources,
        Conversations conversations,
        Tenants tenants,
        Audit audit,
        JdbcRememberedReplies replies,
        Suspensions suspensions,
        Mailer mailer)
        implements Stores {

    private record Kept(
            String name,
            String how,
            Function<Keeper.Person, Source<Zip.File, NotUsed>> files,
            Function<Keeper.Person, CompletionStage<Long>> erasing)
            implements Keeper {
        @Override
        public Source<Zip.File, NotUsed> everything(Person person) {
            return files.apply(person);
        }

        @Override
        public CompletionStage<Long> erase(Person person) {
            return erasing.apply(person);
        }
    }

    @Override
    public List<Keeper> keepers() {
        return List.of(
                new Kept(
                        "conversations",
                        "keys destroyed: what the journal holds can be read by nobody; rows deleted",
                        this::talks,
                        person -> conversations
                                .startedBy(person.tenant(), person.user())
                                .thenCompose(ids -> conversations
                                        .erase(person.tenant(), ids)
                                        .thenApply(_ -> (long) ids.size()))),
                new Kept(
                        "knowledge bases",
                        "stay: they are the tenant's; delete them by themselves",
                        this::files,
                        _ -> CompletableFuture.completedFuture(0L)),
                new Kept(
                        "remembered replies",
                        "key destroyed, rows deleted",
                        _ -> Source.empty(),
                        person -> replies.erase(person.tenant() + "/" + person.user())
                                .thenApply(Integer::longValue)),
                new Kept(
                        "record",
                        "key destroyed: what was said of the person can be read by nobody; the chain still holds",
                        this::lines,
                        person -> keys.find(person.tenant() + "/audit/user/" + person.user())
                                .thenCompose(key -> audit.forget(person.tenant(), "user/" + person.user())
                                        .thenApply(_ -> key.isPresent() ? 1L : 0L))),
                new Kept(
                        "outbox",
                        "mails to the person deleted; those that were sent by SMTP are with their receivers",
                        _ -> Source.empty(),
                        person -> Accounts.of(transactor, person)
                                .thenCompose(account -> account.map(a -> mailer.forget(a.email()))
                                        .orElseGet(() -> CompletableFuture.completedFuture(0)))
                                .thenApply(Integer::longValue)),
                new Kept(
                        "account",
                        "row deleted",
                        person -> later(Accounts.of(transactor, person)
                                .thenApply(account -> account.map(a -> json("account.json", a)).stream()
                                        .toList())),
                        person -> Accounts.erase(transactor, person)
                                .thenCompose(erased -> suspensions
                                        .end(new Ended.Member(person.user(), person.tenant()))
                                        .thenApply(_ -> erased))));
    }

    private Source<Zip.File, NotUsed> talks(Keeper.Person person) {
        return later(conversations.startedBy(person.tenant(), person.user()))
                .mapAsync(1, id -> conversations.whole(person.tenant(), id).thenApply(outcome -> file(id, outcome)))
                .mapConcat(files -> files);
    }

    private static List<Zip.File> file(ConversationId id, Outcome<Conversations.Whole> outcome) {
        return outcome instanceof Outcome.Done<Conversations.Whole>(Conversations.Whole whole)
                ? List.of(json("conversations/" + id.value() + ".json", whole))
                : List.of();
    }

    private Source<Zip.File, NotUsed> files(Keeper.Person person) {
        return later(bases.all(person.tenant()))
                .mapAsync(
                        1,
                        scope -> bases.ownedBy(scope, person.user())
                                .thenCompose(whole -> whole.map(w -> files(scope, w))
                                        .orElseGet(() -> CompletableFuture.completedFuture(Source.empty()))))
                .flatMapConcat(files -> files);
    }

    private CompletionStage<Source<Zip.File, NotUsed>> files(Scope scope, KnowledgeBases.Whole whole) {
        String folder = "knowledge-bases/" + scope.knowledgeBase().value() + "/";
        return sources.shown(scope).thenCombine(faq.give(scope), (shown, entries) -> {
            Source<Zip.File, NotUsed> list = entries instanceof Outcome.Done<Source<ByteString, NotUsed>>(var lines)
                    ? Source.single(new Zip.File(folder + "faq.csv", lines))
                    : Source.empty();
            return originals(scope, whole)
                    .concat(Source.single(json(folder + "sources.json", shown)))
                    .concat(list);
        });
    }

    private static Source<Zip.File, NotUsed> originals(Scope scope, KnowledgeBases.Whole whole) {
        String folder = "knowledge-bases/" + scope.knowledgeBase().value() + "/";
        return Source.single(json(folder + "knowledge-base.json", whole.knowledgeBase()))
                .concat(Source.from(whole.originals())
                        .map(original -> new Zip.File(
                                folder + original.id().value() + "/" + harmless(original.name()), original.bytes())));
    }

    /** A name from outside becomes no path. */
    private static String harmless(String name) {
        String flat = name.replaceAll("[/\\\\\\p{Cntrl}]", "_");
        return flat.isBlank() || flat.matches("\\.+") ? "file" : flat;
    }

    private Source<Zip.File, NotUsed> lines(Keeper.Person person) {
        Audit.Filter own = new Audit.Filter(
                Optional.of("user/" + person.user()),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        return audit.all(person.tenant(), own).map(entry -> json("record/" + entry.number() + ".json", entry));
    }

    private static Zip.File json(String path, Object value) {
        return Zip.File.of(path, Json.bytes(value));
    }

    private static <T> Source<T, NotUsed> later(CompletionStage<List<T>> list) {
        return Source.completionStage(list).mapConcat(each -> each);
    }

    @Override
    public CompletionStage<Optional<Role>> role(Keeper.Person person) {
        return Accounts.role(transactor, person);
    }

    @Override
    public CompletionStage<Boolean> talked(Keeper.Person person) {
        return conversations.startedBy(person.tenant(), person.user()).thenApply(ids -> !ids.isEmpty());
    }

    @Override
    public CompletionStage<Boolean> lastOwner(Keeper.Person person) {
        return Accounts.lastOwner(transactor, person);
    }

    @Override
    public CompletionStage<Outcome<Boolean>> delete(Scope knowledgeBase) {
        return bases.delete(knowledgeBase).thenCompose(outcome -> switch (outcome) {
            case Outcome.Refused<Boolean> refused -> CompletableFuture.<Outcome<Boolean>>completedFuture(refused);
            case Outcome.Done<Boolean> done ->
                audit.forget(
                                knowledgeBase.tenant(),
                                "knowledge-bases/"
                                        + knowledgeBase.knowledgeBase().value())
                        .thenApply(_ -> done);
        });
    }

    @Override
    public CompletionStage<List<Scope>> knowledgeBases(TenantId tenant) {
        return bases.all(tenant);
    }

    @Override
    public CompletionStage<Void> deleteRest(TenantId tenant) {
        return tenants.delete(tenant)
                .thenCompose(_ -> conversations.olderThan(tenant, Instant.MAX))
                .thenCompose(ids -> conversations.erase(tenant, ids))
                .thenCompose(_ -> audit.erase(tenant))
                .thenCompose(_ -> replies.eraseAll(tenant.value() + "/"))
                .thenCompose(_ -> Accounts.addresses(transactor, tenant))
                .thenCompose(this::forgotten)
                .thenCompose(_ -> Accounts.eraseAll(transactor, tenant))
                .thenCompose(_ -> suspensions.end(new Ended.Tenant(tenant)))
                .thenCompose(_ -> keys.destroyAll(tenant.value() + "/"))
                .thenAccept(_ -> {});
    }

    private CompletionStage<Void> forgotten(List<String> addresses) {
        CompletionStage<Void> all = CompletableFuture.completedFuture(null);
        for (String address : addresses) {
            all = all.thenCompose(_ -> mailer.forget(address)).thenAccept(_ -> {});
        }
        return all;
    }

    @Override
    public CompletionStage<Long> passages(Scope knowledgeBase) {
        CompletionStage<Long> all = CompletableFuture.completedFuture(0L);
        for (MovableIndex index : indexes.all()) {
            all = all.thenCombine(index.size(knowledgeBase), Long::sum);
        }
        return all;
    }

    @Override
    public CompletionStage<Set<Scope>> indexed() {
        CompletionStage<Set<Scope>> all = CompletableFuture.completedFuture(new HashSet<>());
        for (LucenePassageIndex index : indexes.embedded()) {
            all = all.thenCombine(index.scopes(), (sofar, more) -> {
                sofar.addAll(more);
                return sofar;
            });
        }
        return all;
    }

    @Override
    public CompletionStage<Void> eraseFromIndex(Scope knowledgeBase) {
        CompletionStage<Void> all = CompletableFuture.completedFuture(null);
        for (MovableIndex index : indexes.all()) {
            all = all.thenCompose(_ -> index.erase(knowledgeBase));
        }
        return all;
    }

    @Override
    public CompletionStage<Void> eraseFiles(Scope knowledgeBase) {
        return blobs.deleteAll(knowledgeBase);
    }

    @Override
    public CompletionStage<Void> expunge() {
        CompletionStage<Void> all = CompletableFuture.completedFuture(null);
        for (LucenePassageIndex index : indexes.embedded()) {
            all = all.thenCompose(_ -> index.expunge());
        }
        return all;
    }

    @Override
    public CompletionStage<Optional<Integer>> conversationDays(TenantId tenant) {
        return tenants.preferences(tenant).thenApply(Preferences::conversationDays);
    }

    @Override
    public CompletionStage<Integer> eraseConversations(TenantId tenant, Instant before) {
        return conversations
                .olderThan(tenant, before)
                .thenCompose(ids -> conversations.erase(tenant, ids).thenApply(_ -> ids.size()));
    }
}
