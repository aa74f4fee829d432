package io.kvasir.journal;

import io.kvasir.jdbc.Transactor;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.projection.javadsl.SourceProvider;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Which entity went on, in the order of the journal. The events themselves are not read here, and need no tags: whoever is
 * behind folds the entity's history.
 */
final class Feed extends SourceProvider<Long, Feed.Step> {
    private static final int AT_A_TIME = 500;
    private static final Duration REST = Duration.ofMillis(500);

    /** A number that is missing may belong to a transaction that is not committed yet; after so long it never comes. */
    static final Duration PATIENCE = Duration.ofSeconds(10);

    /** @param ordering the journal's own number, ascending; @param writtenAt in ms since 1970 */
    record Step(long ordering, String persistenceId, long sequence, long writtenAt) {}

    private final Transactor transactor;
    private final Clock clock;
    private final String prefix;

    Feed(Transactor transactor, Clock clock, String entityType) {
        this.transactor = transactor;
        this.clock = clock;
        this.prefix = History.persistenceId(entityType, "");
    }

    @Override
    public CompletionStage<Source<Step, NotUsed>> source(Supplier<CompletionStage<Optional<Long>>> offset) {
        return offset.get()
                .thenApply(last -> Source.unfoldAsync(last.orElse(0L), this::next)
                        .mapConcat(steps -> steps)
                        .filter(step -> step.persistenceId().startsWith(prefix)));
    }

    private CompletionStage<Optional<Pair<Long, List<Step>>>> next(long last) {
        return after(last).thenCompose(rows -> {
            List<Step> steps = upToGap(last, rows, clock.millis());
            Optional<Pair<Long, List<Step>>> more = Optional.of(
                    Pair.create(steps.isEmpty() ? last : steps.getLast().ordering(), steps));
            return steps.size() == AT_A_TIME
                    ? CompletableFuture.completedFuture(more)
                    : CompletableFuture.supplyAsync(
                            () -> more, CompletableFuture.delayedExecutor(REST.toMillis(), TimeUnit.MILLISECONDS));
        });
    }

    private CompletionStage<List<Step>> after(long last) {
        return transactor.run(c -> {
            try (PreparedStatement select = c.prepareStatement("""
                    SELECT "ordering", "persistence_id", "sequence_number", "write_timestamp" FROM "event_journal"
                    WHERE "ordering" > ? ORDER BY "ordering" LIMIT ?
                    """)) {
                select.setLong(1, last);
                select.setInt(2, AT_A_TIME);
                List<Step> steps = new ArrayList<>();
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        steps.add(new Step(rows.getLong(1), rows.getString(2), rows.getLong(3), rows.getLong(4)));
                    }
                }
                return steps;
            }
        });
    }

    /** What follows without a gap; one that later rows have waited for long enough is none. @param now in ms since 1970 */
    static List<Step> upToGap(long last, List<Step> rows, long now) {
        long expected = last + 1;
        for (int i = 0; i < rows.size(); i++) {
            Step row = rows.get(i);
            if (row.ordering() != expected && now - row.writtenAt() < PATIENCE.toMillis()) {
                return rows.subList(0, i);
            }
            expected = row.ordering() + 1;
        }
        return rows;
    }

    @Override
    public Long extractOffset(Step step) {
        return step.ordering();
    }

    @Override
    public long extractCreationTime(Step step) {
        return step.writtenAt();
    }
}
