package io.kvasir.llm.extractive;

import java.lang.Character.UnicodeScript;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The words of a text that carry its content, brought to a stem rough enough for matching within one passage. */
final class Terms {
    private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{M}\\p{N}]+");

    private static final Set<String> STOP =
            Set.copyOf(List.of(("a an the of in on at to for from by with and or but as is are was were be been"
                            + " being do does did has have had having can could will would shall should may might must it its this"
                            + " that these those there here i you he she we they me him her us them my your his our their what who"
                            + " whom whose which when where why how not no if then than so too very s t"
                            + " der die das den dem des ein eine einen einem einer und oder ist sind war waren wird wurde wurden von"
                            + " zu zum zur mit für auf im am bei wie wer wann wo warum welche welcher welches nicht sich es"
                            + " el la los las un una y o es son fue fueron en de del al por para con que qué cómo cuándo dónde"
                            + " quién cuál su se lo le les du et ou est sont à au aux pour par avec ce qui quel quelle quand où")
                    .split(" ")));

    /** Longest first, so that the longest match is cut. */
    private static final String[] ENDINGS = {"ations", "ation", "edly", "ings", "ing", "ies", "ed", "es", "ly", "s"};

    private Terms() {}

    /** Of a question: without function words, in order, each once. */
    static Set<String> ofQuestion(String question) {
        Set<String> terms = new LinkedHashSet<>();
        collect(question, true, terms);
        return terms;
    }

    static Set<String> of(String text) {
        Set<String> terms = new HashSet<>();
        collect(text, false, terms);
        return terms;
    }

    private static void collect(String text, boolean contentOnly, Set<String> into) {
        Matcher words = WORD.matcher(text.toLowerCase(Locale.ROOT));
        while (words.find()) {
            String word = words.group();
            if (unspaced(word)) {
                // Scripts without spaces: pairs of characters, as search engines do.
                for (int i = 0; i + 2 <= word.length(); i++) {
                    into.add(word.substring(i, i + 2));
                }
            } else if (!contentOnly || !STOP.contains(word)) {
                into.add(stem(word));
            }
        }
    }

    private static boolean unspaced(String word) {
        if (word.charAt(0) < 0x0E00) {
            return false;
        }
        UnicodeScript script = UnicodeScript.of(word.codePointAt(0));
        return script == UnicodeScript.HAN
                || script == UnicodeScript.HIRAGANA
                || script == UnicodeScript.KATAKANA
                || script == UnicodeScript.THAI;
    }

    static String stem(String word) {
        String stem = word;
        for (String ending : ENDINGS) {
            if (word.endsWith(ending) && word.length() - ending.length() >= 3) {
                stem = word.substring(0, word.length() - ending.length());
                break;
            }
        }
        char last = stem.charAt(stem.length() - 1);
        return stem.length() > 4 && (last == 'e' || last == 'y') ? stem.substring(0, stem.length() - 1) : stem;
    }
}
