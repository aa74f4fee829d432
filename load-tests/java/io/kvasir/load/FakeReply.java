package io.kvasir.load;

import java.util.Locale;
import java.util.function.Consumer;

/**
 * How one call is answered. As text: {@code first=100,rate=50,tokens=200,mode=cut,at=10}; a request carries it behind
 * {@code fake:} in its model name, so that any client can ask for any behaviour; what it leaves out comes from the
 * start options.
 *
 * @param firstMs milliseconds from the request to the first token
 * @param rate tokens per second after the first; 0 sends all at once
 * @param tokens length of the reply
 * @param mode how well it behaves
 * @param at the token before which {@code HANG}, {@code CUT}, {@code FINISH} and the like happen
 * @param fails how many calls with this very text are answered by the mode before the next ones are answered well; 0
 *     for all of them
 * @param retryAfter seconds told with 429 and 503; negative for none
 * @param cite every so many tokens a citation mark, split over three tokens; 0 for none
 */
public record FakeReply(int firstMs, double rate, int tokens, Mode mode, int at, int fails, int retryAfter, int cite) {
    public static final FakeReply DEFAULT = new FakeReply(100, 50, 200, Mode.OK, 0, 0, -1, 0);

    /** What may happen to a caller. */
    public enum Mode {
        OK,
        /** The connection is closed as soon as the request is read. */
        REFUSE,
        /** Never a byte. */
        HANG_HEADER,
        /** The response's head, never a token; with {@code at}, that many tokens and then silence. */
        HANG,
        /** 200 and an HTML page. */
        HTML,
        /** An event stream whose data is not JSON. */
        BROKEN_JSON,
        /** An event of 4 MiB on one line, without an end. */
        HUGE_LINE,
        /** The connection breaks before token {@code at}. */
        CUT,
        /** The response ends cleanly before token {@code at}, without finish reason or {@code [DONE]}. */
        CUT_CLEAN,
        /** An error object in the stream before token {@code at}. */
        ERROR,
        BAD_REQUEST,
        UNAUTHORIZED,
        RATE_LIMITED,
        SERVER_ERROR,
        UNAVAILABLE
    }

    /** @throws IllegalArgumentException for an unknown key or value */
    public FakeReply with(String text) {
        FakeReply reply = this;
        for (String pair : text.split(",")) {
            if (!pair.isBlank()) {
                String[] sides = pair.strip().split("=", 2);
                if (sides.length != 2) {
                    throw new IllegalArgumentException("not key=value: " + pair);
                }
                reply = reply.with(sides[0].strip(), sides[1].strip());
            }
        }
        return reply;
    }

    private FakeReply with(String key, String value) {
        int[] n = {firstMs, tokens, at, fails, retryAfter, cite};
        double perSecond = rate;
        Mode how = mode;
        Consumer<Integer> set = i -> n[i] = Integer.parseInt(value);
        switch (key) {
            case "first" -> set.accept(0);
            case "tokens" -> set.accept(1);
            case "at" -> set.accept(2);
            case "fails" -> set.accept(3);
            case "retryAfter" -> set.accept(4);
            case "cite" -> set.accept(5);
            case "rate" -> perSecond = Double.parseDouble(value);
            case "mode" -> how = Mode.valueOf(value.toUpperCase(Locale.ROOT).replace('-', '_'));
            default -> throw new IllegalArgumentException("unknown option " + key);
        }
        return new FakeReply(n[0], perSecond, n[1], how, n[2], n[3], n[4], n[5]);
    }
}
