package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.RemoteAddress;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * Where a request comes from: the other end of the connection, or what the proxies in front of us say of it. A client
 * may write any {@code X-Forwarded-For} it likes, so only as many entries count, from the right, as we have proxies.
 */
public final class ClientAddress {
    public static final String UNKNOWN = "unknown";

    private final int proxies;

    /** @param proxies how many proxies of our own a request passes, from 0 */
    public ClientAddress(int proxies) {
        this.proxies = proxies;
    }

    /** Hands the address in digits to the route, or {@link #UNKNOWN}. */
    public Route with(Function<String, Route> inner) {
        return extractRequest(request -> inner.apply(of(request)));
    }

    public String of(HttpRequest request) {
        if (proxies > 0) {
            // Some proxies add a line of their own below the client's: all of them are one list, RFC 9110, 5.3.
            List<String> hops = new ArrayList<>();
            for (HttpHeader header : request.getHeaders()) {
                if (header.is("x-forwarded-for")) {
                    hops.addAll(List.of(header.value().split("\\s*,\\s*")));
                }
            }
            return hops.size() < proxies ? UNKNOWN : digits(hops.get(hops.size() - proxies));
        }
        return request.getAttribute(AttributeKeys.remoteAddress)
                .flatMap(RemoteAddress::getAddress)
                .map(InetAddress::getHostAddress)
                .orElse(UNKNOWN);
    }

    /**
     * Whose an address is, to count what comes from there: of IPv6 the first half, since whoever has one address has all
     * 2^64 of its network; of IPv4, also where it is written as one of IPv6, the address.
     */
    public static String network(String address) {
        if (address.indexOf(':') < 0) {
            return address;
        }
        try {
            InetAddress literal = InetAddress.ofLiteral(address);
            byte[] bytes = literal.getAddress();
            return bytes.length == 16 ? HexFormat.of().formatHex(bytes, 0, 8) : literal.getHostAddress();
        } catch (IllegalArgumentException e) {
            return address;
        }
    }

    private static String digits(String hop) {
        return Optional.of(hop)
                .filter(h -> h.length() <= 45 && h.matches("[0-9A-Fa-f:.]+"))
                .orElse(UNKNOWN);
    }
}
