package io.kvasir.answering;

import io.kvasir.answering.Question.Exchange;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Makes a question that leans on the one before stand alone, for retrieval only: what it is about is put in front of
 * it. No model is asked, the same history gives the same text.
 */
final class FollowUp {
    /** A question this short seldom names its subject. */
    private static final int FEW_WORDS = 3;

    private static final Set<String> POINTING = Set.of(
            "it", "its", "they", "them", "their", "this", "that", "these", "those", "he", "him", "his", "she", "her",
            "one", "ones", "there", "same", "also", "else");

    private static final Set<String> OPENINGS = Set.of("and", "but", "so", "then", "or", "what about", "how about");

    private FollowUp() {}

    static String standalone(String question, List<Exchange> history) {
        if (history.isEmpty() || !leans(question)) {
            return question;
        }
        return history.getLast().question() + " " + question;
    }

    static boolean leans(String question) {
        String lower = question.toLowerCase(Locale.ROOT).strip();
        String[] words = lower.split("[^\\p{L}\\p{M}\\p{N}']+");
        if (words.length <= FEW_WORDS) {
            return true;
        }
        for (String word : words) {
            if (POINTING.contains(word)) {
                return true;
            }
        }
        return OPENINGS.stream().anyMatch(opening -> lower.startsWith(opening + " "));
    }
}
