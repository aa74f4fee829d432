package io.kvasir.identity;

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

    private static String cut(String text, int longest) {
        return text.length() <= longest ? text : text.substring(0, longest);
    }
}
