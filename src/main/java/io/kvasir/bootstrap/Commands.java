package io.kvasir.bootstrap;

import io.kvasir.jdbc.Database;
import java.io.PrintStream;

/** What an operator does with a database while no server needs it: {@code java -jar kvasir.jar COMMAND}. */
public final class Commands {
    private Commands() {}

    /**
     * @param args the command's name alone
     * @return the exit code: 0 done, 2 no such command
     */
    public static int run(String[] args, Settings settings, PrintStream out) {
        return switch (String.join(" ", args)) {
            case "migrate" -> migrate(settings, out);
            default -> usage(out);
        };
    }

    private static int migrate(Settings settings, PrintStream out) {
        Database.open(settings.database().migrating()).close();
        out.println("The schema is up to date.");
        return 0;
    }

    private static int usage(PrintStream out) {
        out.println("""
                usage: java -jar kvasir.jar [COMMAND]

                  (none)   serve
                  migrate  bring the database's schema up to date, with the rights of the configured user
                """);
        return 2;
    }
}
