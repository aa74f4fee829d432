package io.kvasir.bootstrap;

import io.kvasir.jdbc.Database;
import java.io.IOException;
import java.io.PrintStream;

/** What an operator does with a database while no server needs it: {@code java -jar kvasir.jar COMMAND}. */
public final class Commands {
    private Commands() {}

    /**
     * @param args the command's name, and what it asks for
     * @return the exit code: 0 done, 1 not done, 2 no such command
     */
    public static int run(String[] args, Settings settings, PrintStream out) {
        return switch (args[0] + "/" + (args.length - 1)) {
            case "migrate/0" -> migrate(settings, out);
            case "move-index/2" -> moveIndex(args[1], args[2], settings, out);
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

    private static int usage(PrintStream out) {
        out.println("""
                usage: java -jar kvasir.jar [COMMAND]

                  (none)   serve
                  migrate  bring the database's schema up to date, with the rights of the configured user
                  move-index FROM TO
                           carry all passages from one kind of index (lucene, qdrant) to the other
                """);
        return 2;
    }
}
