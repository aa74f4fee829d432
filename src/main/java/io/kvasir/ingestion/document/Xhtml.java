package io.kvasir.ingestion.document;

import io.kvasir.ingestion.email.Quotes;
import io.kvasir.ingestion.email.Signatures;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.apache.tika.metadata.Message;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.metadata.TikaCoreProperties;
import org.xml.sax.Attributes;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;

/**
 * A parser's XHTML events as blocks: headings, paragraphs, list items, table rows, and which page, slide or sheet they
 * stand on. Holds one block at a time.
 */
final class Xhtml extends DefaultHandler {
    private static final Set<String> BLOCKS = Set.of(
            "p",
            "div",
            "li",
            "ul",
            "ol",
            "dl",
            "dt",
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
    private static final Set<String> PAGES = Set.of("page", "slide-content", "sheet");
    /** Elements between a cell and a block that still belongs to the cell's row; deeper ones are a layout, not a table. */
    private static final int WITHIN_CELL = 4;

    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'").withZone(ZoneOffset.UTC);

    private final BlockSink sink;
    private final int mostCharacters;
    private final StringBuilder text = new StringBuilder();
    private final Deque<Integer> cellDepths = new ArrayDeque<>();
    private final Deque<Letter> letters = new ArrayDeque<>();
    private int depth;
    private int level;
    private int silent;
    private int silentDefinitions;
    private int preformatted;
    private int cells;
    private int page;
    private long characters;
    /** Set where a document within the document was one. */
    boolean bomb;

    /** A document that may turn out to be a mail, whose head belongs before its body. */
    private final class Letter {
        private final Metadata metadata;
        private final int depthBefore = depth;
        private final int silentBefore = silent;
        private final int preformattedBefore = preformatted;
        private final int levelBefore = level;
        private final int cellsBefore = cellDepths.size();
        private final StringBuilder body = new StringBuilder();
        private boolean headed;

        Letter(Metadata metadata) {
            this.metadata = metadata;
        }

        /** A parser that broke off left elements open. */
        void close() {
            depth = depthBefore;
            silent = silentBefore;
            preformatted = preformattedBefore;
            level = levelBefore;
            while (cellDepths.size() > cellsBefore) {
                cellDepths.pop();
            }
        }

        boolean is(String type) {
            String given = metadata.get(Metadata.CONTENT_TYPE);
            return given != null && given.startsWith(type);
        }
    }

    /** More text than is taken. */
    static final class TooMuch extends SAXException {
        private static final long serialVersionUID = 1L;
    }

    /** @param mostCharacters of all text, UTF-16 units */
    Xhtml(BlockSink sink, int mostCharacters) {
        this.sink = sink;
        this.mostCharacters = mostCharacters;
    }

    boolean tooMuch() {
        return characters > mostCharacters;
    }

    /** A document, or one within it, begins. @param metadata filled while it is read */
    void begin(Metadata metadata) throws SAXException {
        if (!letters.isEmpty()) {
            flush();
            said();
        }
        letters.push(new Letter(metadata));
    }

    void end() throws SAXException {
        flush();
        said();
        letters.pop().close();
    }

    /** What the sender of a mail of Outlook said; the parser hands it over with quotes and signature. */
    private void said() throws SAXException {
        Letter letter = letters.element();
        String body = letter.body.toString();
        letter.body.setLength(0);
        if (!body.isBlank()) {
            String from = String.valueOf(letter.metadata.get(Message.MESSAGE_FROM));
            for (String paragraph :
                    Signatures.without(Quotes.without(body), from, "").split("\\n\\s*\\n")) {
                take(Block.text(paragraph.strip(), onPage()));
            }
        }
    }

    @Override
    public void startElement(String uri, String localName, String qName, Attributes attributes) throws SAXException {
        depth++;
        String name = localName;
        if (SILENT.contains(name)) {
            silent++;
        } else if (name.equals("td") || name.equals("th")) {
            if (cells++ > 0) {
                trimEnd();
                text.append(" | ");
            }
            cellDepths.push(depth);
        } else if (name.equals("br")) {
            text.append('\n');
        } else if (name.equals("dd")) {
            trimEnd();
            text.append(text.isEmpty() ? "" : ": ");
        } else if (BLOCKS.contains(name) && !withinRow()) {
            flush();
            open(name, attributes);
        }
    }

    private void open(String name, Attributes attributes) throws SAXException {
        if (isHeading(name)) {
            level = name.charAt(1) - '0';
        } else if (name.equals("pre")) {
            preformatted++;
        } else if (name.equals("tr")) {
            cells = 0;
        } else if (name.equals("div") && PAGES.contains(String.valueOf(attributes.getValue("class")))) {
            page++;
        } else if (name.equals("li")) {
            text.append("- ");
        } else if (name.equals("dl") && letterIs("application/vnd.ms-outlook") && !headed()) {
            // The parser's own list of addresses has no date and names each address twice.
            head();
            silentDefinitions = depth;
            silent++;
        }
    }

    @Override
    public void endElement(String uri, String localName, String qName) throws SAXException {
        String name = localName;
        if (SILENT.contains(name)) {
            silent--;
        } else if (name.equals("td") || name.equals("th")) {
            cellDepths.poll();
        } else if (name.equals("dd")) {
            if (!withinRow()) {
                flush();
            }
        } else if (name.equals("dt")) {
            trimEnd();
        } else if (BLOCKS.contains(name) && !withinRow()) {
            flush();
            level = 0;
            if (name.equals("pre")) {
                preformatted--;
            }
            if (silentDefinitions == depth) {
                silentDefinitions = 0;
                silent--;
            }
        }
        depth--;
    }

    private static boolean isHeading(String name) {
        return name.length() == 2 && name.charAt(0) == 'h' && Character.isDigit(name.charAt(1));
    }

    /** Paragraphs within a cell are part of its row. */
    private boolean withinRow() {
        Integer cell = cellDepths.peek();
        return cell != null && depth - cell <= WITHIN_CELL;
    }

    @Override
    public void characters(char[] chars, int start, int length) throws SAXException {
        if (silent > 0) {
            return;
        }
        characters += length;
        if (tooMuch()) {
            throw new TooMuch();
        }
        for (int i = start; i < start + length; i++) {
            char c = chars[i];
            if (preformatted > 0) {
                text.append(c);
            } else if (!Character.isWhitespace(c) && c != '\u00A0') {
                text.append(c);
            } else if (!text.isEmpty() && !Character.isWhitespace(text.charAt(text.length() - 1))) {
                text.append(' ');
            }
        }
        while (text.length() >= BlockFile.LONGEST) {
            int end = Cut.end(text, 0, BlockFile.LONGEST - 1);
            give(text.substring(0, end));
            text.delete(0, end);
        }
    }

    @Override
    public void ignorableWhitespace(char[] chars, int start, int length) throws SAXException {
        // What a parser adds for looks; it parts words where nothing else does.
        characters(chars, start, length);
    }

    private void trimEnd() {
        while (!text.isEmpty() && Character.isWhitespace(text.charAt(text.length() - 1))) {
            text.setLength(text.length() - 1);
        }
    }

    private void flush() throws SAXException {
        if (text.isEmpty()) {
            return;
        }
        String block = text.toString().strip();
        text.setLength(0);
        if (!block.isEmpty() && !block.equals("-") && !block.chars().allMatch(c -> c == '|' || c == ' ')) {
            give(block);
        }
    }

    private void give(String block) throws SAXException {
        if (letterIs("message/rfc822") && !headed()) {
            head();
        }
        if (letterIs("application/vnd.ms-outlook") && headed()) {
            letters.element().body.append(block).append("\n\n");
            return;
        }
        take(new Block(level, level > 0 ? block.replace('\n', ' ') : block, onPage()));
    }

    private boolean letterIs(String type) {
        Letter letter = letters.peek();
        return letter != null && letter.is(type);
    }

    private boolean headed() {
        Letter letter = letters.peek();
        return letter == null || letter.headed;
    }

    /** Who wrote to whom, and when. */
    private void head() throws SAXException {
        Letter letter = letters.element();
        letter.headed = true;
        StringBuilder head = new StringBuilder();
        line(head, "From", letter.metadata.getValues(Message.MESSAGE_FROM));
        line(head, "To", letter.metadata.getValues(Message.MESSAGE_TO));
        line(head, "Cc", letter.metadata.getValues(Message.MESSAGE_CC));
        line(head, "Date", date(letter.metadata.get(TikaCoreProperties.CREATED)));
        if (letters.size() > 1 || letter.is("message/rfc822")) {
            line(head, "Subject", String.valueOf(letter.metadata.get(TikaCoreProperties.TITLE)));
        }
        if (!head.isEmpty()) {
            take(Block.text(head.toString(), onPage()));
        }
    }

    private static void line(StringBuilder head, String name, String... values) {
        String value = Cut.to(
                String.join(", ", new LinkedHashSet<>(Arrays.asList(values))).strip(), 1_000);
        if (!value.isEmpty() && !value.equals("null")) {
            head.append(head.isEmpty() ? "" : "\n").append(name).append(": ").append(value);
        }
    }

    static String date(@org.jspecify.annotations.Nullable String iso) {
        try {
            return iso == null ? "" : DATE.format(Instant.parse(iso));
        } catch (DateTimeParseException other) {
            return String.valueOf(iso);
        }
    }

    private Optional<Integer> onPage() {
        return page > 0 ? Optional.of(page) : Optional.empty();
    }

    private void take(Block block) throws SAXException {
        try {
            sink.take(block);
        } catch (IOException e) {
            throw new SAXException(e);
        }
    }
}
