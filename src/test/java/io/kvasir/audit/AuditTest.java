package io.kvasir.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.http.Json;
import io.kvasir.http.Page;
import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.TenantId;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class AuditTest {
    private static final TenantId TENANT = new TenantId("t");
    private static final AuditEntry.Origin HERE =
            new AuditEntry.Origin(Optional.of("192.0.2.1"), Optional.of("browser"));
    private static final Page.Request ALL = new Page.Request(200, Optional.empty());

    private final Database database = TestDatabase.inMemory();
    private final Transactor transactor = new Transactor(database.dataSource(), 4);
    private final SubjectKeys keys = new SubjectKeys(transactor, TestDatabase.masterKey());
    private final Audit audit = new Audit(transactor, keys, Clock.systemUTC());

    @AfterEach
    void close() {
        transactor.close();
        database.close();
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private static JsonNode json(String text) {
        return Json.MAPPER.createObjectNode().put("name", text);
    }

    private CompletionStage<Void> said(String actor, String action, String subject, String after) {
        return audit.record(
                TENANT, actor, action, subject, Optional.of(json("before")), Optional.of(json(after)), HERE);
    }

    private void ten() {
        for (int i = 1; i <= 10; i++) {
            join(said("user/u", "things.changed", "things/" + i, "name " + i));
        }
    }

    private int sql(String statement) {
        return join(transactor.run(c -> c.createStatement().executeUpdate(statement)));
    }

    @Test
    void keepsWhoWhatBeforeAfterAndFromWhere() {
        join(said("user/u", "things.changed", "things/1", "after"));

        assertThat(join(audit.list(TENANT, Audit.Filter.ALL, ALL)).items())
                .singleElement()
                .satisfies(entry -> {
                    assertThat(entry.actor()).isEqualTo("user/u");
                    assertThat(entry.before()).contains(json("before"));
                    assertThat(entry.after()).contains(json("after"));
                    assertThat(entry.origin()).contains(HERE);
                });
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void manyAtOnceMakeOneChain(TestDatabase kind) {
        try (Database own = kind.open();
                Transactor eight = new Transactor(own.dataSource(), 8)) {
            Audit busy = new Audit(eight, new SubjectKeys(eight, TestDatabase.masterKey()), Clock.systemUTC());
            CompletableFuture.allOf(IntStream.range(0, 100)
                            .mapToObj(i -> busy.record(
                                            TENANT,
                                            "user/u" + i % 5,
                                            "things.changed",
                                            "things/" + i % 5,
                                            Optional.empty(),
                                            Optional.empty(),
                                            HERE)
                                    .toCompletableFuture())
                            .toArray(CompletableFuture[]::new))
                    .join();

            assertThat(join(busy.verify(TENANT))).satisfies(proof -> {
                assertThat(proof.whole()).isTrue();
                assertThat(proof.lines()).isEqualTo(100);
            });
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "5 | UPDATE audit_entries SET actor = 'user/other' WHERE number = 5",
                "5 | UPDATE audit_entries SET action = 'things.created' WHERE number = 5",
                "5 | UPDATE audit_entries SET subject = 'things/6' WHERE number = 5",
                "5 | UPDATE audit_entries SET details = origin WHERE number = 5",
                "5 | UPDATE audit_entries SET origin = details WHERE number = 5",
                "5 | UPDATE audit_entries SET happened_at = '2020-01-01 00:00:00+00' WHERE number = 5",
                "5 | DELETE FROM audit_entries WHERE number = 5",
                "10 | DELETE FROM audit_entries WHERE number = 10",
                "11 | INSERT INTO audit_entries SELECT tenant, 11, happened_at, actor, action, subject, details, origin, hash, hash FROM audit_entries WHERE number = 10",
                "2 | UPDATE audit_entries SET number = 11 - number + 100",
                "1 | DELETE FROM audit_entries",
            })
    void findsALineThatWasChangedRemovedInsertedOrMoved(long first, String tampering) {
        ten();
        assertThat(join(audit.verify(TENANT)).whole()).isTrue();
        assertThat(sql(tampering)).isPositive();

        assertThat(join(audit.verify(TENANT)).broken())
                .hasValueSatisfying(broken -> assertThat(broken.number()).isLessThanOrEqualTo(first));
    }

    @Test
    void aLineThatWasMadeToFitItselfDoesNotFitTheNext() {
        ten();
        Chain.Row fifth = join(transactor.run(c -> {
            try (var rows = c.createStatement().executeQuery("SELECT * FROM audit_entries WHERE number = 5")) {
                rows.next();
                return Chain.row(rows);
            }
        }));
        Chain.Fact forged = new Chain.Fact(
                fifth.fact().at(),
                "user/other",
                "x",
                "y",
                fifth.fact().details(),
                fifth.fact().origin());
        sql("UPDATE audit_entries SET actor = 'user/other', action = 'x', subject = 'y', hash = '"
                + Chain.hash("t", 5, forged, fifth.previous()) + "' WHERE number = 5");

        assertThat(join(audit.verify(TENANT)).broken())
                .hasValueSatisfying(broken -> assertThat(broken.number()).isEqualTo(6));
    }

    @Test
    void isListedNewestFirstByPagesAndFilters() {
        ten();
        join(said("user/v", "other.deleted", "things/1/parts/2", "x"));

        Page<AuditEntry> first = join(audit.list(TENANT, Audit.Filter.ALL, new Page.Request(4, Optional.empty())));
        assertThat(first.items()).extracting(AuditEntry::number).containsExactly(11L, 10L, 9L, 8L);
        assertThat(first.nextCursor()).isPresent();
        assertThat(numbers(Optional.of("user/v"), Optional.empty(), Optional.empty()))
                .containsExactly(11L);
        assertThat(numbers(Optional.empty(), Optional.of("other.deleted"), Optional.empty()))
                .containsExactly(11L);
        assertThat(numbers(Optional.empty(), Optional.empty(), Optional.of("things/1")))
                .containsExactly(11L, 1L);
        assertThat(join(audit.list(new TenantId("other"), Audit.Filter.ALL, ALL))
                        .items())
                .isEmpty();
        assertThat(join(audit.list(
                                TENANT,
                                new Audit.Filter(
                                        Optional.empty(),
                                        Optional.empty(),
                                        Optional.empty(),
                                        Optional.of(Instant.now().plusSeconds(60)),
                                        Optional.empty()),
                                ALL))
                        .items())
                .isEmpty();
    }

    private List<Long> numbers(Optional<String> actor, Optional<String> action, Optional<String> subject) {
        List<Long> numbers = new ArrayList<>();
        join(audit.list(TENANT, new Audit.Filter(actor, action, subject, Optional.empty(), Optional.empty()), ALL))
                .items()
                .forEach(entry -> numbers.add(entry.number()));
        return numbers;
    }

    @Test
    void whatNamedAPersonCanBeForgottenAndTheChainStillHolds() {
        join(said("user/u", "users.changed", "user/v", "Victoria"));
        join(said("user/v", "things.changed", "things/1", "a thing"));
        join(audit.forget(TENANT, "user/v"));

        List<AuditEntry> entries =
                join(audit.list(TENANT, Audit.Filter.ALL, ALL)).items();
        assertThat(entries.get(1).after()).isEmpty();
        assertThat(entries.get(1).origin()).contains(HERE);
        assertThat(entries.get(0).after()).contains(json("a thing"));
        assertThat(entries.get(0).origin()).isEmpty();
        assertThat(join(audit.verify(TENANT)).whole()).isTrue();

        // Also where the person comes back: what was is still unreadable, what comes is not.
        join(said("user/v", "users.changed", "user/v", "again"));
        assertThat(join(audit.list(TENANT, Audit.Filter.ALL, ALL)).items().stream()
                        .map(AuditEntry::after)
                        .toList())
                .containsExactly(Optional.of(json("again")), Optional.of(json("a thing")), Optional.empty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"})
    void noCellIsAFormula(String cell) {
        assertThat(AuditCsv.harmless(cell)).isEqualTo("'" + cell);
        assertThat(AuditCsv.harmless("a" + cell)).isEqualTo("a" + cell);
    }
}
