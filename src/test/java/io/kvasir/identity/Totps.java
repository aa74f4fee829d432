package io.kvasir.identity;

/** What an authenticator app does with the text it is given. */
final class Totps {
    private Totps() {}

    static byte[] secret(String text) {
        byte[] bytes = new byte[text.length() * 5 / 8];
        long held = 0;
        int bits = 0;
        int at = 0;
        for (char c : text.toCharArray()) {
            held = held << 5 | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c);
            bits += 5;
            if (bits >= 8) {
                bits -= 8;
                bytes[at++] = (byte) (held >> bits);
            }
        }
        return bytes;
    }
}
