package io.kvasir.tenancy.domain;

import java.util.Optional;

/**
 * What a tenant wishes for itself.
 *
 * @param conversationDays after so many days a conversation is erased; empty: never
 * @param spendCapMicros most spend of a month, where that is less than the plan allows; empty: as the plan says
 */
public record Preferences(Optional<Integer> conversationDays, Optional<Long> spendCapMicros) {
    public static final Preferences NONE = new Preferences(Optional.empty(), Optional.empty());
}
