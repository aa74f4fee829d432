package io.kvasir.ingestion.web;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * A sitemap (sitemaps.org, protocol 0.9): an index of others, a list of pages as XML or as plain text; compressed or not.
 *
 * @param others addresses of further sitemaps, as they stand
 * @param pages addresses, as they stand
 */
record Sitemap(List<String> others, List<String> pages) {
    /** The protocol's own bound, after decompression. */
    private static final int LARGEST = 50 * 1024 * 1024;

    private static final int MOST = 50_000;

    Sitemap {
        others = List.copyOf(others);
        pages = List.copyOf(pages);
    }

    /** @throws IOException where it is no sitemap, with the reason */
    static Sitemap read(byte[] bytes) throws IOException {
        byte[] plain =
                bytes.length > 2 && (bytes[0] & 0xFF) == 0x1F && (bytes[1] & 0xFF) == 0x8B ? unzipped(bytes) : bytes;
        String start = new String(plain, 0, Math.min(plain.length, 200), StandardCharsets.UTF_8)
                .replace("\uFEFF", "")
                .strip();
        if (start.startsWith("http://") || start.startsWith("https://")) {
            return new Sitemap(
                    List.of(),
                    new String(plain, StandardCharsets.UTF_8)
                            .lines()
                            .map(String::strip)
                            .filter(line -> !line.isEmpty())
                            .limit(MOST)
                            .toList());
        }
        try {
            return xml(plain);
        } catch (XMLStreamException e) {
            throw new IOException("It is no well-formed XML", e);
        }
    }

    private static byte[] unzipped(byte[] bytes) throws IOException {
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
            byte[] plain = in.readNBytes(LARGEST + 1);
            if (plain.length > LARGEST) {
                throw new IOException("It is larger than a sitemap may be");
            }
            return plain;
        }
    }

    private static Sitemap xml(byte[] bytes) throws XMLStreamException, IOException {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        // No entities, no doctype, nothing fetched.
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        XMLStreamReader reader = factory.createXMLStreamReader(new ByteArrayInputStream(bytes));
        List<String> others = new ArrayList<>();
        List<String> pages = new ArrayList<>();
        String root = "";
        String within = "";
        while (reader.hasNext() && others.size() + pages.size() < MOST) {
            int event = reader.next();
            if (event == XMLStreamConstants.START_ELEMENT) {
                String name = reader.getLocalName();
                if (root.isEmpty()) {
                    root = name;
                }
                if (name.equals("url") || name.equals("sitemap")) {
                    within = name;
                } else if (name.equals("loc") && !within.isEmpty()) {
                    (within.equals("url") ? pages : others)
                            .add(reader.getElementText().strip());
                    // An image or video within an entry has a loc of its own.
                    within = "";
                }
            }
        }
        if (!root.equals("urlset") && !root.equals("sitemapindex")) {
            throw new IOException("It is no sitemap, but <" + root + ">");
        }
        return new Sitemap(others, pages);
    }
}
