package io.kvasir.identity;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whose access ends before its time, told to whoever keeps something open for them. A request that comes afterwards is
 * refused by {@link Authentication}; what is open already must be closed by its owner, who listens here. News of this
 * node arrive as soon as they are committed, those of other nodes within about a second.
 */
public final class Suspensions {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.identity");
    /** How far back other nodes' news are looked for: more than clocks differ and transactions last. */
    private static final Duration LOOK_BACK = Duration.ofMinutes(2);

    /** Stands for all visitors of a tenant where the id of a credential would; no id is so short. */
    private static final String VISITORS = "visitors";

    private final Transactor transactor;
    private final Clock clock;
    private final List<Consumer<Ended>> listeners = new CopyOnWriteArrayList<>();
    private final Map<String, Instant> seen = new HashMap<>();

    Suspensions(Transactor transactor, Clock clock) {
        this.transactor = transactor;
        this.clock = clock;
    }

    /** Whose access has ended. */
    public sealed interface Ended {
        /** Everything somebody holds, in all tenants. */
        record User(UserId user) implements Ended {}

        /** Everything in a tenant, visitors included. */
        record Tenant(TenantId tenant) implements Ended {}

        /** What one person holds in one tenant. */
        record Member(UserId user, TenantId tenant) implements Ended {}

        /** What visitors of a tenant hold: some of what they visit is shared no longer. */
        record Visitors(TenantId tenant) implements Ended {}

        /** One session or API key. */
        record Credential(String id) implements Ended {}

        /** Whether what was opened with this credential must end now. */
        default boolean concerns(Principal principal) {
            return switch (this) {
                case User(UserId user) -> principal.user().equals(user);
                case Tenant(TenantId tenant) -> principal.tenant().equals(tenant);
                case Member(UserId user, TenantId tenant) ->
                    principal.user().equals(user) && principal.tenant().equals(tenant);
                case Visitors(TenantId tenant) ->
                    principal.tenant().equals(tenant) && principal.boundTo().isPresent();
                case Credential(String id) ->
                    principal.credential().filter(id::equals).isPresent();
            };
        }
    }

    /** Tells the listener from now on; closing ends that. It is called on a thread that must not be blocked. */
    public AutoCloseable listen(Consumer<Ended> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    public CompletionStage<Outcome<Boolean>> suspend(UserId user) {
        return telling(c -> mark(c, "users", user.value(), Optional.of(clock.instant()))
                ? ended(c, new Ended.User(user), "user_id = ?", user.value())
                : none("user"));
    }

    public CompletionStage<Outcome<Boolean>> suspend(TenantId tenant) {
        return telling(c -> mark(c, "tenants", tenant.value(), Optional.of(clock.instant()))
                ? new Told<>(Outcome.done(true), List.of(new Ended.Tenant(tenant)))
                : none("tenant"));
    }

    public CompletionStage<Outcome<Boolean>> resume(UserId user) {
        return transactor.run(c -> mark(c, "users", user.value(), Optional.empty())
                ? Outcome.done(true)
                : Suspensions.<Boolean>none("user").value());
    }

    public CompletionStage<Outcome<Boolean>> resume(TenantId tenant) {
        return transactor.run(c -> mark(c, "tenants", tenant.value(), Optional.empty())
                ? Outcome.done(true)
                : Suspensions.<Boolean>none("tenant").value());
    }

    /** Tells of an access that ended by other means, an erased account's: all nodes learn of it. */
    public CompletionStage<Void> end(Ended ended) {
        return telling(_ -> new Told<>(true, List.of(ended))).thenAccept(_ -> {});
    }

    /** A result and whose access ended with it. */
    record Told<T>(T value, List<Ended> ended) {
        static <T> Told<T> nothing(T value) {
            return new Told<>(value, List.of());
        }
    }

    /** Runs SQL that ends access: other nodes learn of it in the same transaction, this one once it is committed. */
    <T> CompletionStage<T> telling(Transactor.Work<Told<T>> work) {
        return transactor
                .run(c -> {
                    Told<T> told = work.apply(c);
                    for (Ended ended : told.ended()) {
                        write(c, ended);
                    }
                    return told;
                })
                .thenApply(told -> {
                    told.ended().forEach(this::tell);
                    return told.value();
                });
    }

    /** Looks for what other nodes told. */
    CompletionStage<Void> poll() {
        return transactor
                .run(c -> Sql.all(
                        c,
                        "SELECT id, user_id, tenant, credential FROM access_endings WHERE at > ? ORDER BY at",
                        row -> Map.entry(row.getString(1), read(Sql.text(row, 2), Sql.text(row, 3), Sql.text(row, 4))),
                        clock.instant().minus(LOOK_BACK)))
                .thenAccept(news -> {
                    for (Map.Entry<String, Ended> one : news) {
                        if (firstSight(one.getKey())) {
                            tell(one.getValue());
                        }
                    }
                });
    }

    void purge(Connection c) throws SQLException {
        Instant old = clock.instant().minus(LOOK_BACK.multipliedBy(2));
        Sql.update(c, "DELETE FROM access_endings WHERE at < ?", old);
        synchronized (seen) {
            seen.values().removeIf(at -> at.isBefore(old));
        }
    }

    private boolean firstSight(String id) {
        synchronized (seen) {
            return seen.putIfAbsent(id, clock.instant()) == null;
        }
    }

    private void tell(Ended ended) {
        for (Consumer<Ended> listener : listeners) {
            try {
                listener.accept(ended);
            } catch (RuntimeException e) {
                LOG.error("a listener failed at the end of an access", e);
            }
        }
    }

    private void write(Connection c, Ended ended) throws SQLException {
        String id = Ids.next();
        firstSight(id);
        Optional<String> user =
                switch (ended) {
                    case Ended.User(UserId u) -> Optional.of(u.value());
                    case Ended.Member(UserId u, TenantId _) -> Optional.of(u.value());
                    case Ended.Tenant _, Ended.Visitors _, Ended.Credential _ -> Optional.empty();
                };
        Optional<String> tenant =
                switch (ended) {
                    case Ended.Tenant(TenantId t) -> Optional.of(t.value());
                    case Ended.Visitors(TenantId t) -> Optional.of(t.value());
                    case Ended.Member(UserId _, TenantId t) -> Optional.of(t.value());
                    case Ended.User _, Ended.Credential _ -> Optional.empty();
                };
        Optional<String> credential =
                switch (ended) {
                    case Ended.Credential(String key) -> Optional.of(key);
                    case Ended.Visitors _ -> Optional.of(VISITORS);
                    case Ended.User _, Ended.Tenant _, Ended.Member _ -> Optional.empty();
                };
        Sql.update(
                c,
                "INSERT INTO access_endings (id, user_id, tenant, credential, at) VALUES (?, ?, ?, ?, ?)",
                id,
                user,
                tenant,
                credential,
                clock.instant());
    }

    private static Ended read(Optional<String> user, Optional<String> tenant, Optional<String> credential) {
        if (credential.filter(VISITORS::equals).isPresent()) {
            return new Ended.Visitors(new TenantId(tenant.orElseThrow()));
        }
        if (credential.isPresent()) {
            return new Ended.Credential(credential.get());
        }
        if (user.isPresent()) {
            UserId id = new UserId(user.get());
            return tenant.<Ended>map(t -> new Ended.Member(id, new TenantId(t))).orElseGet(() -> new Ended.User(id));
        }
        return new Ended.Tenant(new TenantId(tenant.orElseThrow()));
    }

    private static boolean mark(Connection c, String table, String id, Optional<Instant> suspended)
            throws SQLException {
        return Sql.update(c, "UPDATE " + table + " SET suspended_at = ? WHERE id = ?", suspended, id) == 1;
    }

    private static Told<Outcome<Boolean>> ended(Connection c, Ended ended, String whichSessions, String parameter)
            throws SQLException {
        Sql.update(c, "DELETE FROM sessions WHERE " + whichSessions, parameter);
        return new Told<>(Outcome.done(true), List.of(ended));
    }

    private static <T> Told<Outcome<T>> none(String what) {
        return Told.nothing(Outcome.refused(new Rejection.NotFound("There is no such " + what)));
    }
}
