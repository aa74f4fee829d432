package io.kvasir.ingestion.web;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Which addresses say that they are another. Where they say so of each other in a circle, the last one read speaks for all;
 * one that names an address where nothing is speaks for itself.
 */
final class SamePages {
    /** Of so many that lead nowhere it is remembered. */
    private static final int MOST = 1_000;

    private final Map<String, String> said;
    private final Set<String> nowhere;

    /**
     * @param said what is known from before: address by address
     * @param nowhere addresses that were named, and where nothing was
     */
    SamePages(Map<String, String> said, Set<String> nowhere) {
        this.said = new HashMap<>(said);
        this.nowhere = new HashSet<>(nowhere);
    }

    /** @return whether a page may be passed over for the one it names: false where that leads back to it, or nowhere */
    synchronized boolean passes(String page, String to) {
        if (nowhere.contains(to)) {
            return false;
        }
        for (String at = to; at != null; at = said.get(at)) {
            if (at.equals(page)) {
                return false;
            }
        }
        said.put(page, to);
        return true;
    }

    /** Notes whether anything is at an address. @return whether that is news worth remembering */
    synchronized boolean noted(String page, boolean there) {
        return there ? nowhere.remove(page) : said.containsValue(page) && nowhere.size() < MOST && nowhere.add(page);
    }

    synchronized Set<String> nowhere() {
        return Set.copyOf(nowhere);
    }
}
