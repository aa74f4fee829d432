package io.kvasir.conversation.domain;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How a turn ended.
 *
 * @param finishReason as the model gave it, in lower case; with {@link Turn.Status#COMPLETED} only, as are the next three
 * @param cited numbers of the citations in the text, ascending
 * @param failure with {@link Turn.Status#FAILED} only
 */
public record Ending(
        Turn.Status status,
        Optional<String> finishReason,
        List<Integer> cited,
        Optional<Usage> usage,
        Optional<Timings> timings,
        Optional<Failure> failure,
        Instant at) {
    /** Most bytes of a UTF-16 unit. */
    private static final int UTF_8 = 3;

    public Ending {
        cited = List.copyOf(cited);
    }

    /** Most its texts and marks are as a message between servers. */
    int bytes() {
        return 2 * cited.size()
                + UTF_8
                        * usage.map(u -> u.provider().length() + u.model().length())
                                .orElse(0)
                + UTF_8
                        * failure.map(f -> f.code().length() + f.detail().length())
                                .orElse(0);
    }

    static Ending stopped(Instant at) {
        return without(Turn.Status.STOPPED, Optional.empty(), at);
    }

    static Ending failed(Failure failure, Instant at) {
        return without(Turn.Status.FAILED, Optional.of(failure), at);
    }

    private static Ending without(Turn.Status status, Optional<Failure> failure, Instant at) {
        return new Ending(status, Optional.empty(), List.of(), Optional.empty(), Optional.empty(), failure, at);
    }

    /** @param costMicros millionths of the price list's currency unit */
    public record Usage(String provider, String model, int promptTokens, int completionTokens, long costMicros) {}

    /** Milliseconds since the question was taken. */
    public record Timings(double retrievalMs, double firstTokenMs, double totalMs) {}

    /** @param code stable, in kebab-case; @param detail for the asker */
    public record Failure(String code, String detail) {}
}
