package io.kvasir.tenancy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.TenantId;
import io.kvasir.tenancy.domain.Settlement;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UsageTableTest {
    private static final TenantId TENANT = new TenantId("t");
    private static final LocalDate DAY = LocalDate.parse("2026-11-21");
    private final Database database = TestDatabase.inMemory();
    private final Transactor transactor = new Transactor(database.dataSource(), 4);
    private final UsageTable table = new UsageTable(transactor);

    @AfterEach
    void close() {
        transactor.close();
        database.close();
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private static Settlement used(long number, String kb, String at) {
        return new Settlement(number, "r" + number, new KnowledgeBaseId(kb), "p", "m", 1, 10, 2, 3, Instant.parse(at));
    }

    @Test
    void addsUpByDayInUtcAndKnowledgeBase() {
        join(table.book(
                TENANT,
                List.of(
                        used(1, "a", "2026-11-21T00:00:00Z"),
                        used(2, "a", "2026-11-21T23:59:59Z"),
                        used(3, "b", "2026-11-21T12:00:00Z"),
                        used(4, "a", "2026-11-22T00:00:00Z"))));

        assertThat(join(table.days(TENANT, DAY, DAY)))
                .containsExactly(
                        new UsageTable.Day(DAY, new KnowledgeBaseId("a"), "p", "m", 2, 20, 4, 6),
                        new UsageTable.Day(DAY, new KnowledgeBaseId("b"), "p", "m", 1, 10, 2, 3));
        assertThat(join(table.days(new TenantId("other"), DAY, DAY))).isEmpty();
    }

    @Test
    void countsEachSettlementOnceHoweverOftenItIsBooked() {
        List<Settlement> one = List.of(used(1, "a", "2026-11-21T00:00:00Z"));
        join(table.book(TENANT, one));
        join(table.book(TENANT, one));
        join(table.book(TENANT, List.of(one.getFirst(), used(2, "a", "2026-11-21T00:00:01Z"))));

        assertThat(join(table.days(TENANT, DAY, DAY)))
                .extracting(UsageTable.Day::messages)
                .containsExactly(2L);
    }
}
