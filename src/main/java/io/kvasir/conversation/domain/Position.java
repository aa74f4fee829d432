package io.kvasir.conversation.domain;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How far a reader has come: the id of the last event it saw, {@code turn:offset} or {@code turn:end}.
 *
 * @param turn from 1
 * @param offset UTF-16 units of the reply read so far; {@link #BEFORE} where not even the start of the turn was seen
 * @param sourced the citations were seen too. The ids of start and citations are alike ({@code turn:0}), so a reader who
 *     comes back with that id gets the citations (again)
 */
public record Position(int turn, int offset, boolean sourced) {
    public static final int BEFORE = -1;

    private static final Pattern ID = Pattern.compile("(0|[1-9][0-9]{0,8}):(0|[1-9][0-9]{0,8}|end)");

    public static Position before(int turn) {
        return new Position(turn, BEFORE, false);
    }

    /** Empty where the text is no event id of ours. The end of a turn is the place before the next. */
    public static Optional<Position> parse(String id) {
        Matcher matcher = ID.matcher(id);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int turn = Integer.parseInt(matcher.group(1));
        if (matcher.group(2).equals("end")) {
            return Optional.of(before(turn + 1));
        }
        int offset = Integer.parseInt(matcher.group(2));
        return turn == 0 ? Optional.empty() : Optional.of(new Position(turn, offset, offset > 0));
    }

    /** Where in the text this reader goes on. A place inside a surrogate pair, which no event ever named, is taken back before it. */
    public int start(CharSequence text) {
        int at = Math.clamp(offset, 0, text.length());
        boolean inside = at > 0
                && at < text.length()
                && Character.isLowSurrogate(text.charAt(at))
                && Character.isHighSurrogate(text.charAt(at - 1));
        return inside ? at - 1 : at;
    }

    /** Where a piece of the text ends that starts there and has so many UTF-16 units at most; never inside a surrogate pair. */
    public static int end(CharSequence text, int from, int most) {
        int end = Math.min(text.length(), from + most);
        return end < text.length()
                        && Character.isLowSurrogate(text.charAt(end))
                        && Character.isHighSurrogate(text.charAt(end - 1))
                ? end - 1
                : end;
    }
}
