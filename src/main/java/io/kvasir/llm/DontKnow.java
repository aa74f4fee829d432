package io.kvasir.llm;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The sentence for "the sources do not tell", in the question's language as far as script and a few function words
 * show it; English otherwise.
 */
public final class DontKnow {
    private static final String ENGLISH = "I don't know: the sources I have do not answer this.";

    private static final Map<String, String> SENTENCES = Map.of(
            "de", "Das weiß ich nicht: Meine Quellen beantworten diese Frage nicht.",
            "es", "No lo sé: mis fuentes no responden a esta pregunta.",
            "fr", "Je ne sais pas : mes sources ne répondent pas à cette question.",
            "zh", "我不知道：现有资料没有回答这个问题。",
            "ar", "لا أعرف: المصادر المتاحة لا تجيب عن هذا السؤال.",
            "hi", "मुझे नहीं पता: उपलब्ध स्रोतों में इसका उत्तर नहीं है।");

    /** Words of a question that stand in one of these languages alone; English comes first and wins a draw. */
    private static final List<Map.Entry<String, Set<String>>> WORDS = List.of(
            Map.entry("en", Set.of("the", "is", "what", "how", "of", "does", "who", "when", "where", "which", "why")),
            Map.entry(
                    "de",
                    Set.of(
                            "der", "das", "ist", "wie", "und", "wer", "wann", "wo", "welche", "welcher", "warum", "ein",
                            "eine", "wird", "wurde", "von", "für", "ich", "kann")),
            Map.entry(
                    "es",
                    Set.of(
                            "el", "los", "qué", "cómo", "cuál", "cuándo", "dónde", "quién", "por", "y", "cuánto",
                            "cuántos", "una", "fue", "puedo")),
            Map.entry(
                    "fr",
                    Set.of(
                            "le",
                            "les",
                            "est",
                            "quel",
                            "quelle",
                            "quand",
                            "où",
                            "comment",
                            "pourquoi",
                            "et",
                            "qui",
                            "une",
                            "du",
                            "puis",
                            "je")));

    private DontKnow() {}

    public static String sentence(String question) {
        return SENTENCES.getOrDefault(language(question), ENGLISH);
    }

    /** ISO 639-1, {@code en} where nothing shows. */
    static String language(String question) {
        int[] letters = new int[3];
        question.codePoints().filter(Character::isLetter).forEach(c -> {
            Character.UnicodeScript script = Character.UnicodeScript.of(c);
            if (script == Character.UnicodeScript.HAN) {
                letters[0]++;
            } else if (script == Character.UnicodeScript.ARABIC) {
                letters[1]++;
            } else if (script == Character.UnicodeScript.DEVANAGARI) {
                letters[2]++;
            }
        });
        String[] names = {"zh", "ar", "hi"};
        long all = question.codePoints().filter(Character::isLetter).count();
        for (int i = 0; i < names.length; i++) {
            if (letters[i] * 3L > all) {
                return names[i];
            }
        }
        String best = "en";
        int most = 0;
        List<String> words = List.of(question.toLowerCase(Locale.ROOT).split("[^\\p{L}]+"));
        for (Map.Entry<String, Set<String>> language : WORDS) {
            int hits =
                    (int) words.stream().filter(language.getValue()::contains).count();
            if (hits > most) {
                most = hits;
                best = language.getKey();
            }
        }
        return best;
    }
}
