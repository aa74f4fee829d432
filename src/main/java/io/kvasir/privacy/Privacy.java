package io.kvasir.privacy;

import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import io.kvasir.privacy.Keeper.Person;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes away and erases what belongs to a person, a knowledge base or a tenant, and finds what was left behind. */
public final class Privacy {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.privacy");
    private static final Duration AGAIN = Duration.ofMillis(200);

    private final Stores stores;
    private final Leftovers leftovers;
    private final Clock clock;
    private final Duration patience;

    /** @param patience how long an erasure is waited for before its receipt says what is left */
    public Privacy(Stores stores, Transactor transactor, Clock clock, Duration patience) {
        this.stores = stores;
        this.leftovers = new Leftovers(transactor);
        this.clock = clock;
        this.patience = patience;
    }

    /**
     * Who may have a person's data taken away or erased: themselves, and owners for their people and visitors, though
     * nobody for a role above their own. Whoever is unknown in the caller's tenant is not found, whatever they are elsewhere.
     */
    CompletionStage<Outcome<Person>> about(Principal caller, UserId user) {
        Person person = new Person(caller.tenant(), user);
        if (caller.user().equals(user)) {
            return CompletableFuture.completedFuture(Outcome.done(person));
        }
        if (!caller.roles().contains(Role.OWNER) && !caller.roles().contains(Role.SUPER_ADMIN)) {
            return CompletableFuture.completedFuture(
                    Outcome.refused(new Rejection.Forbidden("Your role does not allow this")));
        }
        return stores.role(person).thenCompose(role -> {
            if (role.isPresent()) {
                return CompletableFuture.completedFuture(
                        role.get() == Role.SUPER_ADMIN && !caller.roles().contains(Role.SUPER_ADMIN)
                                ? Outcome.refused(
                                        new Rejection.Forbidden("You cannot decide about a role above your own"))
                                : Outcome.done(person));
            }
            return stores.talked(person)
                    .thenApply(talked -> talked
                            ? Outcome.done(person)
                            : Outcome.refused(new Rejection.NotFound("Nothing is kept of such a person")));
        });
    }

    /** A zip of everything that is kept of a person, as it is read. */
    Source<ByteString, NotUsed> everything(Person person) {
        Source<Zip.File, NotUsed> files = Source.empty();
        for (Keeper keeper : stores.keepers()) {
            files = files.concat(keeper.everything(person));
        }
        return Zip.of(files);
    }

    /** Erases a person from every store, one after the other, and looks again afterwards. */
    CompletionStage<Outcome<Receipt>> erase(Person person) {
        return stores.lastOwner(person)
                .thenCompose(last -> last
                        ? CompletableFuture.completedFuture(Outcome.refused(new Rejection.Conflict(
                                "last-owner", "A tenant needs an owner: name another first, or erase the tenant")))
                        : erased(person).thenApply(Outcome::done));
    }

    private CompletionStage<Receipt> erased(Person person) {
        List<Receipt.Store> receipts = new ArrayList<>();
        CompletionStage<Void> all = CompletableFuture.completedFuture(null);
        for (Keeper keeper : stores.keepers()) {
            all = all.thenCompose(_ -> keeper.erase(person))
                    .thenCompose(erased -> keeper.erase(person)
                            .thenAccept(left ->
                                    receipts.add(new Receipt.Store(keeper.name(), erased, left, keeper.how()))));
        }
        return all.thenCompose(_ -> stores.expunge())
                .thenApply(_ -> Receipt.of("person", person.user().value(), clock.instant(), receipts));
    }

    /** Deletes a knowledge base, waits until it is erased everywhere, and proves it. */
    CompletionStage<Outcome<Receipt>> erase(Scope scope) {
        return found(scope)
                .thenCompose(before -> stores.delete(scope).thenCompose(outcome -> switch (outcome) {
                    case Outcome.Refused<Boolean>(Rejection reason) ->
                        CompletableFuture.completedFuture(Outcome.refused(reason));
                    case Outcome.Done<Boolean> _ ->
                        until(Instant.now().plus(patience), scope)
                                .thenCompose(_ -> stores.expunge())
                                .thenCompose(_ -> found(scope))
                                .thenApply(after -> Outcome.done(Receipt.of(
                                        "knowledge-base",
                                        scope.knowledgeBase().value(),
                                        clock.instant(),
                                        stores(before, after))));
                }));
    }

    private CompletionStage<Map<String, Long>> found(Scope scope) {
        return leftovers.of(scope).thenCombine(stores.passages(scope), (found, passages) -> {
            found.put("index", passages);
            return found;
        });
    }

    private CompletionStage<Void> until(Instant end, Scope scope) {
        return found(scope)
                .thenCompose(left -> left.values().stream().allMatch(n -> n == 0)
                                || Instant.now().isAfter(end)
                        ? CompletableFuture.<Void>completedFuture(null)
                        : CompletableFuture.supplyAsync(
                                        () -> true,
                                        CompletableFuture.delayedExecutor(AGAIN.toMillis(), TimeUnit.MILLISECONDS))
                                .thenCompose(_ -> until(end, scope)));
    }

    private static List<Receipt.Store> stores(Map<String, Long> before, Map<String, Long> after) {
        return before.entrySet().stream()
                .map(e -> new Receipt.Store(
                        e.getKey(),
                        e.getValue(),
                        after.getOrDefault(e.getKey(), 0L),
                        switch (e.getKey()) {
                            case "journal" -> "keys destroyed: what is sealed with them can be read by nobody";
                            case "index" -> "passages deleted, files rewritten without them";
                            default -> "rows deleted";
                        }))
                .toList();
    }

    /** Deletes all of a tenant, knowledge base by knowledge base, then the rest, and proves it. */
    CompletionStage<Receipt> erase(TenantId tenant) {
        return leftovers
                .of(tenant)
                .thenCompose(before -> stores.knowledgeBases(tenant)
                        .thenCompose(scopes -> {
                            CompletionStage<Void> all = CompletableFuture.completedFuture(null);
                            for (Scope scope : scopes) {
                                all = all.thenCompose(_ -> erase(scope)).thenAccept(_ -> {});
                            }
                            return all;
                        })
                        .thenCompose(_ -> stores.deleteRest(tenant))
                        .thenCompose(_ -> leftovers.of(tenant))
                        .thenApply(
                                after -> Receipt.of("tenant", tenant.value(), clock.instant(), stores(before, after))));
    }

    // what nobody asks for

    /** @param files and @param passages knowledge bases that had some though they are gone; @param conversations whose time was up */
    public record Swept(int files, int passages, int conversations) {}

    /** Removes what has no owner any more, and what tenants wanted kept no longer. Safe on every node at any time. */
    public CompletionStage<Swept> sweep() {
        return leftovers
                .orphanedFiles()
                .thenCompose(files -> each(files, stores::eraseFiles)
                        .thenCompose(_ -> stores.indexed())
                        .thenCompose(leftovers::orphans)
                        .thenCompose(passages -> each(passages, stores::eraseFromIndex)
                                .thenCompose(_ -> retention())
                                .thenCompose(conversations -> stores.expunge().thenApply(_ -> {
                                    Swept swept = new Swept(files.size(), passages.size(), conversations);
                                    if (!files.isEmpty() || !passages.isEmpty() || conversations > 0) {
                                        LOG.info("swept {}", swept);
                                    }
                                    return swept;
                                }))));
    }

    private CompletionStage<Integer> retention() {
        return leftovers.talking().thenCompose(tenants -> {
            CompletionStage<Integer> sum = CompletableFuture.completedFuture(0);
            for (TenantId tenant : tenants) {
                sum = sum.thenCombine(expired(tenant), Integer::sum);
            }
            return sum;
        });
    }

    private CompletionStage<Integer> expired(TenantId tenant) {
        return stores.conversationDays(tenant)
                .thenCompose(days -> days.isEmpty()
                        ? CompletableFuture.completedFuture(0)
                        : stores.eraseConversations(tenant, clock.instant().minus(Duration.ofDays(days.get()))));
    }

    private static CompletionStage<Void> each(
            Iterable<Scope> scopes, java.util.function.Function<Scope, CompletionStage<Void>> work) {
        CompletionStage<Void> all = CompletableFuture.completedFuture(null);
        for (Scope scope : scopes) {
            all = all.thenCompose(_ -> work.apply(scope));
        }
        return all;
    }
}
