package io.kvasir.privacy;

import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** What the rest of the house does for privacy. Wiring provides it; nothing here knows the features. */
public interface Stores {
    /** In the order they are erased. */
    List<Keeper> keepers();

    /** What somebody is in their tenant; empty for whoever is no member of it, visitors among them. */
    CompletionStage<Optional<Role>> role(Keeper.Person person);

    /** Whether somebody began a conversation in the tenant. */
    CompletionStage<Boolean> talked(Keeper.Person person);

    /** Whether the tenant would be left without anybody who decides about it. */
    CompletionStage<Boolean> lastOwner(Keeper.Person person);

    /** Promises to delete a knowledge base and all that hangs on it. */
    CompletionStage<Outcome<Boolean>> delete(Scope knowledgeBase);

    CompletionStage<List<Scope>> knowledgeBases(TenantId tenant);

    /** Everything of a tenant but its knowledge bases: conversations, people, usage, record, keys. */
    CompletionStage<Void> deleteRest(TenantId tenant);

    /** Passages of a knowledge base in the index, visible or not. */
    CompletionStage<Long> passages(Scope knowledgeBase);

    /** Every knowledge base the index of this node has passages of. */
    CompletionStage<Set<Scope>> indexed();

    CompletionStage<Void> eraseFromIndex(Scope knowledgeBase);

    CompletionStage<Void> eraseFiles(Scope knowledgeBase);

    /** Has what was deleted vanish from the disk. */
    CompletionStage<Void> expunge();

    /** After so many days a tenant wants its conversations gone; empty: never. */
    CompletionStage<Optional<Integer>> conversationDays(TenantId tenant);

    /** Erases the conversations nothing was heard of since. @return how many */
    CompletionStage<Integer> eraseConversations(TenantId tenant, Instant before);
}
