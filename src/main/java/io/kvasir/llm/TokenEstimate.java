package io.kvasir.llm;

/**
 * How many tokens a text is for a model whose tokenizer is not at hand. The rule of thumb of the providers' own
 * documentation, four characters of Latin script to a token, with one token for a letter of a script that byte-pair
 * vocabularies cover thinly and for a symbol. It errs to the high side for prose, so that a budget holds.
 */
public final class TokenEstimate {
    private static final int PER_TOKEN = 4;

    private TokenEstimate() {}

    /** @return tokens, 0 for an empty text only */
    public static int of(CharSequence text) {
        int quarters = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                quarters += 1;
            } else if (c < 0x0590) {
                quarters += 2; // accented Latin, Greek, Cyrillic: two bytes each
            } else if (!Character.isLowSurrogate(c)) {
                quarters += PER_TOKEN;
            }
        }
        return Math.ceilDiv(quarters, PER_TOKEN);
    }
}
