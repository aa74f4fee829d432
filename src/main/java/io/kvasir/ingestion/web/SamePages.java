package io.kvasir.ingestion.web;

import java.util.HashMap;
import java.util.Map;

/** Which addresses say that they are another. Where they say so of each other in a circle, the last one read speaks for all. */
final class SamePages {
    private final Map<String, String> said;

    /** @param said what is known from before: address by address */
    SamePages(Map<String, String> said) {
        this.said = new HashMap<>(said);
    }

    /** @return whether a page may be passed over for the one it names: false where that leads back to it */
    synchronized boolean passes(String page, String to) {
        for (String at = to; at != null; at = said.get(at)) {
            if (at.equals(page)) {
                return false;
            }
        }
        said.put(page, to);
        return true;
    }
}
