package io.kvasir.outbound;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/** A block of addresses in CIDR notation, for example {@code 10.0.0.0/8} or {@code fc00::/7}. */
public record Network(InetAddress first, int bits) {
    private static final Pattern CIDR = Pattern.compile("([0-9a-fA-F:.]+)/([0-9]{1,3})");

    public Network {
        if (bits < 0 || bits > first.getAddress().length * 8) {
            throw new IllegalArgumentException("not a network: " + first.getHostAddress() + "/" + bits);
        }
    }

    /** @throws IllegalArgumentException where the text is no literal network; names are never looked up */
    public static Network of(String cidr) {
        var parts = CIDR.matcher(cidr);
        if (!parts.matches()) {
            throw new IllegalArgumentException("not a network: " + cidr);
        }
        try {
            return new Network(InetAddress.getByName(parts.group(1)), Integer.parseInt(parts.group(2)));
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("not a network: " + cidr, e);
        }
    }

    public boolean contains(InetAddress address) {
        byte[] one = first.getAddress();
        byte[] other = address.getAddress();
        if (one.length != other.length) {
            return false;
        }
        for (int bit = 0; bit < bits; bit++) {
            int mask = 0x80 >> (bit % 8);
            if ((one[bit / 8] & mask) != (other[bit / 8] & mask)) {
                return false;
            }
        }
        return true;
    }
}
