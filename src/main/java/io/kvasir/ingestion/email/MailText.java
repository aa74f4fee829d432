package io.kvasir.ingestion.email;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.jsoup.nodes.Node;
import org.jsoup.nodes.TextNode;
import org.jsoup.select.NodeVisitor;

/** The text of one part, in lines; what is quoted stands behind {@code >}, also where it was HTML. */
final class MailText {
    private static final Set<String> BLOCKS = Set.of(
            "p",
            "div",
            "ul",
            "ol",
            "dl",
            "dt",
            "dd",
            "pre",
            "blockquote",
            "table",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "section",
            "article",
            "header",
            "footer",
            "center",
            "hr",
            "form",
            "figure",
            "address",
            "caption");

    private static final Set<String> PARAGRAPHS =
            Set.of("p", "ul", "ol", "dl", "pre", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote");

    private static final Pattern QUOTE_CLASS = Pattern.compile(
            "(?i)\\b(gmail_quote|gmail_quote_container|yahoo_quoted|protonmail_quote|tutanota_quote|zmail_extra|moz-cite-prefix|quoted?|cite)\\b");

    private static final Pattern FORWARD = Pattern.compile("(?iu)^[\\s>*_-]*" + Quotes.FORWARDED);
    private static final int DEEPEST = 400;
    /** A plain text this much shorter than the HTML beside it is a stand-in. */
    private static final int STAND_IN = 4;

    private MailText() {}

    static String of(MimePart part) {
        String text = HeaderText.text(
                part.body().toArrayUnsafe(),
                Optional.ofNullable(part.parameters().get("charset")));
        if (part.is("text/html")) {
            return html(text);
        }
        String lines = text.replace("\r\n", "\n").replace('\r', '\n');
        if (part.is("text/richtext") || part.is("text/enriched")) {
            return lines.replaceAll("(?i)<nl>", "\n").replaceAll("<[^<>]{1,40}>", "");
        }
        return "flowed".equalsIgnoreCase(part.parameters().getOrDefault("format", ""))
                ? flowed(lines, "yes".equalsIgnoreCase(part.parameters().getOrDefault("delsp", "")))
                : lines;
    }

    /** The plain text, as its sender's program wrote it, unless it only stands in for the HTML. */
    static String better(Optional<String> plain, Optional<String> html) {
        int shortOf = plain.map(p -> p.strip().length()).orElse(0);
        int longOf = html.map(h -> h.strip().length()).orElse(0);
        return shortOf == 0 || longOf > 400 && shortOf * STAND_IN < longOf
                ? html.or(() -> plain).orElse("")
                : plain.orElse("");
    }

    /** RFC 3676: lines that end with a space go on. */
    private static String flowed(String lines, boolean deleteSpace) {
        StringBuilder out = new StringBuilder(lines.length());
        int lastDepth = -1;
        for (String line : lines.split("\n", -1)) {
            int depth = 0;
            while (depth < line.length() && line.charAt(depth) == '>') {
                depth++;
            }
            String text = line.substring(depth);
            text = text.startsWith(" ") ? text.substring(1) : text;
            boolean joins = lastDepth == depth;
            if (!joins && !out.isEmpty()) {
                out.append('\n');
            }
            out.append(joins || depth == 0 ? "" : ">".repeat(depth) + " ");
            boolean soft = text.endsWith(" ") && !text.equals("-- ");
            out.append(soft && deleteSpace ? text.substring(0, text.length() - 1) : text);
            if (soft) {
                lastDepth = depth;
            } else {
                lastDepth = -1;
                out.append('\n');
            }
        }
        return out.toString().replaceAll("\n\n(?=\n)", "\n").replaceAll("(?<=[^\n])\n\n(?=>)", "\n");
    }

    static String html(String html) {
        Document page = Jsoup.parse(html);
        page.select("script, style, head, title, template, noscript, object, iframe, [hidden]")
                .remove();
        page.select("[style~=(?i)display\\s*:\\s*none], [style~=(?i)mso-hide\\s*:\\s*all]")
                .remove();
        Lines lines = new Lines();
        page.body().traverse(lines);
        return lines.done();
    }

    /** Writes the lines of a page while it is walked through. */
    private static final class Lines implements NodeVisitor {
        private final StringBuilder done = new StringBuilder();
        private final StringBuilder line = new StringBuilder();
        private int quotes;
        private int cells;
        private int preformatted;
        private boolean followsReply;

        @Override
        public void head(Node node, int depth) {
            if (depth > DEEPEST) {
                return;
            }
            if (node instanceof TextNode text) {
                add(preformatted > 0 ? text.getWholeText() : text.text());
            } else if (node instanceof Element element) {
                open(element);
            }
        }

        private void open(Element element) {
            String name = element.normalName();
            if (name.equals("br")) {
                flush(true);
            } else if (name.equals("tr")) {
                flush(false);
                cells = 0;
            } else if (name.equals("td") || name.equals("th")) {
                if (cells++ > 0 && !line.toString().isBlank()) {
                    line.append(" | ");
                }
            } else if (name.equals("li")) {
                flush(false);
                line.append("- ");
            } else if (BLOCKS.contains(name)) {
                flush(false);
                if (PARAGRAPHS.contains(name)) {
                    gap();
                }
                preformatted += name.equals("pre") ? 1 : 0;
            }
            // What follows this mark, to the end, is the mail that was answered.
            if (!followsReply
                    && (element.id().equals("divRplyFwdMsg")
                            || element.id().equals("OLK_SRC_BODY_SECTION")
                            || element.id().equals("stopSpelling")
                            || element.id().equals("appendonsend"))
                    && done.length() > 0) {
                flush(false);
                followsReply = !FORWARD.matcher(element.text()).find();
            }
            if (quotes > 0 || quoted(element)) {
                quotes++;
            }
        }

        @Override
        public void tail(Node node, int depth) {
            if (depth > DEEPEST || !(node instanceof Element element)) {
                return;
            }
            String name = element.normalName();
            if (name.equals("tr") || name.equals("li") || BLOCKS.contains(name)) {
                flush(false);
                if (PARAGRAPHS.contains(name)) {
                    gap();
                }
                preformatted -= name.equals("pre") ? 1 : 0;
            } else if (name.equals("a")) {
                link(element);
            }
            if (quotes > 0) {
                quotes--;
            }
        }

        /** Whether an element holds what somebody else wrote before. */
        private boolean quoted(Element element) {
            boolean block = element.normalName().equals("blockquote");
            if (!block && !QUOTE_CLASS.matcher(element.className()).find()) {
                return false;
            }
            if (FORWARD.matcher(element.text()).find()) {
                return false;
            }
            return !block
                    || element.attr("type").equalsIgnoreCase("cite")
                    || QUOTE_CLASS.matcher(element.className()).find()
                    || element.hasAttr("cite")
                    || element.attr("style").toLowerCase(Locale.ROOT).contains("border-left")
                    || Quotes.attributionAtEnd(done.substring(Math.max(0, done.length() - 1_000)));
        }

        private void link(Element element) {
            String target = element.attr("href").strip();
            String shown = element.text().strip();
            String bare = target.replaceFirst("^https?://(www\\.)?", "").replaceFirst("/$", "");
            if ((target.startsWith("http://") || target.startsWith("https://"))
                    && !shown.isEmpty()
                    && target.length() <= 200
                    && !shown.contains(bare)) {
                line.append(" (").append(target).append(')');
            }
        }

        private void add(String text) {
            if (preformatted > 0) {
                for (String each : text.split("(?<=\n)", -1)) {
                    line.append(each.replace("\n", ""));
                    if (each.endsWith("\n")) {
                        flush(true);
                    }
                }
                return;
            }
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                boolean space = Character.isWhitespace(c) || c == '\u00A0';
                if (!space) {
                    line.append(c);
                } else if (!line.isEmpty() && line.charAt(line.length() - 1) != ' ') {
                    line.append(' ');
                }
            }
        }

        private void flush(boolean broken) {
            String text = line.toString().stripTrailing();
            line.setLength(0);
            if (text.isBlank() || text.equals("-")) {
                if (broken) {
                    gap();
                }
                return;
            }
            done.append(quotes > 0 || followsReply ? "> " : "").append(text).append('\n');
        }

        private void gap() {
            int end = done.length();
            if (end > 1 && !(done.charAt(end - 1) == '\n' && done.charAt(end - 2) == '\n')) {
                done.append('\n');
            }
        }

        String done() {
            flush(false);
            return done.toString();
        }
    }
}
