package io.kvasir.conversation;

import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Scope;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Lets everybody ask. */
class Unlimited implements Allowance {
    @Override
    public CompletionStage<Outcome<String>> reserve(Scope scope, Profile profile, String question) {
        return CompletableFuture.completedFuture(Outcome.done("r"));
    }

    @Override
    public void settle(Scope scope, String reservation, Used used) {}

    @Override
    public void release(Scope scope, String reservation) {}
}
