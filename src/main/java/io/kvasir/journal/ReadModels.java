package io.kvasir.journal;

import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Stored;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Read models against the journal they are made of: rebuilds them and says where they differ. For a server that is stopped. */
public final class ReadModels {
    private static final int AT_A_TIME = 500;

    private final Transactor transactor;
    private final History history;
    private final List<? extends ReadModel<?, ?>> models;

    public ReadModels(Transactor transactor, StoredSerializer serializer, List<? extends ReadModel<?, ?>> models) {
        this.transactor = transactor;
        this.history = new History(serializer);
        this.models = models;
    }

    /** Makes every row anew from the first event on. @return how many rows were wrong, missing or too many */
    public long rebuild() throws SQLException {
        return eachDifference((c, difference) -> difference.mend(c));
    }

    /** Compares every row with the fold of its events from the first on. @return how many differ; each is told in a line */
    public long check(Consumer<String> told) throws SQLException {
        return eachDifference((_, difference) -> told.accept(difference.toString()));
    }

    @FunctionalInterface
    private interface Step {
        void take(Connection c, Difference<?, ?> difference) throws SQLException;
    }

    private long eachDifference(Step step) throws SQLException {
        long differences = 0;
        for (ReadModel<?, ?> model : models) {
            differences +=
                    walk(step, model, false, (c, after) -> history.entityIds(c, model.entityType(), after, AT_A_TIME));
            differences += walk(step, model, true, (c, after) -> model.entityIds(c, after, AT_A_TIME));
        }
        return differences;
    }

    @FunctionalInterface
    private interface Ids {
        List<String> after(Connection c, String id) throws SQLException;
    }

    /** @param eventless only those to which nothing ever happened: the others were looked at already */
    private long walk(Step step, ReadModel<?, ?> model, boolean eventless, Ids ids) throws SQLException {
        long differences = 0;
        String last = "";
        while (true) {
            String after = last;
            List<String> some = transactor.now(c -> ids.after(c, after));
            if (some.isEmpty()) {
                return differences;
            }
            for (String id : some) {
                differences += transactor.now(c -> {
                    Optional<Difference<?, ?>> difference =
                            difference(c, model, id).filter(d -> !eventless || d.version() == 0);
                    if (difference.isPresent()) {
                        step.take(c, difference.get());
                    }
                    return difference.isPresent() ? 1 : 0;
                });
            }
            last = some.getLast();
        }
    }

    private <S extends Stored, R> Optional<Difference<?, ?>> difference(Connection c, ReadModel<S, R> model, String id)
            throws SQLException {
        Optional<R> is = model.find(c, id).map(ReadModel.Kept::row);
        History.Folded<S> folded = history.whole(c, model, id);
        Optional<R> should = model.row(c, id, folded.state());
        return is.equals(should)
                ? Optional.empty()
                : Optional.of(new Difference<>(model, id, is, should, folded.sequence()));
    }

    private record Difference<S extends Stored, R>(
            ReadModel<S, R> model, String id, Optional<R> is, Optional<R> should, long version) {
        void mend(Connection c) throws SQLException {
            model.remove(c, id);
            if (should.isPresent()) {
                model.put(c, id, should.get(), version);
            }
        }

        @Override
        public String toString() {
            return model.entityType() + " " + id + ": the row is " + told(is) + ", its events say " + told(should);
        }

        private static String told(Optional<?> row) {
            return row.<String>map(Object::toString).orElse("absent");
        }
    }
}
