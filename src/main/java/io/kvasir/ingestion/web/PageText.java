package io.kvasir.ingestion.web;

import java.util.Set;
import org.jsoup.nodes.Element;
import org.jsoup.nodes.Node;
import org.jsoup.nodes.TextNode;

/** Writes an element as Markdown: headings, paragraphs, lists, tables, code, quotations and links keep what they are. */
final class PageText {
    private static final int DEEPEST = 100;

    private static final Set<String> BLOCKS = Set.of(
            "address",
            "article",
            "aside",
            "blockquote",
            "dd",
            "details",
            "div",
            "dl",
            "dt",
            "fieldset",
            "figcaption",
            "figure",
            "footer",
            "form",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hr",
            "li",
            "main",
            "nav",
            "ol",
            "p",
            "pre",
            "section",
            "summary",
            "table",
            "ul",
            "tr",
            "tbody",
            "thead",
            "tfoot",
            "caption",
            "td",
            "th");

    private final StringBuilder out = new StringBuilder();
    private final StringBuilder line = new StringBuilder();

    private PageText() {}

    /** @param title above it all; @param element whose links are absolute */
    static String markdown(String title, Element element) {
        PageText text = new PageText();
        String plain = title.replaceAll("\\s+", " ").strip();
        if (!plain.isEmpty()) {
            text.out.append("# ").append(plain).append("\n\n");
        }
        text.children(element, "", 0);
        text.flush("");
        return text.out.toString().strip() + "\n";
    }

    private void children(Element element, String indent, int depth) {
        for (Node node : element.childNodes()) {
            node(node, indent, depth);
        }
    }

    private void node(Node node, String indent, int depth) {
        if (node instanceof TextNode text) {
            words(text.getWholeText());
        } else if (node instanceof Element element) {
            if (depth > DEEPEST) {
                words(element.text());
            } else if (BLOCKS.contains(element.normalName())) {
                flush(indent);
                block(element, indent, depth + 1);
                flush(indent);
            } else {
                inline(element, indent, depth + 1);
            }
        }
    }

    private void inline(Element element, String indent, int depth) {
        switch (element.normalName()) {
            case "br" -> line.append('\n');
            case "script", "style", "noscript", "template" -> {}
            case "code", "kbd", "samp" -> {
                if (element.text().isBlank()) {
                    return;
                }
                line.append('`').append(element.text()).append('`');
            }
            case "a" -> link(element, indent, depth);
            default -> children(element, indent, depth);
        }
    }

    private void link(Element element, String indent, int depth) {
        String to = element.attr("href");
        String said = element.text().strip();
        boolean whole = element.children().stream().anyMatch(child -> BLOCKS.contains(child.normalName()));
        if (whole || said.isEmpty() || !(to.startsWith("http://") || to.startsWith("https://"))) {
            children(element, indent, depth);
            return;
        }
        if (element.text().startsWith(" ")
                || !line.isEmpty()
                        && Character.isLetterOrDigit(line.charAt(line.length() - 1))
                        && previousSpace(element)) {
            words(" ");
        }
        line.append('[')
                .append(said.replace("]", "\\]"))
                .append("](")
                .append(to.replace(")", "%29").replace(" ", "%20"))
                .append(')');
    }

    private static boolean previousSpace(Element element) {
        return element.previousSibling() instanceof TextNode text
                && text.getWholeText().endsWith(" ");
    }

    private void block(Element element, String indent, int depth) {
        switch (element.normalName()) {
            case "h1", "h2", "h3", "h4", "h5", "h6" -> {
                String said = element.text().strip();
                if (!said.isEmpty()) {
                    // The title is the first level.
                    int level = Math.min(6, Math.max(2, element.normalName().charAt(1) - '0'));
                    paragraph(indent, "#".repeat(level) + " " + said);
                }
            }
            case "pre" -> {
                String said = element.wholeText().stripTrailing();
                if (!said.isBlank()) {
                    paragraph(indent, "```\n" + said.replace("```", "'''") + "\n```");
                }
            }
            case "ul", "ol", "dl" -> {
                int number = 1;
                for (Element item : element.children()) {
                    String mark = element.normalName().equals("ol") ? number++ + ". " : "- ";
                    item(item, indent, mark, depth);
                }
                out.append('\n');
            }
            case "table" -> table(element, indent, depth);
            case "blockquote" -> {
                PageText inner = new PageText();
                inner.children(element, "", depth);
                inner.flush("");
                String said = inner.out.toString().strip();
                if (!said.isEmpty()) {
                    paragraph(indent, "> " + said.replace("\n\n", "\n").replace("\n", "\n> "));
                }
            }
            case "hr" -> {}
            default -> children(element, indent, depth);
        }
    }

    private void item(Element item, String indent, String mark, int depth) {
        PageText inner = new PageText();
        if (item.normalName().equals("ul") || item.normalName().equals("ol")) {
            inner.block(item, "", depth + 1);
        } else {
            inner.children(item, "", depth + 1);
        }
        inner.flush("");
        String said = inner.out.toString().strip().replaceAll("\n{2,}", "\n");
        if (!said.isEmpty()) {
            out.append(indent)
                    .append(mark)
                    .append(said.replace("\n", "\n" + indent + "  "))
                    .append('\n');
        }
    }

    private void table(Element table, String indent, int depth) {
        boolean any = false;
        for (Element row : table.select("tr")) {
            if (row.closest("table") != table) {
                continue;
            }
            StringBuilder cells = new StringBuilder("|");
            boolean said = false;
            for (Element cell : row.children()) {
                PageText inner = new PageText();
                inner.children(cell, "", depth + 1);
                inner.flush("");
                String text = inner.out
                        .toString()
                        .strip()
                        .replaceAll("\\s*\n\\s*", " ")
                        .replace("|", "\\|");
                said |= !text.isEmpty();
                cells.append(' ').append(text).append(" |");
            }
            if (said) {
                out.append(indent).append(cells).append('\n');
                any = true;
            }
        }
        if (any) {
            out.append('\n');
        }
    }

    /** White space in a row is one. */
    private void words(String text) {
        boolean space = line.isEmpty() || Character.isWhitespace(line.charAt(line.length() - 1));
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean white = Character.isWhitespace(c) || c == '\u00A0';
            if (!white) {
                line.append(c);
            } else if (!space) {
                line.append(' ');
            }
            space = white;
        }
    }

    private void flush(String indent) {
        String said = line.toString().strip();
        line.setLength(0);
        if (!said.isEmpty()) {
            paragraph(indent, said);
        }
    }

    private void paragraph(String indent, String text) {
        out.append(indent).append(text).append("\n\n");
    }
}
