package io.kvasir.system;

import io.kvasir.kernel.FreePort;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The network between the members of a cluster on one machine. Each member is reached through a relay, and connects from a
 * loopback address of its own, so that the relay knows whose connection it carries. Where two are parted nothing arrives
 * and nothing is refused, as behind a switch that failed: connections stay open, and what was sent arrives once the network
 * is whole again, or never.
 */
final class ClusterLinks implements AutoCloseable {
    private static final int BUFFER = 16 * 1024;

    private final List<Relay> relays = new ArrayList<>();
    /** Pairs of members between whom nothing passes. */
    private final Set<Set<Integer>> apart = ConcurrentHashMap.newKeySet();

    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /** What leads to one member. @param bound where it listens itself */
    private record Relay(ServerSocket front, int bound) {}

    ClusterLinks(int members) throws IOException {
        for (int i = 0; i < members; i++) {
            int member = i;
            Relay relay = new Relay(
                    new ServerSocket(FreePort.choose(), 50, InetAddress.getLoopbackAddress()), FreePort.choose());
            relays.add(relay);
            Thread.ofVirtual().name("link-" + i).start(() -> accept(member, relay));
        }
    }

    /** Where the others find it. */
    int port(int member) {
        return relays.get(member).front().getLocalPort();
    }

    /** JVM options of a member, by which it is reached through its relay, and known by the address it connects from. */
    List<String> options(int member) {
        return List.of(
                "-Dpekko.remote.artery.bind.hostname=127.0.0.1",
                "-Dpekko.remote.artery.bind.port=" + relays.get(member).bound(),
                "-Dpekko.remote.artery.advanced.tcp.outbound-client-hostname=" + address(member));
    }

    private static String address(int member) {
        return "127.0.1." + (member + 1);
    }

    /** From now on nothing passes between it and the others. */
    void part(int member) {
        for (int other = 0; other < relays.size(); other++) {
            if (other != member) {
                cut(member, other);
            }
        }
    }

    /** From now on nothing passes between these two; others still hear both. */
    void cut(int one, int other) {
        apart.add(Set.of(one, other));
    }

    /** Whatever was between it and others passes again. */
    void join(int member) {
        synchronized (apart) {
            apart.removeIf(pair -> pair.contains(member));
            apart.notifyAll();
        }
    }

    private void accept(int to, Relay relay) {
        while (!closed) {
            try {
                Socket near = relay.front().accept();
                int from = near.getInetAddress().getAddress()[3] - 1;
                Thread.ofVirtual().start(() -> carry(from, to, near, relay.bound()));
            } catch (IOException over) {
                return;
            }
        }
    }

    private void carry(int from, int to, Socket near, int bound) {
        try (near;
                Socket far = new Socket()) {
            open.add(near);
            open.add(far);
            await(from, to);
            far.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), bound));
            Thread back = Thread.ofVirtual().start(() -> pump(from, to, far, near));
            pump(from, to, near, far);
            back.join();
        } catch (IOException notThere) {
            // The connection ends, as it does where nobody listens.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(near);
        }
    }

    private void pump(int from, int to, Socket source, Socket sink) {
        byte[] buffer = new byte[BUFFER];
        try {
            InputStream in = source.getInputStream();
            OutputStream out = sink.getOutputStream();
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                await(from, to);
                out.write(buffer, 0, n);
            }
            await(from, to);
        } catch (IOException over) {
            // Whichever end it was, the other hears of it.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            end(source);
            end(sink);
            open.remove(sink);
        }
    }

    private static void end(Socket socket) {
        try {
            socket.close();
        } catch (IOException ended) {
            // Then it is.
        }
    }

    private void await(int from, int to) throws InterruptedException {
        synchronized (apart) {
            while (from != to && apart.contains(Set.of(from, to))) {
                apart.wait();
            }
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        synchronized (apart) {
            apart.clear();
            apart.notifyAll();
        }
        for (Relay relay : relays) {
            relay.front().close();
        }
        open.forEach(ClusterLinks::end);
    }
}
