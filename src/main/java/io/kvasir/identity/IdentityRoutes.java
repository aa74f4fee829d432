package io.kvasir.identity;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.parameterOptional;

import io.kvasir.http.Access;
import io.kvasir.http.Authenticated;
import io.kvasir.http.ClientAddress;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Json;
import io.kvasir.http.Page;
import io.kvasir.http.Problems;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal.Permission;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/auth}: in, on, out; and who may no longer come in. */
public final class IdentityRoutes {
    private final Identity identity;
    private final Admission admission;

    public IdentityRoutes(Identity identity, AccountSettings settings, ClientAddress addresses) {
        this.identity = identity;
        this.admission = new Admission(settings, addresses);
    }

    public List<Endpoint> endpoints() {
        Sessions sessions = identity.sessions();
        Suspensions suspensions = identity.suspensions();
        return List.of(
                Endpoint.post("/api/v1/auth/login", Access.PUBLIC, _ -> entity(Json.body(Login.class), this::login))
                        .says(
                                "Log in with e-mail address and password; who has a second factor is answered with mfaRequired and a "
                                        + "challenge for /api/v1/auth/mfa/verify")
                        .takes(Login.class)
                        .gives(200, Admission.In.class)
                        .gives(200, Admission.Asked.class),
                Endpoint.post("/api/v1/auth/refresh", Access.PUBLIC, _ -> traded(this::refresh))
                        .says("Trade the refresh token for the next and a fresh access token")
                        .mayTake(Traded.class)
                        .gives(200, Admission.In.class),
                Endpoint.post("/api/v1/auth/logout", Access.PUBLIC, _ -> traded(this::logout))
                        .says("End the session of the refresh token, the cookie or the access token")
                        .mayTake(Traded.class)
                        .givesNothing(),
                Endpoint.get(
                                "/api/v1/auth/me",
                                Access.CONVERSE,
                                call -> Problems.answer(identity.me(call.caller()), Json::ok))
                        .says("Tell who is logged in")
                        .gives(200, Identity.Me.class),
                Endpoint.post(
                                "/api/v1/auth/switch",
                                Access.ACCOUNT,
                                call -> entity(
                                        Json.body(Switch.class),
                                        wanted -> Problems.answer(
                                                sessions.switchTo(call.caller(), new TenantId(wanted.tenantId())),
                                                Json::ok)))
                        .says("Go on in another tenant one belongs to")
                        .takes(Switch.class)
                        .gives(200, Sessions.Switched.class),
                Endpoint.get(
                                "/api/v1/auth/sessions",
                                Access.ACCOUNT,
                                call -> Problems.answer(
                                        sessions.list(call.caller()),
                                        all -> Json.ok(new Page<>(all, Optional.empty()))))
                        .says("List one's own sessions, all on one page")
                        .givesPage(Sessions.Session.class),
                Endpoint.delete(
                                "/api/v1/auth/sessions/{sessionId}",
                                Access.ACCOUNT,
                                call -> done(sessions.revoke(call.caller(), call.id("sessionId"))))
                        .says("End one of one's own sessions at once")
                        .givesNothing(),
                Endpoint.get("/.well-known/jwks.json", Access.PUBLIC, _ -> complete(Json.ok(identity.publicKeys())))
                        .says("Show the public keys that access tokens are signed with, as a JSON Web Key Set")
                        .givesMedia(200, "application/json"),
                Endpoint.get(
                                "/api/v1/operations/tenants",
                                Access.OPERATE,
                                _ -> Page.requested(request ->
                                        Problems.answer(identity.operations().tenants(request), Json::ok)))
                        .says("List all tenants, the earliest first")
                        .givesPage(Operations.Tenant.class),
                Endpoint.get(
                                "/api/v1/operations/users",
                                Access.OPERATE,
                                _ -> parameterOptional(
                                        "email",
                                        email -> Page.requested(request -> Problems.answer(
                                                identity.operations().users(email, request), Json::ok))))
                        .says("List all accounts with the tenants they belong to, the earliest first")
                        .asks("email", "Only the account of this address")
                        .givesPage(Operations.User.class),
                Endpoint.post(
                                "/api/v1/operations/users/{userId}/suspend",
                                Access.OPERATE,
                                call -> call.caller().user().value().equals(call.id("userId"))
                                        ? ownFeet()
                                        : done(suspensions.suspend(new UserId(call.id("userId")))))
                        .says("Keep somebody out of everything, at once")
                        .givesNothing(),
                Endpoint.post(
                                "/api/v1/operations/users/{userId}/resume",
                                Access.OPERATE,
                                call -> done(suspensions.resume(new UserId(call.id("userId")))))
                        .says("Let somebody in again")
                        .givesNothing(),
                Endpoint.post(
                                "/api/v1/operations/tenants/{tenantId}/suspend",
                                Access.OPERATE,
                                call -> call.caller().tenant().value().equals(call.id("tenantId"))
                                        ? ownFeet()
                                        : done(suspensions.suspend(new TenantId(call.id("tenantId")))))
                        .says("Close a tenant for its people and visitors, at once")
                        .givesNothing(),
                Endpoint.post(
                                "/api/v1/operations/tenants/{tenantId}/resume",
                                Access.OPERATE,
                                call -> done(suspensions.resume(new TenantId(call.id("tenantId")))))
                        .says("Open a tenant again")
                        .givesNothing());
    }

    private Route login(Login login) {
        return admission.client(client -> admission.enter(
                login.cookie(),
                () -> identity.login()
                        .login(login.email(), login.password(), Boolean.TRUE.equals(login.cookie()), client)));
    }

    private Route refresh(Optional<String> fromBody) {
        return admission.client(client -> fromBody.isPresent()
                ? admission.give(false, () -> identity.sessions().refresh(fromBody.get(), client))
                : admission
                        .cookie()
                        .token(token -> token.isPresent()
                                ? admission.give(true, () -> identity.sessions().refresh(token.get(), client))
                                : Problems.refuse(
                                        new Rejection.Unauthenticated("Send the refresh token, or its cookie"))));
    }

    private Route logout(Optional<String> fromBody) {
        if (fromBody.isPresent()) {
            return done(identity.sessions().logout(fromBody.get()));
        }
        return admission
                .cookie()
                .token(token -> token.isPresent()
                        ? Problems.answer(
                                identity.sessions().logout(token.get()), _ -> SessionCookie.clear(Problems.noContent()))
                        : new Authenticated(identity)
                                .caller(caller -> caller.permissions().contains(Permission.ACCOUNT)
                                        ? done(identity.sessions()
                                                .revoke(
                                                        caller,
                                                        caller.credential().orElse("")))
                                        : Problems.refuse(new Rejection.Forbidden("This credential is no login"))));
    }

    /** Whoever shuts themselves out cannot open again. */
    private static Route ownFeet() {
        return Problems.refuse(
                new Rejection.Conflict("own-access", "You would keep yourself out; let somebody else do it"));
    }

    private static Route done(CompletionStage<Outcome<Boolean>> outcome) {
        return Problems.answer(outcome, _ -> Problems.noContent());
    }

    /** The refresh token in the body; without a body, or with an empty object, it is looked for in the cookie. */
    private static Route traded(Function<Optional<String>, Route> inner) {
        return extractRequest(request -> request.entity().isKnownEmpty()
                ? inner.apply(Optional.empty())
                : entity(Json.body(Traded.class), body -> inner.apply(Optional.ofNullable(body.refreshToken()))));
    }

    /**
     * What one logs in with. An over-long password is refused before it is hashed.
     *
     * @param cookie true to have the refresh token kept by the browser in a cookie, out of scripts' reach
     */
    record Login(String email, String password, @Nullable Boolean cookie) {
        @SuppressWarnings("ConstantValue") // a field left out of the JSON arrives as null
        Login {
            if (email == null
                    || email.isBlank()
                    || email.length() > 320
                    || email.chars().anyMatch(Character::isISOControl)) {
                throw Json.Refusal.of(new FieldError("/email", "must be an e-mail address of at most 320 characters"));
            }
            if (password == null || password.isEmpty() || password.length() > 1_000) {
                throw Json.Refusal.of(new FieldError("/password", "must have 1 to 1000 characters"));
            }
        }
    }

    /** @param refreshToken the newest of the session; left out by a browser, whose cookie has it */
    record Traded(@Nullable String refreshToken) {
        Traded {
            if (refreshToken != null && refreshToken.length() > 200) {
                throw Json.Refusal.of(new FieldError("/refreshToken", "must have at most 200 characters"));
            }
        }
    }

    /** @param tenantId where to go on */
    record Switch(String tenantId) {
        @SuppressWarnings("ConstantValue")
        Switch {
            if (tenantId == null || !Ids.safe(tenantId)) {
                throw Json.Refusal.of(new FieldError("/tenantId", "must be the id of a tenant"));
            }
        }
    }
}
