package io.kvasir.identity;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Our JWTs: ES256 and nothing else, the key by {@code kid} from our own, {@code typ}, {@code iss}, {@code aud} and
 * {@code exp} required. Users' and visitors' tokens have separate audiences.
 */
final class Tokens {
    private static final JOSEObjectType TYPE = new JOSEObjectType("at+jwt");

    private final Supplier<KeyRing> keys;
    private final TokenSettings settings;
    private final Clock clock;
    private final Signatures signatures = new Signatures();

    Tokens(Supplier<KeyRing> keys, TokenSettings settings, Clock clock) {
        this.keys = keys;
        this.settings = settings;
        this.clock = clock;
    }

    private enum Audience {
        USER,
        VISITOR;

        String claim() {
            return "kvasir:" + name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** A signed token and when it ends. */
    record Minted(String token, Duration lifetime) {}

    /** What a good token says. Whether its holder may still come in is asked of the database. */
    sealed interface Claims {
        record User(UserId user, TenantId tenant, String session) implements Claims {}

        record Visitor(UserId visitor, TenantId tenant, ConversationId conversation) implements Claims {}
    }

    Minted user(UserId user, TenantId tenant, String session) {
        return sign(Audience.USER, settings.access(), claims(user, tenant).claim("sid", session));
    }

    Minted visitor(UserId visitor, TenantId tenant, ConversationId conversation) {
        return sign(
                Audience.VISITOR,
                settings.visitor(),
                claims(visitor, tenant).claim("conversation", conversation.value()));
    }

    /** Empty for whatever is not a valid token of ours. */
    Optional<Claims> verify(String token) {
        try {
            Optional<JWSObject> signed = signatures.good(token, keys.get());
            return signed.isPresent() && TYPE.equals(signed.get().getHeader().getType())
                    ? said(JWTClaimsSet.parse(signed.get().getPayload().toJSONObject()))
                    : Optional.empty();
        } catch (ParseException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private Optional<Claims> said(JWTClaimsSet claims) throws ParseException {
        Date ends = claims.getExpirationTime();
        if (ends == null
                || !clock.instant().isBefore(ends.toInstant())
                || !settings.issuer().equals(claims.getIssuer())
                || claims.getSubject() == null
                || claims.getAudience().size() != 1) {
            return Optional.empty();
        }
        UserId user = new UserId(claims.getSubject());
        TenantId tenant = new TenantId(claims.getStringClaim("tenant"));
        String audience = claims.getAudience().getFirst();
        if (audience.equals(Audience.USER.claim())) {
            return Optional.of(new Claims.User(user, tenant, Ids.require(claims.getStringClaim("sid"))));
        }
        if (audience.equals(Audience.VISITOR.claim())) {
            return Optional.of(
                    new Claims.Visitor(user, tenant, new ConversationId(claims.getStringClaim("conversation"))));
        }
        return Optional.empty();
    }

    private JWTClaimsSet.Builder claims(UserId user, TenantId tenant) {
        return new JWTClaimsSet.Builder().subject(user.value()).claim("tenant", tenant.value());
    }

    private Minted sign(Audience audience, Duration lifetime, JWTClaimsSet.Builder claims) {
        Instant now = clock.instant();
        ECKey key = keys.get().signing();
        SignedJWT jwt = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.ES256)
                        .type(TYPE)
                        .keyID(key.getKeyID())
                        .build(),
                claims.issuer(settings.issuer())
                        .audience(List.of(audience.claim()))
                        .issueTime(Date.from(now))
                        .expirationTime(Date.from(now.plus(lifetime)))
                        .build());
        try {
            jwt.sign(new ECDSASigner(key));
        } catch (JOSEException e) {
            throw new IllegalStateException("cannot sign a token", e);
        }
        return new Minted(jwt.serialize(), lifetime);
    }
}
