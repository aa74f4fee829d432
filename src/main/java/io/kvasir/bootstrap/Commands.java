package io.kvasir.bootstrap;

import io.kvasir.conversation.Conversations;
import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.Transactor;
import io.kvasir.journal.ReadModel;
import io.kvasir.journal.ReadModels;
import io.kvasir.journal.StoredSerializer;
import io.kvasir.knowledgebase.KnowledgeBases;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;

/** What an operator does with a database while no server needs it: {@code java -jar kvasir.jar COMMAND}. */
public final class Commands {
    /** All tables that are made from the journal. */
    static final List<ReadModel<?, ?>> READ_MODELS = List.of(KnowledgeBases.readModel(), Conversations.readModel());

    private Commands() {}

    /**
     * @param args the command's name, and what it asks for
     * @return the exit code: 0 done, 1 not done or not as it should be, 2 no such command
     */
    public static int run(String[] args, Settings settings, PrintStream out) {
        return switch (args[0] + "/" + (args.length - 1)) {
            case "migrate/0" -> migrate(settings, out);
            case "move-index/2" -> moveIndex(args[1], args[2], settings, out);
            case "verify-backup/1" -> backup(args[1], out, Backup::verify, " parts are what was put in.");
            case "restore/1" ->
                backup(
                        args[1],
                        out,
                        archive -> Backup.restore(archive, settings.dataDir()),
                        " parts are back in their place.");
            case "check-read-models/0" -> check(settings, out);
            case "rebuild-read-models/0" -> rebuild(settings, out);
            default -> usage(out);
        };
    }

    private static int migrate(Settings settings, PrintStream out) {
        Database.open(settings.database().migrating()).close();
        out.println("The schema is up to date.");
        return 0;
    }

    private static int moveIndex(String from, String to, Settings settings, PrintStream out) {
        try {
            MoveIndex.run(settings, from, to, out::println);
            return 0;
        } catch (IOException | IllegalArgumentException e) {
            out.println("The passages could not be moved: " + e.getMessage());
            return 1;
        }
    }

    @FunctionalInterface
    private interface OnArchive {
        int apply(Path archive) throws IOException;
    }

    private static int backup(String archive, PrintStream out, OnArchive work, String done) {
        try {
            out.println(work.apply(Path.of(archive)) + done);
            return 0;
        } catch (IOException e) {
            out.println("This backup is not used: " + e.getMessage());
            return 1;
        }
    }

    private static int check(Settings settings, PrintStream out) {
        long differences = onReadModels(settings, models -> models.check(out::println));
        out.println(differences == 0 ? "Every row is what its events say." : differences + " rows differ.");
        return differences == 0 ? 0 : 1;
    }

    private static int rebuild(Settings settings, PrintStream out) {
        out.println(onReadModels(settings, ReadModels::rebuild) + " rows were made anew; the others were right.");
        return 0;
    }

    @FunctionalInterface
    private interface Work {
        long on(ReadModels models) throws SQLException;
    }

    private static long onReadModels(Settings settings, Work work) {
        try (Database database = Database.open(settings.database());
                Transactor transactor = new Transactor(database.dataSource(), 1)) {
            return work.on(new ReadModels(transactor, StoredSerializer.of(settings.config()), READ_MODELS));
        } catch (SQLException e) {
            throw new IllegalStateException("the database did not do it", e);
        }
    }

    private static int usage(PrintStream out) {
        out.println("""
                usage: java -jar kvasir.jar [COMMAND]

                  (none)   serve
                  migrate  bring the database's schema up to date, with the rights of the configured user
                  verify-backup ARCHIVE
                           compare all of a backup with its checksums
                  move-index FROM TO
                           carry all passages from one kind of index (lucene, qdrant) to the other

                and, while the server is stopped:

                  restore ARCHIVE
                           put a backup into the data directory, which must have no database and no index
                  check-read-models
                           compare every row that is made from the journal with its events; exit code 1 where one differs
                  rebuild-read-models
                           make those rows anew
                """);
        return 2;
    }
}
