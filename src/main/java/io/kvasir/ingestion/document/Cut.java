package io.kvasir.ingestion.document;

/** Where a text may be cut: never inside a surrogate pair, and at white space where there is some near the end. */
final class Cut {
    private Cut() {}

    /**
     * The end of a first part of the text.
     *
     * @param from where the part begins
     * @param most its longest, UTF-16 units, at least 1
     * @return more than {@code from}, at most {@code from + most} (one more only where the part would be half a pair)
     */
    static int end(CharSequence text, int from, int most) {
        if (text.length() - from <= most) {
            return text.length();
        }
        int end = from + most;
        int space = end;
        while (space > from + most / 2 && !Character.isWhitespace(text.charAt(space - 1))) {
            space--;
        }
        return space > from + most / 2 ? space : whole(text, from, end);
    }

    /** The beginning of the text, without white space at its end. */
    static String to(String text, int most) {
        return text.length() <= most
                ? text
                : text.substring(0, end(text, 0, most)).stripTrailing();
    }

    /** This place, or the one before it where it is inside a pair (after it, where nothing would be left). */
    private static int whole(CharSequence text, int from, int at) {
        boolean inside = Character.isHighSurrogate(text.charAt(at - 1)) && Character.isLowSurrogate(text.charAt(at));
        if (!inside) {
            return at;
        }
        return at - 1 > from ? at - 1 : at + 1;
    }
}
