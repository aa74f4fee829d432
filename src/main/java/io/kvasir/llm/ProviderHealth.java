package io.kvasir.llm;

import java.time.Instant;
import java.util.Optional;

/**
 * How a provider fares, as this node sees it. Nothing is called to find out.
 *
 * @param calls being answered now
 * @param waiting for a connection
 * @param pausedUntil when it is tried again, where it is {@link State#PAUSED}
 * @param lastFailure since this node started, however long ago
 */
public record ProviderHealth(
        String provider,
        State state,
        int calls,
        int waiting,
        Optional<Instant> pausedUntil,
        Optional<Failure> lastFailure) {
    public enum State {
        UP,
        /** It failed so often in a row that it is left alone for a while. */
        PAUSED,
        /** After a pause one call tries whether it is back. */
        PROBING
    }

    /** @param message fit for a tenant's eyes */
    public record Failure(ChatFailure.Kind kind, String message, Instant at) {}

    public static ProviderHealth up(String provider) {
        return new ProviderHealth(provider, State.UP, 0, 0, Optional.empty(), Optional.empty());
    }
}
