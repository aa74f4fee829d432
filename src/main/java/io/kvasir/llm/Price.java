package io.kvasir.llm;

/**
 * What a model costs, in millionths of the price list's currency unit per million tokens: 2.50 per million is
 * 2,500,000.
 *
 * @param cachedMicros for tokens of the prompt the provider had kept from an earlier call
 */
public record Price(long promptMicros, long completionMicros, long cachedMicros) {
    public static final Price NONE = new Price(0, 0);

    public Price {
        if (promptMicros < 0 || completionMicros < 0 || cachedMicros < 0) {
            throw new IllegalArgumentException("a price is not negative");
        }
    }

    /** One whose cached tokens cost what all others do. */
    public Price(long promptMicros, long completionMicros) {
        this(promptMicros, completionMicros, promptMicros);
    }

    /** In millionths of the currency unit, rounded up: a call never looks cheaper than it is. */
    public long costMicros(long promptTokens, long completionTokens) {
        return costMicros(promptTokens, 0, completionTokens);
    }

    /** The same. @param cachedTokens how many of {@code promptTokens} cost the cached price */
    public long costMicros(long promptTokens, long cachedTokens, long completionTokens) {
        long cached = Math.clamp(cachedTokens, 0, promptTokens);
        return Math.ceilDiv(
                (promptTokens - cached) * promptMicros + cached * cachedMicros + completionTokens * completionMicros,
                1_000_000L);
    }
}
