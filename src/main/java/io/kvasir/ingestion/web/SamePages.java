package io.kvasir.ingestion.web;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Which addresses say that they are another. Where they say so of each other in a circle, the last one read speaks for all;
 * one that names an address where nothing is speaks for itself.
 */
final class SamePages {
    /** Of so many that lead nowhere it is remembered. */
    private static final int MOST = 1_000;

    private final Map<String, String> said;
    private final Set<String> nowhere;
    private final Consumer<Set<String>> remember;
    /** Where nothing was found in this visit, whether or not a page named it. */
    private final Set<String> absent = new HashSet<>();

    /**
     * @param said what is known from before: address by address
     * @param nowhere addresses that were named, and where nothing was
     * @param remember is told them anew where they change: what was passed over for one is made good by a later reading
     */
    SamePages(Map<String, String> said, Set<String> nowhere, Consumer<Set<String>> remember) {
        this.said = new HashMap<>(said);
        this.nowhere = new HashSet<>(nowhere);
        this.remember = remember;
    }

    /** @return whether a page may be passed over for the one it names: false where that leads back to it, or nowhere */
    synchronized boolean passes(String page, String to) {
        if (absent.contains(to)) {
            lost(to);
            return false;
        }
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

    synchronized void gone(String page) {
        absent.add(page);
        if (said.containsValue(page)) {
            lost(page);
        }
    }

    synchronized void there(String page) {
        if (nowhere.remove(page)) {
            remember.accept(Set.copyOf(nowhere));
        }
    }

    private void lost(String page) {
        if (nowhere.size() < MOST && nowhere.add(page)) {
            remember.accept(Set.copyOf(nowhere));
        }
    }

    /** Whether it was named, and nothing is there. */
    synchronized boolean isNowhere(String page) {
        return nowhere.contains(page);
    }
}
