package io.kvasir.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.jdbc.Database;
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
    private final Register register;
    private final TenantId tenant = TenantId.next();
    private final KnowledgeBaseId one = KnowledgeBaseId.next();
    private final KnowledgeBaseId other = KnowledgeBaseId.next();

    RegisterTest(TestDatabase kind) {
        database = kind.open();
        transactor = new Transactor(database.dataSource(), 4);
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
        ConversationId id = ConversationId.next();
        join(register.add(tenant, id, knowledgeBase, NOW));
        return id;
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
        all.forEach(id -> join(register.add(tenant, id, one, NOW)));

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
        join(register.close(tenant, closed, NOW.plusSeconds(1)));

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
                .containsExactly(new Register.Entry(id, one, "active", NOW, NOW));
    }

    @Test
    void forgetsAllOfAKnowledgeBaseAndNothingElse() {
        ConversationId gone = added(one);
        ConversationId stays = added(other);

        assertThat(join(register.removeOf(new Scope(tenant, one)))).containsExactly(gone);
        assertThat(ids(Optional.empty(), Optional.empty(), Optional.empty(), 10))
                .containsExactly(stays);
        assertThat(join(register.list(TenantId.next(), Optional.empty(), Optional.empty(), Optional.empty(), 10)))
                .isEmpty();
    }
}
