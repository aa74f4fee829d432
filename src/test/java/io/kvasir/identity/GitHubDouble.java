package io.kvasir.identity;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.formFieldMap;
import static org.apache.pekko.http.javadsl.server.Directives.headerValueByName;
import static org.apache.pekko.http.javadsl.server.Directives.parameterMap;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;

import io.kvasir.http.Json;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.http.javadsl.server.Route;

/** GitHub as far as a login goes: codes are good once, for the redirect address and PKCE challenge they were made for. */
final class GitHubDouble implements AutoCloseable {
    private final ActorSystem system =
            ActorSystem.create("github", com.typesafe.config.ConfigFactory.load("reference"));
    private final Map<String, Map<String, String>> codes = new ConcurrentHashMap<>();
    private final ServerBinding binding;
    volatile long id = 4711;
    volatile List<Map<String, Object>> emails =
            List.of(Map.of("email", "octo@x.org", "primary", true, "verified", true));
    volatile boolean broken;

    GitHubDouble() {
        binding = Http.get(system)
                .newServerAt("127.0.0.1", 0)
                .bind(routes())
                .toCompletableFuture()
                .join();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + binding.localAddress().getPort());
    }

    private Route routes() {
        return concat(
                pathPrefix(
                        "login",
                        () ->
                                pathPrefix(
                                        "oauth",
                                        () -> concat(
                                                path(
                                                        "authorize",
                                                        () -> parameterMap(asked -> {
                                                            String code = "code-" + codes.size();
                                                            codes.put(code, new HashMap<>(asked));
                                                            return complete(HttpResponse.create()
                                                                    .withStatus(StatusCodes.FOUND)
                                                                    .addHeader(org.apache.pekko.http.javadsl.model
                                                                            .headers.RawHeader.create(
                                                                            "Location",
                                                                            asked.get("redirect_uri") + "?code=" + code
                                                                                    + "&state=" + asked.get("state"))));
                                                        })),
                                                path("access_token", () -> formFieldMap(this::token))))),
                path("user", () -> known(() -> json(Map.of("id", id, "login", "octo", "name", "Octo Cat")))),
                path(
                        org.apache.pekko.http.javadsl.server.PathMatchers.segment("user")
                                .slash("emails"),
                        () -> known(() -> json(emails))));
    }

    private Route token(Map<String, String> given) {
        if (broken) {
            return complete(HttpResponse.create().withStatus(StatusCodes.BAD_GATEWAY));
        }
        Map<String, String> asked = codes.remove(given.getOrDefault("code", ""));
        boolean right = asked != null
                && given.get("client_id").equals("client")
                && given.get("client_secret").equals("secret")
                && given.get("redirect_uri").equals(asked.get("redirect_uri"))
                && "S256".equals(asked.get("code_challenge_method"))
                && s256(given.get("code_verifier")).equals(asked.get("code_challenge"));
        return right
                ? json(Map.of("access_token", "gho_token", "token_type", "bearer", "scope", "user:email"))
                : json(Map.of("error", "bad_verification_code"));
    }

    private static Route known(java.util.function.Supplier<Route> inner) {
        return headerValueByName(
                "Authorization",
                token -> token.equals("Bearer gho_token")
                        ? inner.get()
                        : complete(HttpResponse.create().withStatus(StatusCodes.UNAUTHORIZED)));
    }

    private static Route json(Object body) {
        return Directives.complete(Json.ok(body));
    }

    static String s256(String verifier) {
        try {
            return Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString(
                            MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(StandardCharsets.US_ASCII)));
        } catch (java.security.NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @Override
    public void close() throws Exception {
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }
}
