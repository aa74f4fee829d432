package io.kvasir.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.http.Json;
import io.kvasir.http.Page;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.TenantId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The record of who did what, of every tenant. Lines are added and read, never changed; what they say of a person can be
 * made unreadable, the chain still holds.
 */
public final class Audit {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.audit");
    private static final int ATTEMPTS = 3;
    private static final int AT_ONCE = 500;

    private final Transactor transactor;
    private final SubjectKeys keys;
    private final Clock clock;

    public Audit(Transactor transactor, SubjectKeys keys, Clock clock) {
        this.transactor = transactor;
        this.keys = keys;
        this.clock = clock;
    }

    @JsonInclude(JsonInclude.Include.NON_ABSENT)
    private record Details(Optional<JsonNode> before, Optional<JsonNode> after) {}

    /**
     * Adds a line; durable once the stage completes.
     *
     * @param actor {@code user/<id>}
     * @param action what was done, stable: {@code knowledge-bases.created}
     * @param subject what it was done to: {@code knowledge-bases/<id>}
     */
    public CompletionStage<Void> record(
            TenantId tenant,
            String actor,
            String action,
            String subject,
            Optional<JsonNode> before,
            Optional<JsonNode> after,
            AuditEntry.Origin origin) {
        // As precise as both databases keep it: what is read back must hash to the same.
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        return keys.obtain(key(tenant, subject))
                .thenCombine(
                        keys.obtain(key(tenant, actor)),
                        (ofSubject, ofActor) -> new Chain.Fact(
                                now,
                                actor,
                                action,
                                subject,
                                ofSubject
                                        .seal(Json.write(new Details(before, after)))
                                        .bytes(),
                                ofActor.seal(Json.write(origin)).bytes()))
                .thenCompose(fact -> appended(tenant, fact, ATTEMPTS));
    }

    /** Two first lines of a tenant at the same moment: one of them has to try again. */
    private CompletionStage<Void> appended(TenantId tenant, Chain.Fact fact, int attempts) {
        return transactor
                .change(c -> Chain.append(c, tenant.value(), fact))
                .handle((_, fault) -> {
                    if (fault == null) {
                        return CompletableFuture.<Void>completedFuture(null);
                    }
                    if (attempts <= 1) {
                        LOG.error("a line of the record of tenant {} was lost: {}", tenant, fact.action(), fault);
                        return CompletableFuture.<Void>failedFuture(fault);
                    }
                    return appended(tenant, fact, attempts - 1);
                })
                .thenCompose(stage -> stage);
    }

    /** Whose key seals what is said of a subject: the thing itself, also for its parts. */
    private static String key(TenantId tenant, String subject) {
        String[] parts = subject.split("/", 3);
        return tenant.value() + "/audit/" + parts[0] + (parts.length > 1 ? "/" + parts[1] : "");
    }

    /** What a person or thing was said to be like, and where a person came from, can be read by nobody from now on. */
    public CompletionStage<Void> forget(TenantId tenant, String subject) {
        return keys.destroy(key(tenant, subject));
    }

    /** Removes a deleted tenant's whole record. @return how many lines it had */
    public CompletionStage<Integer> erase(TenantId tenant) {
        return transactor.run(c -> {
            int lines = 0;
            for (String table : List.of("audit_entries", "audit_heads")) {
                try (PreparedStatement delete = c.prepareStatement("DELETE FROM " + table + " WHERE tenant = ?")) {
                    delete.setString(1, tenant.value());
                    lines = Math.max(lines, delete.executeUpdate());
                }
            }
            return lines;
        });
    }

    // reading

    /** Which lines. @param subject the thing itself and its parts; @param from first moment; @param to before this moment */
    public record Filter(
            Optional<String> actor,
            Optional<String> action,
            Optional<String> subject,
            Optional<Instant> from,
            Optional<Instant> to) {
        public static final Filter ALL =
                new Filter(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** Newest first. */
    public CompletionStage<Page<AuditEntry>> list(TenantId tenant, Filter filter, Page.Request request) {
        long before = request.after()
                .filter(a -> a.matches("[1-9][0-9]{0,17}"))
                .map(Long::parseLong)
                .orElse(Long.MAX_VALUE);
        return rows(tenant, filter, before, request.limit() + 1)
                .thenCompose(rows -> opened(tenant, rows))
                .thenApply(entries -> Page.of(entries, request.limit(), entry -> Long.toString(entry.number())));
    }

    /** All of them, newest first, a few at a time. */
    public Source<AuditEntry, NotUsed> all(TenantId tenant, Filter filter) {
        return Source.unfoldAsync(
                        Long.MAX_VALUE,
                        before -> rows(tenant, filter, before, AT_ONCE)
                                .thenCompose(rows -> opened(tenant, rows))
                                .thenApply(entries -> entries.isEmpty()
                                        ? Optional.<Pair<Long, List<AuditEntry>>>empty()
                                        : Optional.of(
                                                Pair.create(entries.getLast().number(), entries))))
                .mapConcat(entries -> entries);
    }

    private CompletionStage<List<Chain.Row>> rows(TenantId tenant, Filter filter, long before, int limit) {
        List<String> conditions = new ArrayList<>(List.of("tenant = ?", "number < ?"));
        List<Object> values = new ArrayList<>(List.of(tenant.value(), before));
        filter.actor().ifPresent(actor -> add(conditions, values, "actor = ?", actor));
        filter.action().ifPresent(action -> add(conditions, values, "action = ?", action));
        filter.subject().ifPresent(subject -> {
            conditions.add("(subject = ? OR substring(subject, 1, ?) = ?)");
            values.addAll(List.of(subject, subject.length() + 1, subject + "/"));
        });
        filter.from().ifPresent(from -> add(conditions, values, "happened_at >= ?", Timestamp.from(from)));
        filter.to().ifPresent(to -> add(conditions, values, "happened_at < ?", Timestamp.from(to)));
        return transactor.run(c -> {
            try (PreparedStatement select = c.prepareStatement("SELECT * FROM audit_entries WHERE "
                    + String.join(" AND ", conditions) + " ORDER BY number DESC LIMIT ?")) {
                for (int i = 0; i < values.size(); i++) {
                    select.setObject(i + 1, values.get(i));
                }
                select.setInt(values.size() + 1, limit);
                List<Chain.Row> rows = new ArrayList<>();
                try (ResultSet found = select.executeQuery()) {
                    while (found.next()) {
                        rows.add(Chain.row(found));
                    }
                }
                return rows;
            }
        });
    }

    private static void add(List<String> conditions, List<Object> values, String condition, Object value) {
        conditions.add(condition);
        values.add(value);
    }

    private CompletionStage<List<AuditEntry>> opened(TenantId tenant, List<Chain.Row> rows) {
        Set<String> names = new HashSet<>();
        rows.forEach(row -> {
            names.add(key(tenant, row.fact().subject()));
            names.add(key(tenant, row.fact().actor()));
        });
        Map<String, SubjectKey> known = new HashMap<>();
        CompletionStage<Void> all = CompletableFuture.completedFuture(null);
        for (String name : names) {
            all = all.thenCompose(_ -> keys.find(name)).thenAccept(key -> key.ifPresent(k -> known.put(name, k)));
        }
        return all.thenApply(_ -> rows.stream()
                .map(row -> opened(
                        row,
                        Optional.ofNullable(known.get(key(tenant, row.fact().subject()))),
                        Optional.ofNullable(known.get(key(tenant, row.fact().actor())))))
                .toList());
    }

    private static AuditEntry opened(Chain.Row row, Optional<SubjectKey> ofSubject, Optional<SubjectKey> ofActor) {
        Chain.Fact fact = row.fact();
        Optional<Details> details =
                ofSubject.flatMap(k -> text(k, fact.details())).map(t -> Json.read(t, Details.class));
        return new AuditEntry(
                row.number(),
                fact.at(),
                fact.actor(),
                fact.action(),
                fact.subject(),
                details.flatMap(Details::before),
                details.flatMap(Details::after),
                ofActor.flatMap(k -> text(k, fact.origin())).map(t -> Json.read(t, AuditEntry.Origin.class)),
                row.hash());
    }

    /** Empty where it was sealed with a key that was destroyed since, and there is a newer one. */
    private static Optional<String> text(SubjectKey key, byte[] sealed) {
        try {
            return Optional.of(key.open(new Sealed(key.subject(), sealed)));
        } catch (IllegalStateException erased) {
            return Optional.empty();
        }
    }

    // proof

    /**
     * Whether the record is as it was written. Keep the hash elsewhere to prove later that not the whole was replaced.
     *
     * @param lines that were looked at
     * @param hash of the last line
     * @param broken the number of the first line that does not fit, with what is wrong
     */
    public record Proof(long lines, String hash, Optional<Broken> broken) {
        public boolean whole() {
            return broken.isEmpty();
        }
    }

    public record Broken(long number, String detail) {}

    /** Walks the whole chain: finds a line that was changed, removed, inserted or moved. */
    public CompletionStage<Proof> verify(TenantId tenant) {
        return transactor.run(c -> {
            long expected = 1;
            String previous = Chain.ROOT;
            try (PreparedStatement select =
                    c.prepareStatement("SELECT * FROM audit_entries WHERE tenant = ? ORDER BY number")) {
                select.setString(1, tenant.value());
                select.setFetchSize(AT_ONCE);
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        Chain.Row row = Chain.row(rows);
                        Optional<String> wrong = wrong(row, expected, previous);
                        if (wrong.isPresent()) {
                            return broken(expected, previous, wrong.get());
                        }
                        previous = row.hash();
                        expected++;
                    }
                }
            }
            Chain.Head head = Chain.head(c, tenant.value(), "").orElse(new Chain.Head(0, Chain.ROOT));
            if (head.number() != expected - 1 || !head.hash().equals(previous)) {
                return broken(expected, previous, "lines are missing at the end, or were added beside the record");
            }
            return new Proof(expected - 1, previous, Optional.empty());
        });
    }

    private static Optional<String> wrong(Chain.Row row, long expected, String previous) {
        if (row.number() != expected) {
            return Optional.of("the line is missing");
        }
        if (!row.previous().equals(previous)) {
            return Optional.of("the line does not hang on the one before it");
        }
        return row.hash().equals(row.expected()) ? Optional.empty() : Optional.of("the line was changed");
    }

    private static Proof broken(long number, String hash, String detail) throws SQLException {
        return new Proof(number - 1, hash, Optional.of(new Broken(number, detail)));
    }
}
