package io.kvasir.identity;

import static org.apache.pekko.http.javadsl.server.Directives.entity;

import io.kvasir.http.Access;
import io.kvasir.http.Authenticated;
import io.kvasir.http.ClientAddress;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Json;
import io.kvasir.http.Problems;
import io.kvasir.kernel.Principal.Permission;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import java.util.List;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/auth/mfa}: the second factor, set up and asked for. */
public final class MfaRoutes {
    private final Identity identity;
    private final Admission admission;

    public MfaRoutes(Identity identity, AccountSettings settings, ClientAddress addresses) {
        this.identity = identity;
        this.admission = new Admission(settings, addresses);
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.post(
                                "/api/v1/auth/mfa/setup",
                                Access.ACCOUNT,
                                call -> Problems.answer(identity.mfa().setup(call.caller()), Json::ok))
                        .says("Begin to set up a second factor; it counts once a first code was verified")
                        .gives(200, Mfa.Setup.class),
                Endpoint.post(
                                "/api/v1/auth/mfa/verify",
                                Access.PUBLIC,
                                _ -> entity(Json.body(Verify.class), this::verify))
                        .says("With the challenge of a login: finish it. With an access token: finish setting up, and "
                                + "get the recovery codes")
                        .takes(Verify.class)
                        .gives(200, Admission.In.class)
                        .gives(200, Mfa.RecoveryCodes.class),
                Endpoint.post(
                                "/api/v1/auth/mfa/disable",
                                Access.ACCOUNT,
                                call -> entity(
                                        Json.body(Disable.class),
                                        disable -> Problems.answer(
                                                identity.mfa().disable(call.caller(), disable.code()),
                                                _ -> Problems.noContent())))
                        .says("Remove the second factor, by a code of it")
                        .takes(Disable.class)
                        .givesNothing());
    }

    private Route verify(Verify verify) {
        String challenge = verify.challenge();
        return challenge != null
                ? admission.client(client -> admission.entered(identity.mfa().answer(challenge, verify.code(), client)))
                : new Authenticated(identity)
                        .caller(caller -> caller.permissions().contains(Permission.ACCOUNT)
                                ? admission.client(client -> Problems.answer(
                                        identity.mfa().confirm(caller, verify.code(), client), Json::ok))
                                : Problems.refuse(new Rejection.Forbidden("This credential is no login")));
    }

    /** @param challenge of a login that waits; left out to finish setting up */
    record Verify(@Nullable String challenge, String code) {
        Verify {
            if (challenge != null && (challenge.isEmpty() || challenge.length() > 200)) {
                throw Json.Refusal.of(new FieldError("/challenge", "must be the challenge of a login"));
            }
            checked(code);
        }
    }

    /** @param code of the app, or a recovery code */
    record Disable(String code) {
        Disable {
            checked(code);
        }
    }

    private static void checked(@Nullable String code) {
        if (code == null || code.isBlank() || code.length() > 40) {
            throw Json.Refusal.of(new FieldError("/code", "must be 6 digits, or a recovery code"));
        }
    }
}
