package io.kvasir.ingestion.email;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Takes the signature from the end of a mail: behind its delimiter, under a closing, or under the sender's name. */
public final class Signatures {
    /** Lines a signature has at most, empty ones not counted. */
    private static final int LONGEST = 25;
    /** Lines of one without a delimiter. */
    private static final int LONGEST_BARE = 10;
    /** Characters of a line that may belong to a signature. */
    private static final int WIDEST = 60;

    private static final Pattern DELIMITER = Pattern.compile("\\s*(--|—|––)\\s*");
    private static final Pattern RULE = Pattern.compile("\\s*[-_=*]{5,}\\s*");

    private static final Pattern DEVICE = Pattern.compile(
            "(?iuU)\\s*(sent (from|via|with|by) (my |the )?\\S.{0,60}|get outlook for .{1,60}|von meinem .{1,40} gesendet.{0,20}"
                    + "|gesendet (von|mit) .{1,60}|envoyé (de|depuis) mon .{1,60}|enviado desde (mi )?.{1,60}|inviato da .{1,60}"
                    + "|verzonden (vanaf|met) .{1,60}|skickat från .{1,60}|отправлено (с|из) .{1,60}|via mobile)");

    private static final Pattern CONTACT =
            Pattern.compile("(?iuU)(.*[\\w.+-]+@[\\w-]+\\.[\\w.-]+.*|.*(https?://|www\\.)\\S+.*"
                    + "|.*\\b(tel|phone|fax|mobile?|cell|skype|office|direct|t|f|m|p|тел)\\b[ .:]*[+(]?\\d[\\d ().\\-/x]{5,}.*"
                    + "|[\\s+(]*\\d[\\d ().\\-/x]{6,}\\s*|.*\\bskype\\s*:.*)");

    private static final Pattern CLOSING = Pattern.compile(
            "(?iuU)\\s*(thank you|thanks|many thanks|thx|best|all the best|best regards|best wishes|kind regards|kindest regards"
                    + "|warm regards|regards|cheers|sincerely|yours|yours truly|respectfully|cordially|take care|at your service"
                    + "|mit freundlichen grüßen|mit freundlichen gruessen|freundliche grüße|viele grüße|beste grüße|liebe grüße|mfg|lg"
                    + "|cordialement|bien à vous|salutations|saludos|un saludo|atentamente|cordiali saluti|distinti saluti|saluti"
                    + "|atenciosamente|abraços|met vriendelijke groet|met vriendelijke groeten|groeten|с уважением|med vänlig hälsning"
                    + "|vänliga hälsningar|med venlig hilsen|mvh|pozdrawiam|z poważaniem)\\b[^.!?]{0,25}[,.!–-]*\\s*");

    private Signatures() {}

    /** The text without its signature; as it was where nothing else would be left. */
    public static String without(String text, String senderName, String senderAddress) {
        List<String> lines = text.strip().lines().toList();
        int end = start(lines, names(senderName, senderAddress), senderAddress.toLowerCase(Locale.ROOT));
        String kept = String.join("\n", lines.subList(0, end)).strip();
        return kept.isEmpty() ? text.strip() : kept;
    }

    private static Set<String> names(String name, String address) {
        int at = address.indexOf('@');
        return Stream.of((name + " " + (at > 0 ? address.substring(0, at) : "")).split("[^\\p{L}]+"))
                .filter(word -> word.length() > 2)
                .map(word -> word.toLowerCase(Locale.ROOT))
                .collect(Collectors.toSet());
    }

    /** Line where the signature starts; the number of lines where there is none. */
    private static int start(List<String> lines, Set<String> names, String address) {
        int none = lines.size();
        int seen = 0;
        for (int i = none - 1; i > 0 && seen <= LONGEST; i--) {
            String line = lines.get(i);
            if (line.isBlank()) {
                continue;
            }
            if (DELIMITER.matcher(line).matches()
                    || RULE.matcher(line).matches() && contacts(lines, i + 1) > 0 && narrow(lines, i + 1)) {
                return withDevice(lines, i, names, address);
            }
            seen++;
        }
        return withDevice(lines, none, names, address);
    }

    private static int withDevice(List<String> lines, int end, Set<String> names, String address) {
        int last = end;
        while (last > 1 && lines.get(last - 1).isBlank()) {
            last--;
        }
        if (last > 1 && DEVICE.matcher(lines.get(last - 1)).matches()) {
            return bare(lines, last - 1, names, address);
        }
        return bare(lines, last, names, address);
    }

    private static long contacts(List<String> lines, int from) {
        return lines.subList(from, lines.size()).stream()
                .filter(line ->
                        line.length() <= 2 * WIDEST && CONTACT.matcher(line).matches())
                .count();
    }

    private static boolean narrow(List<String> lines, int from) {
        return lines.subList(from, lines.size()).stream().allMatch(line -> line.length() <= 2 * WIDEST);
    }

    /** Without a delimiter: the topmost closing or name above which only a signature's lines follow. */
    private static int bare(List<String> lines, int end, Set<String> names, String address) {
        int closing = end;
        int named = end;
        int contact = end;
        int contacts = 0;
        int seen = 0;
        for (int i = end - 1; i > 0 && seen < LONGEST_BARE; i--) {
            String line = lines.get(i).strip();
            if (line.isEmpty()) {
                continue;
            }
            seen++;
            if (line.length() > WIDEST) {
                break;
            }
            boolean isContact = CONTACT.matcher(line).matches();
            boolean isName = name(line, names)
                    || !address.isEmpty() && line.toLowerCase(Locale.ROOT).contains(address);
            boolean isClosing = CLOSING.matcher(line).matches();
            if (!isContact && !isName && !isClosing && !DEVICE.matcher(line).matches() && sentence(line)) {
                break;
            }
            if (isClosing && (seen > 1 || line.endsWith(","))) {
                closing = i;
            } else if (isName) {
                named = i;
            }
            contacts += isContact ? 1 : 0;
            if (contacts >= 2 && lines.get(i - 1).isBlank()) {
                contact = i;
            }
        }
        return Math.min(closing, Math.min(named, contact));
    }

    /** Made of little more than the sender's name. */
    private static boolean name(String line, Set<String> names) {
        List<String> words = Stream.of(line.split("[^\\p{L}]+"))
                .filter(word -> !word.isEmpty())
                .map(word -> word.toLowerCase(Locale.ROOT))
                .toList();
        return words.size() <= 6 && words.stream().anyMatch(names::contains);
    }

    private static boolean sentence(String line) {
        return line.endsWith(".") || line.endsWith("!") || line.endsWith("?") || line.endsWith(":");
    }
}
