package io.kvasir.ingestion.mailbox;

import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.AuthorizationGrant;
import com.nimbusds.oauth2.sdk.AuthorizationRequest;
import com.nimbusds.oauth2.sdk.ErrorObject;
import com.nimbusds.oauth2.sdk.OAuth2Error;
import com.nimbusds.oauth2.sdk.ParseException;
import com.nimbusds.oauth2.sdk.RefreshTokenGrant;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.auth.ClientSecretPost;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.RefreshToken;
import io.kvasir.ingestion.mailbox.Mailbox.Tokens;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Consent to read a mailbox, as tokens: authorization code with PKCE (RFC 7636), and their refreshing; blocking. */
final class MailTokens {
    private static final int MILLIS = 10_000;
    /** Of a token about whose life the provider says nothing. */
    private static final Duration SHORT = Duration.ofMinutes(5);
    /** A token that ends so soon is not used any more. */
    private static final Duration MARGIN = Duration.ofMinutes(1);

    private final Clock clock;

    MailTokens(Clock clock) {
        this.clock = clock;
    }

    /** Where a person goes to consent. @param verifier 43 to 128 characters, kept on our side */
    URI authorization(
            MailboxSettings.Provider provider, URI redirect, String state, String verifier, String loginHint) {
        AuthorizationRequest.Builder request = new AuthorizationRequest.Builder(
                        new ResponseType(ResponseType.Value.CODE), new ClientID(provider.clientId()))
                .endpointURI(provider.authorizationUrl())
                .scope(new Scope(provider.scopes().toArray(String[]::new)))
                .redirectionURI(redirect)
                .state(new State(state))
                .codeChallenge(new CodeVerifier(verifier), CodeChallengeMethod.S256)
                .customParameter("login_hint", loginHint);
        for (String parameter : provider.extra()) {
            int at = parameter.indexOf('=');
            request.customParameter(parameter.substring(0, at), parameter.substring(at + 1));
        }
        return request.build().toURI();
    }

    Tokens redeemed(MailboxSettings.Provider provider, URI redirect, String verifier, String code) throws MailFault {
        return ask(
                provider,
                new AuthorizationCodeGrant(new AuthorizationCode(code), redirect, new CodeVerifier(verifier)),
                Optional.empty());
    }

    boolean good(Tokens tokens) {
        return tokens.expiresAt().isAfter(clock.instant().plus(MARGIN));
    }

    Tokens refreshed(MailboxSettings.Provider provider, Tokens old) throws MailFault {
        String refresh = old.refreshToken();
        if (refresh == null) {
            throw MailFault.lasting("authorization-lost", "The authorization has run out; authorize the account again");
        }
        return ask(provider, new RefreshTokenGrant(new RefreshToken(refresh)), Optional.of(refresh));
    }

    private Tokens ask(MailboxSettings.Provider provider, AuthorizationGrant grant, Optional<String> refresh)
            throws MailFault {
        Instant now = clock.instant();
        try {
            HTTPRequest call = new TokenRequest.Builder(
                            provider.tokenUrl(),
                            new ClientSecretPost(
                                    new ClientID(provider.clientId()), new Secret(provider.clientSecret())),
                            grant)
                    .build()
                    .toHTTPRequest();
            call.setConnectTimeout(MILLIS);
            call.setReadTimeout(MILLIS);
            call.setFollowRedirects(false);
            TokenResponse response = TokenResponse.parse(call.send());
            if (!response.indicatesSuccess()) {
                throw refused(response.toErrorResponse().getErrorObject());
            }
            var tokens = response.toSuccessResponse().getTokens();
            long lives = tokens.getAccessToken().getLifetime();
            return new Tokens(
                    tokens.getAccessToken().getValue(),
                    // Providers that do not rotate refresh tokens do not repeat them.
                    Optional.ofNullable(tokens.getRefreshToken())
                            .map(RefreshToken::getValue)
                            .or(() -> refresh)
                            .orElse(null),
                    now,
                    now.plus(lives > 0 ? Duration.ofSeconds(lives) : SHORT));
        } catch (ParseException e) {
            throw MailFault.passing("provider-unavailable", "The provider does not answer as it should");
        } catch (IOException e) {
            throw MailFault.passing("provider-unavailable", "The provider can't be reached");
        }
    }

    private static MailFault refused(ErrorObject error) {
        return OAuth2Error.INVALID_GRANT.equals(error) || error.getHTTPStatusCode() == 401
                ? MailFault.lasting(
                        "authorization-lost",
                        "The provider has taken the authorization back; authorize the account again")
                : MailFault.passing("provider-unavailable", "The provider did not give a token");
    }
}
