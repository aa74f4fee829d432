package io.kvasir.kernel;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Answers to creating POSTs, by caller and {@code Idempotency-Key}: asking twice creates once. */
public interface RememberedReplies {
    /**
     * Claims a key for a request, or tells what became of the earlier one.
     *
     * @param caller who asks, so that keys of different callers never meet
     * @param requestHash of method, path and body; another request under the same key is a mistake
     */
    CompletionStage<Claim> claim(String caller, String key, String requestHash);

    /** Keeps the answer to a claimed request. */
    CompletionStage<Void> remember(String caller, String key, Reply reply);

    /** Gives a claimed key free again: the request was refused and may be tried anew. */
    CompletionStage<Void> forget(String caller, String key);

    /**
     * Leaves a claimed request to whoever asks it again: nobody knows whether it was done. It keeps its id, so that what it
     * was to create is found where it is there, and created where it is not.
     */
    CompletionStage<Void> leave(String caller, String key);

    /** @param body JSON */
    record Reply(int status, byte[] body) {}

    sealed interface Claim {
        /** @param id for what the request creates; the same for all who claimed it before and did not come to its end */
        record Mine(String id) implements Claim {}

        /** @param reply empty while the earlier request is still at work */
        record Earlier(Optional<Reply> reply) implements Claim {}

        record OtherRequest() implements Claim {}
    }
}
