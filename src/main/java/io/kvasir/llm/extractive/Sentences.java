package io.kvasir.llm.extractive;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Cuts a passage into what can be quoted: sentences, and the lines of lists and tables. */
final class Sentences {
    /** What stands before a full stop that ends no sentence. */
    private static final Set<String> ABBREVIATIONS = Set.of(
            "mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "etc", "e.g", "i.e", "no", "fig", "al", "gen",
            "col", "sgt", "capt", "lt", "gov", "sen", "rep", "rev", "inc", "ltd", "co", "corp", "approx", "ca", "cf",
            "u.s", "u.k", "a.m", "p.m", "z.b", "bzw", "nr", "usw", "d.h", "abs", "art", "vol", "pp", "ed", "dept", "mt",
            "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec");

    /** A sentence longer than this is cut at a clause: nobody wants to be quoted a page. UTF-16 code units. */
    private static final int LONGEST = 500;

    private Sentences() {}

    static List<String> of(String text) {
        List<String> sentences = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            int end = boundary(text, i);
            if (end > 0) {
                add(sentences, text.substring(start, end));
                start = end;
                i = end - 1;
            }
        }
        add(sentences, text.substring(start));
        return sentences;
    }

    /** Where the sentence that may end at {@code i} ends, exclusive; 0 where it does not. */
    private static int boundary(String text, int i) {
        char c = text.charAt(i);
        if (c == '\n') {
            return lineEnds(text, i) ? i + 1 : 0;
        }
        if (c == '。' || c == '！' || c == '？' || c == '।' || c == '؟' || c == '۔') {
            return closed(text, i + 1);
        }
        if (c != '.' && c != '!' && c != '?') {
            return 0;
        }
        int end = closed(text, i + 1);
        if (end == text.length()) {
            return end;
        }
        if (!Character.isWhitespace(text.charAt(end)) || (c == '.' && abbreviated(text, i))) {
            return 0;
        }
        int next = end;
        while (next < text.length() && Character.isWhitespace(text.charAt(next))) {
            next++;
        }
        return next == text.length() || !Character.isLowerCase(text.codePointAt(next)) ? end : 0;
    }

    /** A line ends a unit at a blank line, before a list item, a table row or a heading, and after a short line. */
    private static boolean lineEnds(String text, int i) {
        int next = i + 1;
        while (next < text.length() && (text.charAt(next) == ' ' || text.charAt(next) == '\t')) {
            next++;
        }
        if (next >= text.length()) {
            return true;
        }
        char c = text.charAt(next);
        return c == '\n'
                || c == '|'
                || c == '#'
                || c == '•'
                || c == '-'
                || c == '*'
                || Character.isDigit(c)
                || i - text.lastIndexOf('\n', i - 1) < 50;
    }

    private static int closed(String text, int from) {
        int end = from;
        while (end < text.length() && "\"'”’»)]」』.!?".indexOf(text.charAt(end)) >= 0) {
            end++;
        }
        // Tokenized texts put a space before the closing quotes.
        if (text.startsWith(" ''", end)) {
            end += 3;
        }
        return end;
    }

    private static boolean abbreviated(String text, int dot) {
        int start = dot;
        while (start > 0 && (Character.isLetter(text.charAt(start - 1)) || text.charAt(start - 1) == '.')) {
            start--;
        }
        String word = text.substring(start, dot);
        if (word.isEmpty() && start > 0) {
            return false;
        }
        return (word.length() == 1 && Character.isUpperCase(word.charAt(0)))
                || ABBREVIATIONS.contains(word.toLowerCase(Locale.ROOT));
    }

    private static void add(List<String> sentences, String raw) {
        String sentence = raw.strip();
        while (sentence.length() > LONGEST) {
            int cut = Math.max(sentence.lastIndexOf("; ", LONGEST), sentence.lastIndexOf('\n', LONGEST));
            if (cut < LONGEST / 4) {
                cut = sentence.lastIndexOf(' ', LONGEST);
            }
            if (cut < LONGEST / 4) {
                cut = Character.isHighSurrogate(sentence.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST;
            }
            sentences.add(sentence.substring(0, cut).strip());
            sentence = sentence.substring(cut).strip();
        }
        if (sentence.codePoints().anyMatch(Character::isLetterOrDigit)) {
            sentences.add(sentence);
        }
    }
}
