package io.kvasir.identity;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Our JWTs: ES256 and nothing else, the key by {@code kid} from our own, {@code typ}, {@code iss}, {@code aud} and
 * {@code exp} required. Users' and visitors' tokens have separate audiences.
 */
final class Tokens {
    private static final int LONGEST = 8 * 1024;
    private static final JOSEObjectType TYPE = new JOSEObjectType("at+jwt");

    private final ECKey key;
    private final TokenSettings settings;
    private final Clock clock;

    Tokens(ECKey key, TokenSettings settings, Clock clock) {
        this.key = key;
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

    Minted user(UserId user, TenantId tenant, Set<Principal.Role> roles) {
        return sign(
                Audience.USER,
                settings.access(),
                claims(user, tenant)
                        .claim("roles", roles.stream().map(Enum::name).sorted().toList()));
    }

    Minted visitor(UserId visitor, TenantId tenant, ConversationId conversation) {
        return sign(
                Audience.VISITOR,
                settings.visitor(),
                claims(visitor, tenant).claim("conversation", conversation.value()));
    }

    /** Empty for whatever is not a valid token of ours. */
    Optional<Principal> verify(String token) {
        if (token.length() > LONGEST) {
            return Optional.empty();
        }
        try {
            SignedJWT jwt = SignedJWT.parse(token);
            JWSHeader header = jwt.getHeader();
            if (!JWSAlgorithm.ES256.equals(header.getAlgorithm())
                    || !TYPE.equals(header.getType())
                    || !key.getKeyID().equals(header.getKeyID())
                    || (header.getCriticalParams() != null
                            && !header.getCriticalParams().isEmpty())
                    || !jwt.verify(new ECDSAVerifier(key.toPublicJWK()))) {
                return Optional.empty();
            }
            return principal(jwt.getJWTClaimsSet());
        } catch (ParseException | JOSEException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private Optional<Principal> principal(JWTClaimsSet claims) throws ParseException {
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
            EnumSet<Principal.Role> roles = EnumSet.noneOf(Principal.Role.class);
            for (String role : claims.getStringListClaim("roles")) {
                roles.add(Principal.Role.valueOf(role));
            }
            return Optional.of(new Principal(user, tenant, roles, Optional.empty()));
        }
        if (audience.equals(Audience.VISITOR.claim())) {
            ConversationId bound = new ConversationId(claims.getStringClaim("conversation"));
            return Optional.of(new Principal(user, tenant, Set.of(Principal.Role.END_USER), Optional.of(bound)));
        }
        return Optional.empty();
    }

    private JWTClaimsSet.Builder claims(UserId user, TenantId tenant) {
        return new JWTClaimsSet.Builder().subject(user.value()).claim("tenant", tenant.value());
    }

    private Minted sign(Audience audience, Duration lifetime, JWTClaimsSet.Builder claims) {
        Instant now = clock.instant();
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
