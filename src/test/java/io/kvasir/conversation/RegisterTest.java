package io.kvasir.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.conversation.domain.ConversationEvent;
import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.class)
class RegisterTest {
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

    private final Database database;
    private final Transactor transactor;
    private final SubjectKeys keys;
    private final Register register;
    private final TenantId tenant = TenantId.next();
    private final KnowledgeBaseId one = KnowledgeBaseId.next();
    private final KnowledgeBaseId other = KnowledgeBaseId.next();

    RegisterTest(TestDatabase kind) {
        database = kind.open();
        transactor = new Transactor(database.dataSource(), 4);
        keys = new SubjectKeys(transactor, TestDatabase.masterKey());
        register = new Register(transactor);
    }

    @AfterEach
    void close() {
        transactor.close();
        database.close();
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private ConversationId added(KnowledgeBaseId knowledgeBase) {
        return added(ConversationId.next(), knowledgeBase);
    }

    private ConversationId added(ConversationId id, KnowledgeBaseId knowledgeBase) {
        ConversationAddress address = new ConversationAddress(tenant, id);
        join(keys.obtain(address.subject()));
        join(register.add(address, birth(knowledgeBase)));
        return id;
    }

    private static ConversationEvent.ConversationStarted birth(KnowledgeBaseId knowledgeBase) {
        return new ConversationEvent.ConversationStarted(knowledgeBase, Optional.empty(), Optional.empty(), NOW);
    }

    private List<ConversationId> ids(
            Optional<KnowledgeBaseId> knowledgeBase, Optional<String> status, Optional<String> before, int limit) {
        return join(register.list(tenant, knowledgeBase, status, before, limit)).stream()
                .map(Register.Entry::id)
                .toList();
    }

    @Test
    void listsTheNewestFirstAndGoesOnFromAnyOfThem() {
        // Ids begin with the time: these are in the order of their making whatever the clock's step is.
        List<ConversationId> all = java.util.stream.IntStream.range(0, 5)
                .mapToObj(i -> new ConversationId(
                        "0" + i + ConversationId.next().value().substring(2)))
                .toList();
        all.forEach(id -> added(id, one));

        assertThat(ids(Optional.empty(), Optional.empty(), Optional.empty(), 10))
                .isEqualTo(all.reversed());
        assertThat(ids(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(all.get(2).value()),
                        10))
                .containsExactly(all.get(1), all.get(0));
        assertThat(ids(Optional.empty(), Optional.empty(), Optional.empty(), 2)).hasSize(3);
    }

    @Test
    void listsOfOneKnowledgeBaseAndStatus() {
        ConversationId closed = added(one);
        ConversationId open = added(one);
        added(other);
        join(register.close(new ConversationAddress(tenant, closed)));

        assertThat(ids(Optional.of(one), Optional.empty(), Optional.empty(), 10))
                .containsExactlyInAnyOrder(open, closed);
        assertThat(ids(Optional.of(one), Optional.of("closed"), Optional.empty(), 10))
                .containsExactly(closed);
        assertThat(ids(Optional.empty(), Optional.of("active"), Optional.empty(), 10))
                .hasSize(2);
    }

    @Test
    void keepsTimesAsGiven() {
        ConversationId id = added(one);

        assertThat(join(register.list(tenant, Optional.empty(), Optional.empty(), Optional.empty(), 1)))
                .containsExactly(new Register.Entry(id, one, Messages.Standing.ACTIVE, NOW, NOW));
    }

    private Register.Entry entry() {
        return join(register.list(tenant, Optional.empty(), Optional.empty(), Optional.empty(), 1))
                .getFirst();
    }

    @Test
    void knowsWhenAConversationLastChanged() {
        ConversationAddress address = new ConversationAddress(tenant, added(one));

        changed(address, 5, false, 3);
        assertThat(entry()).isEqualTo(row(address, 5, Messages.Standing.ACTIVE));

        changed(address, 2, false, 2);
        assertThat(entry()).as("an older word").isEqualTo(row(address, 5, Messages.Standing.ACTIVE));

        changed(new ConversationAddress(TenantId.next(), address.id()), 9, false, 9);
        assertThat(entry()).as("another tenant's word").isEqualTo(row(address, 5, Messages.Standing.ACTIVE));

        changed(address, 7, true, 4);
        assertThat(entry()).isEqualTo(row(address, 7, Messages.Standing.CLOSED));
    }

    private void changed(ConversationAddress address, int seconds, boolean closed, long version) {
        join(register.changed(List.of(new Register.Change(address, NOW.plusSeconds(seconds), closed, version))));
    }

    private Register.Entry row(ConversationAddress address, int seconds, Messages.Standing standing) {
        return new Register.Entry(address.id(), one, standing, NOW, NOW.plusSeconds(seconds));
    }

    @Test
    void changesOfManyAreWrittenTogetherAndCountAsTheirEvents() throws Exception {
        List<ConversationAddress> addresses = List.of(
                new ConversationAddress(tenant, added(one)),
                new ConversationAddress(tenant, added(one)),
                new ConversationAddress(tenant, added(one)));
        join(register.changed(addresses.reversed().stream()
                .map(address -> new Register.Change(address, NOW.plusSeconds(3), false, 2))
                .toList()));
        for (ConversationAddress address : addresses) {
            assertThat(join(transactor.run(c -> new RegisterRows().find(c, address.entityId())))
                            .orElseThrow()
                            .version())
                    .isEqualTo(2);
        }
    }

    @Test
    void whatWasSaidBeforeItWasClosedDoesNotOpenItAgain() {
        ConversationAddress address = new ConversationAddress(tenant, added(one));
        join(register.close(address));
        changed(address, 5, false, 2);
        assertThat(entry()).isEqualTo(row(address, 5, Messages.Standing.CLOSED));
    }

    @Test
    void whatIsErasedIsNotCalledNew() {
        ConversationAddress address = new ConversationAddress(tenant, added(one));
        join(keys.destroy(address.subject()));
        changed(address, 5, false, 2);
        assertThat(entry())
                .as("left to the projection, which removes it")
                .isEqualTo(row(address, 0, Messages.Standing.ACTIVE));
    }

    @Test
    void anErasedOneGetsNoRow() {
        ConversationId id = added(one);
        ConversationAddress address = new ConversationAddress(tenant, id);
        join(keys.destroy(address.subject()));
        join(register.remove(tenant, List.of(id)));

        join(register.add(address, birth(one)));

        assertThat(ids(Optional.empty(), Optional.empty(), Optional.empty(), 10))
                .isEmpty();
    }

    @Test
    void addingWhatTheProjectionAddedIsNoFault() {
        ConversationId id = added(one);

        assertThat(added(id, one)).isEqualTo(id);
    }

    @Test
    void forgetsAllOfAKnowledgeBaseAndNothingElse() {
        ConversationId gone = added(one);
        ConversationId stays = added(other);

        assertThat(join(register.of(new Scope(tenant, one)))).containsExactly(gone);
        join(register.remove(tenant, List.of(gone)));
        assertThat(ids(Optional.empty(), Optional.empty(), Optional.empty(), 10))
                .containsExactly(stays);
        assertThat(join(register.list(TenantId.next(), Optional.empty(), Optional.empty(), Optional.empty(), 10)))
                .isEmpty();
    }
}
