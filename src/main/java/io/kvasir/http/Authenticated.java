package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.optionalHeaderValueByName;

import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import java.util.Optional;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.server.Route;

/** Lets only verified callers through, and hands their {@link Principal} to the route. */
public final class Authenticated {
    private static final String SCHEME = "Bearer ";
    private static final int LONGEST = 8 * 1024;

    private final Authenticator authenticator;

    public Authenticated(Authenticator authenticator) {
        this.authenticator = authenticator;
    }

    public Route caller(Function<Principal, Route> inner) {
        return optionalHeaderValueByName("Authorization", header -> {
            Optional<String> token = header.filter(
                            h -> h.length() <= LONGEST && h.regionMatches(true, 0, SCHEME, 0, SCHEME.length()))
                    .map(h -> h.substring(SCHEME.length()).strip());
            return token.isEmpty()
                    ? refused("Send a token: Authorization: Bearer …")
                    : onSuccess(
                            authenticator.authenticate(token.get()),
                            principal -> principal
                                    .map(inner)
                                    .orElseGet(() -> refused("The token is not valid or has expired")));
        });
    }

    private static Route refused(String detail) {
        return Problems.refuse(new Rejection.Unauthenticated(detail));
    }
}
