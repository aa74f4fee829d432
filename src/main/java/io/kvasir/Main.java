package io.kvasir;

import io.kvasir.bootstrap.Commands;
import io.kvasir.bootstrap.Server;
import io.kvasir.bootstrap.Settings;
import java.io.IOException;

/** Starts the server and says where it is, or does what its one argument says with the server's settings. */
public final class Main {
    /** Told apart from 1, which is a start that failed. */
    private static final int EXPELLED = 3;

    private Main() {}

    @SuppressWarnings("SystemOut") // what a person who starts it looks at
    public static void main(String[] args) {
        try {
            Settings settings = Settings.load();
            if (args.length > 0) {
                System.exit(Commands.run(args, settings, System.out));
            }
            Server server = Server.start(settings);
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(server::close));
            // Nothing lives on a server that the others took for dead: whoever minds it may start it again.
            server.ended().thenAccept(putOut -> {
                if (putOut) {
                    System.err.println("Kvasir ends: it was put out of its cluster");
                    Thread.ofPlatform().start(() -> System.exit(EXPELLED));
                }
            });
            System.out.printf("Kvasir listens on http://%s:%d%n", host(settings), server.port());
            server.owner()
                    .madeUp()
                    .ifPresent(password -> System.out.printf(
                            "The owner is %s with the password %s (shown this once)%n",
                            settings.owner().email(), password));
        } catch (IOException | RuntimeException e) {
            System.err.println("Kvasir could not start: " + reason(e));
            System.exit(1);
        }
    }

    private static String host(Settings settings) {
        return settings.http().host().equals("127.0.0.1")
                ? "localhost"
                : settings.http().host();
    }

    private static String reason(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}
