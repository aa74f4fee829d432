package io.kvasir.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.conversation.Register.Change;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.TenantId;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.Materializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class ListingTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

    private final List<Collection<Change>> writes = new CopyOnWriteArrayList<>();
    private final List<CompletableFuture<Void>> writing = new CopyOnWriteArrayList<>();
    private final List<ConversationAddress> written = new CopyOnWriteArrayList<>();
    private final Listing listing = new Listing(this::write, written::add, Materializer.matFromSystem(KIT.system()));

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    private CompletionStage<Void> write(Collection<Change> changes) {
        CompletableFuture<Void> one = new CompletableFuture<>();
        writes.add(List.copyOf(changes));
        writing.add(one);
        return one;
    }

    private static Change change(ConversationAddress address, long version) {
        return new Change(address, NOW.plusSeconds(version), false, version);
    }

    private static ConversationAddress address() {
        return new ConversationAddress(new TenantId("t"), ConversationId.next());
    }

    @Test
    void whatComesWhileItIsWrittenIsWrittenTogetherAndNewestAlone() {
        ConversationAddress one = address();
        ConversationAddress other = address();
        listing.changed(change(one, 2));
        await().until(() -> writes.size() == 1);
        listing.changed(change(one, 4));
        listing.changed(change(other, 2));
        listing.changed(change(one, 3));
        assertThat(written)
                .as("nobody hears of it before it stands in the list")
                .isEmpty();
        writing.getFirst().complete(null);
        await().until(() -> writes.size() == 2);
        assertThat(written).containsExactly(one);
        assertThat(writes.getFirst()).containsExactly(change(one, 2));
        // The first that came after may have gone on already when the others came.
        writing.get(1).complete(null);
        await().until(() -> {
            writing.forEach(w -> w.complete(null));
            return written.containsAll(List.of(one, other)) && last(one).equals(change(one, 4));
        });
        assertThat(writes).hasSizeLessThan(4);
    }

    private Change last(ConversationAddress address) {
        return writes.stream()
                .flatMap(Collection::stream)
                .filter(c -> c.address().equals(address))
                .reduce((_, b) -> b)
                .orElseThrow();
    }

    @Test
    void aFaultHoldsUpNobody() {
        ConversationAddress one = address();
        ConversationAddress other = address();
        listing.changed(change(one, 2));
        await().until(() -> writing.size() == 1);
        writing.getFirst().completeExceptionally(new IllegalStateException("the database is away"));
        await().until(() -> written.contains(one));
        listing.changed(change(other, 2));
        await().until(() -> writing.size() == 2);
        writing.getLast().complete(null);
        await().until(() -> written.contains(other));
    }

    @Test
    void oneThatCannotEvenBeginHoldsUpNobody() {
        List<ConversationAddress> heard = new CopyOnWriteArrayList<>();
        Listing broken = new Listing(
                _ -> {
                    throw new IllegalStateException("closed");
                },
                heard::add,
                Materializer.matFromSystem(KIT.system()));
        ConversationAddress one = address();
        ConversationAddress other = address();
        broken.changed(change(one, 2));
        await().until(() -> heard.contains(one));
        broken.changed(change(other, 2));
        await().until(() -> heard.contains(other));
    }

    @Test
    void tooManyAreWrittenAtOnceEach() {
        listing.changed(change(address(), 2));
        await().until(() -> writes.size() == 1);
        List<ConversationAddress> many = new CopyOnWriteArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            many.add(address());
            listing.changed(change(many.getLast(), 2));
        }
        await().until(() -> {
            writing.forEach(w -> w.complete(null));
            return written.containsAll(many);
        });
    }
}
