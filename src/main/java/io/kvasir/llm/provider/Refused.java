package io.kvasir.llm.provider;

import io.kvasir.llm.ChatFailure;
import java.time.Duration;
import java.util.Optional;

/**
 * An attempt that came to nothing.
 *
 * @param again whether the same call may go better in a moment
 * @param after how long the provider, or our own limit, wants us to wait
 */
record Refused(ChatFailure failure, boolean again, Optional<Duration> after) {
    static Refused of(ChatFailure failure) {
        return new Refused(failure, Failures.worthRetrying(failure), Optional.empty());
    }

    static Refused of(ChatFailure failure, Optional<Duration> after) {
        return new Refused(failure, Failures.worthRetrying(failure), after);
    }

    static Refused forGood(ChatFailure failure) {
        return new Refused(failure, false, Optional.empty());
    }
}
