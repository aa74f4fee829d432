package io.kvasir.ingestion.email;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Takes what others wrote before out of a reply: lines behind {@code >}, what follows "On …, … wrote:", "Original
 * Message" and the head of another mail, in the languages mail programs speak. A forwarded mail is no quote.
 */
public final class Quotes {
    /** What programs write above a mail that is passed on. */
    static final String FORWARDED =
            "(begin forwarded message|forwarded message|forwarded by|weitergeleitete nachricht|anfang der weitergeleiteten"
                    + "|message transf[ée]r[ée]|d[ée]but du message|mensaje reenviado|mensagem encaminhada|messaggio inoltrato"
                    + "|doorgestuurd bericht|vidarebefordrat|videresendt|przekazana wiadomo|пересылаемое сообщение"
                    + "|пересланное сообщение|转发的邮件|転送)";

    private static final Pattern FORWARD_MARK = Pattern.compile("(?iu)^[\\s>*_-]*" + FORWARDED + ".*");

    private static final Pattern ORIGINAL = Pattern.compile(
            "(?iu)^[\\s*]*[-_]{2,}\\s*(original message|original appointment|reply message|urspr(ü|ue)ngliche nachricht"
                    + "|original-?nachricht|message d.origine|message original|mensaje original|mensagem original"
                    + "|messaggio originale|oorspronkelijk bericht|ursprungligt meddelande|oprindelig meddelelse"
                    + "|opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna|исходное сообщение|原始邮件|元のメッセージ)"
                    + "\\s*[-_]{2,}.*");

    private static final String DATE =
            "(\\d{1,4}[./-]\\d{1,2}[./-]\\d{1,4}|\\d{1,2}[. ]*\\p{L}{3,}\\.?,? (de )?\\d{2,4}"
                    + "|\\p{L}{3,}\\.? \\d{1,2},? (at )?\\d{0,4}|\\d{1,2}-\\p{L}{3}-\\d{2,4}|\\d{4}年)";
    private static final String WEEKDAY = "(\\p{L}{2,10}\\.?, ?)?";
    private static final String ADDRESS = "[\\w.+-]+@[\\w.-]+";

    private static final List<Pattern> ATTRIBUTIONS = Stream.of(
                    "(on|le|am|el|il|em|no dia|op|w dniu|dnia|den|på|dne|po|pe|il giorno|a) .*" + DATE
                            + ".*(wrote|[ée]crit|schrieb.*|escribi[óo]|ha scritto|scrisse|escreveu|schreef.*|napisał(\\(a\\)|a)?"
                            + "|skrev.*|kirjoitti|napsal(\\(a\\)|a)?|a scris|yazdı|írta)\\s*:?",
                    WEEKDAY + DATE + ".*" + ADDRESS + ".*:",
                    WEEKDAY + DATE + ".*(написал|написала|пишет|написал\\(а\\)|от .*)\\s*:",
                    ".{0,80}" + ADDRESS + ".{0,80}\\b(writes|wrote|said)\\s*:",
                    ".{0,40}\\d{4}年.*(写道|寫道|書きました|のメール)\\s*[:：]?")
            .map(each -> Pattern.compile("(?iu)[\\s*_-]*" + each + "\\s*"))
            .toList();

    /** Lines an attribution may be broken into. */
    private static final int LONGEST_ATTRIBUTION = 4;

    private static final Map<String, Set<String>> LABELS = Map.of(
            "from", words("from|von|de|da|van|från|fra|od|от|от кого|lähettäjä|发件人|寄件者|差出人|보낸 사람"),
            "date",
                    words("date|sent|gesendet|datum|fecha|data|enviado|enviado el|envoyé|envoyé le|inviato|verzonden"
                            + "|skickat|sendt|wysłano|отправлено|дата|lähetetty|发送时间|送信日時|날짜|date sent"),
            "to", words("to|an|à|para|a|aan|till|til|do|кому|vastaanottaja|收件人|宛先|받는 사람"),
            "subject",
                    words(
                            "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|ämne|emne|temat|тема|aihe|主题|主旨|件名|제목"),
            "copy", words("cc|bcc|kopie|копия|抄送|reply-to|importance|priority|organization|on behalf of"));

    private static final Pattern LABEL =
            Pattern.compile("^[\\s>*_|]*(\\p{L}[\\p{L} -]{0,18}?)[\\s*_]*[:：][\\s*_]*(.*)$");
    private static final Pattern RULE = Pattern.compile("[-_=*\\s]{5,}");

    private Quotes() {}

    private static Set<String> words(String all) {
        return Set.of(all.split("\\|"));
    }

    /** The text without quotes; as it was where nothing would be left. */
    public static String without(String text) {
        String kept = cut(text);
        return kept.isBlank() ? text.strip() : kept;
    }

    private static String cut(String text) {
        List<String> lines = text.replace("\r\n", "\n").lines().toList();
        List<String> kept = new ArrayList<>();
        int at = 0;
        while (at < lines.size()) {
            String line = lines.get(at);
            if (quoted(line)) {
                at = afterQuote(lines, at);
            } else if (FORWARD_MARK.matcher(line).matches()) {
                kept.addAll(lines.subList(at, lines.size()));
                break;
            } else if (ORIGINAL.matcher(line).matches() || head(lines, at)) {
                break;
            } else {
                int attribution = attribution(lines, at);
                if (attribution > 0) {
                    int next = at + attribution;
                    while (next < lines.size() && lines.get(next).isBlank()) {
                        next++;
                    }
                    if (next < lines.size() && !quoted(lines.get(next))) {
                        break;
                    }
                    at = next;
                } else {
                    kept.add(line);
                    at++;
                }
            }
        }
        while (!kept.isEmpty()
                && (kept.getLast().isBlank() || RULE.matcher(kept.getLast()).matches())) {
            kept.removeLast();
        }
        return String.join("\n", kept).strip();
    }

    private static boolean quoted(String line) {
        String start = line.stripLeading();
        return start.startsWith(">") && line.length() - start.length() <= 3;
    }

    private static int afterQuote(List<String> lines, int from) {
        int at = from;
        while (at < lines.size() && (quoted(lines.get(at)) || lines.get(at).isBlank())) {
            at++;
        }
        return at;
    }

    /** How many lines from here say that somebody wrote what follows; 0 for none. */
    private static int attribution(List<String> lines, int at) {
        StringBuilder joined = new StringBuilder();
        for (int count = 1; count <= LONGEST_ATTRIBUTION && at + count <= lines.size(); count++) {
            String line = lines.get(at + count - 1).strip();
            if (line.isEmpty() || quoted(line)) {
                return 0;
            }
            joined.append(count > 1 ? " " : "").append(line);
            if (joined.length() > 400) {
                return 0;
            }
            if (attribution(joined)) {
                return count;
            }
        }
        return 0;
    }

    private static boolean attribution(CharSequence text) {
        return ATTRIBUTIONS.stream().anyMatch(p -> p.matcher(text).matches());
    }

    /** Whether a text ends with somebody being said to have written what comes next. */
    static boolean attributionAtEnd(String text) {
        List<String> lines = text.lines().filter(l -> !l.isBlank()).toList();
        for (int count = 1; count <= LONGEST_ATTRIBUTION && count <= lines.size(); count++) {
            if (attribution(lines.subList(lines.size() - count, lines.size()).stream()
                    .map(String::strip)
                    .collect(Collectors.joining(" ")))) {
                return true;
            }
        }
        return false;
    }

    /** Whether the head of another mail stands here: three of its lines or more, one of them its sender. */
    private static boolean head(List<String> lines, int at) {
        if (labelled(lines.get(at)).isEmpty()) {
            return false;
        }
        Set<String> found = new HashSet<>();
        int misses = 0;
        for (int i = at; i < lines.size() && misses < 2 && i < at + 12; i++) {
            String line = lines.get(i);
            if (line.isBlank()) {
                continue;
            }
            String label = labelled(line);
            if (label.isEmpty()) {
                misses++;
            } else {
                found.add(label);
            }
        }
        return found.size() >= 3 && found.contains("from") && (found.contains("date") || found.contains("subject"));
    }

    private static String labelled(String line) {
        Matcher matcher = LABEL.matcher(line);
        if (!matcher.matches()) {
            return "";
        }
        String word = matcher.group(1).strip().toLowerCase(Locale.ROOT);
        return LABELS.entrySet().stream()
                .filter(e -> e.getValue().contains(word))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse("");
    }
}
