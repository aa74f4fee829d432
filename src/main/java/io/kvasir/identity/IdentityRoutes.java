package io.kvasir.identity;

import static org.apache.pekko.http.javadsl.server.Directives.entity;

import io.kvasir.http.Access;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Json;
import io.kvasir.http.Problems;
import io.kvasir.kernel.Rejection.FieldError;
import java.util.List;

/** {@code /api/v1/auth}. */
public final class IdentityRoutes {
    private final Identity identity;

    public IdentityRoutes(Identity identity) {
        this.identity = identity;
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.post(
                                "/api/v1/auth/login",
                                Access.PUBLIC,
                                _ -> entity(
                                        Json.body(Login.class),
                                        login -> Problems.answer(
                                                identity.login(login.email(), login.password()), Json::ok)))
                        .says("Log in with e-mail address and password")
                        .takes(Login.class)
                        .gives(200, Identity.Access.class),
                Endpoint.get(
                                "/api/v1/auth/me",
                                Access.CONVERSE,
                                call -> Problems.answer(identity.me(call.caller()), Json::ok))
                        .says("Tell who is logged in")
                        .gives(200, Identity.Me.class));
    }

    /** What one logs in with. An over-long password is refused before it is hashed. */
    record Login(String email, String password) {
        @SuppressWarnings("ConstantValue") // a field left out of the JSON arrives as null
        Login {
            if (email == null || email.isBlank() || email.length() > 320) {
                throw Json.Refusal.of(new FieldError("/email", "must be an e-mail address of at most 320 characters"));
            }
            if (password == null || password.isEmpty() || password.length() > 1_000) {
                throw Json.Refusal.of(new FieldError("/password", "must have 1 to 1000 characters"));
            }
        }
    }
}
