package io.kvasir.journal;

import com.typesafe.config.Config;
import javax.sql.DataSource;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.setup.Setup;
import org.apache.pekko.persistence.jdbc.db.SlickDatabase;
import org.apache.pekko.persistence.jdbc.db.SlickDatabaseProvider;
import scala.Option;
import slick.jdbc.H2Profile$;
import slick.jdbc.JdbcBackend;
import slick.jdbc.JdbcProfile;
import slick.jdbc.PostgresProfile$;
import slick.util.AsyncExecutor;

/** Lets the journal plugin use our connection pool instead of opening one of its own. Named in the configuration, made by the plugin. */
public final class SharedDatabase implements SlickDatabaseProvider {
    private final SlickDatabase database;

    public SharedDatabase(ActorSystem system) {
        Pool pool = system.settings()
                .setup()
                .get(Pool.class)
                .orElseThrow(() -> new IllegalStateException("the actor system was started without a connection pool"));
        JdbcProfile profile = pool.h2() ? H2Profile$.MODULE$ : PostgresProfile$.MODULE$;
        int threads = pool.connections();
        JdbcBackend.JdbcDatabaseDef backend = profile.backend()
                .Database()
                .forDataSource(
                        pool.dataSource(),
                        Option.apply(threads),
                        AsyncExecutor.apply("journal", threads, threads, 10_000, threads, false),
                        false);
        this.database = new SlickDatabase() {
            @Override
            public JdbcBackend.JdbcDatabaseDef database() {
                return backend;
            }

            @Override
            public JdbcProfile profile() {
                return profile;
            }

            @Override
            public boolean allowShutdown() {
                return false;
            }
        };
    }

    @Override
    public SlickDatabase database(Config config) {
        return database;
    }

    /** Handed to the actor system at its start. @param connections most the journal may take of the pool */
    public static final class Pool extends Setup {
        private final DataSource dataSource;
        private final boolean h2;
        private final int connections;

        public Pool(DataSource dataSource, boolean h2, int connections) {
            this.dataSource = dataSource;
            this.h2 = h2;
            this.connections = connections;
        }

        DataSource dataSource() {
            return dataSource;
        }

        boolean h2() {
            return h2;
        }

        int connections() {
            return connections;
        }
    }
}
