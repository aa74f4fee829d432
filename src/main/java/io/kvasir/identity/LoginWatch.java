package io.kvasir.identity;

import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.util.concurrent.CompletionStage;

/** Told who came in or was turned away, whatever way they tried, and what became of their keys to the door. */
@FunctionalInterface
public interface LoginWatch {
    enum Event {
        ENTERED,
        /** A wrong password or code for an account there is, or an account that is suspended. */
        TURNED_AWAY,
        /** A spent refresh token came again: two had it. */
        REFRESH_TOKEN_REUSED,
        PASSWORD_RESET,
        SECOND_FACTOR_SET_UP
    }

    /** @param tenant the one come into, otherwise the one the user was first taken into */
    record Seen(Event event, UserId user, TenantId tenant, Client client) {}

    CompletionStage<Void> told(Seen seen);
}
