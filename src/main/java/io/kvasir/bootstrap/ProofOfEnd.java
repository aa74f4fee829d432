package io.kvasir.bootstrap;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.function.LongPredicate;
import org.apache.pekko.actor.Address;
import org.apache.pekko.cluster.UniqueAddress;

/**
 * Whether the process of a member has certainly ended, where silence is only a suspicion: nothing listens at its address
 * any more, and what PostgreSQL keeps for living processes alone is released. Either may have another cause, a firewall
 * that refuses or a connection to PostgreSQL that broke; a process that is slow, stopped or cut off from the others gives
 * neither.
 */
final class ProofOfEnd {
    private static final Duration CONNECT = Duration.ofMillis(300);

    private final LongPredicate released;

    /** @param released whether PostgreSQL took back what the member of this number held; may block */
    ProofOfEnd(LongPredicate released) {
        this.released = released;
    }

    /** Blocks for as long as a connection and a query may take. */
    boolean of(UniqueAddress member) {
        return refused(member.address()) && released.test(member.longUid());
    }

    /** Told by the machine, not by the process: one that is too busy to accept still has its port. */
    private static boolean refused(Address address) {
        if (address.getHost().isEmpty() || address.getPort().isEmpty()) {
            return false;
        }
        try (Socket socket = new Socket()) {
            socket.connect(
                    new InetSocketAddress(
                            address.getHost().get(), address.getPort().get()),
                    (int) CONNECT.toMillis());
            return false;
        } catch (ConnectException e) {
            return true;
        } catch (IOException unknown) {
            return false;
        }
    }
}
