package io.kvasir.llm.extractive;

import java.util.regex.Pattern;

/** Makes a sentence fit to stand in a reply: nothing in it may look like our own citation marks or open code. */
final class Quotation {
    private static final Pattern MARK = Pattern.compile(" ?\\[[0-9]{1,3}]");
    private static final Pattern SPACE = Pattern.compile("\\s+");
    /** Quotes of tokenized and of TeX texts. */
    private static final Pattern TICKS = Pattern.compile("``\\s?|\\s?''");

    private Quotation() {}

    static String of(String sentence) {
        String quote = TICKS.matcher(MARK.matcher(sentence).replaceAll("")).replaceAll("\"");
        if (quote.chars().filter(c -> c == '`').count() % 2 != 0) {
            quote = quote.replace("`", "");
        }
        return SPACE.matcher(quote).replaceAll(" ").strip();
    }
}
