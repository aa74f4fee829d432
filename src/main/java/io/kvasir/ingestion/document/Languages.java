package io.kvasir.ingestion.document;

import java.lang.Character.UnicodeScript;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Which language a passage is in, as far as its analysis needs to know: by script where a script tells, by the commonest
 * words for the large languages in Latin script.
 */
final class Languages {
    private static final String UNKNOWN = "und";
    /** Of all words of a running text, at least so many are among the commonest ones of its language. */
    private static final double LEAST_SHARE = 0.08;

    private static final int LOOKED_AT = 4_000;

    private static final Map<String, Set<String>> COMMON = Map.of(
            "en",
                    words(
                            "the of and to in is that for it was on are as with his they at be this from have or by one had not but what were when your can said there use an each which she do how their if will"),
            "de",
                    words(
                            "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man"),
            "es",
                    words(
                            "de la que el en y a los del se las por un para con no una su al lo como más pero sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante"),
            "fr",
                    words(
                            "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont la avec son ou aux cette ses mais comme nous leur on été deux être même où sans tout elle fait"),
            "it",
                    words(
                            "di e il la che in a per un è del non una le si con da i dei al come alla più della nel ma sono gli lo ha anche delle o se dal nella questo sua ai dalla su stato tra essere suo"),
            "pt",
                    words(
                            "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu sua ou ser quando muito há nos já está eu também só pelo pela até isso"),
            "nl",
                    words(
                            "de van het een en in is dat op te zijn met voor niet die aan er om ook als dan maar bij uit door over ze hij naar heeft hun nog wordt kan meer geen tot worden deze was"),
            "sv",
                    words(
                            "och i att det som en på är av för med den till inte har de ett om var jag men så kan från vid han hade när sig ut nu under efter eller upp där"));

    private Languages() {}

    /** ISO 639-1, or {@code und}. */
    static String of(String text) {
        String start = text.length() > LOOKED_AT ? text.substring(0, LOOKED_AT) : text;
        Map<UnicodeScript, Integer> scripts = new HashMap<>();
        start.codePoints()
                .filter(Character::isLetter)
                .forEach(c -> scripts.merge(UnicodeScript.of(c), 1, Integer::sum));
        UnicodeScript main = scripts.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(UnicodeScript.COMMON);
        if (scripts.getOrDefault(UnicodeScript.HIRAGANA, 0) + scripts.getOrDefault(UnicodeScript.KATAKANA, 0) > 0
                && main != UnicodeScript.LATIN) {
            return "ja";
        }
        return switch (main) {
            case LATIN -> byWords(start);
            case HAN -> "zh";
            case HANGUL -> "ko";
            case ARABIC -> "ar";
            case DEVANAGARI -> "hi";
            case CYRILLIC -> "ru";
            case GREEK -> "el";
            case THAI -> "th";
            default -> UNKNOWN;
        };
    }

    private static String byWords(String text) {
        String[] words = text.toLowerCase(Locale.ROOT).split("[^\\p{L}]+");
        String best = UNKNOWN;
        double most = LEAST_SHARE;
        for (Map.Entry<String, Set<String>> language : COMMON.entrySet()) {
            int hits = 0;
            for (String word : words) {
                if (language.getValue().contains(word)) {
                    hits++;
                }
            }
            double share = (double) hits / words.length;
            if (share > most) {
                most = share;
                best = language.getKey();
            }
        }
        return best;
    }

    private static Set<String> words(String list) {
        return Set.copyOf(java.util.Arrays.asList(
                java.util.Arrays.stream(list.split(" ")).distinct().toArray(String[]::new)));
    }
}
