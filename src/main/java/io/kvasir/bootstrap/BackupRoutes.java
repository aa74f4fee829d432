package io.kvasir.bootstrap;

import io.kvasir.http.Access;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Json;
import io.kvasir.http.Problems;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code POST /api/v1/operations/backups}: for whoever runs the server. Where it is put is not asked, but configured. */
final class BackupRoutes {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.backup");

    private final Optional<Backup> backup;

    /** @param backup empty where database or index are on servers of their own, which have ways of their own */
    BackupRoutes(Optional<Backup> backup) {
        this.backup = backup;
    }

    List<Endpoint> endpoints() {
        return List.of(Endpoint.post(
                        "/api/v1/operations/backups",
                        Access.OPERATE,
                        _ -> Problems.answer(made(), made -> Json.response(StatusCodes.CREATED, made)))
                .says("Make a backup of the embedded database and index, while they are used")
                .gives(201, Backup.Made.class));
    }

    private CompletionStage<Outcome<Backup.Made>> made() {
        if (backup.isEmpty()) {
            return CompletableFuture.completedFuture(
                    Outcome.refused(
                            new Rejection.Conflict(
                                    "not-embedded",
                                    "The database or the index is on a server of its own: back it up by its own means (pg_dump, snapshots)")));
        }
        CompletableFuture<Outcome<Backup.Made>> made = new CompletableFuture<>();
        Thread.ofVirtual().name("backup").start(() -> {
            try {
                made.complete(Outcome.done(backup.get().make()));
            } catch (Backup.Running e) {
                made.complete(
                        Outcome.refused(new Rejection.Conflict("backup-running", "A backup is being made already")));
            } catch (IOException e) {
                LOG.error("a backup could not be made", e);
                made.complete(Outcome.refused(new Rejection.Unavailable(
                        "The backup could not be written; the log of the server says why", Duration.ofMinutes(1))));
            } catch (RuntimeException e) {
                made.completeExceptionally(e);
            }
        });
        return made;
    }
}
