package io.kvasir.conversation;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.kvasir.conversation.domain.Progress;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.http.Json;
import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Sealed;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What live replies gain, stored before a reader sees it, so that nobody has seen more than is there after a node was lost.
 * All conversations of a node write together: what comes while one transaction is under way goes with the next.
 */
final class ReplyTails {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.conversation");

    private final Transactor transactor;
    private List<Change> waiting = new ArrayList<>();
    private boolean writing;

    ReplyTails(Transactor transactor) {
        this.transactor = transactor;
    }

    /** @param piece empty to forget all up to the end of the turn */
    private record Change(
            String conversation, int turn, int ordinal, Optional<Sealed> piece, CompletableFuture<Boolean> done) {}

    /** What a reply gained. @param from its length before, UTF-16 units; @param sources its citations, where they came now */
    private record Gain(int from, String text, @Nullable Sources sources) {}

    /** Completes once a crash can't take it any more. @param ordinal of the piece, from 0; @param from where the text begins */
    CompletionStage<Boolean> keep(
            String conversation,
            int turn,
            int ordinal,
            int from,
            String text,
            Optional<Sources> sources,
            SubjectKey key) {
        Sealed piece = key.seal(Json.write(new Gain(from, text, sources.orElse(null))));
        return enqueue(new Change(conversation, turn, ordinal, Optional.of(piece), new CompletableFuture<>()));
    }

    /** The turn is over, and all of it in the journal; so are those before it, whatever could not be forgotten of them. */
    void forget(String conversation, int turn) {
        enqueue(new Change(conversation, turn, 0, Optional.empty(), new CompletableFuture<>()));
    }

    /** What the journal lacks of a turn that was cut off. */
    CompletionStage<Progress> lacking(String conversation, Turn turn, SubjectKey key) {
        return transactor
                .run(c -> Sql.all(
                        c,
                        "SELECT subject, piece FROM reply_tails WHERE conversation = ? AND turn = ? ORDER BY ordinal",
                        row -> new Sealed(row.getString(1), row.getBytes(2)),
                        conversation,
                        turn.number()))
                .thenApply(pieces -> lacking(pieces, turn, key));
    }

    private static Progress lacking(List<Sealed> pieces, Turn turn, SubjectKey key) {
        int stored =
                turn.said().stream().mapToInt(piece -> key.open(piece).length()).sum();
        StringBuilder more = new StringBuilder();
        Optional<Sources> sources = Optional.empty();
        for (Sealed piece : pieces) {
            Gain gain;
            try {
                gain = read(key.open(piece));
            } catch (RuntimeException broken) {
                // It stays so however often it is tried, and the others are good.
                LOG.error("a kept piece of a reply cannot be read", broken);
                continue;
            }
            if (gain.sources() != null && turn.sources().isEmpty()) {
                sources = Optional.of(gain.sources());
            }
            int have = stored + more.length();
            if (gain.from() <= have && gain.from() + gain.text().length() > have) {
                more.append(gain.text(), have - gain.from(), gain.text().length());
            }
        }
        return new Progress(
                more.isEmpty() ? Optional.empty() : Optional.of(key.seal(more.toString())),
                sources.map(s -> key.seal(Json.write(s))),
                sources.map(Sources::passages).orElse(List.of()));
    }

    private static Gain read(String json) {
        try {
            return Json.MAPPER.readValue(json, Gain.class);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a stored piece of a reply cannot be read", e);
        }
    }

    private CompletionStage<Boolean> enqueue(Change change) {
        synchronized (this) {
            waiting.add(change);
            if (writing) {
                return change.done();
            }
            writing = true;
        }
        write();
        return change.done();
    }

    private void write() {
        List<Change> now;
        synchronized (this) {
            now = waiting;
            if (now.isEmpty()) {
                writing = false;
                return;
            }
            waiting = new ArrayList<>();
        }
        transactor.change(c -> apply(c, now)).whenComplete((_, fault) -> {
            for (Change change : now) {
                if (fault == null) {
                    change.done().complete(true);
                } else {
                    change.done().completeExceptionally(fault);
                }
            }
            write();
        });
    }

    private static void apply(Connection c, List<Change> changes) throws SQLException {
        try (PreparedStatement insert = c.prepareStatement(
                        "INSERT INTO reply_tails (conversation, turn, ordinal, subject, piece) VALUES (?, ?, ?, ?, ?)");
                PreparedStatement delete =
                        c.prepareStatement("DELETE FROM reply_tails WHERE conversation = ? AND turn <= ?")) {
            for (Change change : changes) {
                PreparedStatement statement = change.piece().isPresent() ? insert : delete;
                statement.setString(1, change.conversation());
                statement.setInt(2, change.turn());
                if (change.piece().isPresent()) {
                    statement.setInt(3, change.ordinal());
                    statement.setString(4, change.piece().get().subject());
                    statement.setBytes(5, change.piece().get().bytes());
                }
                statement.addBatch();
            }
            insert.executeBatch();
            delete.executeBatch();
        }
    }
}
