package io.kvasir.identity;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.JWT;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** OpenID Connect, authorization code with PKCE; the ID token must be signed with RS256 by a key of the issuer. */
final class OidcLogin implements ProviderLogin {
    private static final int MILLIS = 10_000;
    private static final int LARGEST_KEYS = 512 * 1024;
    private static final Duration REMEMBERED = Duration.ofHours(1);

    private final OAuthSettings.Provider settings;
    private final Clock clock;
    private volatile @Nullable Known known;

    OidcLogin(OAuthSettings.Provider settings, Clock clock) {
        this.settings = settings;
        this.clock = clock;
    }

    /** What the issuer tells of itself. */
    private record Known(OIDCProviderMetadata metadata, IDTokenValidator validator, Instant until) {}

    @Override
    public URI authorization(Request request) throws Exception {
        return new AuthenticationRequest.Builder(
                        new ResponseType(ResponseType.Value.CODE),
                        new Scope(settings.scopes().toArray(String[]::new)),
                        new ClientID(settings.clientId()),
                        request.redirect())
                .endpointURI(issuer().metadata().getAuthorizationEndpointURI())
                .state(new State(request.state()))
                .nonce(new Nonce(request.nonce()))
                .codeChallenge(new CodeVerifier(request.verifier()), CodeChallengeMethod.S256)
                .build()
                .toURI();
    }

    @Override
    public Person person(Request request, String code) throws Exception {
        Known issuer = issuer();
        HTTPRequest call = new TokenRequest.Builder(
                        issuer.metadata().getTokenEndpointURI(),
                        new ClientSecretBasic(new ClientID(settings.clientId()), new Secret(settings.clientSecret())),
                        new AuthorizationCodeGrant(
                                new AuthorizationCode(code), request.redirect(), new CodeVerifier(request.verifier())))
                .build()
                .toHTTPRequest();
        limited(call);
        TokenResponse response = OIDCTokenResponseParser.parse(call.send());
        if (!(response instanceof OIDCTokenResponse tokens)) {
            throw new Refused("the code was not accepted");
        }
        JWT idToken = tokens.getOIDCTokens().getIDToken();
        if (idToken == null) {
            throw new Refused("there is no ID token");
        }
        try {
            IDTokenClaimsSet claims = issuer.validator().validate(idToken, new Nonce(request.nonce()));
            boolean verified = Boolean.TRUE.equals(claims.getBooleanClaim("email_verified"));
            return new Person(
                    claims.getSubject().getValue(),
                    Optional.ofNullable(claims.getStringClaim("email")).filter(_ -> verified),
                    Optional.ofNullable(claims.getStringClaim("name")));
        } catch (BadJOSEException | JOSEException e) {
            throw new Refused("the ID token is not good: " + e.getMessage());
        }
    }

    private Known issuer() throws Exception {
        Known there = known;
        if (there != null && there.until().isAfter(clock.instant())) {
            return there;
        }
        Issuer issuer = new Issuer(settings.issuer().toString());
        OIDCProviderMetadata metadata = OIDCProviderMetadata.resolve(issuer, OidcLogin::limited);
        Known fresh = new Known(
                metadata,
                new IDTokenValidator(
                        issuer,
                        new ClientID(settings.clientId()),
                        JWSAlgorithm.RS256,
                        metadata.getJWKSetURI().toURL(),
                        new DefaultResourceRetriever(MILLIS, MILLIS, LARGEST_KEYS)),
                clock.instant().plus(REMEMBERED));
        known = fresh;
        return fresh;
    }

    private static void limited(HTTPRequest call) {
        call.setConnectTimeout(MILLIS);
        call.setReadTimeout(MILLIS);
        call.setFollowRedirects(false);
    }
}
