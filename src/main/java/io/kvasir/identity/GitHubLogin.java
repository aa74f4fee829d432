package io.kvasir.identity;

import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.oauth2.sdk.AuthorizationRequest;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import io.kvasir.http.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** OAuth 2 as GitHub speaks it, with PKCE; who somebody is, its API tells. The subject is the numeric id. */
final class GitHubLogin implements ProviderLogin {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int LARGEST = 512 * 1024;

    private final OAuthSettings.Provider settings;
    private final HttpClient client = HttpClient.newBuilder()
            .connectTimeout(PATIENCE)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    GitHubLogin(OAuthSettings.Provider settings) {
        this.settings = settings;
    }

    @Override
    public URI authorization(Request request) {
        return new AuthorizationRequest.Builder(
                        new ResponseType(ResponseType.Value.CODE), new ClientID(settings.clientId()))
                .endpointURI(URI.create(settings.issuer() + "/login/oauth/authorize"))
                .redirectionURI(request.redirect())
                .scope(new Scope(settings.scopes().toArray(String[]::new)))
                .state(new State(request.state()))
                .codeChallenge(new CodeVerifier(request.verifier()), CodeChallengeMethod.S256)
                .build()
                .toURI();
    }

    @Override
    public Person person(Request request, String code) throws Exception {
        JsonNode answer = send(HttpRequest.newBuilder(URI.create(settings.issuer() + "/login/oauth/access_token"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form(Map.of(
                        "client_id", settings.clientId(),
                        "client_secret", settings.clientSecret(),
                        "code", code,
                        "redirect_uri", request.redirect().toString(),
                        "code_verifier", request.verifier())))));
        String token = answer.path("access_token").asText();
        if (token.isEmpty()) {
            throw new Refused("the code was not accepted");
        }
        JsonNode user = send(HttpRequest.newBuilder(URI.create(settings.api() + "/user"))
                .header("Authorization", "Bearer " + token));
        long id = user.path("id").asLong();
        if (id <= 0) {
            throw new Refused("nobody stands behind the code");
        }
        JsonNode emails = send(HttpRequest.newBuilder(URI.create(settings.api() + "/user/emails"))
                .header("Authorization", "Bearer " + token));
        Optional<String> email = Optional.empty();
        for (JsonNode one : emails) {
            if (one.path("primary").asBoolean() && one.path("verified").asBoolean()) {
                email = Optional.of(one.path("email").asText());
            }
        }
        return new Person(
                Long.toString(id),
                email,
                Optional.of(user.path("name").asText("")).filter(name -> !name.isBlank()));
    }

    private JsonNode send(HttpRequest.Builder request) throws IOException, InterruptedException, Refused {
        HttpResponse<InputStream> response = client.send(
                request.header("Accept", "application/json").timeout(PATIENCE).build(),
                HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream body = response.body()) {
            byte[] bytes = body.readNBytes(LARGEST);
            if (response.statusCode() >= 500) {
                throw new IOException("answered " + response.statusCode());
            }
            if (response.statusCode() != 200) {
                throw new Refused("answered " + response.statusCode());
            }
            return Json.MAPPER.readTree(bytes);
        }
    }

    private static String form(Map<String, String> fields) {
        return fields.entrySet().stream()
                .map(f -> f.getKey() + "=" + URLEncoder.encode(f.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
    }
}
