package io.kvasir.ingestion.document;

import java.lang.Character.UnicodeScript;
import java.util.EnumMap;
import java.util.List;
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

    private record Words(String language, Set<String> common) {}

    /** Of two that fit equally the first. */
    private static final List<Words> LATIN = List.of(
            words(
                    "en",
                    "the of and to in is that for it was on are as with his they at be this from have or by one had not but what were when your can said there use an each which she do how their if will"),
            words(
                    "de",
                    "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man"),
            words(
                    "es",
                    "de la que el en y a los del se las por un para con no una su al lo como más pero sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante"),
            words(
                    "fr",
                    "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont la avec son ou aux cette ses mais comme nous leur on été deux être même où sans tout elle fait"),
            words(
                    "it",
                    "di e il la che in a per un è del non una le si con da i dei al come alla più della nel ma sono gli lo ha anche delle o se dal nella questo sua ai dalla su stato tra essere suo"),
            words(
                    "pt",
                    "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu sua ou ser quando muito há nos já está eu também só pelo pela até isso"),
            words(
                    "nl",
                    "de van het een en in is dat op te zijn met voor niet die aan er om ook als dan maar bij uit door over ze hij naar heeft hun nog wordt kan meer geen tot worden deze was"),
            words(
                    "sv",
                    "och i att det som en på är av för med den till inte har de ett om var jag men så kan från vid han hade när sig ut nu under efter eller upp där"));

    private static final List<Words> DEVANAGARI = List.of(
            words("hi", "है हैं और का की के में से को पर था थी थे यह नहीं ने भी कि लिए एक ये वह तक हो गया किया"),
            words(
                    "mr",
                    "आहे आहेत आणि होते होती होता या हे ही मध्ये असे किंवा म्हणून नाही तर त्या ज्या केले करण्यात येते"),
            words("ne", "छ छन् र पनि हो थियो हुन्छ गरेको भएको लागि यस गर्न गर्ने तथा छैन"));

    private Languages() {}

    /** ISO 639-1, or {@code und}. */
    static String of(String text) {
        String start = text.length() > LOOKED_AT ? text.substring(0, LOOKED_AT) : text;
        // In an order that is the same every time, so that ties are.
        Map<UnicodeScript, Integer> scripts = new EnumMap<>(UnicodeScript.class);
        start.codePoints()
                .filter(Character::isLetter)
                .forEach(c -> scripts.merge(UnicodeScript.of(c), 1, Integer::sum));
        UnicodeScript main = UnicodeScript.COMMON;
        int most = 0;
        for (Map.Entry<UnicodeScript, Integer> script : scripts.entrySet()) {
            if (script.getValue() > most) {
                most = script.getValue();
                main = script.getKey();
            }
        }
        if (scripts.getOrDefault(UnicodeScript.HIRAGANA, 0) + scripts.getOrDefault(UnicodeScript.KATAKANA, 0) > 0
                && main != UnicodeScript.LATIN) {
            return "ja";
        }
        return switch (main) {
            case LATIN -> byWords(LATIN, LEAST_SHARE, UNKNOWN, start);
            case HAN -> "zh";
            case HANGUL -> "ko";
            case ARABIC -> arabic(start, most);
            case DEVANAGARI -> devanagari(start);
            case CYRILLIC -> cyrillic(start, most);
            case GREEK -> "el";
            case THAI -> "th";
            default -> UNKNOWN;
        };
    }

    /** By letters that only one of the languages has. */
    private static String cyrillic(String text, int letters) {
        if (count(text, "әғқҳңөұүһӘҒҚҲҢӨҰҮҺ") > 0) {
            return UNKNOWN;
        }
        if (count(text, "ѓќѕЃЌЅ") > 0) {
            return "mk";
        }
        if (count(text, "ђјљњћџЂЈЉЊЋЏ") > 0) {
            return "sr";
        }
        if (count(text, "ўЎ") > 0) {
            return "be";
        }
        int russian = count(text, "ыэёЫЭЁ");
        if (count(text, "іїєґІЇЄҐ") > russian) {
            return "uk";
        }
        return russian == 0 && count(text, "ъЪ") * 100 > letters ? "bg" : "ru";
    }

    /** Letters Arabic does not have, beyond what a few foreign names bring. */
    private static String arabic(String text, int letters) {
        if (count(text, "ٹڈڑںےھہ") * 50 > letters) {
            return "ur";
        }
        return count(text, "پچژگکی") * 30 > letters ? "fa" : "ar";
    }

    /** Of the languages in this script only Marathi writes ळ often. */
    private static String devanagari(String text) {
        return count(text, "ळ") * 100 > text.length() ? "mr" : byWords(DEVANAGARI, 0, "hi", text);
    }

    private static int count(String text, String letters) {
        int n = 0;
        for (int i = 0; i < text.length(); i++) {
            if (letters.indexOf(text.charAt(i)) >= 0) {
                n++;
            }
        }
        return n;
    }

    private static String byWords(List<Words> languages, double least, String otherwise, String text) {
        String[] words = text.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{M}]+");
        String best = otherwise;
        double most = least;
        for (Words language : languages) {
            int hits = 0;
            for (String word : words) {
                if (language.common().contains(word)) {
                    hits++;
                }
            }
            double share = (double) hits / words.length;
            if (share > most) {
                most = share;
                best = language.language();
            }
        }
        return best;
    }

    private static Words words(String language, String list) {
        return new Words(
                language,
                Set.copyOf(List.of(list.split(" ")).stream().distinct().toList()));
    }
}
