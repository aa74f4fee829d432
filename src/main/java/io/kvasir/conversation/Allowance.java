package io.kvasir.conversation;

import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Scope;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;

/** What a tenant may have answered. Wiring provides it; a conversation knows no plans and no prices. */
public interface Allowance {
    /**
     * Asked before a question is taken.
     *
     * @return what to name when it is known what the answer used; refused where the tenant may ask no more
     */
    CompletionStage<Outcome<String>> reserve(Scope scope, Profile profile, String question);

    /** What the answer used; told once. */
    void settle(Scope scope, String reservation, Used used);

    /** The question was not taken, or nothing was used for it. */
    void release(Scope scope, String reservation);

    /** @param costMicros millionths of the price list's currency unit; empty where the answer broke off before it was known */
    record Used(String provider, String model, long promptTokens, long completionTokens, OptionalLong costMicros) {}
}
