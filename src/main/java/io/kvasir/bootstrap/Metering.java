package io.kvasir.bootstrap;

import io.kvasir.answering.AnsweringSettings;
import io.kvasir.answering.Question;
import io.kvasir.conversation.Allowance;
import io.kvasir.conversation.Profile;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import io.kvasir.knowledgebase.Room;
import io.kvasir.llm.Price;
import io.kvasir.llm.TokenEstimate;
import io.kvasir.tenancy.Tenants;
import io.kvasir.tenancy.domain.Amounts;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts the features' wishes into the words of tenancy: neither knows the other. */
record Metering(Tenants tenants, BiFunction<String, String, Price> prices, AnsweringSettings answering)
        implements Allowance, Room {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.bootstrap");

    /** The most an answer can use: what may be put before the model, and the longest reply. */
    @Override
    public CompletionStage<Outcome<String>> reserve(Scope scope, Profile profile, String question) {
        Question.Style style = profile.style();
        long prompt = TokenEstimate.of(question)
                + TokenEstimate.of(style.systemPrompt())
                + (long) profile.retrieval().contextTokens()
                + answering.historyTokens();
        long cost = prices.apply(style.provider(), style.model()).costMicros(prompt, style.maxTokens());
        return tenants.reserve(scope.tenant(), Amounts.answer(1, prompt + style.maxTokens(), cost));
    }

    @Override
    public void settle(Scope scope, String reservation, Allowance.Used used) {
        tenants.settle(
                        scope,
                        reservation,
                        new Tenants.Used(
                                used.provider(),
                                used.model(),
                                1,
                                used.promptTokens(),
                                used.completionTokens(),
                                used.costMicros()
                                        .orElseGet(() -> prices.apply(used.provider(), used.model())
                                                .costMicros(used.promptTokens(), used.completionTokens()))))
                .whenComplete((_, fault) -> told(scope, fault));
    }

    @Override
    public void release(Scope scope, String reservation) {
        tenants.release(scope.tenant(), reservation).whenComplete((_, fault) -> told(scope, fault));
    }

    private static void told(Scope scope, @org.jspecify.annotations.Nullable Throwable fault) {
        if (fault != null) {
            LOG.error("what an answer used could not be told to tenant {}", scope.tenant(), fault);
        }
    }

    @Override
    public CompletionStage<Outcome<Place>> forKnowledgeBase(Scope scope) {
        return place(scope.tenant(), scope.knowledgeBase().value(), Amounts.knowledgeBase());
    }

    @Override
    public CompletionStage<Outcome<Place>> forDocuments(Scope scope, String place, long documents, long bytes) {
        return place(scope.tenant(), place, Amounts.stored(documents, bytes));
    }

    private CompletionStage<Outcome<Place>> place(TenantId tenant, String name, Amounts amounts) {
        return tenants.reserve(tenant, name, amounts)
                .thenApply(outcome -> outcome.map(reservation -> () -> tenants.release(tenant, reservation)));
    }

    @Override
    public CompletionStage<Void> holds(Scope scope, long documents, long bytes) {
        return tenants.holds(scope, documents, bytes);
    }

    @Override
    public CompletionStage<Void> gone(Scope scope) {
        return tenants.gone(scope);
    }
}
