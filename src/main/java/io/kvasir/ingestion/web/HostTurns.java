package io.kvasir.ingestion.web;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Gives out the moments at which a host may be asked, one after the other, to all tenants and nodes alike. */
final class HostTurns {
    private final Transactor transactor;
    private final Clock clock;

    HostTurns(Transactor transactor, Clock clock) {
        this.transactor = transactor;
        this.clock = clock;
    }

    /** When to ask; nobody else is told a time within the pause after it. */
    CompletionStage<Instant> next(String host, Duration pause) {
        Instant now = clock.instant();
        if (pause.isZero()) {
            return CompletableFuture.completedFuture(now);
        }
        return take(host, pause, now)
                // Two who came first at once: the row is there now.
                .exceptionallyCompose(_ -> take(host, pause, now));
    }

    private CompletionStage<Instant> take(String host, Duration pause, Instant now) {
        return transactor.run(c -> {
            Optional<Instant> next = Sql.first(
                    c, "SELECT next_at FROM web_hosts WHERE host = ? FOR UPDATE", r -> Sql.instant(r, 1), host);
            Instant at = next.filter(t -> t.isAfter(now)).orElse(now);
            if (next.isPresent()) {
                Sql.update(c, "UPDATE web_hosts SET next_at = ? WHERE host = ?", at.plus(pause), host);
            } else {
                Sql.update(c, "INSERT INTO web_hosts (host, next_at) VALUES (?, ?)", host, at.plus(pause));
            }
            return at;
        });
    }
}
