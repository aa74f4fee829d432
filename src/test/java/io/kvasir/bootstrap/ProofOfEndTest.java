package io.kvasir.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.apache.pekko.actor.Address;
import org.apache.pekko.cluster.UniqueAddress;
import org.junit.jupiter.api.Test;

class ProofOfEndTest {
    private static UniqueAddress at(String host, int port) {
        return new UniqueAddress(new Address("pekko", "kvasir", host, port), 42);
    }

    private static UniqueAddress nobodyListens() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return at("127.0.0.1", socket.getLocalPort());
        }
    }

    @Test
    void bothWitnessesMustSay() throws IOException {
        assertThat(new ProofOfEnd(member -> member == 42).of(nobodyListens())).isTrue();
        assertThat(new ProofOfEnd(_ -> false).of(nobodyListens())).isFalse();
    }

    /** A process that is stopped or too busy accepts nothing, but its machine does, until its queue is full. */
    @Test
    void oneThatDoesNotAcceptIsSlowAndNotGone() throws IOException {
        try (ServerSocket neverAccepts = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            UniqueAddress slow = at("127.0.0.1", neverAccepts.getLocalPort());
            for (int i = 0; i < 4; i++) {
                assertThat(new ProofOfEnd(_ -> true).of(slow)).isFalse();
            }
        }
    }

    @Test
    void whoseMachineSaysNothingIsNotGone() {
        assertThat(new ProofOfEnd(_ -> true).of(at("no-such-host.invalid", 7355)))
                .isFalse();
        assertThat(new ProofOfEnd(_ -> true).of(new UniqueAddress(new Address("pekko", "kvasir"), 42)))
                .isFalse();
    }
}
