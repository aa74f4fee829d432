package io.kvasir.ingestion.document;

import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.jsoup.nodes.Node;
import org.jsoup.nodes.TextNode;
import org.jsoup.parser.Parser;
import org.jsoup.select.NodeVisitor;

/** The parser's XHTML as blocks: headings, paragraphs, list items, table rows, and which page they stand on. */
final class Xhtml {
    private static final Set<String> BLOCKS = Set.of(
            "p",
            "div",
            "li",
            "ul",
            "ol",
            "dl",
            "dt",
            "dd",
            "pre",
            "blockquote",
            "table",
            "tr",
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
            "main",
            "aside",
            "nav",
            "figure",
            "figcaption",
            "caption",
            "hr",
            "body",
            "form");

    private static final Set<String> SILENT =
            Set.of("head", "script", "style", "noscript", "template", "svg", "iframe", "object");
    private static final Set<String> PAGES = Set.of("page", "slide-content", "slide");

    private Xhtml() {}

    static void blocks(String xhtml, BlockSink sink) throws IOException {
        Document document = Jsoup.parse(xhtml, "", Parser.xmlParser());
        Walk walk = new Walk(sink);
        try {
            document.traverse(walk);
        } catch (java.io.UncheckedIOException e) {
            throw e.getCause();
        }
        walk.end();
    }

    /** One pass over the tree, without recursion: documents nest as deep as they like. */
    static final class Walk implements NodeVisitor {
        private final BlockSink sink;
        private final StringBuilder text = new StringBuilder();
        private int level;
        private int silent;
        private int preformatted;
        private int cells;
        private int page;

        Walk(BlockSink sink) {
            this.sink = sink;
        }

        @Override
        public void head(Node node, int depth) {
            if (node instanceof TextNode words) {
                if (silent == 0) {
                    append(words.getWholeText());
                }
                return;
            }
            if (!(node instanceof Element element)) {
                return;
            }
            String name = element.normalName();
            if (SILENT.contains(name)) {
                silent++;
            } else if (name.equals("td") || name.equals("th")) {
                if (cells++ > 0) {
                    while (!text.isEmpty() && Character.isWhitespace(text.charAt(text.length() - 1))) {
                        text.setLength(text.length() - 1);
                    }
                    text.append(" | ");
                }
            } else if (name.equals("br")) {
                text.append('\n');
            } else if (BLOCKS.contains(name) && !withinRow(element)) {
                flush();
                open(element, name);
            }
        }

        private void open(Element element, String name) {
            if (name.length() == 2 && name.charAt(0) == 'h' && Character.isDigit(name.charAt(1))) {
                level = name.charAt(1) - '0';
            } else if (name.equals("pre")) {
                preformatted++;
            } else if (name.equals("tr")) {
                cells = 0;
            } else if (name.equals("div") && PAGES.contains(element.className())) {
                page++;
            } else if (name.equals("li")) {
                text.append("- ");
            }
        }

        @Override
        public void tail(Node node, int depth) {
            if (!(node instanceof Element element)) {
                return;
            }
            String name = element.normalName();
            if (SILENT.contains(name)) {
                silent--;
            } else if (BLOCKS.contains(name) && !withinRow(element)) {
                flush();
                level = 0;
                if (name.equals("pre")) {
                    preformatted--;
                }
            }
        }

        /** Paragraphs within a cell are part of its row. */
        private static boolean withinRow(Element element) {
            Element parent = element.parent();
            for (int i = 0; parent != null && i < 4; i++, parent = parent.parent()) {
                String name = parent.normalName();
                if (name.equals("td") || name.equals("th")) {
                    return true;
                }
            }
            return false;
        }

        private void append(String words) {
            if (preformatted > 0) {
                text.append(words);
                return;
            }
            for (int i = 0; i < words.length(); i++) {
                char c = words.charAt(i);
                boolean white = Character.isWhitespace(c) || c == '\u00A0';
                if (!white) {
                    text.append(c);
                } else if (!text.isEmpty() && !Character.isWhitespace(text.charAt(text.length() - 1))) {
                    text.append(' ');
                }
            }
        }

        private void flush() {
            String block = text.toString().strip();
            text.setLength(0);
            if (block.isEmpty() || block.equals("-") || block.chars().allMatch(c -> c == '|' || c == ' ')) {
                return;
            }
            try {
                sink.take(new Block(
                        level,
                        level > 0 ? block.replace('\n', ' ') : block,
                        page > 0 ? Optional.of(page) : Optional.empty()));
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        void end() {
            flush();
        }
    }
}
