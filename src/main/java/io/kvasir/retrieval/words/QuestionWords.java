package io.kvasir.retrieval.words;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Which words of a question are looked up, and what each can add to a score. */
public final class QuestionWords {
    /** UTF-16 units read at each end of a question: around a text that was pasted in, what is asked stands first or last. */
    private static final int READ_AT_EACH_END = 2_000;

    /** Words looked up before the rarest are chosen, and how many are chosen. */
    private static final int MOST_LOOKED_UP = 1_000;

    private static final int MOST_WORDS = 64;

    private QuestionWords() {}

    /**
     * @param terms alternatives of one word
     * @param frequency passages its commonest alternative stands in
     * @param idf the most the word can add to a BM25 score
     */
    public record Word(Set<String> terms, long frequency, double idf) {}

    /** In how many of the visible passages a term stands. */
    @FunctionalInterface
    public interface Frequency {
        long of(String term) throws IOException;
    }

    /**
     * The different words of a question, each with the terms it may stand under.
     *
     * @param present analyses the scope's passages went through: what other tenants write changes nothing here
     */
    public static Set<Set<String>> of(String question, Languages languages, Set<String> present) {
        return new LinkedHashSet<>(languages.words(ends(question), present, MOST_LOOKED_UP));
    }

    /** The rarest words; where there are too many, those that stand nowhere are the first to go. @param passages visible ones */
    public static List<Word> rarest(Set<Set<String>> words, long passages, Frequency frequency) throws IOException {
        List<Word> rarest = new ArrayList<>();
        for (Set<String> terms : words) {
            long most = 0;
            for (String term : terms) {
                most = Math.max(most, frequency.of(term));
            }
            rarest.add(new Word(terms, most, idf(passages, most)));
        }
        rarest.sort(Comparator.comparing((Word word) -> word.frequency() == 0)
                .thenComparing(Comparator.comparingDouble(Word::idf).reversed()));
        return rarest.size() > MOST_WORDS ? rarest.subList(0, MOST_WORDS) : rarest;
    }

    /** Lucene's BM25: ln(1 + (N - n + 0.5) / (n + 0.5)). */
    private static double idf(long passages, long frequency) {
        return Math.log(1 + (passages - frequency + 0.5) / (frequency + 0.5));
    }

    private static String ends(String question) {
        int length = question.length();
        return length <= 2 * READ_AT_EACH_END
                ? question
                : question.substring(0, READ_AT_EACH_END) + " " + question.substring(length - READ_AT_EACH_END);
    }
}
