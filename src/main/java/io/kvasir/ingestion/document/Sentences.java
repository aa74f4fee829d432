package io.kvasir.ingestion.document;

import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Cuts a text into sentences that together are the whole text. */
final class Sentences {
    /** Ends of sentences that the platform's rules do not know: danda, double danda, Urdu full stop, Arabic question mark. */
    private static final String MORE_ENDS = "\u0964\u0965\u06D4\u061F";

    private Sentences() {}

    /** Ends of the sentences, ascending; the last is the length of the text. Empty for an empty text. */
    static List<Integer> ends(String text) {
        List<Integer> ends = new ArrayList<>();
        BreakIterator breaks = BreakIterator.getSentenceInstance(Locale.ROOT);
        breaks.setText(text);
        int start = breaks.first();
        for (int end = breaks.next(); end != BreakIterator.DONE; end = breaks.next()) {
            for (int i = start; i < end - 1; i++) {
                if (MORE_ENDS.indexOf(text.charAt(i)) >= 0) {
                    int next = i + 1;
                    while (next < end && Character.isWhitespace(text.charAt(next))) {
                        next++;
                    }
                    if (next < end) {
                        ends.add(next);
                    }
                    i = next - 1;
                }
            }
            ends.add(end);
            start = end;
        }
        return ends;
    }
}
