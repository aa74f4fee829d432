package io.kvasir.identity;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.optionalCookie;
import static org.apache.pekko.http.javadsl.server.Directives.parameterOptional;

import io.kvasir.http.Access;
import io.kvasir.http.Call;
import io.kvasir.http.ClientAddress;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Json;
import io.kvasir.http.Problems;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.HttpCookiePair;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.model.headers.SameSite;
import org.apache.pekko.http.javadsl.model.headers.SetCookie;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code /api/v1/oauth}: away to a provider and back. What comes back ends on the dashboard's own page. */
public final class OAuthRoutes {
    static final String BROWSER = "__Host-kvasir-oauth";
    private static final long KEPT_SECONDS = 600;

    private final Identity identity;
    private final Admission admission;

    public OAuthRoutes(Identity identity, AccountSettings settings, ClientAddress addresses) {
        this.identity = identity;
        this.admission = new Admission(settings, addresses);
    }

    /** The providers one may log in at. */
    public record Offered(List<String> providers) {}

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get(
                                "/api/v1/oauth/providers",
                                Access.PUBLIC,
                                _ -> complete(
                                        Json.ok(new Offered(identity.oauth().offered()))))
                        .says("List the providers one may log in at")
                        .gives(200, Offered.class),
                Endpoint.get("/api/v1/oauth/auth/{provider}", Access.PUBLIC, this::begin)
                        .says("Send the browser to a provider to log in")
                        .givesMedia(302, ""),
                Endpoint.get("/api/v1/oauth/auth/{provider}/callback", Access.PUBLIC, this::finish)
                        .says("Take back the browser from a provider; leads to /auth/{provider}/callback, with "
                                + "?error= or #challenge= where something is left to say or do")
                        .asks("state", "Of the login that is under way")
                        .asks("code", "Of the provider")
                        .asks("error", "Of the provider")
                        .givesMedia(303, ""));
    }

    private Route begin(Call call) {
        String provider = call.id("provider");
        return optionalCookie(
                BROWSER,
                cookie -> onSuccess(
                        identity.oauth().begin(provider, cookie.map(HttpCookiePair::value)),
                        outcome -> switch (outcome) {
                            case Outcome.Done<OAuth.Begun>(OAuth.Begun begun) ->
                                complete(moved(302, begun.authorization().toString())
                                        // Lax: the provider's page leads back here.
                                        .addHeader(SetCookie.create(SessionCookie.cookie(
                                                BROWSER, begun.browser(), KEPT_SECONDS, SameSite.Lax))));
                            case Outcome.Refused<OAuth.Begun>(Rejection.Conflict no) ->
                                back(provider, "?error=" + no.code(), Optional.empty());
                            case Outcome.Refused<OAuth.Begun>(Rejection other) -> Problems.refuse(other);
                        }));
    }

    private Route finish(Call call) {
        String provider = call.id("provider");
        return parameterOptional(
                "state",
                state -> parameterOptional(
                        "code",
                        code -> optionalCookie(
                                BROWSER,
                                browser -> admission.client(client -> state.isEmpty()
                                                || code.isEmpty()
                                                || state.get().length() > 200
                                                || code.get().length() > 4_000
                                        ? back(provider, "?error=denied", Optional.empty())
                                        : onSuccess(
                                                identity.oauth()
                                                        .finish(
                                                                provider,
                                                                state.get(),
                                                                code.get(),
                                                                browser.map(HttpCookiePair::value),
                                                                client),
                                                outcome -> came(provider, outcome))))));
    }

    private Route came(String provider, Outcome<Login.Entered> outcome) {
        return switch (outcome) {
            case Outcome.Done<Login.Entered>(Login.Entered.In(Sessions.LoggedIn in, boolean _)) ->
                back(provider, "", Optional.of(in));
            case Outcome.Done<Login.Entered>(Login.Entered.Challenged(String challenge, long _)) ->
                back(provider, "#challenge=" + challenge, Optional.empty());
            case Outcome.Refused<Login.Entered>(Rejection.Conflict no) ->
                back(provider, "?error=" + no.code(), Optional.empty());
            case Outcome.Refused<Login.Entered>(Rejection.Forbidden _) ->
                back(provider, "?error=suspended", Optional.empty());
            case Outcome.Refused<Login.Entered>(Rejection other) -> Problems.refuse(other);
        };
    }

    private Route back(String provider, String more, Optional<Sessions.LoggedIn> in) {
        return onSuccess(identity.publicUrl(), url -> {
            HttpResponse response = moved(303, url + "/auth/" + provider + "/callback" + more);
            return complete(in.map(i -> SessionCookie.set(response, i.refreshToken(), i.refreshExpiresIn()))
                    .orElse(response));
        });
    }

    private static HttpResponse moved(int status, String to) {
        return HttpResponse.create()
                .withStatus(StatusCodes.get(status))
                .addHeader(RawHeader.create("Location", to))
                .addHeader(RawHeader.create("Referrer-Policy", "no-referrer"));
    }
}
