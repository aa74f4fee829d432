package io.kvasir.answering;

import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * Lets a reply through piece by piece so that citation marks come out whole and only announced ones come out at all.
 *
 * <p>A mark is {@code [n]}, n from 1 to 999 without leading zero. What could still become a mark at the end of a piece
 * waits for the next one; all other text goes on at once. A mark that was not announced is dropped. A list such as
 * {@code [1, 2]} whose numbers all were announced is written as {@code [1][2]}; any other bracket is plain text. Inside
 * Markdown code (backticks) nothing is a mark. Not thread-safe; one per reply.
 */
final class CitationFilter {
    /** Longest bracket that is looked at as a list: eight numbers of three digits with separators. */
    private static final int LONGEST = 40;

    private final Set<Integer> announced;
    private final NavigableSet<Integer> cited = new TreeSet<>();
    private final StringBuilder held = new StringBuilder();
    /** Backticks that opened the code we are in; 0 outside. */
    private int fence;
    /** Length of the run of backticks that the text so far ends with. */
    private int ticks;

    private boolean lineBreak;

    CitationFilter(Set<Integer> announced) {
        this.announced = Set.copyOf(announced);
    }

    /** What of the text so far may go out now; possibly nothing. */
    String accept(String piece) {
        if (held.isEmpty() && fence == 0 && ticks == 0 && piece.indexOf('[') < 0 && piece.indexOf('`') < 0) {
            return piece; // nearly every token
        }
        StringBuilder passed = new StringBuilder(piece.length() + held.length());
        for (int i = 0; i < piece.length(); i++) {
            take(piece.charAt(i), passed);
        }
        return passed.toString();
    }

    private void take(char c, StringBuilder passed) {
        if (!held.isEmpty()) {
            if (c == ']') {
                close(passed);
                return;
            }
            if (belongs(c) && held.length() < LONGEST) {
                held.append(c);
                return;
            }
            passed.append(held);
            held.setLength(0);
        }
        if (c == '`') {
            ticks++;
        } else {
            endRun();
            if (c == '\n') {
                if (lineBreak && fence < 3) {
                    fence = 0; // inline code does not reach over a blank line: a stray backtick
                }
                lineBreak = true;
            } else if (!Character.isWhitespace(c)) {
                lineBreak = false;
            }
            if (c == '[' && fence == 0) {
                held.append(c);
                return;
            }
        }
        passed.append(c);
    }

    private void endRun() {
        if (ticks > 0) {
            if (fence == 0) {
                fence = ticks;
            } else if (ticks == fence || (fence >= 3 && ticks > fence)) {
                fence = 0;
            }
            ticks = 0;
            lineBreak = false;
        }
    }

    private boolean belongs(char c) {
        char last = held.charAt(held.length() - 1);
        if (c >= '0' && c <= '9') {
            return c != '0' || (last >= '0' && last <= '9');
        }
        boolean digit = last >= '0' && last <= '9';
        return (c == ',' || c == ';') ? digit : c == ' ' && (last == ',' || last == ';');
    }

    private void close(StringBuilder passed) {
        String inside = held.substring(1);
        held.setLength(0);
        if (inside.matches("[1-9][0-9]{0,2}")) {
            int n = Integer.parseInt(inside);
            if (announced.contains(n)) {
                cited.add(n);
                passed.append('[').append(n).append(']');
            }
        } else if (allAnnounced(inside)) {
            for (String number : inside.split("[,;] ?")) {
                cited.add(Integer.parseInt(number));
                passed.append('[').append(number).append(']');
            }
        } else {
            passed.append('[').append(inside).append(']');
        }
    }

    private boolean allAnnounced(String list) {
        if (!list.matches("[1-9][0-9]{0,2}([,;] ?[1-9][0-9]{0,2})+")) {
            return false;
        }
        for (String number : list.split("[,;] ?")) {
            if (!announced.contains(Integer.parseInt(number))) {
                return false;
            }
        }
        return true;
    }

    /** What was still waiting: no mark any more, since the reply is over. */
    String end() {
        String rest = held.toString();
        held.setLength(0);
        return rest;
    }

    /** The numbers that went out as marks, ascending. */
    NavigableSet<Integer> cited() {
        return cited;
    }
}
