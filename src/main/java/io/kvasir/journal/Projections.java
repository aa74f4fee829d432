package io.kvasir.journal;

import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Stored;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.javadsl.ShardedDaemonProcess;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.projection.Projection;
import org.apache.pekko.projection.ProjectionBehavior;
import org.apache.pekko.projection.ProjectionId;
import org.apache.pekko.projection.jdbc.JdbcSession;
import org.apache.pekko.projection.jdbc.javadsl.JdbcHandler;
import org.apache.pekko.projection.jdbc.javadsl.JdbcProjection;

/**
 * Read models that follow the journal, each on one node of the cluster at a time. Rows and offset are written in one
 * transaction: an event counts exactly once, over crashes too.
 *
 * <p>What a client is told must stand in a list at once is written beside, by the feature, before it is told; the version
 * in the row keeps the two from being in each other's way, and whatever a fault kept from being written there comes here.
 */
public final class Projections {
    private static final int AT_A_TIME = 100;
    private static final Duration GATHER = Duration.ofMillis(50);

    private Projections() {}

    /** Starts following; goes on where it stopped, also on another node. */
    public static void start(
            ActorSystem<?> system,
            DataSource dataSource,
            Transactor transactor,
            List<? extends ReadModel<?, ?>> models) {
        History history = new History(StoredSerializer.of(system.settings().config()));
        ShardedDaemonProcess.get(system)
                .init(
                        ProjectionBehavior.Command.class,
                        "read-models",
                        models.size(),
                        i -> ProjectionBehavior.create(
                                projection(system, dataSource, transactor, history, models.get(i))),
                        ProjectionBehavior.stopMessage());
    }

    private static Projection<Feed.Step> projection(
            ActorSystem<?> system,
            DataSource dataSource,
            Transactor transactor,
            History history,
            ReadModel<?, ?> model) {
        return JdbcProjection.groupedWithin(
                        ProjectionId.of("read-model", model.entityType()),
                        new Feed(transactor, Clock.systemUTC(), model.entityType()),
                        () -> new Session(dataSource),
                        () -> new Following(history, model),
                        system)
                .withGroup(AT_A_TIME, GATHER);
    }

    private static final class Following extends JdbcHandler<List<Feed.Step>, Session> {
        private final History history;
        private final ReadModel<?, ?> model;

        Following(History history, ReadModel<?, ?> model) {
            this.history = history;
            this.model = model;
        }

        @Override
        public void process(Session session, List<Feed.Step> steps) throws SQLException {
            // In one order with all who write several of these rows together.
            Map<String, Long> newest = new TreeMap<>();
            int prefix = History.persistenceId(model.entityType(), "").length();
            steps.forEach(s -> newest.merge(s.persistenceId().substring(prefix), s.sequence(), Math::max));
            for (Map.Entry<String, Long> one : newest.entrySet()) {
                catchUp(session.connection, history, model, one.getKey(), one.getValue());
            }
        }
    }

    /** Brings the row of one entity to at least this event. */
    static <S extends Stored, R> void catchUp(
            Connection c, History history, ReadModel<S, R> model, String entityId, long sequence) throws SQLException {
        Optional<ReadModel.Kept<R>> kept = model.find(c, entityId);
        if (kept.isPresent() && kept.get().version() >= sequence) {
            return;
        }
        History.Folded<S> folded = history.latest(c, model, entityId);
        Optional<R> row = model.row(c, entityId, folded.state());
        if (row.isPresent()) {
            model.put(c, entityId, row.get(), folded.sequence());
        } else {
            model.remove(c, entityId);
        }
    }

    /** A connection of the pool for one transaction. */
    private static final class Session implements JdbcSession {
        private final Connection connection;

        Session(DataSource dataSource) {
            try {
                connection = dataSource.getConnection();
                connection.setAutoCommit(false);
            } catch (SQLException e) {
                throw new IllegalStateException("no connection for a projection", e);
            }
        }

        @Override
        public <R> R withConnection(Function<Connection, R> work) throws Exception {
            return work.apply(connection);
        }

        @Override
        public void commit() throws SQLException {
            connection.commit();
        }

        @Override
        public void rollback() throws SQLException {
            connection.rollback();
        }

        @Override
        public void close() throws SQLException {
            connection.close();
        }
    }
}
