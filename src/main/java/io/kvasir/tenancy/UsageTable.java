package io.kvasir.tenancy;

import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.TenantId;
import io.kvasir.tenancy.domain.Settlement;
import java.sql.Connection;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** Usage by day, knowledge base and model: the table {@code usage_days}. */
final class UsageTable {
    private final Transactor transactor;

    UsageTable(Transactor transactor) {
        this.transactor = transactor;
    }

    /** @param day in UTC; @param costMicros millionths of the price list's currency unit */
    public record Day(
            LocalDate day,
            KnowledgeBaseId kbId,
            String provider,
            String model,
            long messages,
            long promptTokens,
            long completionTokens,
            long costMicros) {
        Day plus(Settlement s) {
            return new Day(
                    day,
                    kbId,
                    provider,
                    model,
                    messages + s.messages(),
                    promptTokens + s.promptTokens(),
                    completionTokens + s.completionTokens(),
                    costMicros + s.costMicros());
        }
    }

    private record Key(LocalDate day, KnowledgeBaseId kbId, String provider, String model) {}

    /** Adds each settlement once, however often it is handed in. */
    CompletionStage<Void> book(TenantId tenant, List<Settlement> settlements) {
        return transactor.change(c -> {
            long booked = booked(c, tenant);
            Map<Key, Day> days = new LinkedHashMap<>();
            long last = booked;
            for (Settlement s : settlements) {
                if (s.number() > booked) {
                    Key key = new Key(
                            s.at().atOffset(ZoneOffset.UTC).toLocalDate(), s.knowledgeBase(), s.provider(), s.model());
                    days.merge(
                            key,
                            new Day(key.day(), key.kbId(), key.provider(), key.model(), 0, 0, 0, 0).plus(s),
                            (before, _) -> before.plus(s));
                    last = Math.max(last, s.number());
                }
            }
            for (Day day : days.values()) {
                add(c, tenant, day);
            }
            try (PreparedStatement update =
                    c.prepareStatement("UPDATE usage_booked SET settlement = ? WHERE tenant = ?")) {
                update.setLong(1, last);
                update.setString(2, tenant.value());
                update.executeUpdate();
            }
        });
    }

    /** Holds the tenant's row until the transaction ends: two that book at once follow each other. */
    private static long booked(Connection c, TenantId tenant) throws SQLException {
        try (PreparedStatement select =
                c.prepareStatement("SELECT settlement FROM usage_booked WHERE tenant = ? FOR UPDATE")) {
            select.setString(1, tenant.value());
            try (ResultSet rows = select.executeQuery()) {
                if (rows.next()) {
                    return rows.getLong(1);
                }
            }
        }
        try (PreparedStatement insert =
                c.prepareStatement("INSERT INTO usage_booked (tenant, settlement) VALUES (?, 0)")) {
            insert.setString(1, tenant.value());
            insert.executeUpdate();
        }
        return 0;
    }

    private static void add(Connection c, TenantId tenant, Day day) throws SQLException {
        try (PreparedStatement update = c.prepareStatement("""
                UPDATE usage_days SET messages = messages + ?, prompt_tokens = prompt_tokens + ?,
                    completion_tokens = completion_tokens + ?, cost_micros = cost_micros + ?
                WHERE tenant = ? AND used_on = ? AND knowledge_base = ? AND provider = ? AND model = ?
                """)) {
            bind(update, tenant, day);
            if (update.executeUpdate() > 0) {
                return;
            }
        }
        try (PreparedStatement insert = c.prepareStatement("""
                INSERT INTO usage_days (messages, prompt_tokens, completion_tokens, cost_micros,
                    tenant, used_on, knowledge_base, provider, model) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)) {
            bind(insert, tenant, day);
            insert.executeUpdate();
        }
    }

    private static void bind(PreparedStatement statement, TenantId tenant, Day day) throws SQLException {
        statement.setLong(1, day.messages());
        statement.setLong(2, day.promptTokens());
        statement.setLong(3, day.completionTokens());
        statement.setLong(4, day.costMicros());
        statement.setString(5, tenant.value());
        statement.setDate(6, Date.valueOf(day.day()));
        statement.setString(7, day.kbId().value());
        statement.setString(8, day.provider());
        statement.setString(9, day.model());
    }

    /** @param from first day; @param to last day, both in UTC */
    CompletionStage<List<Day>> days(TenantId tenant, LocalDate from, LocalDate to) {
        return transactor.run(c -> {
            try (PreparedStatement select = c.prepareStatement("""
                    SELECT used_on, knowledge_base, provider, model, messages, prompt_tokens, completion_tokens, cost_micros
                    FROM usage_days WHERE tenant = ? AND used_on >= ? AND used_on <= ?
                    ORDER BY used_on, knowledge_base, provider, model
                    """)) {
                select.setString(1, tenant.value());
                select.setDate(2, Date.valueOf(from));
                select.setDate(3, Date.valueOf(to));
                List<Day> days = new ArrayList<>();
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        days.add(new Day(
                                rows.getDate(1).toLocalDate(),
                                new KnowledgeBaseId(rows.getString(2)),
                                rows.getString(3),
                                rows.getString(4),
                                rows.getLong(5),
                                rows.getLong(6),
                                rows.getLong(7),
                                rows.getLong(8)));
                    }
                }
                return days;
            }
        });
    }

    CompletionStage<Void> erase(TenantId tenant) {
        return transactor.change(c -> {
            for (String table : List.of("usage_days", "usage_booked")) {
                try (PreparedStatement delete = c.prepareStatement("DELETE FROM " + table + " WHERE tenant = ?")) {
                    delete.setString(1, tenant.value());
                    delete.executeUpdate();
                }
            }
        });
    }
}
