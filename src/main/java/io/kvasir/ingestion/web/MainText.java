package io.kvasir.ingestion.web;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.jsoup.nodes.Node;
import org.jsoup.nodes.TextNode;
import org.jspecify.annotations.Nullable;

/**
 * Finds what a page says among its menus, teasers and footers. The idea is Arc90's Readability as Mozilla went on with
 * it: paragraphs earn points for length and commas, pass them on to what contains them, and links take them away; the
 * best container and what resembles it beside it are the text. A page on which strict rules find too little is read
 * again with looser ones.
 */
final class MainText {
    /** Fewer characters than this, and looser rules are tried. */
    private static final int ENOUGH = 500;

    private static final Set<String> NEVER = Set.of(
            "script",
            "style",
            "noscript",
            "template",
            "iframe",
            "object",
            "embed",
            "svg",
            "canvas",
            "button",
            "input",
            "select",
            "textarea",
            "dialog",
            "link",
            "meta",
            "audio",
            "video");

    private static final Set<String> BLOCKS = Set.of(
            "blockquote",
            "dl",
            "div",
            "img",
            "ol",
            "p",
            "pre",
            "table",
            "ul",
            "section",
            "article",
            "figure",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "main",
            "aside",
            "header",
            "footer",
            "nav",
            "form");

    private static final Pattern UNLIKELY = Pattern.compile(
            "-ad-|ai2html|banner|breadcrumbs|combx|comment|community|cover-wrap|disqus|extra|footer|gdpr|header|legends"
                    + "|menu|related|remark|replies|rss|shoutbox|sidebar|skyscraper|social|sponsor|supplemental|ad-break"
                    + "|agegate|pagination|pager|popup|yom-remote|cookie|newsletter|subscribe",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern PERHAPS =
            Pattern.compile("and|article|body|column|content|main|mathjax|shadow", Pattern.CASE_INSENSITIVE);

    private static final Pattern GOOD = Pattern.compile(
            "article|body|content|entry|hentry|h-entry|main|page|pagination|post|text|blog|story",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern BAD = Pattern.compile(
            "-ad-|hidden|^hid$| hid$| hid |^hid |banner|combx|comment|com-|contact|footer|gdpr|masthead|media|meta|outbrain"
                    + "|promo|related|scroll|share|shoutbox|sidebar|skyscraper|sponsor|shopping|tags|widget",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern BYLINE =
            Pattern.compile("byline|author|dateline|writtenby|p-author", Pattern.CASE_INSENSITIVE);

    private static final Pattern SHARING =
            Pattern.compile("(\\b|_)(share|sharedaddy)(\\b|_)", Pattern.CASE_INSENSITIVE);

    private static final Pattern COMMAS = Pattern.compile("[,\u060C\uFE50\uFE10\uFE11\u2E41\u2E34\u2E32\uFF0C\u3001]");

    private static final Set<String> UNLIKELY_ROLES =
            Set.of("menu", "menubar", "complementary", "navigation", "alert", "alertdialog", "dialog");

    private static final Set<String> SCORED = Set.of("section", "h2", "h3", "h4", "h5", "h6", "p", "td", "pre");

    private final Document page;
    private final boolean strict;
    private final boolean weighing;
    private final boolean cleaning;
    private final String title;
    private final Map<Element, Double> scores = new IdentityHashMap<>();

    private MainText(Document page, String title, boolean strict, boolean weighing, boolean cleaning) {
        this.page = page;
        this.title = title;
        this.strict = strict;
        this.weighing = weighing;
        this.cleaning = cleaning;
    }

    /**
     * The part of the page that is its text, as an element of a document of its own; the page is not changed.
     *
     * @param title of the page: a heading that repeats it is left out
     */
    static Element of(Document page, String title) {
        List<Element> tries = new ArrayList<>();
        for (int loosened = 0; loosened <= 3; loosened++) {
            Element found = new MainText(page.clone(), title, loosened < 1, loosened < 2, loosened < 3).extract();
            if (found.text().length() >= ENOUGH) {
                return found;
            }
            tries.add(found);
        }
        return tries.stream()
                .max(Comparator.comparingInt(found -> found.text().length()))
                .orElseThrow();
    }

    private Element extract() {
        Element body = page.body();
        prepare(body);
        if (strict) {
            dropUnlikely(body);
        }
        paragraphs(body);
        score(body);
        Element text = gather(top(body), body);
        if (cleaning) {
            clean(text);
        } else {
            tidy(text);
        }
        return text;
    }

    /** Takes out what no reader sees. */
    private static void prepare(Element body) {
        body.select(String.join(",", NEVER)).remove();
        for (Element element : body.select("*")) {
            if (element.parent() != null && hidden(element)) {
                element.remove();
            }
        }
        // Two line breaks in a row are how old pages write a paragraph.
        for (Element br : body.select("br")) {
            if (br.parent() != null && br.nextElementSibling() != null && followedByBreak(br)) {
                paragraphOfBreaks(br);
            }
        }
        body.select("font").tagName("span");
    }

    private static boolean hidden(Element element) {
        String style = element.attr("style").replace(" ", "").toLowerCase(java.util.Locale.ROOT);
        return style.contains("display:none")
                || style.contains("visibility:hidden")
                || element.hasAttr("hidden")
                || element.attr("aria-hidden").equals("true")
                        && !element.className().contains("fallback-image");
    }

    private static boolean followedByBreak(Element br) {
        Node next = br.nextSibling();
        while (next instanceof TextNode text && text.isBlank()) {
            next = next.nextSibling();
        }
        return next instanceof Element element && element.normalName().equals("br");
    }

    private static void paragraphOfBreaks(Element first) {
        Node next = first.nextSibling();
        while (next != null
                && (next instanceof TextNode text && text.isBlank()
                        || next instanceof Element e && e.normalName().equals("br"))) {
            Node after = next.nextSibling();
            next.remove();
            next = after;
        }
        Element paragraph = new Element("p");
        first.replaceWith(paragraph);
        while (next != null && !(next instanceof Element block && BLOCKS.contains(block.normalName()))) {
            if (next instanceof Element br && br.normalName().equals("br") && followedByBreak(br)) {
                break;
            }
            Node after = next.nextSibling();
            paragraph.appendChild(next);
            next = after;
        }
        if (paragraph.parent() != null && paragraph.parent().normalName().equals("p")) {
            paragraph.parent().tagName("div");
        }
    }

    private static void dropUnlikely(Element body) {
        for (Element element : body.select("*")) {
            if (element.parent() == null || element == body || detached(element, body)) {
                continue;
            }
            String names = element.className() + " " + element.id();
            String tag = element.normalName();
            boolean unlikely = UNLIKELY.matcher(names).find()
                    && !PERHAPS.matcher(names).find()
                    && !within(element, "table")
                    && !within(element, "code")
                    && !tag.equals("body")
                    && !tag.equals("a");
            if (unlikely || UNLIKELY_ROLES.contains(element.attr("role")) || byline(element, names)) {
                element.remove();
            }
        }
    }

    private static boolean byline(Element element, String names) {
        int length = element.text().length();
        return (element.attr("rel").equals("author")
                        || element.attr("itemprop").contains("author")
                        || BYLINE.matcher(names).find())
                && length > 0
                && length < 100;
    }

    private static boolean detached(Element element, Element body) {
        for (Element e = element; e != null; e = e.parent()) {
            if (e == body) {
                return false;
            }
        }
        return true;
    }

    private static boolean within(Element element, String tag) {
        for (Element e = element.parent(); e != null; e = e.parent()) {
            if (e.normalName().equals(tag)) {
                return true;
            }
        }
        return false;
    }

    /** Makes a paragraph of a div that is one, and of loose text beside blocks. */
    private static void paragraphs(Element body) {
        for (Element element : body.select("div, section, header, h1, h2, h3, h4, h5, h6")) {
            if (element.parent() != null && empty(element)) {
                element.remove();
            }
        }
        for (Element div : body.select("div")) {
            if (div.parent() == null) {
                continue;
            }
            wrapLoose(div);
            Element only = div.childrenSize() == 1 ? div.child(0) : null;
            if (only != null && only.normalName().equals("p") && div.ownText().isBlank() && linkDensity(div) < 0.25) {
                div.replaceWith(only);
            } else if (div.children().stream().noneMatch(MainText::holdsBlocks)) {
                div.tagName("p");
            }
        }
    }

    private static void wrapLoose(Element div) {
        Element paragraph = null;
        for (Node node : new ArrayList<>(div.childNodes())) {
            boolean phrasing = node instanceof TextNode || node instanceof Element e && !holdsBlocks(e);
            if (phrasing) {
                boolean blank = node instanceof TextNode text && text.isBlank()
                        || node instanceof Element br && br.normalName().equals("br");
                if (paragraph != null) {
                    paragraph.appendChild(node);
                } else if (!blank) {
                    paragraph = new Element("p");
                    node.replaceWith(paragraph);
                    paragraph.appendChild(node);
                }
            } else {
                paragraph = null;
            }
        }
    }

    private static boolean holdsBlocks(Element element) {
        return BLOCKS.contains(element.normalName())
                || element.children().stream().anyMatch(MainText::holdsBlocks);
    }

    private static boolean empty(Element element) {
        return element.text().isBlank() && element.select("img, figure, table").isEmpty();
    }

    private void score(Element body) {
        for (Element element : body.select(String.join(",", SCORED))) {
            String text = element.text();
            if (text.length() < 25 || element.parent() == null) {
                continue;
            }
            double points = 1 + commas(text) + Math.min(text.length() / 100, 3);
            Element ancestor = element.parent();
            for (int level = 0; level < 5 && ancestor != null && ancestor.parent() != null; level++) {
                double share = level == 0 ? 1 : level == 1 ? 2 : level * 3;
                scores.merge(ancestor, start(ancestor) + points / share, (old, _) -> old + points / share);
                ancestor = ancestor.parent();
            }
        }
        scores.replaceAll((element, score) -> score * (1 - linkDensity(element)));
    }

    private double start(Element element) {
        double base =
                switch (element.normalName()) {
                    case "div" -> 5;
                    case "pre", "td", "blockquote" -> 3;
                    case "address", "ol", "ul", "dl", "dd", "dt", "li", "form" -> -3;
                    case "h1", "h2", "h3", "h4", "h5", "h6", "th" -> -5;
                    default -> 0;
                };
        return base + weight(element);
    }

    private double weight(Element element) {
        if (!weighing) {
            return 0;
        }
        double weight = 0;
        for (String name : List.of(element.className(), element.id())) {
            if (!name.isEmpty()) {
                weight += BAD.matcher(name).find() ? -25 : 0;
                weight += GOOD.matcher(name).find() ? 25 : 0;
            }
        }
        return weight;
    }

    private double scoreOf(@Nullable Element element) {
        return element == null ? 0 : scores.getOrDefault(element, 0.0);
    }

    private Element top(Element body) {
        List<Element> best = scores.entrySet().stream()
                .sorted(Map.Entry.<Element, Double>comparingByValue().reversed())
                .limit(5)
                .map(Map.Entry::getKey)
                .toList();
        if (best.isEmpty()) {
            return body;
        }
        Element top = best.getFirst();
        Element shared = shared(best, top, body);
        if (shared != null) {
            top = shared;
            scores.putIfAbsent(top, start(top));
        }
        // A parent that scores more has more of the text beside this part of it.
        double last = scoreOf(top);
        double least = last / 3;
        for (Element parent = top.parent(); parent != null && parent != body; parent = parent.parent()) {
            if (!scores.containsKey(parent)) {
                continue;
            }
            double score = scoreOf(parent);
            if (score < least) {
                break;
            }
            if (score > last) {
                top = parent;
                break;
            }
            last = score;
        }
        while (top.parent() != null && top.parent() != body && top.parent().childrenSize() == 1) {
            top = top.parent();
        }
        return top;
    }

    /** What contains at least three of the good ones. */
    private @Nullable Element shared(List<Element> best, Element top, Element body) {
        List<Element> rivals = best.stream()
                .skip(1)
                .filter(other -> scoreOf(other) >= 0.75 * scoreOf(top))
                .toList();
        if (rivals.size() < 3) {
            return null;
        }
        for (Element parent = top.parent(); parent != null && parent != body; parent = parent.parent()) {
            Element candidate = parent;
            if (rivals.stream()
                            .filter(other -> other.parents().contains(candidate))
                            .count()
                    >= 3) {
                return parent;
            }
        }
        return null;
    }

    /** The best one and what beside it is of its kind. */
    private Element gather(Element top, Element body) {
        Element text = new Element("div");
        if (top == body || top.parent() == null) {
            new ArrayList<>(top.childNodes()).forEach(text::appendChild);
            return text;
        }
        double threshold = Math.max(10, scoreOf(top) * 0.2);
        for (Element sibling : new ArrayList<>(top.parent().children())) {
            if (sibling == top || joins(sibling, top, threshold)) {
                text.appendChild(sibling);
            }
        }
        return text;
    }

    private boolean joins(Element sibling, Element top, double threshold) {
        double bonus =
                !top.className().isEmpty() && sibling.className().equals(top.className()) ? scoreOf(top) * 0.2 : 0;
        if (scores.containsKey(sibling) && scoreOf(sibling) + bonus >= threshold) {
            return true;
        }
        if (!sibling.normalName().equals("p")) {
            return false;
        }
        String text = sibling.text();
        double links = linkDensity(sibling);
        return text.length() > 80 && links < 0.25
                || !text.isEmpty() && text.length() < 80 && links == 0 && text.matches("(?s).*\\.( .*|$)");
    }

    private void tidy(Element text) {
        text.select("form, fieldset, footer, aside, nav").remove();
        dropTitle(text);
    }

    private void clean(Element text) {
        Set<Element> data = dataTables(text);
        conditionally(text, "form", data);
        conditionally(text, "fieldset", data);
        text.select("footer, aside, nav").remove();
        for (Element child : text.children()) {
            for (Element inner : child.select("*")) {
                if (inner != child
                        && inner.parent() != null
                        && SHARING.matcher(inner.className() + " " + inner.id()).find()
                        && inner.text().length() < ENOUGH) {
                    inner.remove();
                }
            }
        }
        for (Element heading : text.select("h1, h2")) {
            if (weight(heading) < 0) {
                heading.remove();
            }
        }
        conditionally(text, "table", data);
        conditionally(text, "ul", data);
        conditionally(text, "div", data);
        dropTitle(text);
        for (Element paragraph : text.select("p")) {
            if (paragraph.parent() != null && empty(paragraph)) {
                paragraph.remove();
            }
        }
    }

    private void dropTitle(Element text) {
        for (Element heading : text.select("h1, h2")) {
            if (heading.parent() != null && similar(title, heading.text()) > 0.75) {
                heading.remove();
            }
        }
    }

    /** Share of the words of {@code b} that stand in {@code a}, weighed by their length. */
    static double similar(String a, String b) {
        List<String> known = List.of(a.toLowerCase(java.util.Locale.ROOT).split("\\W+"));
        List<String> words = List.of(b.toLowerCase(java.util.Locale.ROOT).split("\\W+"));
        String all = String.join(" ", words);
        String fresh = String.join(
                " ", words.stream().filter(word -> !known.contains(word)).toList());
        return all.isBlank() || a.isBlank() ? 0 : 1 - (double) fresh.length() / all.length();
    }

    private void conditionally(Element text, String tag, Set<Element> data) {
        List<Element> found = new ArrayList<>(text.select(tag));
        found.remove(text);
        // From the end: what is inside goes before what is around it.
        for (int i = found.size() - 1; i >= 0; i--) {
            Element element = found.get(i);
            if (element.parent() != null && !kept(element, data) && fishy(element, tag)) {
                element.remove();
            }
        }
    }

    private static boolean kept(Element element, Set<Element> data) {
        for (Element e = element; e != null; e = e.parent()) {
            if (data.contains(e)
                    || e.normalName().equals("code")
                    || e.normalName().equals("pre")) {
                return true;
            }
        }
        return !element.select("pre, code").isEmpty() && linkDensity(element) < 0.5;
    }

    private boolean fishy(Element element, String tag) {
        double weight = weight(element);
        if (weight < 0) {
            return true;
        }
        String text = element.text();
        if (commas(text) >= 10) {
            return false;
        }
        int paragraphs = element.select("p").size();
        int images = element.select("img").size();
        int items = element.select("li").size() - 100;
        int inputs = element.select("input").size();
        double headings =
                (double) element.select("h1, h2, h3, h4, h5, h6").text().length() / Math.max(1, text.length());
        double links = linkDensity(element);
        boolean list = tag.equals("ul") || listLike(element, text);
        boolean figure = within(element, "figure");
        int length = text.length();
        return images > 1 && (double) paragraphs / images < 0.5 && !figure
                || !list && items > paragraphs
                || inputs > paragraphs / 3
                || !list && headings < 0.9 && length < 25 && (images == 0 || images > 2) && !figure && links > 0
                || !list && weight < 25 && links > 0.2
                || weight >= 25 && links > 0.5;
    }

    private static boolean listLike(Element element, String text) {
        int inLists = element.select("ul, ol").stream()
                .mapToInt(list -> list.text().length())
                .sum();
        return !text.isEmpty() && (double) inLists / text.length() > 0.9;
    }

    /** Tables that hold data, as opposed to those that lay out the page. */
    private static Set<Element> dataTables(Element text) {
        Set<Element> data = java.util.Collections.newSetFromMap(new IdentityHashMap<>());
        for (Element table : text.select("table")) {
            int rows = table.select("tr").size();
            int columns = table.select("tr").stream()
                    .mapToInt(row -> row.select("> td, > th").size())
                    .max()
                    .orElse(0);
            boolean layout = table.attr("role").equals("presentation")
                    || table.attr("datatable").equals("0")
                    || !table.select("table table").isEmpty();
            boolean said = table.hasAttr("summary")
                    || !table.select("caption, col, colgroup, tfoot, thead, th").isEmpty();
            if (!layout
                    && (said || rows >= 10 || columns > 4 || rows * columns > 10)
                    && (said || rows > 1 && columns > 1)) {
                data.add(table);
            }
        }
        return data;
    }

    private static double linkDensity(Element element) {
        int length = element.text().length();
        if (length == 0) {
            return 0;
        }
        double linked = 0;
        for (Element link : element.select("a")) {
            // A link within the page is a reference of the text more than a way out of it.
            linked += link.text().length() * (link.attr("href").startsWith("#") ? 0.3 : 1);
        }
        return linked / length;
    }

    private static int commas(String text) {
        return (int) COMMAS.matcher(text).results().count();
    }

    static Map<String, Integer> tokens(String text) {
        Map<String, Integer> counts = new HashMap<>();
        for (String token : text.split("\\s+")) {
            if (!token.isEmpty()) {
                counts.merge(token, 1, Integer::sum);
            }
        }
        return counts;
    }
}
