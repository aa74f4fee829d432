package io.kvasir.bootstrap;

import io.kvasir.audit.Audit;
import io.kvasir.audit.AuditEntry.Origin;
import io.kvasir.http.ClientAddress;
import io.kvasir.identity.LoginWatch;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Puts on record who came in or was turned away. */
final class Logins implements LoginWatch {
    private final Audit audit;

    Logins(Audit audit) {
        this.audit = audit;
    }

    @Override
    public CompletionStage<Void> told(Seen seen) {
        String user = "user/" + seen.user();
        return audit.record(
                seen.tenant(),
                // Whoever was turned away, or had a token of somebody's, is not known to be them.
                switch (seen.event()) {
                    case TURNED_AWAY, REFRESH_TOKEN_REUSED -> "nobody";
                    case ENTERED, PASSWORD_RESET, SECOND_FACTOR_SET_UP -> user;
                },
                switch (seen.event()) {
                    case ENTERED -> "auth.login.used";
                    case TURNED_AWAY -> "auth.login.failed";
                    case REFRESH_TOKEN_REUSED -> "auth.refresh.reused";
                    case PASSWORD_RESET -> "auth.password.reset";
                    case SECOND_FACTOR_SET_UP -> "auth.mfa.enabled";
                },
                user,
                Optional.empty(),
                Optional.empty(),
                new Origin(
                        Optional.of(seen.client().address()).filter(address -> !address.equals(ClientAddress.UNKNOWN)),
                        Optional.of(seen.client().agent()).filter(agent -> !agent.isBlank())));
    }
}
