package io.kvasir.ingestion.email;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is left of a reply, against what people expect. */
class RepliesTest {
    private static final Path TALON = Path.of(System.getenv().getOrDefault("KVASIR_TEST_DATA", "../shared/data"))
            .resolve("email/talon");

    /** White space does not count, as it does not in the samples' own tests. */
    private record Case(String expected, String actual) {
        boolean agrees() {
            return bare(expected).equals(bare(actual));
        }

        private static String bare(String text) {
            return text.replaceAll("[\\s\\u00A0]+", "");
        }
    }

    @Test
    void atLeast95PercentAreAsExpected() throws Exception {
        Map<String, Case> cases = new LinkedHashMap<>();
        standardReplies(cases);
        htmlReplies(cases);
        signatures(cases);
        List<String> wrong = cases.entrySet().stream()
                .filter(e -> !e.getValue().agrees())
                .map(e -> e.getKey() + ": wanted [" + e.getValue().expected() + "] and got ["
                        + e.getValue().actual() + "]")
                .toList();
        double right = 1 - wrong.size() / (double) cases.size();
        System.out.printf("replies as expected: %.1f %% of %d%n", 100 * right, cases.size());
        assertThat(cases).hasSizeGreaterThanOrEqualTo(32);
        assertThat(right).as(String.join("\n", wrong)).isGreaterThanOrEqualTo(0.95);
    }

    private static void standardReplies(Map<String, Case> cases) throws Exception {
        for (Path file : files("standard_replies", ".eml")) {
            Path reply = file.resolveSibling(name(file).replace(".eml", "_reply_text"));
            cases.put(
                    name(file),
                    new Case(
                            Files.exists(reply) ? Files.readString(reply) : "Hello",
                            Quotes.without(letter(file).text())));
        }
        Letter shared = letter(TALON.resolve("reply-quotations-share-block.eml"));
        cases.put(
                "reply-quotations-share-block.eml",
                new Case(shared.text().substring(0, shared.text().indexOf("--- On")), Quotes.without(shared.text())));
    }

    private static void htmlReplies(Map<String, Case> cases) throws IOException {
        for (Path file : files("html_replies", ".html")) {
            cases.put(name(file), new Case("Hi. I am fine.\n\nThanks,\nAlex", withoutQuotes(file)));
        }
        cases.put(
                "OLK_SRC_BODY_SECTION.html",
                new Case("Reply", withoutQuotes(TALON.resolve("OLK_SRC_BODY_SECTION.html"))));
        cases.put(
                "reply-separated-by-hr.html",
                new Case("Hi there", withoutQuotes(TALON.resolve("reply-separated-by-hr.html"))));
    }

    private static void signatures(Map<String, Case> cases) throws Exception {
        for (Path body : files("signature/emails/stripped", "_body")) {
            String sender = Files.readString(body.resolveSibling(name(body).replace("_body", "_sender")))
                    .strip();
            String signature =
                    unmarked(Files.readString(body.resolveSibling(name(body).replace("_body", "_signature"))));
            String text = unmarked(Files.readString(body)).strip();
            String kept = text.endsWith(signature.strip())
                    ? text.substring(0, text.length() - signature.strip().length())
                    : text;
            cases.put(name(body), new Case(kept, signed(text, sender)));
        }
        Path marked = TALON.resolve("signature/emails/P/johndoeexamplecom_body");
        cases.put(
                "P/" + name(marked),
                new Case(without(marked, "#sig#"), signed(unmarked(Files.readString(marked)), "john@example.com")));
        Path news = TALON.resolve("signature/emails/P/102682_R_S");
        Letter letter = Letter.read(
                new ByteArrayInputStream(unmarked(Files.readString(news)).getBytes(StandardCharsets.UTF_8)));
        String expected = without(news, "#sig#", "#reply#");
        cases.put("P/" + name(news), new Case(expected.substring(expected.indexOf("I like")), letter.said()));
        Path quoted = TALON.resolve("signature/emails/P/unicode_msg");
        List<String> lines = Files.readAllLines(quoted);
        cases.put(
                "P/" + name(quoted),
                new Case(
                        String.join("\n", lines.subList(1, 7)),
                        signed(String.join("\n", lines.subList(1, lines.size())), "Сергей Обухов")));
    }

    private static String signed(String text, String sender) {
        return sender.contains("@") ? Signatures.without(text, "", sender) : Signatures.without(text, sender, "");
    }

    /** The samples mark the lines of signatures and quotes at their beginning. */
    private static String unmarked(String text) {
        return Pattern.compile("^(#sig#|#reply#) ?", Pattern.MULTILINE)
                .matcher(text)
                .replaceAll("");
    }

    private static String without(Path file, String... marks) throws IOException {
        List<String> kept = new ArrayList<>(Files.readAllLines(file));
        for (String mark : marks) {
            kept.removeIf(line -> line.startsWith(mark));
        }
        return String.join("\n", kept);
    }

    private static String withoutQuotes(Path html) throws IOException {
        return Quotes.without(MailText.html(Files.readString(html)));
    }

    private static Letter letter(Path file) throws Exception {
        try (var in = Files.newInputStream(file)) {
            return Letter.read(in);
        }
    }

    private static List<Path> files(String folder, String ending) throws IOException {
        try (Stream<Path> all = Files.list(TALON.resolve(folder))) {
            return all.filter(f -> f.toString().endsWith(ending)).sorted().toList();
        }
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }

    @Test
    void aForwardedMailIsNoQuote() {
        String text =
                "See below.\n\n---------- Forwarded message ----------\nFrom: Bob <bob@example.com>\nDate: Fri, Feb 11, 2010\n"
                        + "Subject: Plan\nTo: Mary <mary@example.com>\n\nThe plan is this.";
        assertThat(Quotes.without(text)).contains("The plan is this.");
    }

    @Test
    void anAnswerBelowTheQuoteStays() {
        assertThat(Quotes.without("On 04/02/2012 06:26 PM, Megan One wrote:\n> Hi\n>\n> there\n\nHello\n> and?\nYes."))
                .isEqualTo("Hello\nYes.");
    }

    @Test
    void aMailThatIsAllQuoteIsKept() {
        assertThat(Quotes.without("> all of it\n> is quoted")).contains("all of it");
    }

    @Test
    void aTalkOfWritingIsNoAttribution() {
        String text = "On Monday 3 May 2021 the board met. What they wrote is this:\n\nNo refunds after 14 days.";
        assertThat(Quotes.without(text)).isEqualTo(text);
    }

    @Test
    void aListAtTheEndIsNoSignature() {
        String text = "Please bring:\n\nmilk\nbread\nbutter";
        assertThat(Signatures.without(text, "Ann Smith", "ann@example.com")).isEqualTo(text);
    }

    @Test
    void linesOfAnyLengthCostLittle() {
        String wall = "a".repeat(200_000) + "@" + "-".repeat(200_000) + ">" + " ".repeat(200_000) + ":";
        assertThat(Signatures.without(Quotes.without("x\n\n" + wall + "\n" + wall), "A B", "a@b.c"))
                .isNotEmpty();
    }
}
