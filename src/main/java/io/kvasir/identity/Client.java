package io.kvasir.identity;

import io.kvasir.http.ClientAddress;

/**
 * From where somebody knocks.
 *
 * @param address network address, or {@code unknown}
 * @param agent what the program says it is; cut to 300 characters
 */
public record Client(String address, String agent) {
    public Client {
        address = cut(address, 64);
        agent = cut(agent, 300);
    }

    /** Whom tries are counted for: who has one address of IPv6 has countless others beside it. */
    String network() {
        return ClientAddress.network(address);
    }

    private static String cut(String text, int longest) {
        return text.length() <= longest ? text : text.substring(0, longest);
    }
}
