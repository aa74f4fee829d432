package io.kvasir.kernel;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A loopback port for a process that has to be told its own. Seconds pass until the process binds it, so it is none of
 * those the system hands to whoever connects or asks for any: another test would be given it meanwhile.
 */
public final class FreePort {
    private static final int FIRST = 10_000;
    /** Linux hands out those from 32,768. */
    private static final int END = 32_000;

    private static final int TRIES = 1_000;

    private FreePort() {}

    public static int choose() throws IOException {
        for (int i = 0; i < TRIES; i++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, END);
            try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return free.getLocalPort();
            } catch (BindException taken) {
                // Another may be free.
                continue;
            }
        }
        throw new IOException("no free port between " + FIRST + " and " + END);
    }
}
