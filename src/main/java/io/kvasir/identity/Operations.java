package io.kvasir.identity;

import io.kvasir.http.Page;
import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Tenants and people over all tenants, as who runs the server sees them; nothing of what they keep. */
public final class Operations {
    private final Transactor transactor;

    Operations(Transactor transactor) {
        this.transactor = transactor;
    }

    /** @param people members, suspended ones among them */
    public record Tenant(TenantId id, String name, Instant createdAt, Optional<Instant> suspendedAt, long people) {}

    /** @param tenants where they belong, also where they are suspended */
    public record User(
            UserId id,
            String email,
            Optional<String> name,
            Instant createdAt,
            Optional<Instant> suspendedAt,
            List<Sessions.Choice> tenants) {}

    /** The earliest first. */
    public CompletionStage<Outcome<Page<Tenant>>> tenants(Page.Request request) {
        return transactor.run(c -> Outcome.done(Page.of(
                Sql.all(
                        c,
                        "SELECT t.id, t.name, t.created_at, t.suspended_at,"
                                + " (SELECT COUNT(*) FROM memberships m WHERE m.tenant = t.id)"
                                + " FROM tenants t WHERE t.id > ? ORDER BY t.id LIMIT ?",
                        row -> new Tenant(
                                new TenantId(row.getString(1)),
                                row.getString(2),
                                Sql.instant(row, 3),
                                Sql.time(row, 4),
                                row.getLong(5)),
                        request.after().orElse(""),
                        request.limit() + 1),
                request.limit(),
                tenant -> tenant.id().value())));
    }

    /** The earliest first. @param email of the one that is looked for; empty: all */
    public CompletionStage<Outcome<Page<User>>> users(Optional<String> email, Page.Request request) {
        return transactor.run(c -> {
            List<User> users = Sql.all(
                    c,
                    "SELECT id, email, name, created_at, suspended_at FROM users"
                            + " WHERE id > ? AND (email = ? OR ?) ORDER BY id LIMIT ?",
                    row -> new User(
                            new UserId(row.getString(1)),
                            row.getString(2),
                            Sql.text(row, 3),
                            Sql.instant(row, 4),
                            Sql.time(row, 5),
                            List.of()),
                    request.after().orElse(""),
                    Directory.normalised(email.orElse("")),
                    email.isEmpty(),
                    request.limit() + 1);
            return Outcome.done(Page.of(
                    belonging(c, users), request.limit(), user -> user.id().value()));
        });
    }

    private static List<User> belonging(Connection c, List<User> users) throws SQLException {
        List<User> all = new ArrayList<>();
        for (User u : users) {
            List<Sessions.Choice> tenants = Sessions.choices(Directory.memberships(c, u.id()));
            all.add(new User(u.id(), u.email(), u.name(), u.createdAt(), u.suspendedAt(), tenants));
        }
        return all;
    }
}
