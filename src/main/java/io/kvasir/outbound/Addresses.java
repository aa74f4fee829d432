package io.kvasir.outbound;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Which addresses belong to the public internet. The blocks are those of the IANA special-purpose registries (RFC 6890
 * and its updates) that are not globally reachable; an IPv6 address that carries an IPv4 one is judged by both.
 */
final class Addresses {
    private static final List<Network> NOT_PUBLIC = Stream.of(
                    "0.0.0.0/8",
                    "10.0.0.0/8",
                    "100.64.0.0/10",
                    "127.0.0.0/8",
                    "169.254.0.0/16",
                    "172.16.0.0/12",
                    "192.0.0.0/24",
                    "192.0.2.0/24",
                    "192.31.196.0/24",
                    "192.52.193.0/24",
                    "192.88.99.0/24",
                    "192.168.0.0/16",
                    "192.175.48.0/24",
                    "198.18.0.0/15",
                    "198.51.100.0/24",
                    "203.0.113.0/24",
                    "224.0.0.0/4",
                    "240.0.0.0/4")
            .map(Network::of)
            .toList();

    /** Of IPv6 only this block is given out to the public; what is special within it stands below. */
    private static final Network GLOBAL_UNICAST = Network.of("2000::/3");

    private static final List<Network> NOT_PUBLIC_WITHIN = Stream.of("2001::/23", "2001:db8::/32", "3fff::/20")
            .map(Network::of)
            .toList();

    private static final Network NAT64 = Network.of("64:ff9b::/96");
    private static final Network SIX_TO_FOUR = Network.of("2002::/16");

    private Addresses() {}

    static boolean isPublic(InetAddress address) {
        if (!(address instanceof Inet6Address)) {
            return NOT_PUBLIC.stream().noneMatch(network -> network.contains(address));
        }
        Optional<InetAddress> inner = carried(address);
        if (inner.isPresent()) {
            return isPublic(inner.get());
        }
        return GLOBAL_UNICAST.contains(address)
                && NOT_PUBLIC_WITHIN.stream().noneMatch(network -> network.contains(address));
    }

    /** The IPv4 address within one of NAT64 (RFC 6052) or 6to4 (RFC 3056); mapped ones the JDK unwraps itself. */
    private static Optional<InetAddress> carried(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (NAT64.contains(address)) {
            return Optional.of(four(Arrays.copyOfRange(bytes, 12, 16)));
        }
        if (SIX_TO_FOUR.contains(address)) {
            return Optional.of(four(Arrays.copyOfRange(bytes, 2, 6)));
        }
        return Optional.empty();
    }

    private static InetAddress four(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
