package io.kvasir.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.TenantId;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RegisterTest {
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final TenantId TENANT = new TenantId("t");
    private static final ConversationId ID = new ConversationId("c");

    private final Database database = TestDatabase.inMemory();
    private final Transactor transactor = new Transactor(database.dataSource(), 2);
    private final Register register = new Register(transactor);

    @BeforeEach
    void add() {
        register.add(TENANT, ID, new KnowledgeBaseId("kb"), NOW)
                .toCompletableFuture()
                .join();
    }

    @AfterEach
    void close() {
        transactor.close();
        database.close();
    }

    private Register.Entry entry() {
        return register.list(TENANT, Optional.empty(), Optional.empty(), Optional.empty(), 10)
                .toCompletableFuture()
                .join()
                .getFirst();
    }

    private void changed(TenantId tenant, Instant at) {
        register.changed(tenant, ID, at).toCompletableFuture().join();
    }

    @Test
    void knowsWhenAConversationLastChanged() {
        changed(TENANT, NOW.plusSeconds(5));

        assertThat(entry().updatedAt()).isEqualTo(NOW.plusSeconds(5));
        assertThat(entry().createdAt()).isEqualTo(NOW);
    }

    @Test
    void anOlderWordChangesNothing() {
        changed(TENANT, NOW.plusSeconds(5));
        changed(TENANT, NOW.plusSeconds(2));

        assertThat(entry().updatedAt()).isEqualTo(NOW.plusSeconds(5));
    }

    @Test
    void anotherTenantsWordChangesNothing() {
        changed(new TenantId("other"), NOW.plusSeconds(5));

        assertThat(entry().updatedAt()).isEqualTo(NOW);
    }
}
