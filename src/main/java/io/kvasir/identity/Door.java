package io.kvasir.identity;

import io.kvasir.identity.LoginWatch.Event;
import io.kvasir.identity.LoginWatch.Seen;
import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where all ways in end: whoever watches is told here. That it could not be told turns nobody away. */
final class Door {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.identity");

    private final Transactor transactor;
    private final LoginWatch watch;

    Door(Transactor transactor, LoginWatch watch) {
        this.transactor = transactor;
        this.watch = watch;
    }

    /** Told before the one who came in knows of it. */
    CompletionStage<Outcome<Sessions.LoggedIn>> entered(Outcome<Sessions.LoggedIn> outcome, Client client) {
        return outcome instanceof Outcome.Done<Sessions.LoggedIn>(Sessions.LoggedIn in)
                ? told(new Seen(Event.ENTERED, in.user(), in.tenantId(), client))
                        .thenApply(_ -> outcome)
                : CompletableFuture.completedFuture(outcome);
    }

    /** Not waited for: how long a refusal takes must not tell whether there is such an account. */
    void turnedAway(UserId user, Client client) {
        seen(Event.TURNED_AWAY, user, client);
    }

    CompletionStage<Void> seen(Event event, UserId user, Client client) {
        return transactor
                .run(c -> Sql.first(
                        c,
                        "SELECT tenant FROM memberships WHERE member = ? ORDER BY created_at, tenant LIMIT 1",
                        row -> new TenantId(row.getString(1)),
                        user.value()))
                .thenCompose(tenant -> tenant.map(t -> told(new Seen(event, user, t, client)))
                        .orElseGet(() -> CompletableFuture.completedFuture(null)))
                .exceptionally(fault -> lost(event, fault));
    }

    private CompletionStage<Void> told(Seen seen) {
        return watch.told(seen).exceptionally(fault -> lost(seen.event(), fault));
    }

    private static Void lost(Event event, Throwable fault) {
        LOG.error("nobody could be told that {} happened: {}", event, fault.toString());
        return null;
    }
}
