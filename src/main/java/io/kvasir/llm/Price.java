package io.kvasir.llm;

/**
 * What a model costs, in millionths of the price list's currency unit per million tokens: 2.50 per million is
 * 2,500,000.
 */
public record Price(long promptMicros, long completionMicros) {
    public static final Price NONE = new Price(0, 0);

    public Price {
        if (promptMicros < 0 || completionMicros < 0) {
            throw new IllegalArgumentException("a price is not negative");
        }
    }

    /** In millionths of the currency unit, rounded up: a call never looks cheaper than it is. */
    public long costMicros(long promptTokens, long completionTokens) {
        return Math.ceilDiv(promptTokens * promptMicros + completionTokens * completionMicros, 1_000_000L);
    }
}
