package io.kvasir.identity;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;

import io.kvasir.http.ClientAddress;
import io.kvasir.http.Json;
import io.kvasir.http.Problems;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.TenantId;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;

/** How a login reaches who asked for it: a browser by cookie, a machine in the body. */
final class Admission {
    private final ClientAddress addresses;
    private final SessionCookie cookie;

    Admission(AccountSettings settings, ClientAddress addresses) {
        this.addresses = addresses;
        this.cookie = new SessionCookie(settings.publicUrl());
    }

    /**
     * What a login answers.
     *
     * @param refreshToken null where the browser keeps it in a cookie
     */
    record In(
            String accessToken,
            long expiresIn,
            Optional<String> refreshToken,
            TenantId tenantId,
            List<Sessions.Choice> tenants) {
        static In of(Sessions.LoggedIn in, Optional<String> refreshToken) {
            return new In(in.accessToken(), in.expiresIn(), refreshToken, in.tenantId(), in.tenants());
        }
    }

    /** What a login answers that waits for a second factor. @param expiresIn seconds the challenge is good for */
    record Asked(boolean mfaRequired, String challenge, long expiresIn) {}

    SessionCookie cookie() {
        return cookie;
    }

    /** From where the request comes. */
    Route client(Function<Client, Route> inner) {
        return extractRequest(request -> inner.apply(new Client(
                addresses.of(request),
                request.getHeader("User-Agent").map(HttpHeader::value).orElse(""))));
    }

    /** @param byCookie where true, only a page of our own origin gets through to {@code login} */
    Route give(@Nullable Boolean byCookie, Supplier<CompletionStage<Outcome<Sessions.LoggedIn>>> login) {
        return Boolean.TRUE.equals(byCookie)
                ? cookie.ours(() -> Problems.answer(
                        login.get(),
                        in -> SessionCookie.set(
                                Json.ok(In.of(in, Optional.empty())), in.refreshToken(), in.refreshExpiresIn())))
                : Problems.answer(login.get(), in -> Json.ok(In.of(in, Optional.of(in.refreshToken()))));
    }

    /** The same for a login that may wait for a second factor. */
    Route enter(@Nullable Boolean byCookie, Supplier<CompletionStage<Outcome<Login.Entered>>> login) {
        return Boolean.TRUE.equals(byCookie) ? cookie.ours(() -> entered(login.get())) : entered(login.get());
    }

    /** As far as a login came; a browser that asked for a cookie before the second factor gets it after. */
    Route entered(CompletionStage<Outcome<Login.Entered>> login) {
        return Problems.answerWith(login, entered -> switch (entered) {
            case Login.Entered.In(Sessions.LoggedIn in, boolean byCookie) ->
                give(byCookie, () -> CompletableFuture.completedFuture(Outcome.done(in)));
            case Login.Entered.Challenged(String challenge, long expiresIn) ->
                complete(Json.ok(new Asked(true, challenge, expiresIn)));
        });
    }
}
