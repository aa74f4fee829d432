package io.kvasir.tenancy.domain;

import io.kvasir.kernel.KnowledgeBaseId;
import java.time.Instant;

/**
 * What was used in the end.
 *
 * @param number rises by one with each settlement of the tenant; 0 until it has one
 * @param at counts for the calendar day and month of this moment, in UTC
 */
public record Settlement(
        long number,
        String reservation,
        KnowledgeBaseId knowledgeBase,
        String provider,
        String model,
        long messages,
        long promptTokens,
        long completionTokens,
        long costMicros,
        Instant at) {
    Settlement numbered(long next) {
        return new Settlement(
                next,
                reservation,
                knowledgeBase,
                provider,
                model,
                messages,
                promptTokens,
                completionTokens,
                costMicros,
                at);
    }

    Amounts amounts() {
        return Amounts.answer(messages, promptTokens + completionTokens, costMicros);
    }
}
