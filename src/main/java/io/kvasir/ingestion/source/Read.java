package io.kvasir.ingestion.source;

import java.util.List;
import java.util.Optional;

/** What came of reading one thing. */
public sealed interface Read {
    /**
     * Its bytes; whether they are new is found out by their hash.
     *
     * @param marks to remember until it is read again
     * @param links further things to read in this visit
     * @param parts what belongs to it and is indexed beside it: attachments. Parts of before that are not here any more go
     */
    record Content(File file, Optional<String> marks, List<Link> links, List<Part> parts) implements Read {
        public Content {
            links = List.copyOf(links);
            parts = List.copyOf(parts);
        }
    }

    /** There as it was, its parts too, and leading where it led. */
    record Same() implements Read {}

    /** Not there any more: leaves the index and is forgotten. */
    record Gone() implements Read {}

    /** There, but with nothing for us: what was known of it leaves the index. @param code stable, kebab-case */
    record Skipped(String code, String detail, List<Link> links) implements Read {
        public Skipped {
            links = List.copyOf(links);
        }
    }

    /** Could not be read this time: what was known of it stays, and what it led to is read. @param code stable, kebab-case; @param detail for the owner */
    record Failed(String code, String detail) implements Read {}

    /**
     * @param name with the extension its content calls for; the title where the content has none
     * @param mediaType only a hint
     * @param url where a reader finds it
     */
    record File(String name, Optional<String> mediaType, Optional<String> url, byte[] bytes) {}

    /** @param key as in {@link Found} */
    record Link(String key, String note) {}

    /** @param key as in {@link Found}, unlike that of any other item */
    record Part(String key, File file) {}
}
