package io.kvasir.identity;

import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;
import static org.apache.pekko.http.javadsl.server.Directives.post;

import io.kvasir.http.Authenticated;
import io.kvasir.http.Json;
import io.kvasir.http.Problems;
import io.kvasir.kernel.Rejection.FieldError;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code /api/v1/auth}. */
public final class IdentityRoutes {
    private final Identity identity;
    private final Authenticated authenticated;

    public IdentityRoutes(Identity identity, Authenticated authenticated) {
        this.identity = identity;
        this.authenticated = authenticated;
    }

    public Route routes() {
        return pathPrefix(
                "auth",
                () -> concat(
                        path(
                                "login",
                                () -> post(() -> entity(
                                        Json.body(Login.class),
                                        login -> Problems.answer(
                                                identity.login(login.email(), login.password()), Json::ok)))),
                        path(
                                "me",
                                () -> get(() -> authenticated.caller(
                                        principal -> Problems.answer(identity.me(principal), Json::ok))))));
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
